//! What a word is: the one tokenizer of every back end, so that all of them find the same documents.
//!
//! A text becomes words by Unicode rules instead of those of one database: compatibility forms and accents are folded
//! (`Äpfel` is `apfel`, `Ｆｕｌｌ` is `full`), case is folded, and a run of letters and digits is a word. Scripts that are
//! written without spaces (Chinese, Japanese, Thai, ...) give one word a character, and so do emoji; a question of several
//! such characters is a phrase.

use unicode_normalization::UnicodeNormalization;

/// Most characters of a word that count; longer ones (keys, pasted data) are found by their beginning.
pub(crate) const WORD_CHARS_MAX: usize = 64;

/// Characters that the last word of a question needs to match words that only begin with it. One letter would touch most
/// of the index and tell nothing.
const PREFIX_CHARS_MIN: usize = 2;

/// A part of a question: words that stand next to each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Phrase {
    /// Folded words, at least one.
    pub(crate) words: Vec<String>,
    /// The last word is the beginning of a word.
    pub(crate) prefix: bool,
}

/// Splits a text into folded words, in order.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut splitter = Splitter::default();
    if text.is_ascii() {
        text.bytes()
            .for_each(|byte| splitter.push(char::from(byte.to_ascii_lowercase())));
    } else {
        text.nfkd()
            // Upper case first: it unites `ß` and `SS`, `ς` and `σ`, which lower case alone keeps apart.
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .nfd()
            .filter(|c| !is_accent(*c))
            .nfc()
            .for_each(|c| splitter.push(c));
    }
    splitter.finish()
}

/// Splits the parts of a question into phrases. The last word of the last part may be unfinished, unless it is quoted.
/// Nothing comes back if parts were given and none holds a word: such a question has no answer.
pub(crate) fn phrases(parts: &[String]) -> Option<Vec<Phrase>> {
    let mut phrases: Vec<Phrase> = parts
        .iter()
        .map(|part| (part, words(part)))
        .filter(|(_, words)| !words.is_empty())
        .map(|(part, words)| Phrase {
            prefix: !part.trim_end().ends_with('"')
                && words.last().is_some_and(|w| can_be_prefix(w)),
            words,
        })
        .collect();
    if phrases.is_empty() && !parts.is_empty() {
        return None;
    }
    let last = phrases.len().saturating_sub(1);
    for phrase in &mut phrases[..last] {
        phrase.prefix = false;
    }
    Some(phrases)
}

impl Phrase {
    /// Tells whether the words of a document hold this phrase.
    pub(crate) fn matches(&self, document: &[String]) -> bool {
        let Some((last, head)) = self.words.split_last() else {
            return true;
        };
        document.windows(self.words.len()).any(|window| {
            let Some((end, begin)) = window.split_last() else {
                return false;
            };
            begin == head && (end == last || (self.prefix && end.starts_with(last.as_str())))
        })
    }
}

fn can_be_prefix(word: &str) -> bool {
    word.chars().nth(PREFIX_CHARS_MIN - 1).is_some()
}

#[derive(Default)]
struct Splitter {
    words: Vec<String>,
    word: String,
    chars: usize,
}

impl Splitter {
    fn push(&mut self, c: char) {
        if stands_alone(c) {
            self.end();
            self.words.push(c.to_string());
        } else if c.is_alphanumeric() || (is_vowel_sign(c) && !self.word.is_empty()) {
            if self.chars < WORD_CHARS_MAX {
                self.word.push(c);
                self.chars += 1;
            }
        } else if c != VARIATION_SELECTOR && c != ZERO_WIDTH_JOINER {
            self.end();
        }
    }

    fn end(&mut self) {
        if !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
            self.chars = 0;
        }
    }

    fn finish(mut self) -> Vec<String> {
        self.end();
        self.words
    }
}

const VARIATION_SELECTOR: char = '\u{fe0f}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Accents, which people leave out when they search. Vowel signs of Indic scripts are marks too, but carry the word.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'       // combining diacritical marks
        | '\u{483}'..='\u{487}'     // Cyrillic
        | '\u{591}'..='\u{5c7}'     // Hebrew points
        | '\u{64b}'..='\u{65f}' | '\u{670}' // Arabic points
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Marks that belong to the letter before them and are not accents.
fn is_vowel_sign(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) && c != VARIATION_SELECTOR
}

/// Characters that are a word each.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'         // Thai, Lao
        | '\u{1000}'..='\u{109f}'     // Burmese
        | '\u{1780}'..='\u{17ff}'     // Khmer
        | '\u{2600}'..='\u{27bf}'     // symbols, dingbats
        | '\u{3040}'..='\u{30ff}'     // Hiragana, Katakana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' // Han
        | '\u{1f000}'..='\u{1faff}') // emoji
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn parts(parts: &[&str]) -> Vec<String> {
        parts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn folds_case_accents_and_compatibility_forms() {
        assert_eq!(
            words("Äpfel, STRASSE straße"),
            ["apfel", "strasse", "strasse"]
        );
        assert_eq!(words("ΟΔΟΣ οδός Ｆｕｌｌ ℌ"), ["οδοσ", "οδοσ", "full", "h"]);
        assert_eq!(
            words("Don't-stop_me 3.14"),
            ["don", "t", "stop", "me", "3", "14"]
        );
    }

    #[test]
    fn ascii_is_split_as_any_text_is() {
        let ascii = "Hello, World! a_b-c.d x1Y2 \u{0} \u{7f} end";
        assert_eq!(
            words(ascii),
            words(&format!("{ascii} é"))[..words(ascii).len()]
        );
    }

    #[test]
    fn keeps_vowel_signs_and_splits_unspaced_scripts() {
        assert_eq!(words("हिन्दी"), ["हिन्दी"]);
        assert_eq!(words("한국어"), ["한국어"]);
        assert_eq!(words("日本が"), ["日", "本", "が"]);
        assert_eq!(words("ok👍🏽"), ["ok", "👍", "🏽"]);
    }

    #[test]
    fn long_words_are_cut() {
        let long = "x".repeat(5_000);
        assert_eq!(words(&long), ["x".repeat(WORD_CHARS_MAX)]);
    }

    #[test]
    fn only_the_last_open_word_is_a_prefix() {
        let found = phrases(&parts(&["red", "App"])).unwrap();
        assert!(!found[0].prefix && found[1].prefix);
        assert!(found[1].matches(&words("green apples")));
        assert!(!found[0].matches(&words("redder")));
        assert!(!phrases(&parts(&["\"app\""])).unwrap()[0].prefix);
        assert!(!phrases(&parts(&["a"])).unwrap()[0].prefix);
    }

    #[test]
    fn a_question_without_words_has_no_answer() {
        assert_eq!(phrases(&parts(&["\"*\"", "--"])), None);
        assert_eq!(phrases(&[]), Some(Vec::new()));
    }
}
