#!/usr/bin/env bash
# Two builds in one cluster: an earlier commit is built beside this tree, three nodes of it are brought to this tree's
# build one by one under load, and every acknowledged write and every read is checked.
#
# usage: jepsen-like/mixed-versions.sh [COMMIT] [options of `mneme drill upgrade`]
#
# COMMIT is the last one whose build speaks only wire protocol 2 when none is given. It needs the repository's history. The
# earlier build is kept in .build-COMMIT for the next time; its checkout is removed.
set -euo pipefail

commit=ba98843
if [[ $# -gt 0 && $1 != -* ]]; then
    commit=$1
    shift
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mneme=${MNEME:-$root/.build/release/mneme}
if ! [[ -x $mneme ]]; then
    echo "mixed-versions.sh: $mneme is not there; run 'make build' first, or set MNEME to an executable" >&2
    exit 2
fi
if ! commit=$(git -C "$root" rev-parse --verify --quiet "$commit^{commit}"); then
    echo "mixed-versions.sh: no such commit here: fetch the history of the repository first" >&2
    exit 2
fi

built=$root/.build-${commit:0:12}
if ! [[ -x $built/release/mneme ]]; then
    tree=$(mktemp -d)
    trap 'git -C "$root" worktree remove --force "$tree"' EXIT
    git -C "$root" worktree add --quiet --detach "$tree" "$commit"
    (cd "$tree" && scripts/packages fetch)
    swift build -c release --product mneme --package-path "$tree" --scratch-path "$built"
fi
"$mneme" drill upgrade --from "$built/release/mneme" "$@"
