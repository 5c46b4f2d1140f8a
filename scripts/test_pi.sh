#!/bin/bash
# Runs the device's tests on each Raspberry Pi that edgekit promises to run on, emulated: tests/pi,
# which replays files whose outputs LiteRT gave, and all tests of the interpreter.
#
#   scripts/test_pi.sh [pytest arguments, default: tests/pi tests/interpreter]
#
# The machines run side by side, their output comes one after the other. Where this machine cannot
# emulate, that is said and counts as success, except under CI=1: a check that silently did not run
# is worse than one that failed.
set -uo pipefail
cd "$(dirname "$0")/.."

machines=("bookworm arm64" "trixie arm64" "bookworm armhf")
[ $# -gt 0 ] || set -- tests/pi tests/interpreter
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# One at a time, as all may have to install the emulator or to unpack a machine.
for machine in "${machines[@]}"; do
  # shellcheck disable=SC2086
  scripts/emulated_pi.sh $machine -c 'import numpy'
  status=$?
  if [ $status = 77 ]; then
    [ -n "${CI:-}" ] && exit 1
    echo "test-pi: SKIPPED, nothing was tested (the reason stands above)"
    exit 0
  fi
done

# The pyproject's pytest settings apply. No cache is written: the checkout belongs to the host's
# Python. Comparisons with LiteRT are left out: it runs on none of these machines.
processes=()
for machine in "${machines[@]}"; do
  # shellcheck disable=SC2086
  scripts/emulated_pi.sh $machine -m pytest -q -r fE -p no:cacheprovider \
    --ignore-glob='*litert*' "$@" >"$logs/$machine" 2>&1 &
  processes+=($!)
done

failed=()
for i in "${!machines[@]}"; do
  wait "${processes[$i]}" || failed+=("${machines[$i]}")
  echo "== emulated Raspberry Pi: Debian ${machines[$i]}"
  tail -n 100 "$logs/${machines[$i]}"
done

if [ ${#failed[@]} -gt 0 ]; then
  printf 'test-pi: failed on %s\n' "${failed[@]}" >&2
  exit 1
fi
