#!/bin/sh
# Makes a CA and a serving certificate with openssl, for use on this machine:
#
#   sh certs/local.sh [FOLDER [NAME...]]
#
# FOLDER gets ca.crt, ca.key, tls.crt and tls.key; it must not be one that git keeps. NAMEs are the DNS names and IPv4
# addresses of the certificate; without any it is for this host.
set -eu

folder=${1:-${TMPDIR:-/tmp}/volguard-certs}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- localhost 127.0.0.1

umask 077
mkdir -p "$folder"
cd "$folder"
folder=$PWD
if git rev-parse --is-inside-work-tree > /dev/null 2>&1 && ! git check-ignore --quiet tls.key; then
    echo "local.sh: git would keep the keys in $folder; name a folder outside of the repository" >&2
    exit 2
fi

quietly() {
    said=$("$@" 2>&1) || {
        echo "$said" >&2
        exit 1
    }
}

names=
for name in "$@"; do
    case $name in
    *[!0-9.]*) names="$names,DNS:$name" ;;
    *) names="$names,IP:$name" ;;
    esac
done

quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=volguard local CA" \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.crt
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=volguard" \
    -keyout tls.key -out tls.csr
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n' "${names#,}" > tls.ext
quietly openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 90 -extfile tls.ext -out tls.crt
rm -f tls.csr tls.ext ca.srl

cat <<END
volguard serve --tls-cert $folder/tls.crt --tls-key $folder/tls.key
curl --cacert $folder/ca.crt ...
END
