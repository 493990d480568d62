#!/usr/bin/env bash
# Deploys things.
set -euo pipefail

readonly MAX_RETRIES=5
export TARGET="${1:-staging}"
declare -a HOSTS=(a b c)
counter=0

usage() {
  cat <<EOF
Usage: $0 [target]
EOF
}

function log() {
  local level="$1"
  echo "[$level] $2" >&2
}

function retry {
  local n=0
  until "$@"; do
    n=$((n + 1))
    [[ $n -ge $MAX_RETRIES ]] && return 1
  done
}

deploy::host() (
  inner() { echo inner; }
  ssh "$1" 'systemctl restart app'
)

if [[ -z "$TARGET" ]]; then
  usage
fi

for host in "${HOSTS[@]}"; do
  retry deploy::host "$host"
done
