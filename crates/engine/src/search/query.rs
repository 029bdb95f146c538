//! From what a person types to a question for the store.

use conclave_core::id::{ChannelId, IdentityId, Millis};

use super::{Asked, Scope, label};
use crate::timeline::{Context, order_from};

/// Longest question in characters; what follows is not read.
const QUESTION_CHARS_MAX: usize = 512;

/// Most words and filters.
const PARTS_MAX: usize = 32;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// One piece of a question: `key:value`, or a word, or a "phrase".
#[derive(Debug, PartialEq, Eq)]
struct Part {
    key: Option<String>,
    value: String,
    quoted: bool,
}

/// Reads a question; nothing if it cannot have an answer.
pub(super) fn parse(question: &str, scope: Scope<'_>, ctx: &dyn Context) -> Option<Asked> {
    let mut asked = Asked::default();
    let parts = split(question);
    for part in &parts {
        match part.key.as_deref() {
            Some(key) => filter(&mut asked, key, &part.value, scope, ctx)?,
            None if part.quoted => asked.words.push(format!("\"{}\"", part.value)),
            None => asked.words.push(part.value.clone()),
        }
    }
    if let Some(server) = scope.server {
        asked.labels.push(vec![label("server", server)]);
    }
    if let Some(channel) = scope.channel {
        asked.labels.push(vec![label("channel", channel)]);
    }
    (!parts.is_empty()).then_some(asked)
}

/// Adds a filter; nothing if it names what is not known.
fn filter(
    asked: &mut Asked,
    key: &str,
    value: &str,
    scope: Scope<'_>,
    ctx: &dyn Context,
) -> Option<()> {
    match key {
        "from" => asked
            .labels
            .push(group("author", &people(value, scope, ctx))?),
        "mentions" if value == "everyone" || value == "@everyone" => {
            asked.labels.push(vec![label("mention", "everyone")]);
        }
        "mentions" => asked
            .labels
            .push(group("mention", &people(value, scope, ctx))?),
        "in" => {
            let name = value.trim_start_matches('#');
            let channels = match ChannelId::from_hex(name) {
                Some(id) => vec![id],
                None => ctx.channels_named(scope.server, name),
            };
            asked.labels.push(group("channel", &channels)?);
        }
        "has" => {
            let kind = value.to_ascii_lowercase();
            let known = ["link", "file", "image", "video", "audio", "pin"].contains(&kind.as_str());
            asked
                .labels
                .push(vec![label("has", known.then_some(kind)?)]);
        }
        "before" => until(asked, day(value)?),
        "after" => since(asked, Millis(day(value)?.0 + DAY_MS)),
        "during" => {
            let day = day(value)?;
            since(asked, day);
            until(asked, Millis(day.0 + DAY_MS));
        }
        _ => return None,
    }
    Some(())
}

fn until(asked: &mut Asked, time: Millis) {
    let order = order_from(time);
    asked.before = Some(asked.before.map_or(order, |other| other.min(order)));
}

fn since(asked: &mut Asked, time: Millis) {
    let order = order_from(time);
    asked.after = Some(asked.after.map_or(order, |other| other.max(order)));
}

fn group<T: core::fmt::Display>(kind: &str, ids: &[T]) -> Option<Vec<String>> {
    (!ids.is_empty()).then(|| ids.iter().map(|id| label(kind, id)).collect())
}

fn people(value: &str, scope: Scope<'_>, ctx: &dyn Context) -> Vec<IdentityId> {
    let name = value.trim_start_matches('@');
    if name.eq_ignore_ascii_case("me") {
        return vec![ctx.me()];
    }
    match IdentityId::from_hex(name) {
        Some(id) => vec![id],
        None => ctx.members_named(scope.server, name),
    }
}

/// Splits a question at spaces that are not inside quotes.
fn split(question: &str) -> Vec<Part> {
    const KEYS: [&str; 7] = ["from", "in", "has", "before", "after", "during", "mentions"];
    let mut parts = Vec::new();
    let mut chars = question.chars().take(QUESTION_CHARS_MAX).peekable();
    while parts.len() < PARTS_MAX {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            break;
        }
        let (mut key, mut value, mut quoted) = (None, String::new(), false);
        while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
            match c {
                '"' if value.is_empty() && !quoted => {
                    quoted = true;
                    value.extend(core::iter::from_fn(|| chars.next_if(|c| *c != '"')));
                    chars.next();
                    break;
                }
                ':' if key.is_none() && KEYS.contains(&value.to_ascii_lowercase().as_str()) => {
                    key = Some(core::mem::take(&mut value).to_ascii_lowercase());
                }
                c => value.push(c),
            }
        }
        if !value.trim().is_empty() {
            parts.push(Part { key, value, quoted });
        }
    }
    parts
}

/// The beginning of a day, `YYYY-MM-DD` in UTC, from 1970 to 9999.
fn day(text: &str) -> Option<Millis> {
    let mut fields = text.split('-');
    let mut number = |digits: usize| -> Option<u64> {
        let field = fields.next()?;
        let plain = field.len() == digits && field.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| field.parse().ok())?
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if fields.next().is_some() || year < 1970 || day == 0 || day > days {
        return None;
    }
    // Days from the civil calendar, with years that begin in March (H. Hinnant, "chrono-compatible low-level date algorithms").
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_cycle = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let days = (era * 146_097 + of_cycle).checked_sub(719_468)?;
    Some(Millis(days * DAY_MS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(day("1970-01-01"), Some(Millis(0)));
        assert_eq!(day("2000-02-29"), Some(Millis(951_782_400_000)));
        assert_eq!(day("2026-11-23"), Some(Millis(1_795_392_000_000)));
        for wrong in [
            "1900-02-29",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "26-01-01",
            "2026-01-01-01",
            "x",
        ] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn quotes_hold_words_together() {
        let part = |key: Option<&str>, value: &str, quoted| Part {
            key: key.map(str::to_owned),
            value: value.to_owned(),
            quoted,
        };
        assert_eq!(
            split(r#"hello "two words" from:"Ada L" In:#general note:this "#),
            vec![
                part(None, "hello", false),
                part(None, "two words", true),
                part(Some("from"), "Ada L", true),
                part(Some("in"), "#general", false),
                part(None, "note:this", false),
            ]
        );
    }
}
