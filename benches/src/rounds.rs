//! Running the contestants of one work by turns, so that a machine which gets slower or faster does so for everybody.

use std::error::Error;

use crate::child::Process;
use crate::cli::Options;
use crate::measure::{cpu_ns_of, median};
use crate::work::{Contest, Contestant, Load, Protocol, Work};

/// How long `wrk` runs, in seconds.
const WRK_SECONDS: usize = 10;

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
        Contest::Served(load, _) => under_load(process, load, options),
    }
}

/// The server's CPU time per request, in microseconds.
fn under_load(mut server: Process, load: &Load, options: &Options) -> Result<f64, Box<dyn Error>> {
    let port = server.expect("port")?;
    let requests = options.scale.of(load.requests);
    let (kind, amount) = match load.protocol {
        Protocol::Echo => ("echo", requests),
        Protocol::Http if options.wrk => ("wrk", options.scale.of(WRK_SECONDS)),
        Protocol::Http => ("http", requests),
    };
    let mut client = Process::start(&[
        "load",
        kind,
        &port,
        &load.connections.to_string(),
        &amount.to_string(),
    ])?;
    client.expect("warm")?;
    let begin = cpu_ns_of(server.id())?;
    client.tell("go")?;
    let requests: f64 = client.expect("done")?.parse()?;
    Ok((cpu_ns_of(server.id())? - begin) / requests / 1e3)
}
