//! Key suites.

/// How slots of a key tree are sealed (RFC 9180, with ChaCha20-Poly1305 and HKDF-SHA256 in both suites).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Suite {
    /// DHKEM(X25519, HKDF-SHA256): the light suite.
    X25519 = 1,
    /// X-Wing, X25519 with ML-KEM-768 (draft-connolly-cfrg-xwing-kem): the default, since wrapped keys lie for years on
    /// hubs that nobody has to trust.
    XWing = 2,
}

impl Suite {
    /// The suite of a number on the wire.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::X25519),
            2 => Some(Self::XWing),
            _ => None,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Bytes of a public key.
    #[must_use]
    pub const fn public_len(self) -> usize {
        match self {
            Self::X25519 => 32,
            Self::XWing => 1216,
        }
    }

    /// Bytes of an encapsulated key.
    #[must_use]
    pub const fn encapsulated_len(self) -> usize {
        match self {
            Self::X25519 => 32,
            Self::XWing => 1120,
        }
    }
}
