//! Talks to a real PostgreSQL server, over its Unix socket and over TCP. Run by `postgres.sh`, which starts one.

use std::error::Error;
use std::io;

use co::IoLoop;
use co::net::{TcpStream, UnixStream};
use coroutine_core as co;
use futures_util::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{Client, Config, NoTls};
use tokio_util::compat::FuturesAsyncReadCompatExt;

#[co::main]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(socket), Some(port), Some(user)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: postgres SOCKET PORT USER".into());
    };
    let port: u16 = port.parse()?;
    yield_!(check(yield_!(UnixStream::connect(socket))?, &user))?;
    let address = ([127, 0, 0, 1], port).into();
    yield_!(check(yield_!(TcpStream::connect(address))?, &user))?;
    println!("the server answers over both sockets");
    Ok(())
}

#[co::coroutine(lazy)]
fn check(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    user: &str,
) -> Result<(), Box<dyn Error>> {
    let mut config = Config::new();
    config.user(user).dbname("postgres");
    let (client, connection) = yield_!(config.connect_raw(stream.compat(), NoTls))?;
    let connection = IoLoop::current().spawn(connection);
    yield_!(ask(&client))?;
    drop(client);
    Ok(yield_!(connection)?)
}

/// Queries with and without rows, one with large ones, one that fails, and two at once.
#[co::coroutine(lazy)]
fn ask(client: &Client) -> Result<(), Box<dyn Error>> {
    yield_!(client.batch_execute("CREATE TEMPORARY TABLE t (n int, s text)"))?;
    for number in 0..100_i32 {
        let text = "x".repeat(10_000);
        yield_!(client.execute("INSERT INTO t VALUES ($1, $2)", &[&number, &text]))?;
    }
    let rows = yield_!(client.query("SELECT n, s FROM t ORDER BY n", &[]))?;
    let lengths = rows.iter().map(|row| row.get::<_, &str>(1).len());
    expect(lengths.sum::<usize>() == 1_000_000, "all rows are complete")?;

    let failed = yield_!(client.query("SELECT nonsense", &[]));
    let code = failed.err().and_then(|error| error.code().cloned());
    expect(
        code.is_some_and(|code| code.code() == "42703"),
        "a wrong query fails",
    )?;

    let (one, other) = yield_!(futures_util::future::try_join(
        client.query_one("SELECT 1 + 1", &[]),
        client.query_one("SELECT 2 + 2", &[]),
    ))?;
    expect(
        (one.get::<_, i32>(0), other.get::<_, i32>(0)) == (2, 4),
        "two queries at once are answered",
    )
}

fn expect(holds: bool, what: &str) -> Result<(), Box<dyn Error>> {
    match holds {
        true => Ok(()),
        false => Err(io::Error::other(format!("it is not so that {what}")).into()),
    }
}
