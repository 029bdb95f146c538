//! Moments as a person types and reads them, without a library: UTC, to the minute.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::CliError;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Milliseconds since 1970 now.
pub fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Reads `2026-01-31`, or how long ago: `90m`, `12h`, `7d`.
///
/// # Errors
/// [`CliError::Name`] for anything else.
pub fn parse(text: &str) -> Result<u64, CliError> {
    let ago = duration(text).map(|ago| now().saturating_sub(ago));
    ago.or_else(|| day(text)).ok_or_else(|| {
        CliError::Name(format!(
            "{text:?} is no moment: write a day (2026-01-31) or how long ago (90m, 12h, 7d)"
        ))
    })
}

/// Reads `90m`, `12h` or `7d` as milliseconds.
pub fn duration(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        'm' => 60 * 1000,
        'h' => 60 * 60 * 1000,
        'd' => DAY_MS,
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    count.checked_mul(unit)
}

fn day(text: &str) -> Option<u64> {
    let mut parts = text.split('-');
    let year: i64 = parts.next()?.parse().ok()?;
    let month: i64 = parts.next()?.parse().ok()?;
    let day: i64 = parts.next()?.parse().ok()?;
    let sound = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && parts.next().is_none();
    let days = u64::try_from(days_from_civil(year, month, day)).ok()?;
    (sound && civil(days) == (year, month, day)).then_some(days * DAY_MS)
}

/// Writes `2026-01-31 12:34`.
pub fn show(ms: u64) -> String {
    let (year, month, day) = civil(ms / DAY_MS);
    let minutes = ms % DAY_MS / 60_000;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}",
        minutes / 60,
        minutes % 60
    )
}

/// Days since 1970 of a date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970, by the same algorithms.
fn civil(days: u64) -> (i64, i64, i64) {
    // Days of a claimed time stay far below 2⁶³.
    let days = i64::try_from(days).unwrap_or(i64::MAX / 2) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn days_and_moments_are_read_and_written() {
        assert_eq!(parse("1970-01-02").unwrap(), DAY_MS);
        assert_eq!(parse("2024-02-29").unwrap(), 1_709_164_800_000);
        assert_eq!(show(1_709_164_800_000 + 61 * 60_000), "2024-02-29 01:01");
        assert!(parse("2023-02-29").is_err());
        assert!(parse("yesterday").is_err());
        let week = now() - parse("7d").unwrap();
        assert!((7 * DAY_MS..7 * DAY_MS + 10_000).contains(&week));
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for days in 0..146_097 {
            let (year, month, day) = civil(days);
            assert_eq!(
                u64::try_from(days_from_civil(year, month, day)).unwrap(),
                days
            );
        }
    }
}
