#!/bin/sh
# Starts volguard on this machine with the sample policy and the sample cluster, and says how to ask it something.
# Usage: run.sh [path of volguard]
set -eu
here=$(dirname "$0")
volguard=${1:-target/release/volguard}
ca=$(mktemp)
trap 'rm -f "$ca"' EXIT
# A shell that a signal ends does not come to its EXIT trap.
trap 'exit 130' INT
trap 'exit 143' TERM
listen=${VOLGUARD_LISTEN:-127.0.0.1:8443}
ask="curl -sS --cacert $ca -H content-type:application/json"
cat <<TEXT

A claim that is denied:
  $ask --data @$here/denied.json https://$listen/validate
A class that is patched:
  $ask --data @$here/patched.json https://$listen/mutate

TEXT
"$volguard" serve --standalone --listen "$listen" --admin-listen "${VOLGUARD_ADMIN_LISTEN:-127.0.0.1:8080}" \
    --ca-out "$ca" --policy "$here/policy.yaml" --objects "$here/objects.yaml"
