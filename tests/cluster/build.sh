#!/bin/sh
# Builds what the tests run against from Go modules: `build.sh control-plane|helm|storage`, the folders beside this file.
#
# Prints one line on standard output: the folder that holds the programs. What is there already is not built again; a change
# of the module or of this script gives another folder.
#
# OUT                  where the folders are kept; target/control-plane of the repository unless set
# KUBEBUILDER_ASSETS   a folder of programs that is taken as it is, where it has all that is asked for
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$here/../../target/control-plane}
mkdir -p "$out"
out=$(cd "$out" && pwd)

# The version of a module that one of the folders requires.
version() { awk -v module="$2" '$1 == module { print $2; exit }' "$here/$1/go.mod"; }
kubernetes=$(version control-plane k8s.io/kubernetes)
major=$(echo "$kubernetes" | sed 's/^v\([0-9]*\)\..*/\1/')
minor=$(echo "$kubernetes" | sed 's/^v[0-9]*\.\([0-9]*\)\..*/\1/')

name=${1:-}
flags="-s -w"
case $name in
control-plane)
    version=$kubernetes
    programs="etcd kube-apiserver kube-controller-manager kube-scheduler kubectl"
    minutes=6
    # kubectl refuses to start without a version it can parse, and the API server reports it to clients.
    package=k8s.io/component-base/version
    flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
    ;;
helm)
    # Of Kubernetes too, which is compiled in.
    version=$(version helm helm.sh/helm/v3)-$kubernetes
    programs=helm
    minutes=2
    # `helm template` and `helm lint` know no cluster; they take the release of Kubernetes from here.
    package=helm.sh/helm/v3
    flags="$flags -X $package/internal/version.version=${version%-*}"
    for place in chartutil lint/rules; do
        flags="$flags -X $package/pkg/$place.k8sVersionMajor=$major -X $package/pkg/$place.k8sVersionMinor=$minor"
    done
    ;;
storage)
    version=$(version storage github.com/kubernetes-csi/external-provisioner/v6)
    programs="csi-attacher csi-provisioner csi-resizer csi-snapshotter snapshot-controller kwok cloud crds"
    minutes=4
    ;;
*)
    echo "usage: build.sh control-plane|helm|storage" >&2
    exit 2
    ;;
esac

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    missing=
    for program in $programs; do
        [ -e "$KUBEBUILDER_ASSETS/$program" ] || missing="$missing $program"
    done
    if [ -z "$missing" ]; then
        echo "$KUBEBUILDER_ASSETS"
        exit 0
    elif [ "$name" = control-plane ]; then
        echo "$KUBEBUILDER_ASSETS lacks$missing: the tests need $programs; unset KUBEBUILDER_ASSETS to have them built from Go" \
            "modules" >&2
        exit 1
    fi
fi

cd "$here/$name"
sum=$(find . -type f | LC_ALL=C sort | xargs cat "$here/build.sh" | cksum | cut -d ' ' -f 1)
home=$out/$name-$version-$sum

if [ ! -d "$home" ]; then
    if ! command -v go >/dev/null 2>&1; then
        echo "the tests against a real API server lack $programs: install Go $(awk '$1 == "go" { print $2 }' go.mod) or newer" \
            "(https://go.dev/dl/), so that they can be built from Go modules, or set KUBEBUILDER_ASSETS to a folder that holds them" >&2
        exit 1
    fi
    echo "Building $name $version for the tests into $home: once, about $minutes minutes on 2 cores." >&2

    # Built aside and moved at the end: a build that was cut off leaves nothing half done.
    work=$home.$$
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    export GOBIN="$work" CGO_ENABLED=0
    go install -trimpath -ldflags "$flags" tool >&2
    case $name in
    control-plane)
        # The last element of the module's path without its major version is what Go names it by.
        mv "$work/server" "$work/etcd"
        ;;
    storage)
        go install -trimpath -ldflags "$flags" ./cloud >&2
        # The kinds of snapshots, and kwok's of logs, as their projects publish them.
        mkdir "$work/crds"
        module() { go list -m -f '{{.Dir}}' "$1"; }
        cp "$(module github.com/kubernetes-csi/external-snapshotter/client/v8)"/config/crd/snapshot.storage.*.yaml \
            "$(module sigs.k8s.io/kwok)"/kustomize/crd/bases/kwok.x-k8s.io_logs.yaml "$work/crds"
        chmod u+w "$work"/crds/*
        ;;
    esac
    [ -d "$home" ] || mv "$work" "$home"
fi

echo "$home"
