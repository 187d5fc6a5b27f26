//! Printing the figures.

use crate::rounds::{Cell, Row};
use crate::runtimes::io_uring;
use crate::work::{Contestant, Goal};

/// Prints one line for each work, one column for each contestant, and below them what needs saying.
pub fn print(rows: &[Row]) {
    for table in rows.chunk_by(|one, next| one.work.columns == next.work.columns) {
        print_table(table);
    }
    println!(
        "Medians, less is better. Ratio: ours to the best peer, or to the one named; in brackets the target."
    );
    let on_io_uring = |row: &Row| row.work.columns.contains(&Contestant::Glommio);
    if let (true, Err(reason)) = (rows.iter().any(on_io_uring), io_uring()) {
        println!("{reason}: monoio runs on epoll, and glommio cannot");
    }
    for row in rows {
        print_notes(row);
    }
}

/// Prints works that have the same columns.
fn print_table(rows: &[Row]) {
    let mut lines = vec![head(rows[0].work.columns)];
    lines.extend(rows.iter().map(line));
    print_aligned(&lines);
    println!();
}

fn head(columns: &[Contestant]) -> Vec<String> {
    let contestants = columns.iter().map(|contestant| contestant.name());
    ["work", "unit"]
        .into_iter()
        .chain(contestants)
        .chain(["ratio (target)"])
        .map(String::from)
        .collect()
}

fn line(row: &Row) -> Vec<String> {
    let mut line = vec![row.work.what.to_string(), row.work.unit.to_string()];
    let cell = |&contestant| figure(row, contestant).map_or("-".to_string(), digits);
    line.extend(row.work.columns.iter().map(cell));
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

/// The ratios, and the goal beside them.
fn verdict(row: &Row) -> String {
    match row.work.goal {
        Goal::Best(most) => format!("{} (<= {most})", ratio(row, best_peer(row))),
        Goal::Against(peers) => {
            let ratio_to = |&(peer, most): &(Contestant, f64)| {
                let ratio = ratio(row, figure(row, peer));
                format!("{ratio} x {} (<= {most})", peer.name())
            };
            peers.iter().map(ratio_to).collect::<Vec<_>>().join(", ")
        }
        Goal::AtMost(most) => {
            let ratio = ratio(row, best_peer(row));
            format!("{ratio} (<= {most} {})", row.work.unit)
        }
        Goal::Open => ratio(row, best_peer(row)),
    }
}

fn best_peer(row: &Row) -> Option<f64> {
    row.work
        .columns
        .iter()
        .filter(|&&contestant| contestant != Contestant::Ours)
        .filter_map(|&peer| figure(row, peer))
        .min_by(f64::total_cmp)
}

fn ratio(row: &Row, peer: Option<f64>) -> String {
    match (figure(row, Contestant::Ours), peer) {
        (Some(ours), Some(peer)) => format!("{:.2}", ours / peer),
        _ => "-".to_string(),
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
