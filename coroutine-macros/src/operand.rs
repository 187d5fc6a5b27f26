//! The text of an operand, for reports.

use proc_macro2::{Delimiter, Group, LineColumn, Spacing, TokenStream, TokenTree};

/// Longer operands are cut: a report wants a line each.
const LONGEST: usize = 80;

/// Prints tokens as the user wrote them, with runs of white space as one space and comments left out.
///
/// ```text
/// fetch( "a" ,     fetch( "a" , b )
///        b )   ->
/// ```
pub(crate) fn text(tokens: TokenStream) -> String {
    let mut writer = Writer::default();
    writer.stream(tokens);
    cut(writer.text)
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Where the last token ended in the user's file.
    end: Option<LineColumn>,
    /// Whether the last token was the first half of an operator like `::`.
    joint: bool,
}

impl Writer {
    fn stream(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Punct(punct) => {
                    self.token(&punct.to_string(), punct.span().start(), punct.span().end());
                    self.joint = punct.spacing() == Spacing::Joint;
                }
                token => self.token(&token.to_string(), token.span().start(), token.span().end()),
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            // Stands around what a macro was given as a fragment; nobody wrote it.
            Delimiter::None => return self.stream(group.stream()),
        };
        // A group that syn has printed knows no better than where it starts and ends.
        let (start, end) = (group.span().start(), group.span().end());
        if group.stream().is_empty() {
            return self.token(&format!("{open}{close}"), start, end);
        }
        self.token(
            open,
            start,
            LineColumn {
                column: start.column + 1,
                ..start
            },
        );
        self.stream(group.stream());
        self.token(
            close,
            LineColumn {
                column: end.column.saturating_sub(1),
                ..end
            },
            end,
        );
    }

    fn token(&mut self, text: &str, start: LineColumn, end: LineColumn) {
        let adjacent = self.end.is_none_or(|last| last == start);
        if !adjacent && !self.joint {
            self.text.push(' ');
        }
        // A literal may run over several lines.
        let words: Vec<&str> = text.split(['\n', '\r']).map(str::trim).collect();
        self.text.push_str(&words.join(" "));
        self.end = Some(end);
        self.joint = false;
    }
}
