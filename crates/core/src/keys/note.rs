//! Notes sealed to one device's leaf: what one member has to say to another's device alone.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::wrap::{Randomness, open, seal};
use super::{KeysError, LeafSecret, Suite};
use crate::hash::Label;
use crate::member::LeafKeys;

/// Longest note in bytes: an invite link fits.
pub const NOTE_BYTES_MAX: usize = 2048;

/// Seals a note to a leaf: HPKE base mode (RFC 9180 §6.1), `info` the context string of [`Label::Note`], no associated data.
/// Gives the encapsulated key and the ciphertext.
///
/// # Errors
/// [`KeysError::UnusableKey`]; [`KeysError::NoteSize`].
pub fn seal_note(
    suite: Suite,
    leaf: &LeafKeys,
    note: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<(Vec<u8>, Vec<u8>), KeysError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(KeysError::NoteSize(note.len()));
    }
    let info = Label::Note.context().as_bytes();
    let wrapped = seal(suite, leaf, info, note, Randomness::fresh(rng))
        .map_err(|_| KeysError::UnusableKey(leaf.id()))?;
    Ok((wrapped.encapsulated, wrapped.ciphertext))
}

/// Opens a note.
///
/// # Errors
/// [`KeysError::BadNote`] unless leaf and bytes belong together.
pub fn open_note(
    suite: Suite,
    secret: &LeafSecret,
    encapsulated: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let info = Label::Note.context().as_bytes();
    open(suite, secret, info, encapsulated, ciphertext).ok_or(KeysError::BadNote)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_note_opens_for_its_leaf_alone() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (mine, other) = (
            LeafSecret::from_seed(&[1; 32]),
            LeafSecret::from_seed(&[2; 32]),
        );
        for suite in [Suite::X25519, Suite::XWing] {
            let (key, text) = seal_note(suite, &mine.public(suite), b"come in", &mut rng).unwrap();
            assert_eq!(&**open_note(suite, &mine, &key, &text).unwrap(), b"come in");
            assert_eq!(
                open_note(suite, &other, &key, &text).unwrap_err(),
                KeysError::BadNote
            );
        }
    }
}
