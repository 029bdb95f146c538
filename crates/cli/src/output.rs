//! Printing: text for people, JSON for programs.

use std::io::{self, Write};

use serde_json::Value;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Whether JSON is wanted.
    pub json: bool,
}

impl Output {
    /// Prints an answer: as it came, or as `text` tells it.
    pub fn show(self, value: &Value, text: impl FnOnce(&Value) -> String) {
        if self.json {
            line(&value.to_string())
        } else {
            line(text(value).trim_end())
        }
    }

    /// Prints that something was done.
    pub fn done(self, text: &str) {
        if self.json {
            line(r#"{"done":true}"#)
        } else {
            line(text)
        }
    }
}

/// Prints a line. A reader that went away, as `head` does, is no failure.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A string field, or nothing.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// The beginning of an id, enough to name it again.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// One line for each element of a list.
pub fn lines(list: &Value, show: impl Fn(&Value) -> String) -> String {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|value| show(value) + "\n").collect()
}

/// Takes what would act on a terminal out of a stranger's text: control characters save line breaks, and marks that change
/// the direction of writing.
pub fn printable(text: &str) -> String {
    let is_mark = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .filter(|c| (!c.is_control() || *c == '\n') && !is_mark(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_move_the_cursor() {
        assert_eq!(printable("hi\x1b[2J\u{202e}there\nyou"), "hi[2Jthere\nyou");
    }
}
