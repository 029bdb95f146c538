//! Fractional indices: strings of base-62 digits that sort bytewise, with room between any two.
//!
//! An index is a fraction in base 62: `"V"` is about one half. Between two indices there is always another, so that moving
//! one item writes one event and touches nothing else. No index ends with the digit `0`, or nothing would sort below it.

/// The digits in their bytewise order.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Longest index that is accepted: 64 moves into ever smaller gaps from one side cost about 12 digits, so 128 is far away,
/// and a longer one is an attack.
pub const POSITION_LEN_MAX: usize = 128;

/// Gives the index of a first item, with room on both sides.
#[must_use]
pub fn first() -> String {
    "V".to_owned()
}

/// Gives an index strictly between two, or below or above one; as short as there is room for. Where `a` is not below `b`,
/// which no sorted list holds, it gives one above `a`.
#[must_use]
pub fn between(a: Option<&str>, b: Option<&str>) -> String {
    let low = a.unwrap_or_default().as_bytes();
    match b.map(str::as_bytes) {
        Some(high) if low < high => midpoint(low, Some(high)),
        _ if low.is_empty() => first(),
        _ => midpoint(low, None),
    }
}

/// Whether a text is an index that may stand in an event: 1 to [`POSITION_LEN_MAX`] digits, the last not `0`.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=POSITION_LEN_MAX).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes.last() != Some(&DIGITS[0])
}

/// The value of a digit; what is none counts as the least.
fn value(digit: u8) -> usize {
    DIGITS.iter().position(|d| *d == digit).unwrap_or(0)
}

/// A short fraction strictly between `low` and `high`, where absent `high` is one.
fn midpoint(low: &[u8], mut high: Option<&[u8]>) -> String {
    let mut out = String::new();
    let mut index = 0;
    loop {
        // Only what is no index (it would end with 0) runs out here; the way up is always free.
        high = high.filter(|high| index < high.len());
        let from = low.get(index).map_or(0, |digit| value(*digit));
        let to = high.map_or(DIGITS.len(), |high| {
            high.get(index).map_or(0, |digit| value(*digit))
        });
        // Appending at one end takes small steps, so that a list that only grows there stays short.
        let step = if high.is_none() && from > 0 {
            1
        } else {
            (to.saturating_sub(from) / 2).max(1)
        };
        if to > from + 1 {
            out.push(char::from(DIGITS[from + step]));
            return out;
        }
        out.push(char::from(DIGITS[from]));
        if to > from {
            // The digits touch: what follows is free above `low` alone.
            high = None;
        }
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn first_and_neighbours_sort() {
        let middle = first();
        let low = between(None, Some(&middle));
        let high = between(Some(&middle), None);
        assert!(low < middle && middle < high);
        assert!(is_valid(&low) && is_valid(&middle) && is_valid(&high));
    }

    #[test]
    fn what_is_no_index_is_refused() {
        assert!(is_valid("a1"));
        for bad in ["", "a0", "é", "a b", &"z".repeat(POSITION_LEN_MAX + 1)] {
            assert!(!is_valid(bad), "{bad}");
        }
        assert!(is_valid(&"z".repeat(POSITION_LEN_MAX)));
    }

    #[test]
    fn a_thousand_appends_stay_short() {
        let mut last = first();
        for _ in 0..1000 {
            let next = between(Some(&last), None);
            assert!(next > last);
            last = next;
        }
        assert!(last.len() <= 20, "{} digits", last.len());
    }

    #[test]
    fn what_is_no_index_still_ends() {
        assert!(between(Some("V"), Some("V0")).as_str() > "V");
        assert!(between(Some("V"), Some("V")).as_str() > "V");
        assert!(between(Some("W"), Some("V")).as_str() > "W");
    }

    proptest! {
        #[test]
        fn there_is_always_room(inserts in proptest::collection::vec(any::<prop::sample::Index>(), 1..200)) {
            let mut list = vec![first()];
            for at in inserts {
                let at = at.index(list.len() + 1);
                let before = at.checked_sub(1).map(|i| list[i].clone());
                let new = between(before.as_deref(), list.get(at).map(String::as_str));
                prop_assert!(is_valid(&new));
                list.insert(at, new);
            }
            prop_assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(list.iter().all(|index| index.len() <= 64));
        }
    }
}
