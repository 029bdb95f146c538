//! Fractional indices: strings of base-62 digits that sort bytewise, with room between any two.
//!
//! An index is a fraction in base 62: `"V"` is about one half. Between two indices there is always another, so that moving
//! one item writes one event and touches nothing else. No index ends with the digit `0`, or nothing would sort below it.

/// The digits in their bytewise order.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Longest index that is accepted. Appending or prepending without end stays below a dozen digits; halving one gap again and
/// again costs a digit for about six moves, so that seven hundred of them fit.
pub const POSITION_LEN_MAX: usize = 128;

/// Gives the index of a first item, with room on both sides.
#[must_use]
pub fn first() -> String {
    "V".to_owned()
}

/// Gives an index strictly between two, or below or above one. Where `a` is not below `b`, which no sorted list holds, it
/// gives one above `a`.
#[must_use]
pub fn between(a: Option<&str>, b: Option<&str>) -> String {
    match (a.map(str::as_bytes), b.map(str::as_bytes)) {
        (None | Some([]), None | Some([])) => first(),
        (None | Some([]), Some(high)) => below(high),
        (Some(low), Some(high)) if low < high => midpoint(low, high),
        (Some(low), _) => above(low),
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

/// The greatest digit.
const LAST: usize = DIGITS.len() - 1;

/// The value of a digit; what is none counts as the least.
fn value(digit: u8) -> usize {
    DIGITS.iter().position(|d| *d == digit).unwrap_or(0)
}

/// The next index above: the last digits count up; once they are all at the end, as many again are added. So the length grows
/// with the logarithm of the number of steps.
fn above(low: &[u8]) -> String {
    let mut digits: Vec<usize> = low.iter().map(|digit| value(*digit)).collect();
    if digits.iter().all(|digit| *digit == LAST) {
        let added = digits.len();
        digits.resize(added * 2, 0);
    }
    loop {
        for digit in digits.iter_mut().rev() {
            *digit = (*digit + 1) % DIGITS.len();
            if *digit > 0 {
                break;
            }
        }
        if digits.last() != Some(&0) {
            return text(&digits);
        }
    }
}

/// The next index below, likewise.
fn below(high: &[u8]) -> String {
    let mut digits: Vec<usize> = high.iter().map(|digit| value(*digit)).collect();
    let least = digits.iter().rev().skip(1).all(|digit| *digit == 0) && digits.last() <= Some(&1);
    if least {
        let added = digits.len();
        digits.fill(0);
        digits.resize(added * 2, LAST);
        return text(&digits);
    }
    loop {
        for digit in digits.iter_mut().rev() {
            *digit = digit.checked_sub(1).unwrap_or(LAST);
            if *digit < LAST {
                break;
            }
        }
        if digits.last() != Some(&0) {
            return text(&digits);
        }
    }
}

/// A short index strictly between two that ascend.
fn midpoint(low: &[u8], high: &[u8]) -> String {
    let mut out = Vec::new();
    let mut high = Some(high);
    for index in 0.. {
        let from = low.get(index).map_or(0, |digit| value(*digit));
        // Only what is no index, since it ends with 0, runs out of digits here; the way up is always free.
        let to = high.map_or(Some(DIGITS.len()), |high| {
            high.get(index).map(|digit| value(*digit))
        });
        let to = to.unwrap_or(DIGITS.len());
        if to > from + 1 {
            out.push(from + (to - from) / 2);
            break;
        }
        out.push(from);
        if to > from {
            // The digits touch: what follows is free above `low` alone.
            high = None;
        }
    }
    text(&out)
}

fn text(digits: &[usize]) -> String {
    digits
        .iter()
        .filter_map(|digit| DIGITS.get(*digit))
        .map(|digit| char::from(*digit))
        .collect()
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
    fn ten_thousand_appends_and_prepends_stay_short() {
        let (mut low, mut high) = (first(), first());
        for _ in 0..10_000 {
            let (below, above) = (between(None, Some(&low)), between(Some(&high), None));
            assert!(below < low && above > high, "{below} {low} {high} {above}");
            assert!(is_valid(&below) && is_valid(&above));
            (low, high) = (below, above);
        }
        assert!(low.len() <= 8 && high.len() <= 8, "{low} {high}");
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
            prop_assert!(list.iter().all(|index| index.len() <= 48));
        }
    }
}
