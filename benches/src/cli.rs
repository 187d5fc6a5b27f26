//! The command line.

use crate::work::{Scale, Work};
use crate::works;

const HELP: &str = "\
usage: cargo run --release -- [--only WORK,WORK] [--rounds N] [--quick] [--wrk]

  --only WORKS   only the works whose names begin with one of these
  --rounds N     how often each contestant runs (5); the median is printed
  --quick        a tenth of the work, two rounds: to see that it runs, not to compare
  --wrk          load the HTTP servers with `wrk` instead of the built-in client

works:";

/// What to measure, and how.
pub struct Options {
    /// Beginnings of names; empty means every work.
    only: Vec<String>,
    pub rounds: usize,
    pub scale: Scale,
    pub wrk: bool,
}

impl Options {
    /// The chosen works, in the table's order.
    pub fn works(&self) -> impl Iterator<Item = &'static Work> {
        works::ALL.iter().copied().filter(|work| self.wants(work))
    }

    fn wants(&self, work: &Work) -> bool {
        self.only.is_empty()
            || self
                .only
                .iter()
                .any(|start| work.name.starts_with(start.as_str()))
    }
}

/// Reads the options, or says what is wrong with them and how they are used.
pub fn parse(words: &[&str]) -> Result<Options, String> {
    let mut options = Options {
        only: Vec::new(),
        rounds: 0,
        scale: Scale::Full,
        wrk: false,
    };
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--only" => {
                options.only = value(word, words.next())?
                    .split(',')
                    .map(String::from)
                    .collect()
            }
            "--rounds" => options.rounds = number(word, value(word, words.next())?)?,
            "--quick" => options.scale = Scale::Quick,
            "--wrk" => options.wrk = true,
            "--help" | "-h" => return Err(help()),
            other => return Err(format!("unknown option `{other}`\n\n{}", help())),
        }
    }
    if options.rounds == 0 {
        options.rounds = if options.scale == Scale::Quick { 2 } else { 5 };
    }
    match options.only.iter().find(|start| !names_a_work(start)) {
        Some(start) => Err(format!(
            "no work's name begins with `{start}`\n\n{}",
            help()
        )),
        None => Ok(options),
    }
}

fn names_a_work(start: &str) -> bool {
    works::ALL.iter().any(|work| work.name.starts_with(start))
}

fn value<'a>(option: &str, value: Option<&&'a str>) -> Result<&'a str, String> {
    value
        .copied()
        .ok_or_else(|| format!("`{option}` wants a value"))
}

fn number(option: &str, text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| format!("`{option}` wants a number above 0, not `{text}`"))
}

fn help() -> String {
    let mut text = String::from(HELP);
    for work in works::ALL {
        text.push_str(&format!("\n  {:<11} {}", work.name, work.what));
    }
    text
}
