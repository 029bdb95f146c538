//! The secret of an invite.

use core::fmt;

use minicbor::{Decode, Decoder, Encode, Encoder};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::derive::derive;
use crate::hash::Label;
use crate::signed::SigningKey;

/// 32 random bytes that a link hands on; zeroised on drop, never printed. In CBOR a byte string.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Draws a fresh secret.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Self([0; 32]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// Takes over stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Gives the bytes, for the encrypted store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key whose signature admits a joiner; its public half stands in the invite's event.
    #[must_use]
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&derive(Label::InviteSignSeed, &[&self.0]))
    }

    /// The seed of the invite's leaf, whose public keys stand in the invite's event.
    #[must_use]
    pub fn leaf_seed(&self) -> Zeroizing<[u8; 32]> {
        derive(Label::InviteLeafSeed, &[&self.0])
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<C> Encode<C> for Secret {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Secret {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let bytes = <[u8; 32]>::try_from(d.bytes()?);
        bytes
            .map(Self)
            .map_err(|_| minicbor::decode::Error::message("a secret is 32 bytes").at(at))
    }
}
