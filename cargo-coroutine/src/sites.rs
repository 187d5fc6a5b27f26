//! `cargo coroutine sites`

use std::fmt::Write as _;

use serde_json::Value;

use crate::artifact::Coroutine;

/// A line for each yield point: place, coroutine, number, operand. A coroutine without any, as a trait declares it, has a line too.
pub(crate) fn show(coroutines: &[Coroutine], as_json: bool) -> String {
    if as_json {
        let list: Vec<_> = coroutines.iter().map(Coroutine::to_json).collect();
        return format!("{:#}\n", Value::from(list));
    }
    let mut rows = Vec::new();
    for coroutine in coroutines {
        if coroutine.sites.is_empty() {
            let (number, operand) = ("-".to_owned(), "no yield points".to_owned());
            rows.push([coroutine.place(), coroutine.display_path(), number, operand]);
        }
        for (number, site) in coroutine.sites.iter().enumerate() {
            let place = format!("{}:{}:{}", coroutine.shown_file(), site.line, site.column);
            rows.push([
                place,
                coroutine.display_path(),
                number.to_string(),
                site.operand.clone(),
            ]);
        }
    }
    table(&rows)
}

fn table(rows: &[[String; 4]]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let (place_width, path_width, number_width) = (width(0), width(1), width(2));
    let mut text = String::new();
    for [place, path, number, operand] in rows {
        let _ = writeln!(
            text,
            "{place:place_width$}  {path:path_width$}  {number:>number_width$}  {operand}"
        );
    }
    text
}
