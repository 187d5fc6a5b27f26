//! Running the contestants of one work by turns, so that a machine which gets slower or faster does so for everybody.

use std::error::Error;
use std::io;
use std::thread;
use std::time::Duration;

use crate::child::Process;
use crate::cli::Options;
use crate::measure::{cpu_ns_of, median, resident_bytes_of};
use crate::work::{Contest, Contestant, Load, Protocol, Work};

/// How long `wrk` runs, in seconds.
const WRK_SECONDS: usize = 10;

/// How long a server has to come to rest.
const REST: Duration = Duration::from_millis(200);

/// A line of the table.
pub struct Row {
    pub work: &'static Work,
    pub cells: Vec<Cell>,
}

/// What one contestant came to.
pub struct Cell {
    pub contestant: Contestant,
    /// The median of the rounds, or why there is none.
    pub figure: Result<f64, String>,
}

/// Runs every contestant of the work, round by round.
pub fn measure(work: &'static Work, options: &Options) -> Row {
    let mut runs: Vec<_> = contestants(work)
        .into_iter()
        .map(|it| (it, Ok(Vec::new())))
        .collect();
    for round in 1..=options.rounds {
        eprintln!("{}: round {round} of {}", work.name, options.rounds);
        for (contestant, figures) in &mut runs {
            one_more(figures, || once(work, *contestant, options));
        }
    }
    let cell = |(contestant, figures): (_, Result<_, _>)| Cell {
        contestant,
        figure: figures.map(median),
    };
    Row {
        work,
        cells: runs.into_iter().map(cell).collect(),
    }
}

fn contestants(work: &Work) -> Vec<Contestant> {
    match &work.contest {
        Contest::Measured(contestants) => contestants.iter().map(|it| it.0).collect(),
        Contest::Served(_, contestants) => contestants.iter().map(|it| it.0).collect(),
    }
}

/// Adds a figure; one that has failed once is not tried again.
fn one_more(
    figures: &mut Result<Vec<f64>, String>,
    run: impl FnOnce() -> Result<f64, Box<dyn Error>>,
) {
    let Ok(so_far) = figures else { return };
    match run() {
        Ok(figure) => so_far.push(figure),
        Err(error) => *figures = Err(error.to_string()),
    }
}

fn once(work: &Work, contestant: Contestant, options: &Options) -> Result<f64, Box<dyn Error>> {
    let mut process = Process::contestant(work, contestant, options.scale)?;
    match &work.contest {
        Contest::Measured(_) => Ok(process.expect("value")?.parse()?),
        Contest::Served(load, _) => match load.protocol {
            Protocol::Idle => at_rest(process, load, options),
            Protocol::Visits if contestant == Contestant::Ours => {
                let figure = under_load(&mut process, load, options)?;
                process.tell("end")?;
                process.expect("clean")?;
                Ok(figure)
            }
            _ => under_load(&mut process, load, options),
        },
    }
}

/// What each connection has the server's memory grow by, in bytes.
fn at_rest(mut server: Process, load: &Load, options: &Options) -> Result<f64, Box<dyn Error>> {
    let port = server.expect("port")?;
    let connections = options.scale.of(load.connections);
    thread::sleep(REST);
    let before = resident_bytes_of(server.id())?;
    let mut client = start_load(load.protocol.name(), &port, connections, connections)?;
    client.expect("idle")?;
    thread::sleep(REST);
    Ok((resident_bytes_of(server.id())? - before) / connections as f64)
}

/// The server's CPU time per request, in microseconds.
fn under_load(server: &mut Process, load: &Load, options: &Options) -> Result<f64, Box<dyn Error>> {
    let port = server.expect("port")?;
    let requests = options.scale.of(load.requests);
    let (kind, amount) = match load.protocol {
        Protocol::Http if options.wrk => ("wrk", options.scale.of(WRK_SECONDS)),
        protocol => (protocol.name(), requests),
    };
    let mut client = start_load(kind, &port, load.connections, amount)?;
    client.expect("warm")?;
    let begin = cpu_ns_of(server.id())?;
    client.tell("go")?;
    let requests: f64 = client.expect("done")?.parse()?;
    Ok((cpu_ns_of(server.id())? - begin) / requests / 1e3)
}

fn start_load(kind: &str, port: &str, connections: usize, amount: usize) -> io::Result<Process> {
    let (connections, amount) = (connections.to_string(), amount.to_string());
    Process::start(&["load", kind, port, &connections, &amount])
}
