//! Texts to write: words of a small language, as often as they come in one.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Makes texts of 1 to 40 words, short ones more often, the same in every run.
pub struct Texts(ChaCha20Rng);

impl Texts {
    /// Begins anew.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    fn below(&mut self, below: u64) -> u64 {
        self.0.next_u64() % below.max(1)
    }

    /// One word of some thousands; the first ones come more often.
    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 16] = [
            "ka", "lo", "mi", "ter", "san", "vo", "ri", "ne", "dul", "pa", "sho", "wen", "gi",
            "tu", "bel", "ra",
        ];
        let rank = self.below(4096);
        let mut rank = self.below(rank + 1);
        let mut word = String::new();
        for _ in 0..3 {
            word.push_str(SYLLABLES[usize::try_from(rank % 16).unwrap_or(0)]);
            rank /= 16;
        }
        word
    }
}

impl Iterator for Texts {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let most = self.below(40) + 1;
        let words = self.below(most) + 1;
        let words: Vec<String> = (0..words).map(|_| self.word()).collect();
        Some(words.join(" "))
    }
}
