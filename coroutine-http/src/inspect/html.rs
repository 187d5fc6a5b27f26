//! Text in HTML, and how numbers and times are written for people.

use std::fmt::{self, Display, Write};
use std::time::Duration;

/// What shows itself, with all that is special in HTML as entities: in text and between double quotes.
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            // These would have what follows read the other way round.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.0.write_char('\u{fffd}'),
            char if char.is_control() => self.0.write_char(' '),
            char => self.0.write_char(char),
        })
    }
}

/// A time as people read it.
pub(super) struct Time(pub(super) Duration);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 => write!(f, "{} ms", self.0.as_millis()),
            1..60 => write!(f, "{seconds}.{} s", self.0.subsec_millis() / 100),
            60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            _ => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

/// A time that is short as a rule.
pub(super) struct Short(pub(super) Duration);

impl Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_micros() {
            micros @ 0..1000 => write!(f, "{micros} µs"),
            micros @ 1000..1_000_000 => write!(f, "{}.{} ms", micros / 1000, micros / 100 % 10),
            _ => write!(f, "{}", Time(self.0)),
        }
    }
}

/// A number with its thousands set apart.
pub(super) struct Number(pub(super) usize);

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// How many there are of what is called so.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    let name = if number == 1 { one } else { many };
    format!("{} {name}", Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let text = Text("<b class=\"x\" id='y'>&\n\u{202e}").to_string();
        assert_eq!(
            text,
            "&lt;b class=&quot;x&quot; id=&#39;y&#39;&gt;&amp; \u{fffd}"
        );
    }

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0, 999, 1000, 9_990, 1_234_567].map(|number| Number(number).to_string());
        assert_eq!(shown, ["0", "999", "1,000", "9,990", "1,234,567"]);
    }
}
