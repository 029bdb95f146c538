//! The text of a server's recovery key: what the owner writes down, and an heir types in.

use zeroize::Zeroizing;

use crate::hash::{Label, hash};
use crate::signed::SigningKey;

/// What every text begins with; the number is the format's version.
const PREFIX: &str = "cr1";

/// Bytes of the checksum, which tells a slip of the pen.
const CHECK_LEN: usize = 4;

/// Why a text is no recovery key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecoveryTextError {
    /// Not of this form at all.
    #[error("this is no recovery key: it begins with cr1 and has 72 digits more")]
    Form,
    /// A digit is wrong.
    #[error("a digit of this recovery key is wrong")]
    Checksum,
}

/// Gives the text of the key of a seed, 32 random bytes: `cr1`, then seed and checksum in hexadecimal digits, in groups of
/// eight.
#[must_use]
pub fn text(seed: &[u8; 32]) -> Zeroizing<String> {
    let check = checksum(seed);
    let mut out = Zeroizing::new(String::with_capacity(PREFIX.len() + 9 * 9));
    out.push_str(PREFIX);
    for (index, byte) in seed.iter().chain(&check).enumerate() {
        if index % 4 == 0 {
            out.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    out
}

/// Reads a text; case, spaces and dashes do not matter.
///
/// # Errors
/// [`RecoveryTextError`].
pub fn parse(text: &str) -> Result<SigningKey, RecoveryTextError> {
    let digits: Zeroizing<String> = Zeroizing::new(
        text.chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect(),
    );
    let digits = digits.strip_prefix(PREFIX).ok_or(RecoveryTextError::Form)?;
    let mut bytes = Zeroizing::new([0u8; 32 + CHECK_LEN]);
    if digits.len() != bytes.len() * 2 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(RecoveryTextError::Form);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16).unwrap_or(0);
            *byte = *byte << 4 | u8::try_from(value).unwrap_or(0);
        }
    }
    let mut seed = Zeroizing::new([0; 32]);
    seed.copy_from_slice(&bytes[..32]);
    if bytes[32..] == checksum(&seed) {
        Ok(SigningKey::from_seed(&seed))
    } else {
        Err(RecoveryTextError::Checksum)
    }
}

fn checksum(seed: &[u8; 32]) -> [u8; CHECK_LEN] {
    let digest = hash(Label::SuccessionRecovery, &[seed]);
    let mut out = [0; CHECK_LEN];
    out.copy_from_slice(&digest.0[..CHECK_LEN]);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn pair(byte: u8) -> (SigningKey, Zeroizing<String>) {
        let seed = [byte; 32];
        (SigningKey::from_seed(&seed), text(&seed))
    }

    #[test]
    fn a_text_gives_its_key_back_however_it_is_typed() {
        let (key, text) = pair(1);
        assert_eq!(text.len(), 84);
        assert_eq!(parse(&text).unwrap().public(), key.public());
        let typed = format!(" {} \n", text.to_uppercase().replace('-', " "));
        assert_eq!(parse(&typed).unwrap().public(), key.public());
    }

    #[test]
    fn a_slip_of_the_pen_is_told() {
        let (_, text) = pair(2);
        for at in [4, 31, 83] {
            let mut wrong: Vec<char> = text.chars().collect();
            wrong[at] = if wrong[at] == '7' { '8' } else { '7' };
            let wrong: String = wrong.into_iter().collect();
            let error = parse(&wrong).map(|key| key.public()).unwrap_err();
            assert_eq!(error, RecoveryTextError::Checksum);
        }
        for bad in ["", "cr1", "cr2-00", &text[..80], &format!("{}00", &*text)] {
            let error = parse(bad).map(|key| key.public()).unwrap_err();
            assert_eq!(error, RecoveryTextError::Form, "{bad}");
        }
    }
}
