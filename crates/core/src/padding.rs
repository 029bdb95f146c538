//! Padded sizes, so that a length tells less (Padmé, from "Reducing Metadata Leakage from Encrypted Files and
//! Communication with PURBs", Nikitin et al., PoPETs 2019).

use zeroize::Zeroizing;

/// Smallest padded size in bytes: most chat messages look alike.
pub(crate) const PADDED_MIN: usize = 256;

/// Bytes of the length in front of the padded content.
const LEN_BYTES: usize = 4;

/// The Padmé size of `len`: at most 12 % more, and only O(log log n) bits of the length stay visible.
pub(crate) const fn padme(len: u64) -> u64 {
    if len < 2 {
        return len;
    }
    let exponent = len.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1u64 << (exponent - kept)) - 1;
    match len.checked_add(mask) {
        Some(sum) => sum & !mask,
        None => len,
    }
}

/// The size that `len` bytes are padded to, at least `min`.
pub(crate) fn padded_len(len: usize, min: usize) -> usize {
    usize::try_from(padme(len as u64)).map_or(len, |padded| padded.max(min))
}

/// Frames content as `length (4 bytes, big-endian) ‖ content ‖ zeros`; nothing for content of 4 GiB or more.
pub(crate) fn pad(content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let len = u32::try_from(content.len()).ok()?;
    let total = padded_len(content.len().checked_add(LEN_BYTES)?, PADDED_MIN);
    // One allocation of the final size: growth would leave copies behind that nobody wipes.
    let mut out = Zeroizing::new(Vec::with_capacity(total));
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(content);
    out.resize(total, 0);
    Some(out)
}

/// Takes the frame off; nothing unless [`pad`] could have made it.
pub(crate) fn unpad(padded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (len, rest) = padded.split_first_chunk::<LEN_BYTES>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let (content, zeros) = rest.split_at_checked(len)?;
    let canonical = padded.len() == padded_len(len.checked_add(LEN_BYTES)?, PADDED_MIN);
    (canonical && zeros.iter().all(|byte| *byte == 0)).then(|| Zeroizing::new(content.to_vec()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn padme_gives_the_sizes_of_the_paper() {
        // L' for L = 9, 11, 100, 1000, 1_000_000 by the paper's algorithm, computed by hand.
        for (len, padded) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (9, 10),
            (11, 12),
            (100, 104),
            (1000, 1024),
            (1_000_000, 1_015_808),
        ] {
            assert_eq!(padme(len), padded, "of {len}");
        }
        assert_eq!(padme(u64::MAX), u64::MAX);
    }

    #[test]
    fn padme_never_shrinks_nor_adds_more_than_an_eighth() {
        for len in (1..5_000u64).chain((5_000..50_000_000).step_by(99_991)) {
            let padded = padme(len);
            assert!(
                padded >= len && padded - len <= len.div_ceil(8),
                "{len} -> {padded}"
            );
            assert_eq!(padme(padded), padded, "a padded size stays");
        }
    }

    #[test]
    fn only_the_exact_frame_unpads() {
        for len in [0, 1, 251, 252, 253, 300, 5_000] {
            let content = vec![0xa5; len];
            let padded = pad(&content).unwrap();
            assert_eq!(*unpad(&padded).unwrap(), content);
            assert!(unpad(&padded[..padded.len() - 1]).is_none(), "cut");
            assert!(unpad(&[&padded[..], &[0]].concat()).is_none(), "longer");
            if padded.len() > len + 4 {
                let mut dirty = padded.to_vec();
                *dirty.last_mut().unwrap() = 1;
                assert!(unpad(&dirty).is_none(), "padding that is not zero");
            }
        }
        assert!(unpad(&[]).is_none());
        assert!(unpad(&[0xff; 256]).is_none(), "a length beyond the frame");
    }
}
