//! HELLO: the first frame of each direction, which settles the protocol version.

use std::fmt;

use thiserror::Error;

/// First bytes of every HELLO.
pub const HELLO_MAGIC: [u8; 4] = *b"CNCL";

/// Longest HELLO in bytes. Later versions may append fields within it; readers ignore what they do not know.
pub const HELLO_LEN_MAX: usize = 256;

/// Longest build text in bytes.
pub const BUILD_LEN_MAX: usize = 64;

/// Bytes before the build text: magic 4, versions 2 + 2, features 8, instance 8, text length 1.
const FIXED_LEN: usize = 25;

/// The protocol versions that a node speaks, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRange {
    min: u16,
    max: u16,
}

impl VersionRange {
    /// What this build speaks.
    pub const CURRENT: Self = Self { min: 1, max: 1 };

    /// Makes a range; `None` when it is empty or begins with the version 0, which does not exist.
    pub fn new(min: u16, max: u16) -> Option<Self> {
        (1..=max).contains(&min).then_some(Self { min, max })
    }

    /// Returns the oldest version.
    pub fn min(self) -> u16 {
        self.min
    }

    /// Returns the newest version.
    pub fn max(self) -> u16 {
        self.max
    }

    /// Returns the highest version that both ranges contain.
    pub fn highest_common(self, other: Self) -> Option<u16> {
        let highest = self.max.min(other.max);
        (highest >= self.min.max(other.min)).then_some(highest)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.min, self.max)
    }
}

/// What a node says about itself before anything else.
///
/// Layout, integers big-endian: magic `CNCL` (4 bytes), oldest version (2), newest version (2), feature bits (8),
/// instance (8), length of the build text (1), build text (0 to 64, printable ASCII), bytes of later versions (ignored).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The versions that the sender speaks.
    pub versions: VersionRange,
    /// Optional abilities of the sender; unknown bits are ignored.
    pub features: u64,
    /// Drawn at random when the sender's endpoint starts: tells a restarted peer from a second connection.
    pub instance: [u8; 8],
    build: String,
}

/// Why bytes are not a HELLO.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HelloError {
    /// Longer than [`HELLO_LEN_MAX`].
    #[error("HELLO of {len} bytes exceeds {HELLO_LEN_MAX}")]
    TooLong {
        /// Bytes found.
        len: usize,
    },
    /// Ends before its last field.
    #[error("HELLO ends after {len} of {need} bytes")]
    Truncated {
        /// Bytes found.
        len: usize,
        /// Bytes needed.
        need: usize,
    },
    /// Begins with other bytes than [`HELLO_MAGIC`].
    #[error("not a HELLO: begins with {found:02x?}")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// Names no version.
    #[error("HELLO with no version: {min} to {max}")]
    Versions {
        /// Oldest version found.
        min: u16,
        /// Newest version found.
        max: u16,
    },
    /// The build text is longer than [`BUILD_LEN_MAX`].
    #[error("build text of {len} bytes exceeds {BUILD_LEN_MAX}")]
    BuildTooLong {
        /// Bytes found.
        len: usize,
    },
    /// The build text has a byte outside of printable ASCII, which could forge lines in a log.
    #[error("build text has the byte {byte:#04x}")]
    BuildByte {
        /// The first such byte.
        byte: u8,
    },
}

impl Hello {
    /// Makes a HELLO.
    ///
    /// # Errors
    /// [`HelloError::BuildTooLong`] and [`HelloError::BuildByte`].
    pub fn new(
        versions: VersionRange,
        features: u64,
        instance: [u8; 8],
        build: &str,
    ) -> Result<Self, HelloError> {
        check_build(build.as_bytes())?;
        Ok(Self {
            versions,
            features,
            instance,
            build: build.to_owned(),
        })
    }

    /// Returns the sender's software and version, for people.
    pub fn build(&self) -> &str {
        &self.build
    }

    /// Encodes into 25 to 89 bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED_LEN + self.build.len());
        bytes.extend_from_slice(&HELLO_MAGIC);
        bytes.extend_from_slice(&self.versions.min.to_be_bytes());
        bytes.extend_from_slice(&self.versions.max.to_be_bytes());
        bytes.extend_from_slice(&self.features.to_be_bytes());
        bytes.extend_from_slice(&self.instance);
        bytes.push(self.build.len() as u8); // at most BUILD_LEN_MAX, checked when made
        bytes.extend_from_slice(self.build.as_bytes());
        bytes
    }

    /// Decodes; bytes after the build text belong to later versions and are ignored.
    ///
    /// # Errors
    /// See [`HelloError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, HelloError> {
        if bytes.len() > HELLO_LEN_MAX {
            return Err(HelloError::TooLong { len: bytes.len() });
        }
        let mut fields = Fields { bytes, at: 0 };
        let magic = fields.array::<4>()?;
        if magic != HELLO_MAGIC {
            return Err(HelloError::Magic { found: magic });
        }
        let (min, max) = (
            u16::from_be_bytes(fields.array()?),
            u16::from_be_bytes(fields.array()?),
        );
        let versions = VersionRange::new(min, max).ok_or(HelloError::Versions { min, max })?;
        let features = u64::from_be_bytes(fields.array()?);
        let instance = fields.array()?;
        let [build_len] = fields.array::<1>()?;
        if usize::from(build_len) > BUILD_LEN_MAX {
            return Err(HelloError::BuildTooLong {
                len: build_len.into(),
            });
        }
        let build = fields.slice(build_len.into())?;
        check_build(build)?;
        let build = build.iter().copied().map(char::from).collect();
        Ok(Self {
            versions,
            features,
            instance,
            build,
        })
    }
}

fn check_build(build: &[u8]) -> Result<(), HelloError> {
    if build.len() > BUILD_LEN_MAX {
        return Err(HelloError::BuildTooLong { len: build.len() });
    }
    match build.iter().find(|byte| !(0x20..=0x7e).contains(*byte)) {
        Some(&byte) => Err(HelloError::BuildByte { byte }),
        None => Ok(()),
    }
}

struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn slice(&mut self, len: usize) -> Result<&'a [u8], HelloError> {
        let need = self.at + len;
        let field = self.bytes.get(self.at..need).ok_or(HelloError::Truncated {
            len: self.bytes.len(),
            need,
        })?;
        self.at = need;
        Ok(field)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], HelloError> {
        let need = self.at + N;
        self.slice(N)?
            .try_into()
            .map_err(|_| HelloError::Truncated {
                len: self.bytes.len(),
                need,
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn range(min: u16, max: u16) -> VersionRange {
        VersionRange::new(min, max).unwrap()
    }

    #[test]
    fn the_highest_common_version_wins() {
        assert_eq!(range(1, 1).highest_common(range(1, 2)), Some(1));
        assert_eq!(range(1, 5).highest_common(range(3, 9)), Some(5));
        assert_eq!(range(2, 3).highest_common(range(2, 3)), Some(3));
        assert_eq!(range(1, 1).highest_common(range(2, 3)), None);
        assert_eq!(range(4, 9).highest_common(range(1, 3)), None);
        assert_eq!(VersionRange::new(0, 1), None);
        assert_eq!(VersionRange::new(2, 1), None);
    }

    proptest! {
        #[test]
        fn agreement_is_symmetric(a in 1_u16..9, b in 1_u16..9, c in 1_u16..9, d in 1_u16..9) {
            let (left, right) = (range(a.min(b), a.max(b)), range(c.min(d), c.max(d)));
            prop_assert_eq!(left.highest_common(right), right.highest_common(left));
        }

        #[test]
        fn every_prefix_of_a_hello_is_an_error_and_an_extension_is_not(
            min in 1_u16.., extra in 0_u16..9, features: u64, instance: [u8; 8], build in "[ -~]{0,64}",
            later in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let hello = Hello::new(range(min, min.saturating_add(extra)), features, instance, &build).unwrap();
            let bytes = hello.encode();
            for end in 0..bytes.len() {
                let prefix = &bytes[..end];
                let truncated = matches!(Hello::decode(prefix), Err(HelloError::Truncated { .. }));
                prop_assert!(truncated);
            }
            prop_assert_eq!(&Hello::decode(&bytes).unwrap(), &hello);
            prop_assert_eq!(Hello::decode(&[bytes, later].concat()).unwrap(), hello);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Hello::decode(&bytes);
            let _ = Hello::decode(&[HELLO_MAGIC.as_slice(), &bytes].concat());
        }
    }
}
