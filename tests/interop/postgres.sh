#!/usr/bin/env bash
# Runs a real PostgreSQL server in a temporary folder and talks to it with tokio-postgres over this project's streams.
# Ends with status 0 where no server is installed (Debian: `apt-get install postgresql`), and says so.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ -z "$bin" ] && command -v initdb >/dev/null && command -v postgres >/dev/null; then
    bin=$(dirname "$(command -v initdb)")
fi
if [ -z "$bin" ]; then
    echo "SKIPPED: no PostgreSQL server is installed, so nothing was tried"
    exit 0
fi

cargo build --quiet -p coroutine-tests --example postgres
program="${CARGO_TARGET_DIR:-target}/debug/examples/postgres"

# The server refuses to run as root.
run=()
user=$(id -un)
folder=$(mktemp -d)
if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$folder"
    run=(setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups)
fi
# A port that is free just now.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo $((20000 + RANDOM % 10000)))

stop() {
    (cd / && "${run[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1) || true
    rm -rf "$folder"
}
trap stop EXIT

(
    cd /
    "${run[@]}" "$bin/initdb" -D "$folder/data" -U tester -A trust --no-sync >/dev/null
    "${run[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -o "-p $port -k $folder -c listen_addresses=127.0.0.1 -c fsync=off" start >/dev/null
) || { cat "$folder/log" >&2 || true; exit 1; }

timeout 60 "$program" "$folder/.s.PGSQL.$port" "$port" tester
"$bin/postgres" --version
