#!/bin/sh
# Checks the archive that build.sh wrote, and runs what is in it in an otherwise empty root. Needs root, for chroot.
# Usage: check.sh [folder of the output]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-${CARGO_TARGET_DIR:-$root/target}/image}
work=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT

fail() { echo "check-image: $*" >&2; exit 1; }
# same WHAT FOUND EXPECTED
same() { test "$2" = "$3" || fail "$1 is '$2', expected '$3'"; }

for tool in jq readelf curl chroot setpriv ps; do
    command -v $tool > /dev/null || fail "$tool is missing: apt-get install jq binutils curl coreutils util-linux procps"
done
test "$(id -u)" = 0 || fail "must run as root: it starts the image's binary in a root of its own"
test -f "$out/volguard.oci.tar" || fail "$out/volguard.oci.tar is missing: make image"

size=$(stat -c %s "$out/volguard.oci.tar")
test "$size" -lt 20000000 || fail "the archive has $size bytes, the limit is 20000000"

# Every blob is what its name says; then index -> manifest -> configuration and the one layer.
mkdir "$work/layout" "$work/root"
tar --extract --file "$out/volguard.oci.tar" --directory "$work/layout"
(cd "$work/layout/blobs/sha256" && for blob in *; do echo "$blob  $blob"; done | sha256sum --check --quiet --strict)
blob() { echo "$work/layout/blobs/sha256/${1#sha256:}"; }
manifest=$(blob "$(jq -r '.manifests[0].digest' "$work/layout/index.json")")
config=$(blob "$(jq -r .config.digest "$manifest")")
same "number of layers" "$(jq '.layers | length' "$manifest")" 1
layer=$(blob "$(jq -r '.layers[0].digest' "$manifest")")

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)
same user "$(jq -r .config.User "$config")" 65532:65532
same entrypoint "$(jq -c .config.Entrypoint "$config")" '["/volguard"]'
same command "$(jq -c .config.Cmd "$config")" '["serve"]'
same ports "$(jq -c '.config.ExposedPorts | keys' "$config")" '["8080/tcp","8443/tcp"]'
label() { jq -r --arg name "org.opencontainers.image.$1" '.config.Labels[$name] // ""' "$config"; }
same title "$(label title)" volguard
same version "$(label version)" "$version"
same licenses "$(label licenses)" "$(sed -n 's/^license = "\(.*\)"/\1/p' "$root/Cargo.toml")"
test -n "$(label description)" || fail "label description is empty"
label revision | grep -Eqx '[0-9a-f]{40}(-modified)?' || fail "label revision is no commit: $(label revision)"
created=$(jq -r .created "$config")
same "label created" "$(date -ud "$(label created)" +%s)" "$(date -ud "$created" +%s)"

tar --extract --file "$layer" --directory "$work/root"
same "files of the image" "$(cd "$work/root" && find . -type f | sort | tr '\n' ' ')" \
    './licenses/LICENSE-APACHE ./licenses/LICENSE-MIT ./volguard '
same "files that anybody but root may write" "$(find "$work/root" -mindepth 1 -perm /022)" ""
same "files of others than root" "$(find "$work/root" -mindepth 1 -not -user 0)" ""

binary=$work/root/volguard
readelf --program-headers --wide "$binary" > "$work/headers"
! grep -q INTERP "$work/headers" || fail "the binary asks for a dynamic linker"
! readelf --dynamic "$binary" | grep NEEDED || fail "the binary needs shared libraries"
# No path of the machine that built it.
! grep -aqF -e "$root/" -e "${CARGO_HOME:-$HOME/.cargo}/" "$binary" || fail "the binary names folders of this machine"

# The list of components is of this version, and knows what volguard is made of.
sbom=$out/volguard.cdx.json
same "the SBOM's component" "$(jq -r '.metadata.component | .name + " " + .version' "$sbom")" "volguard $version"
for crate in kube rustls serde_json tokio; do
    jq -e --arg crate $crate 'any(.components[]; .name == $crate)' "$sbom" > /dev/null || fail "the SBOM lacks $crate"
done
! grep -qF "$root" "$sbom" || fail "the SBOM names folders of this machine"

# Runs as its user in a root that has the image's files, a configuration as a ConfigMap would bring it, and a folder for the CA.
mkdir "$work/root/config" "$work/root/ca"
cp "$root/deploy/sample/policy.yaml" "$root/deploy/sample/objects.yaml" "$work/root/config/"
chmod 755 "$work" "$work/root"
chown 65532:65532 "$work/root/ca"
# No ambient environment; setpriv leaves no capability behind.
inside() { exec env -i "$(command -v setpriv)" --bounding-set=-all,+sys_chroot,+setuid,+setgid --no-new-privs \
    "$(command -v chroot)" --userspec=65532:65532 "$work/root" "$@"; }

same "volguard --version" "$(inside /volguard --version)" "volguard $version"

inside /volguard serve --standalone --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --ca-out /ca/ca.crt \
    --policy /config/policy.yaml --objects /config/objects.yaml 2> "$work/log" &
server=$!
said() { sed -n "s|^volguard $1 on \\(https*://[0-9.:]*\\).*|\\1|p" "$work/log"; }
tries=0
until test -n "$(said listening)"; do
    tries=$((tries + 1))
    if test $tries -gt 100 || ! kill -0 "$server" 2> /dev/null; then
        cat "$work/log" >&2
        fail "the server did not start"
    fi
    sleep 0.1
done
same "owner of the process" "$(ps -o uid= -p "$server" | tr -d ' ')" 65532
ask() { curl --silent --show-error --fail --max-time 10 --cacert "$work/root/ca/ca.crt" "$@"; }
ask "$(said admin)/readyz" > /dev/null
ask "$(said admin)/metrics" > "$work/metrics"
grep -q "volguard_build_info{version=\"$version\"} 1" "$work/metrics" || fail "/metrics lacks the version"
ask --header content-type:application/json --data "@$root/deploy/sample/denied.json" "$(said listening)/validate" \
    | jq -e '.response.allowed == false' > /dev/null || fail "the sample's claim was not denied"
ask --header content-type:application/json --data "@$root/deploy/sample/patched.json" "$(said listening)/mutate" \
    | jq -e '.response.patch | length > 0' > /dev/null || fail "the sample's class was not patched"
kill -TERM "$server"
wait "$server" || fail "the server did not end with status 0 on SIGTERM"
server=

echo "check-image: $size bytes, runs as 65532 in an empty root; manifest sha256:${manifest##*/}"
