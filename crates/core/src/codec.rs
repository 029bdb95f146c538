//! Canonical bytes: deterministic CBOR (RFC 8949 §4.2.1) with integer keys, validated before anything is decoded.
//!
//! [`decode`] is the only way from untrusted bytes to a value: [`validate`] walks the bytes once, without recursion and
//! without allocation that the input could steer, and refuses whatever is not the one canonical form; only then does
//! `minicbor` build the value. Unknown ordinary keys are kept in the bytes, which are hashed and signed as received.

mod validate;

use minicbor::{Decode, Encode};
pub use validate::{CodecError, Limits, validate};

/// Map keys from here on are *critical*: whoever does not know one must not act on the content (see [`critical_keys`]).
pub const CRITICAL_KEY_MIN: u64 = 128;

/// Decodes one canonical value.
///
/// # Errors
/// [`CodecError`] with the offset of the first fault.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8], limits: Limits) -> Result<T, CodecError> {
    validate(bytes, limits)?;
    minicbor::decode(bytes).map_err(|error| CodecError::Shape {
        offset: error.position().unwrap_or(0),
        reason: error.to_string(),
    })
}

/// Encodes a value; canonical as long as its type's map keys ascend, which every snapshot test of a format checks.
#[must_use]
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    match minicbor::encode(value, &mut out) {
        Ok(()) => out,
        // Writing to a Vec is infallible, and no format of ours has a failing encoder.
        Err(never) => unreachable_encode(&never.to_string()),
    }
}

#[expect(
    clippy::panic,
    reason = "encoding into memory cannot fail; see `encode`"
)]
fn unreachable_encode(reason: &str) -> ! {
    panic!("encoding into memory failed: {reason}")
}

/// Lists the critical keys at the top level of a canonical map, in ascending order; empty for anything but a map.
#[must_use]
pub fn critical_keys(bytes: &[u8]) -> Vec<u64> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let Ok(Some(count)) = decoder.map() else {
        return Vec::new();
    };
    let mut keys = Vec::new();
    for _ in 0..count {
        let Ok(key) = decoder.u64() else { break };
        if key >= CRITICAL_KEY_MIN {
            keys.push(key);
        }
        if decoder.skip().is_err() {
            break;
        }
    }
    keys
}

#[cfg(test)]
mod tests;
