//! This project's half of a talk with Tornado, which `tornado.sh` arranges: `serve` is a server for Tornado's client, and `fetch URL` a client
//! for a Tornado server.

mod fetch;
mod serve;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("serve"), None) => serve::run(),
        (Some("fetch"), Some(base)) => fetch::run(base),
        _ => Err("usage: tornado serve | fetch URL".into()),
    }
}
