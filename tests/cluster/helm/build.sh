#!/bin/sh
# Builds helm, with which the tests install the chart, from the Go module named in go.mod beside this file.
#
# Prints one line on standard output: the folder that holds helm. What is there already is not built again; a change of
# go.mod, go.sum or this script gives another folder.
#
# OUT   where the folders are kept; target/control-plane of the repository unless set
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$here/../../../target/control-plane}
mkdir -p "$out"
out=$(cd "$out" && pwd)

cd "$here"
version=$(awk '$1 == "helm.sh/helm/v3" { print $2; exit }' go.mod)
kubernetes=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' ../go.mod)
sum=$(cat go.mod go.sum build.sh ../go.mod | cksum | cut -d ' ' -f 1)
home=$out/helm-$version-$sum

if [ ! -d "$home" ]; then
    if ! command -v go >/dev/null 2>&1; then
        echo "no helm for the tests of the chart: install Go" \
            "$(awk '$1 == "go" { print $2 }' go.mod) or newer (https://go.dev/dl/), so that it can be built from Go modules," \
            "or set KUBEBUILDER_ASSETS to a folder that holds helm $version too" >&2
        exit 1
    fi
    echo "Building helm $version for the tests into $home: once, about 2 minutes on 2 cores." >&2

    # `helm template` and `helm lint` know no cluster; they take the release of Kubernetes from here.
    package=helm.sh/helm/v3
    major=$(echo "$kubernetes" | sed 's/^v\([0-9]*\)\..*/\1/')
    minor=$(echo "$kubernetes" | sed 's/^v[0-9]*\.\([0-9]*\)\..*/\1/')
    flags="-s -w -X $package/internal/version.version=$version"
    for place in chartutil lint/rules; do
        flags="$flags -X $package/pkg/$place.k8sVersionMajor=$major -X $package/pkg/$place.k8sVersionMinor=$minor"
    done

    # Built aside and moved at the end: a build that was cut off leaves nothing half done.
    work=$home.$$
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    GOBIN=$work CGO_ENABLED=0 go install -trimpath -ldflags "$flags" tool >&2
    [ -d "$home" ] || mv "$work" "$home"
fi

echo "$home"
