#!/bin/bash
# Runs tests/pi on each Raspberry Pi that edgekit promises to run on, emulated.
#
# Where this machine cannot emulate, that is said and counts as success, except under CI=1: a check
# that silently did not run is worse than one that failed.
set -uo pipefail
cd "$(dirname "$0")/.."

machines=("bookworm arm64" "trixie arm64" "bookworm armhf")
failed=()
for machine in "${machines[@]}"; do
  echo "== emulated Raspberry Pi: Debian $machine"
  # The pyproject's pytest settings apply; conftest files above tests/pi, which may need packages
  # of the desktop, do not. No cache is written: the checkout belongs to the host's Python.
  # shellcheck disable=SC2086
  scripts/emulated_pi.sh $machine -m pytest -p no:cacheprovider --confcutdir=tests/pi tests/pi
  status=$?
  if [ $status = 77 ]; then
    [ -n "${CI:-}" ] && exit 1
    echo "test-pi: SKIPPED, nothing was tested (the reason stands above)"
    exit 0
  fi
  [ $status = 0 ] || failed+=("$machine")
done

if [ ${#failed[@]} -gt 0 ]; then
  printf 'test-pi: failed on %s\n' "${failed[@]}" >&2
  exit 1
fi
