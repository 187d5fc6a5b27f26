#!/bin/sh
# What a yield costs with the dump's bookkeeping, and without: the instructions of each work of `bookkeeping/` in two builds, counted by valgrind.
#
#     ./bookkeeping.sh
set -eu
cd "$(dirname "$0")/bookkeeping"

target=${CARGO_TARGET_DIR:-target}
cargo build --release --quiet --target-dir "$target"
RUSTFLAGS="${RUSTFLAGS:-} --cfg coroutine_without_trail" cargo build --release --quiet --target-dir "$target/without_trail"

instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 | sed -n 's/.*Collected : //p'
}

# Each work is done by 100 coroutines, so many times each. The difference leaves out what is done once.
few=200
many=600
each() {
    echo "$(instructions "$@" $many) $(instructions "$@" $few)" | awk "{ printf \"%.1f\", (\$1 - \$2) / (($many - $few) * 100) }"
}

printf '%-10s %10s %10s\n' work with without
for work in switch lazy spawn; do
    with=$(each "$target/release/bookkeeping" $work)
    without=$(each "$target/without_trail/release/bookkeeping" $work)
    printf '%-10s %10s %10s\n' $work "$with" "$without"
done
