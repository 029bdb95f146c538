//! What all chapters' vectors share: fixed keys, cases, and the comparison with the files.

use std::fmt::Debug;
use std::path::PathBuf;

use conclave_core::codec::{self, Limits};
use conclave_core::hash::Label;
use conclave_core::id::Digest;
use conclave_core::signed::{Signable, SigningKey, Unverified, Verified, verify_bytes};
use minicbor::Encode;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

/// The moment at which vectors are made, in milliseconds.
pub const NOW: u64 = 1_750_000_000_000;

/// A generator of fixed randomness.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The Ed25519 key of a seed of 32 equal bytes.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// Compares a chapter's vectors with `docs/protocol/vectors/STEM.json`, or writes them.
pub fn check(stem: &str, vectors: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/protocol/vectors")
        .join(format!("{stem}.json"));
    if std::env::var_os("CONCLAVE_WRITE_VECTORS").is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(vectors).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
        return;
    }
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask vectors`", path.display()));
    let stored: Value = serde_json::from_str(&text).unwrap();
    let cases = |value: &Value| value["cases"].as_array().cloned().unwrap_or_default();
    for (stored, rebuilt) in cases(&stored).iter().zip(cases(vectors)) {
        // Not `assert_eq`: the bytes would bury the name.
        assert!(
            *stored == rebuilt,
            "{stem}: the case {} differs from {}",
            rebuilt["name"],
            stored["name"]
        );
    }
    assert!(
        stored == *vectors,
        "{stem}: the vectors differ in number, or beside their cases"
    );
}

/// A value that the codec must accept: its bytes, read again and found equal.
pub fn plain<T>(name: &str, value: &T) -> Value
where
    T: Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + Debug,
{
    let bytes = codec::encode(value);
    let read: T = codec::decode(&bytes, Limits::bytes(bytes.len())).unwrap();
    assert_eq!(read, *value, "{name}");
    json!({ "name": name, "verdict": "accept", "bytes": hex::encode(&bytes) })
}

/// Signed content that must be accepted: wire form, signer, payload and id.
pub fn signed<T: Signable>(name: &str, value: T, signer: &SigningKey) -> (Value, Verified<T>) {
    let made = Verified::sign(value, signer);
    let wire = made.bytes().encode();
    let read = Unverified::<T>::decode(&wire)
        .unwrap()
        .verify(&signer.public())
        .unwrap();
    let case = json!({
        "name": name,
        "verdict": "accept",
        "seed": hex::encode(*signer.seed()),
        "key": signer.public().to_string(),
        "payload": hex::encode(read.payload()),
        "wire": hex::encode(&wire),
        "id": read.id().to_string(),
    });
    (case, read)
}

/// Signed content that must be refused, with what it is refused for.
pub fn refused<T: Signable>(name: &str, wire: &[u8], signer: &SigningKey) -> Value {
    let error = match Unverified::<T>::decode(wire) {
        Err(error) => error,
        Ok(unverified) => match unverified.verify(&signer.public()) {
            Err(error) => error,
            Ok(_) => panic!("{name}: accepted"),
        },
    };
    reject(name, wire, Some(signer), &error)
}

/// A refusal as a case.
pub fn reject(name: &str, bytes: &[u8], signer: Option<&SigningKey>, error: &dyn Debug) -> Value {
    let mut case = json!({
        "name": name,
        "verdict": "reject",
        "wire": hex::encode(bytes),
        "error": error_kind(error),
    });
    if let Some(signer) = signer {
        case["key"] = signer.public().to_string().into();
    }
    case
}

/// The usual refusals of one signed format, made from content that is accepted.
pub fn refusals<T: Signable>(what: &str, good: &Verified<T>, signer: &SigningKey) -> Vec<Value> {
    let wire = good.bytes().encode();
    let payload = good.payload();
    let pack = |payload: &[u8], signature: &[u8]| {
        let mut out = Vec::new();
        let mut encoder = minicbor::Encoder::new(&mut out);
        encoder
            .array(2)
            .unwrap()
            .bytes(payload)
            .unwrap()
            .bytes(signature)
            .unwrap();
        out
    };
    let signature = signer.sign(T::SIGN, payload);
    let mut flipped = signature;
    flipped[0] ^= 1;
    let other = signer.sign(Label::ApiToken, payload);
    let mut longer = wire.clone();
    longer.push(0);
    vec![
        refused::<T>(
            &format!("{what}: truncated"),
            &wire[..wire.len() - 1],
            signer,
        ),
        refused::<T>(&format!("{what}: a byte after the end"), &longer, signer),
        refused::<T>(
            &format!("{what}: signature with a flipped bit"),
            &pack(payload, &flipped),
            signer,
        ),
        refused::<T>(
            &format!("{what}: signature of 63 bytes"),
            &pack(payload, &signature[..63]),
            signer,
        ),
        refused::<T>(
            &format!("{what}: signature with s + l"),
            &pack(payload, &malleated(&signature)),
            signer,
        ),
        refused::<T>(
            &format!("{what}: signed under another label"),
            &pack(payload, &other),
            signer,
        ),
        refused::<T>(
            &format!("{what}: signed by another key"),
            &pack(payload, &key(0xee).sign(T::SIGN, payload)),
            signer,
        ),
        refused::<T>(
            &format!("{what}: payload that is no map"),
            &pack(&[0x00], &signer.sign(T::SIGN, &[0x00])),
            signer,
        ),
    ]
}

/// The same signature with the group order added to `s`: valid to a lax verifier, another byte string.
pub fn malleated(signature: &[u8; 64]) -> [u8; 64] {
    // l = 2^252 + 27742317777372353535851937790883648493, little-endian (RFC 8032 §5.1).
    let order =
        hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut out = *signature;
    let mut carry = 0u16;
    for (byte, add) in out[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    out
}

/// A hash as hex.
pub fn hash_of(label: Label, parts: &[&[u8]]) -> String {
    let digest: Digest = conclave_core::hash::hash(label, parts);
    digest.to_string()
}

/// Checks a bare signature, so that a vector with one never goes out wrong.
pub fn assert_signature(label: Label, signer: &SigningKey, payload: &[u8], signature: &[u8]) {
    verify_bytes(label, &signer.public(), payload, signature).unwrap();
}

/// The names of an error's variants, outermost first, separated by dots: `Signed.Codec.Truncated`.
pub fn error_kind(error: &dyn Debug) -> String {
    let text = format!("{error:?}");
    let mut kinds = Vec::new();
    let mut rest = text.as_str();
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            break;
        }
        kinds.push(name);
        // Into what a variant that wraps another error wraps: its only field, or the one called `error` or `misuse`.
        let wraps = matches!(
            name,
            "Signed" | "Body" | "Codec" | "Misuse" | "Possession" | "Delegation"
        );
        if !wraps {
            break;
        }
        let inner = after.strip_prefix('(').or_else(|| {
            let fields = after.strip_prefix(" { ")?;
            ["error: ", "misuse: "]
                .iter()
                .find_map(|field| Some(fields.split_once(field)?.1))
        });
        match inner {
            Some(inner) => rest = inner,
            None => break,
        }
    }
    kinds.join(".")
}

#[test]
fn error_kinds_name_every_layer() {
    use conclave_core::codec::CodecError;
    use conclave_core::identity::{IdentityError, Misuse, Signer};
    use conclave_core::signed::SignedError;
    let truncated = SignedError::Codec(CodecError::Truncated { offset: 3 });
    assert_eq!(error_kind(&truncated), "Codec.Truncated");
    assert_eq!(
        error_kind(&IdentityError::Signed {
            seq: 1,
            error: truncated
        }),
        "Signed.Codec.Truncated"
    );
    let rank = Misuse::Rank(Signer::Root, 3);
    assert_eq!(
        error_kind(&IdentityError::Misuse {
            seq: 1,
            misuse: rank
        }),
        "Misuse.Rank"
    );
    assert_eq!(
        error_kind(&SignedError::SignatureLength(3)),
        "SignatureLength"
    );
}
