#!/usr/bin/env bash
# slowhttptest besieges a server in its four ways: slow heads, slow bodies, slow readers, and many ranges. Meanwhile other clients are to be answered soon, memory is to stay
# bounded, and in the end every descriptor is to be closed.
# Ends with status 0 where slowhttptest or curl is missing, and says so.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in slowhttptest curl; do
    if ! command -v "$tool" >/dev/null; then
        echo "SKIPPED: there is no $tool, so nothing was tried"
        exit 0
    fi
done
ulimit -n 4096

files=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$files"
}
trap stop EXIT
head -c 50000000 /dev/zero >"$files/large"

cargo build --quiet --release -p coroutine-tests --example slow
"${CARGO_TARGET_DIR:-target}/release/examples/slow" "$files" >"$files/addresses" &
server=$!
for _ in $(seq 50); do
    [ -s "$files/addresses" ] && break || sleep 0.1
done
read -r address _ <"$files/addresses"

descriptors() {
    find "/proc/$server/fd" -mindepth 1 | wc -l
}
megabytes() {
    awk -v name="$1:" '$1 == name { print int($2 / 1024) }' "/proc/$server/status"
}

# Asks until the siege is over, and says how long the longest but one in a hundred took, in milliseconds. A request that fails ends the script.
others() {
    while kill -0 "$1" 2>/dev/null; do
        curl --silent --fail --max-time 5 --output /dev/null --write-out '%{time_total}\n' "http://$address/"
        sleep 0.02
    done | sort -n | awk '{ all[NR] = $1 } END { print int(all[NR - int(NR / 100)] * 1000) }'
}

# siege NAME MEGABYTES OPTIONS...
siege() {
    local name=$1 most=$2 before besieger late after
    shift 2
    before=$(descriptors)
    slowhttptest "$@" -l 12 -p 5 >"$files/report" 2>&1 &
    besieger=$!
    late=$(others "$besieger")
    wait "$besieger"
    for _ in $(seq 100); do
        after=$(descriptors)
        [ "$after" -gt "$before" ] || break
        sleep 0.1
    done
    echo "$name: others waited $late ms (99 of 100 less), $(megabytes VmHWM) MB at most, $before descriptors before and $after after"
    grep --text --quiet 'service available: *.*YES' "$files/report" || { echo "the service was not available"; exit 1; }
    [ "$late" -lt 1000 ] && [ "$(megabytes VmHWM)" -lt "$most" ] && [ "$after" -le "$before" ]
}

# The loop keeps a timer's descriptor from the first time on that it waits for long.
exec 3<>"/dev/tcp/${address/:/\/}"
sleep 0.5
exec 3>&-

siege "slow heads" 60 -H -c 800 -r 400 -i 1 -u "http://$address/"
siege "slow bodies" 60 -B -c 800 -r 400 -i 1 -s 8192 -u "http://$address/"
siege "many ranges" 120 -R -c 400 -r 200 -t GET -a 5 -b 3000 -u "http://$address/static/large"
siege "slow readers" 120 -X -c 500 -r 250 -w 512 -y 1024 -n 2 -z 32 -k 1 -u "http://$address/static/large"
