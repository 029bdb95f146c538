//! Plain sets of event numbers.

/// A set of numbers, one bit each.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Set(Vec<u64>);

impl Set {
    /// Puts a number in.
    pub fn insert(&mut self, number: usize) {
        if self.0.len() <= number / 64 {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// Puts all of another set in.
    pub fn extend(&mut self, other: &Self) {
        for number in other.iter() {
            self.insert(number);
        }
    }

    /// Whether a number is in.
    #[must_use]
    pub fn contains(&self, number: usize) -> bool {
        self.0
            .get(number / 64)
            .is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.0.iter().enumerate();
        words.flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(at * 64 + bit)
            })
        })
    }
}
