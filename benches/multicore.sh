#!/usr/bin/env bash
# How much load two loops on two cores carry compared with one. README.md tells the method.
#
#   ./multicore.sh [CONNECTIONS [REQUESTS [PERCENT]]]
#
# PERCENT is each loop's share of a core.

set -euo pipefail
cd "$(dirname "$0")"

connections=${1:-50}
requests=${2:-200000}
percent=${3:-25}

cgroups=/sys/fs/cgroup/cpu
name=coroutine_benches_$$
period=20000 # us
server=
client=

# The processes first: a cgroup can be removed when nobody is in it.
clean_up() {
    for pid in $client $server; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    client= server=
    for cgroup in "$cgroups/$name"_*; do
        [ ! -d "$cgroup" ] || rmdir "$cgroup"
    done
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# Why the loops cannot be limited, if they cannot.
no_limit() {
    local reason=
    if [ ! -e "$cgroups/cpu.cfs_quota_us" ]; then
        reason="there is no cgroup v1 \`cpu\` at $cgroups"
    elif ! mkdir "$cgroups/${name}_try" 2>/dev/null; then
        reason="$cgroups cannot be written to"
    else
        rmdir "$cgroups/${name}_try"
    fi
    echo "$reason"
}

# The threads of the loops, in order.
loops_of() {
    local task
    for task in /proc/"$1"/task/*; do
        [[ "$(< "$task/comm")" != "loop "* ]] || echo "${task##*/}"
    done
}

# A cgroup of its own for a thread, which may use so much of each period.
limit() {
    local cgroup="$cgroups/${name}_$1"
    mkdir "$cgroup"
    echo "$period" > "$cgroup/cpu.cfs_period_us"
    echo $((period * percent / 100)) > "$cgroup/cpu.cfs_quota_us"
    echo "$1" > "$cgroup/tasks"
}

# CPU time of threads so far, in nanoseconds.
cpu_ns_of() {
    local thread total=0 used
    for thread in "$@"; do
        read -r used _ < "/proc/$server/task/$thread/schedstat"
        total=$((total + used))
    done
    echo "$total"
}

# Runs so many loops under load, each on a core of its own, and sets: rate (requests a second), cost (CPU ns a request), busy
# (percent of a core that each loop has used).
measure() {
    local count=$1 core=0 thread line port begin end before after
    local cores=($(allowed_cores)) loops
    exec {output}< <(exec "$example" --cores "$count" --serve)
    server=$!
    read -r -t 10 line <&"$output"
    port=${line##*:}
    # The line comes before the threads.
    until loops=($(loops_of "$server")) && [ "${#loops[@]}" -eq "$count" ]; do sleep 0.01; done
    for thread in "${loops[@]}"; do
        taskset -p -c "${cores[core]}" "$thread" > /dev/null
        core=$((core + 1))
        [ -n "$unlimited" ] || limit "$thread"
    done
    coproc load { exec "$benches" load echo "$port" "$connections" "$requests"; }
    client=$load_PID
    expect warm
    before=$(cpu_ns_of "${loops[@]}") begin=${EPOCHREALTIME/[.,]/}
    echo go >&"${load[1]}"
    expect done
    end=${EPOCHREALTIME/[.,]/} after=$(cpu_ns_of "${loops[@]}")
    rate=$((requests * 1000000 / (end - begin)))
    cost=$(((after - before) / requests))
    busy=$(((after - before) / 10 / (end - begin) / count))
    clean_up
    exec {output}<&-
}

# The next line of the client, which must begin with this word.
expect() {
    local line=
    read -r -t 110 line <&"${load[0]}" || true
    [[ "$line" == "$1"* ]] || { echo "the client said \`$line\` instead of \`$1\`" >&2; exit 1; }
}

# The cores that this process may use, one a line.
allowed_cores() {
    local range
    for range in $(taskset -p -c $$ | sed 's/.*: //; s/,/ /g'); do seq "${range%-*}" "${range#*-}"; done
}

ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

[ "$(allowed_cores | wc -l)" -ge 2 ] || { echo "it takes two cores" >&2; exit 1; }
target=${CARGO_TARGET_DIR:-}
cargo build --release --locked --quiet
cargo build --release --locked --quiet --manifest-path ../Cargo.toml -p coroutine-examples --example multicore_echo
benches=${target:-target}/release/coroutine-benches
example=${target:-../target}/release/examples/multicore_echo

unlimited=$(no_limit)
for count in 1 2; do
    measure "$count"
    echo "$count loop(s): $rate requests/s, $cost CPU ns/request, each loop uses $busy % of a core"
    rates[count]=$rate costs[count]=$cost
    if [ -z "$unlimited" ] && [ $((busy * 10)) -lt $((percent * 9)) ]; then
        echo "  that is less than its $percent %: do not trust this figure, the client or other programs held the loops up"
    fi
done
if [ -z "$unlimited" ]; then
    echo "with $percent % of a core each, two loops carry $(ratio "${rates[2]}" "${rates[1]}") times the load of one"
else
    echo "the loops are not limited: $unlimited"
fi
echo "by the CPU time of a request it would be $(ratio "2 * ${costs[1]}" "${costs[2]}") times"
