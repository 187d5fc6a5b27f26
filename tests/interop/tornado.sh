#!/usr/bin/env bash
# Tornado's own client against this project's server, and this project's client against a Tornado server.
# Ends with status 0 where Python or Tornado is missing (`pip install tornado`), and says so.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: Python is not installed, so nothing was tried"
    exit 0
fi
if ! python3 -c 'import tornado' 2>/dev/null; then
    echo "SKIPPED: Tornado is not installed (pip install tornado), so nothing was tried"
    exit 0
fi

cargo build --quiet -p coroutine-tests --example tornado
program="${CARGO_TARGET_DIR:-target}/debug/examples/tornado"

# Each server says where it is in its first line, and ends when its input does.
coproc SERVER { exec "$program" serve; }
read -r address <&"${SERVER[0]}"
timeout 120 python3 tests/interop/tornado/client.py "http://$address"
server=$SERVER_PID
exec {SERVER[1]}>&-
wait "$server"

coproc SERVER { exec python3 tests/interop/tornado/server.py; }
read -r port <&"${SERVER[0]}"
timeout 120 "$program" fetch "http://127.0.0.1:$port"
server=$SERVER_PID
exec {SERVER[1]}>&-
wait "$server"

python3 -c 'import tornado; print("with Tornado", tornado.version)'
