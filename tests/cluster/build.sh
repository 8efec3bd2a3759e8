#!/bin/sh
# Builds the control plane that the tests run against from the Go modules named in go.mod beside this file.
#
# Prints one line on standard output: the folder that holds etcd, kube-apiserver, kube-controller-manager,
# kube-scheduler and kubectl. What is there already is not built again; a change of go.mod, go.sum or this
# script gives another folder.
#
# OUT   where the folders are kept; target/control-plane of the repository unless set
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$here/../../target/control-plane}
mkdir -p "$out"
out=$(cd "$out" && pwd)

cd "$here"
version=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' go.mod)
sum=$(cat go.mod go.sum build.sh | cksum | cut -d ' ' -f 1)
home=$out/$version-$sum

if [ ! -d "$home/bin" ]; then
    if ! command -v go >/dev/null 2>&1; then
        echo "no control plane for the tests against a real API server: install Go" \
            "$(awk '$1 == "go" { print $2 }' go.mod) or newer (https://go.dev/dl/), so that one can be built from Go modules," \
            "or set KUBEBUILDER_ASSETS to a folder that holds etcd, kube-apiserver, kube-controller-manager," \
            "kube-scheduler and kubectl" >&2
        exit 1
    fi
    echo "Building Kubernetes $version for the tests into $home: once, about 6 minutes on 2 cores." >&2

    # kubectl refuses to start without a version it can parse, and the API server reports it to clients.
    package=k8s.io/component-base/version
    major=$(echo "$version" | sed 's/^v\([0-9]*\)\..*/\1/')
    minor=$(echo "$version" | sed 's/^v[0-9]*\.\([0-9]*\)\..*/\1/')

    # Built aside and moved at the end: a build that was cut off leaves nothing half done.
    work=$home.$$
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    GOBIN=$work/bin CGO_ENABLED=0 go install -trimpath \
        -ldflags "-s -w -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor" tool >&2
    # The last element of the module's path without its major version is what Go names it by.
    mv "$work/bin/server" "$work/bin/etcd"
    [ -d "$home" ] || mv "$work" "$home"
fi

echo "$home/bin"
