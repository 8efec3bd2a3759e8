#!/bin/sh
# Builds the static binary and the container image of the commit that is checked out, the same bytes wherever it is built.
# Usage: build.sh [folder of the output]    Reads CARGO and CARGO_TARGET_DIR.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}
out=${1:-$target/image}
for tool in buildah jq git; do
    command -v $tool > /dev/null || { echo "$tool is missing: apt-get install buildah jq git" >&2; exit 1; }
done
if ! cargo_cyclonedx=$($cargo cyclonedx --version 2> /dev/null); then
    echo "cargo-cyclonedx, which writes the list of components, is missing: cargo install --locked cargo-cyclonedx@0.5.9" >&2
    exit 1
fi

revision=$(git rev-parse HEAD)
git diff --quiet HEAD -- || { revision=$revision-modified; echo "the image holds changes that are not committed" >&2; }
version=$($cargo metadata --locked --no-deps --format-version 1 | jq -r '.packages[0].version')
# Not for the compiler: the binary holds no time, and C code would be built anew for each commit.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# Naming the target keeps crt-static away from build scripts and macros, which the compiler loads.
triple=$(rustc -vV | sed -n 's/^host: //p')
separator=$(printf '\037')
flags=-Ctarget-feature=+crt-static
flags=$flags$separator--remap-path-prefix=$root=/volguard
flags=$flags$separator--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo
CARGO_ENCODED_RUSTFLAGS=$flags $cargo build --profile image --locked --bin volguard --target "$triple" --target-dir "$target"

rm -rf "$out"
mkdir -p "$out/context"
cp "$target/$triple/image/volguard" LICENSE-APACHE LICENSE-MIT "$out/context/"
chmod 755 "$out/context/volguard"
chmod 644 "$out/context"/LICENSE-*

# The components of the binary; with SOURCE_DATE_EPOCH set, no serial number and no time of today.
SOURCE_DATE_EPOCH=$epoch $cargo cyclonedx --quiet --format json --target "$triple" --override-filename volguard.cdx
sed "s|file://$root#|file:///volguard#|g" volguard.cdx.json > "$out/volguard.cdx.json"
rm volguard.cdx.json

# A store of its own, thrown away after: needs no daemon, no registry and no set-up.
store=$(mktemp -d)
trap 'rm -rf "$store"' EXIT
in_store() { buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs "$@"; }
in_store build --isolation chroot --format oci --timestamp "$epoch" --quiet \
    --build-arg VERSION="$version" --build-arg REVISION="$revision" \
    --build-arg CREATED="$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)" \
    --tag "volguard:$version" --file deploy/image/Dockerfile "$out/context" > /dev/null
in_store push --quiet "volguard:$version" "oci:$store/layout:$version"
# buildah's own archives hold the time of writing.
tar --create --file "$out/volguard.oci.tar" --directory "$store/layout" --sort=name --mtime="@$epoch" \
    --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w .
rm -rf "$out/context"

echo "$out/volguard.oci.tar  volguard:$version  $(jq -r '.manifests[0].digest' "$store/layout/index.json")"
echo "archive $(stat -c %s "$out/volguard.oci.tar") bytes, binary $(stat -c %s "$target/$triple/image/volguard") bytes"
