#!/usr/bin/env bash
# kill -9 of the leader under load, REPETITIONS times, on three real processes, and the check of every acknowledged write.
#
# usage: jepsen-like/kill-leader.sh [REPETITIONS] [more options of `mneme drill kill-leader`]
#
# Exit code 0: nothing lost, nothing doubled, all states equal. 1: a violation, which is printed. The drill removes its
# processes and its directory itself, also after Ctrl-C.
set -euo pipefail

repetitions=20
if [[ $# -gt 0 && $1 != -* ]]; then
    repetitions=$1
    shift
fi
if ! [[ $repetitions =~ ^[1-9][0-9]*$ ]]; then
    echo "kill-leader.sh: REPETITIONS must be a positive number (got '$repetitions')" >&2
    exit 2
fi

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mneme=${MNEME:-$root/.build/release/mneme}
if ! [[ -x $mneme ]]; then
    echo "kill-leader.sh: $mneme is not there; run 'make build' first, or set MNEME to an executable" >&2
    exit 2
fi

# exec, so that signals reach the drill itself and its exit code is ours.
exec "$mneme" drill kill-leader --repetitions "$repetitions" "$@"
