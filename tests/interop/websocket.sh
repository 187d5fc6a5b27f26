#!/usr/bin/env bash
# Tornado's WebSocket client talks to this server, and this client to Tornado's server.
# Ends with status 0 where there is no Python with Tornado (`pip install tornado`), and says so.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! python3 -c 'import tornado' 2>/dev/null; then
    echo "SKIPPED: there is no Python with Tornado, so nothing was tried"
    exit 0
fi

cargo build --quiet -p coroutine-tests --example websocket
timeout 60 python3 tests/interop/websocket.py "${CARGO_TARGET_DIR:-target}/debug/examples/websocket"
