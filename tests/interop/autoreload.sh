#!/usr/bin/env bash
# A real rebuild: a small package of its own serves with autoreload; its source is edited, `cargo build` runs, and the new program answers at the same port,
# while a client asks again and again and is never refused.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
folder=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT

mkdir "$folder/src"
cp Cargo.lock "$folder/"
cat >"$folder/Cargo.toml" <<TOML
[package]
name = "reloaded"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
coroutine-core = { path = "$root/coroutine-core" }
coroutine-http = { path = "$root/coroutine-http" }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use coroutine_core::IoLoop;
use coroutine_http::{Application, RequestHandler};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).expect("an address");
    let _server = Application::new()
        .get("/", |mut handler: RequestHandler| handler.write("before\n"))
        .autoreload(true)
        .listen(address.as_str())?;
    IoLoop::current().start()?;
    Ok(())
}
RUST

build() {
    (cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo build --quiet --offline)
}

# A port that is free just now.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo $((20000 + RANDOM % 10000)))
ask() {
    curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:$port/"
}

echo "building"
build
"$folder/target/debug/reloaded" "127.0.0.1:$port" &
server=$!
for _ in $(seq 50); do
    answer=$(ask 2>/dev/null) && break || sleep 0.1
done
echo "process $server answers: $answer"
[ "$answer" = before ]

echo "editing the source, and building again"
sed -i 's/"before\\n"/"after\\n"/' "$folder/src/main.rs"
build &
builder=$!
asked=0
for _ in $(seq 600); do
    answer=$(ask) # which ends the script if it is refused
    asked=$((asked + 1))
    [ "$answer" = after ] && break
    sleep 0.1
done
wait "$builder"
echo "process $server answers: $answer (asked $asked times meanwhile, and never refused)"
[ "$answer" = after ]
