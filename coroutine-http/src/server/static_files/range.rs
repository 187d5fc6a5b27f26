//! Parts of a file (RFC 9110, 14).

use http_range_header::{RangeUnsatisfiableError, parse_range_header};

/// What of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Whole,
    /// The first byte, and how many.
    Part(u64, u64),
    /// Bytes that are not there.
    Outside,
}

impl Span {
    /// What the header `Range` asks for of so many bytes. What it says is of no importance when it is malformed or about something other than bytes; and several
    /// parts are as good as the whole, which holds them all.
    pub(super) fn parse(header: &str, length: u64) -> Self {
        let Ok(ranges) = parse_range_header(header) else {
            return Self::Whole;
        };
        match ranges.validate(length).as_deref() {
            Ok([range]) if ranges.len() == 1 => {
                Self::Part(*range.start(), range.end() - range.start() + 1)
            }
            Err(RangeUnsatisfiableError::Unsatisfiable) => Self::Outside,
            _ => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_lies_within_the_file() {
        for (header, span) in [
            ("bytes=0-0", Span::Part(0, 1)),
            ("bytes=2-", Span::Part(2, 8)),
            ("bytes=-3", Span::Part(7, 3)),
            ("bytes=-30", Span::Part(0, 10)),
            ("bytes=8-99999999999999999999999", Span::Part(8, 2)),
            ("bytes=0-9", Span::Part(0, 10)),
            ("bytes=10-", Span::Outside),
            ("bytes=-0", Span::Outside),
            ("bytes=3-2", Span::Whole),
            ("bytes=0-1,3-4", Span::Whole),
            ("bytes=0-1,30-40", Span::Whole),
            ("bytes=", Span::Whole),
            ("bytes=a-b", Span::Whole),
            ("bytes=--1", Span::Whole),
            ("lines=0-1", Span::Whole),
            ("", Span::Whole),
        ] {
            assert_eq!(Span::parse(header, 10), span, "{header}");
        }
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        assert!(!matches!(Span::parse("bytes=0-", 0), Span::Part(..)));
        assert!(!matches!(Span::parse("bytes=-1", 0), Span::Part(..)));
    }

    #[test]
    fn no_header_reaches_beyond_the_file() {
        let pieces = [
            "bytes",
            "=",
            "-",
            "0",
            "9",
            "18446744073709551615",
            ",",
            " ",
            "é",
        ];
        let mut state = 1_usize;
        for length in [0, 1, 10, u64::MAX] {
            for _ in 0..5000 {
                let mut header = "bytes=".to_owned();
                for _ in 0..state % 7 {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    header += pieces[(state >> 40) % pieces.len()];
                }
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                if let Span::Part(start, count) = Span::parse(&header, length) {
                    assert!(
                        count > 0 && start < length && count <= length - start,
                        "{header}"
                    );
                }
            }
        }
    }
}
