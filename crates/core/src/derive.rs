//! Deriving secrets from secrets: as [`crate::hash::hash`], with what it leaves behind wiped.

use zeroize::{Zeroize, Zeroizing};

use crate::hash::Label;

/// Derives 32 bytes from the concatenation of `parts` under a label (BLAKE3 derive-key mode).
pub(crate) fn derive(label: Label, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    fill(label, parts, &mut *out);
    out
}

/// Derives as many bytes as `out` takes; the first 32 are those of [`derive`] (BLAKE3 extendable output).
pub(crate) fn fill(label: Label, parts: &[&[u8]], out: &mut [u8]) {
    let mut hasher = blake3::Hasher::new_derive_key(label.context());
    for part in parts {
        hasher.update(part);
    }
    let mut reader = hasher.finalize_xof();
    reader.fill(out);
    reader.zeroize();
    hasher.zeroize();
}
