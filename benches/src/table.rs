//! Printing the figures.

use crate::rounds::{Cell, Row};
use crate::runtimes::io_uring;
use crate::work::{Contestant, Goal};

/// Prints one line for each work, one column for each contestant, and below it what needs saying.
pub fn print(rows: &[Row]) {
    let mut lines = vec![head()];
    lines.extend(rows.iter().map(line));
    print_aligned(&lines);
    println!(
        "\nMedians, less is better. Ratio: ours to the best peer, or to the one named; in brackets the target."
    );
    if let Err(reason) = io_uring() {
        println!("{reason}: monoio runs on epoll, and glommio cannot");
    }
    for row in rows {
        print_notes(row);
    }
}

fn head() -> Vec<String> {
    let contestants = Contestant::ALL.iter().map(|contestant| contestant.name());
    ["work", "unit"]
        .into_iter()
        .chain(contestants)
        .chain(["ratio (target)"])
        .map(String::from)
        .collect()
}

fn line(row: &Row) -> Vec<String> {
    let mut line = vec![row.work.what.to_string(), row.work.unit.to_string()];
    line.extend(
        Contestant::ALL.map(|contestant| figure(row, contestant).map_or("-".to_string(), digits)),
    );
    line.push(verdict(row));
    line
}

fn figure(row: &Row, contestant: Contestant) -> Option<f64> {
    let cell = row
        .cells
        .iter()
        .find(|cell| cell.contestant == contestant)?;
    cell.figure.as_ref().ok().copied()
}

/// Three digits, or all before the point.
fn digits(figure: f64) -> String {
    match figure {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// The ratio, and the goal beside it.
fn verdict(row: &Row) -> String {
    let ours = figure(row, Contestant::Ours);
    let best = Contestant::ALL
        .into_iter()
        .skip(1)
        .filter_map(|peer| figure(row, peer))
        .min_by(f64::total_cmp);
    let ratio = |peer: Option<f64>| match (ours, peer) {
        (Some(ours), Some(peer)) => format!("{:.2}", ours / peer),
        _ => "-".to_string(),
    };
    match row.work.goal {
        Goal::Best(most) => format!("{} (<= {most})", ratio(best)),
        Goal::Against(peer, most) => {
            format!("{} x {} (<= {most})", ratio(figure(row, peer)), peer.name())
        }
        Goal::AtMost(most) => format!("{} (<= {most} {})", ratio(best), row.work.unit),
    }
}

/// Prints the lines as a table, words to the left and numbers to the right.
fn print_aligned(lines: &[Vec<String>]) {
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    for line in lines {
        let cells =
            line.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| match column {
                    0 | 1 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
        println!("{}", cells.collect::<Vec<_>>().join("  "));
    }
}

fn print_notes(row: &Row) {
    if let Some(remark) = row.work.remark {
        println!("{}: {remark}", row.work.name);
    }
    for Cell { contestant, figure } in &row.cells {
        if let Err(reason) = figure {
            println!(
                "{}: no figure for {}: {reason}",
                row.work.name,
                contestant.name()
            );
        }
    }
}
