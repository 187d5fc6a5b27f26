//! Text in pictures.

/// The width of a character of a monospaced font, in parts of its size, with some to spare.
const ASPECT: f64 = 0.62;

/// How wide a text is at most, in pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let widths = text
        .chars()
        .map(|char| if is_wide(char) { 2.0 } else { 1.0 });
    widths.sum::<f64>() * size * ASPECT
}

/// Chinese, Japanese, Korean, and what else has wide characters.
fn is_wide(char: char) -> bool {
    char >= '\u{1100}' && !matches!(char, '\u{2000}'..='\u{2bff}')
}

/// Cuts what is longer than so many characters.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let start: String = text.chars().take(longest - 1).collect();
    format!("{}…", start.trim_end())
}

/// Writes what is special in XML as entities, and leaves out what may not stand there.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            char if char.is_control() => escaped.push(' '),
            char => escaped.push(char),
        }
    }
    escaped
}
