// Included by the guide's programs, to compare what they say with what is printed there.

/// Fails unless `report` reads as `expected`, but for what differs with the place of a program: its file, its module, lines and columns, numbers of bytes and milliseconds.
pub fn assert_report(report: &str, file: &str, module: &str, expected: &str) {
    fn without_numbers(text: &str) -> String {
        let mut kept = String::new();
        for word in text.split_inclusive(|c: char| c.is_whitespace() || c == ',') {
            let place = word.split_once("src/main.rs:");
            kept.push_str(place.map_or(word, |_| "src/main.rs "));
        }
        let number = |word: &str, next: &str| (next == "ms" || next == "ms," || next == "bytes") && word.parse::<u32>().is_ok();
        let lines = kept.lines().map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let next = |at: usize| words.get(at + 1).map_or("", |next| next.trim_end());
            let shown = words.iter().enumerate().map(|(at, word)| if number(word, next(at)) { "N" } else { word });
            shown.collect::<Vec<_>>().join(" ").trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
    let report = report.replace(file, "src/main.rs");
    let report = report.replace(&format!("{module}::"), "main::");
    assert_eq!(without_numbers(&report), without_numbers(expected), "\n{report}\n");
}
