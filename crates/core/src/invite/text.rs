//! Links as text: `conclave://join/<base64url>` and `https://HOST/#<base64url>`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::link::InviteLink;
use crate::codec::{self, CodecError, Limits};

/// What a link's text begins with.
pub const LINK_SCHEME: &str = "conclave://join/";

/// Longest link in either form, in bytes: it fits a QR code that a phone still reads.
pub const LINK_TEXT_MAX: usize = 1200;

/// Longest host of the page form, in bytes.
pub const HOST_BYTES_MAX: usize = 64;

/// Longest encoded link, in bytes: in base64url 1,120 characters, which leave 80 for scheme and host.
pub const LINK_PAYLOAD_MAX: usize = 840;

/// Why a link was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkError {
    /// The text is neither form of a link.
    #[error("this is not an invite link")]
    NotALink,
    /// The text is too long.
    #[error("a link of {0} bytes, more than {LINK_TEXT_MAX}")]
    TooLong(usize),
    /// The part after the prefix is not base64url without padding.
    #[error("the link is damaged: it is not base64url")]
    Base64,
    /// The bytes are not a link.
    #[error("the link is damaged: {0}")]
    Codec(CodecError),
    /// Written by a newer program, by version or by a critical key.
    #[error("a link of version {0} is newer than this program: update it")]
    Version(u16),
    /// A critical key that this build does not know.
    #[error("the link's critical key {0} is newer than this program: update it")]
    Critical(u64),
    /// A field exceeds its limit.
    #[error("the link's field {field} has {len}, more than {max}")]
    Limit {
        /// The field.
        field: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// Heads are not unique and ascending.
    #[error("the link's heads are not in ascending order")]
    HeadOrder,
    /// The link does not fit even without hints.
    #[error("a link of {0} bytes without hints, more than {LINK_PAYLOAD_MAX}")]
    DoesNotFit(usize),
    /// Not a host name that the page form takes.
    #[error("no host name for a page: {0:?}")]
    Host(String),
}

impl InviteLink {
    /// Writes `conclave://join/<base64url>`. Hints that do not fit are dropped from the end, and long names are cut.
    ///
    /// # Errors
    /// [`LinkError`] if the link breaks a limit that cutting does not mend.
    pub fn to_text(&self) -> Result<Zeroizing<String>, LinkError> {
        let mut text = Zeroizing::new(String::with_capacity(LINK_TEXT_MAX));
        text.push_str(LINK_SCHEME);
        URL_SAFE_NO_PAD.encode_string(&*self.payload()?, &mut text);
        Ok(text)
    }

    /// Writes `https://HOST/#<base64url>`: a browser does not send the part after `#` to the host.
    ///
    /// # Errors
    /// [`LinkError::Host`], or as [`InviteLink::to_text`].
    pub fn to_page(&self, host: &str) -> Result<Zeroizing<String>, LinkError> {
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if host.is_empty() || host.len() > HOST_BYTES_MAX || !host.chars().all(name) {
            return Err(LinkError::Host(host.chars().take(HOST_BYTES_MAX).collect()));
        }
        let mut text = Zeroizing::new(String::with_capacity(LINK_TEXT_MAX));
        text.push_str("https://");
        text.push_str(host);
        text.push_str("/#");
        URL_SAFE_NO_PAD.encode_string(&*self.payload()?, &mut text);
        Ok(text)
    }

    /// Reads either form; white space around it is ignored.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LINK_TEXT_MAX {
            return Err(LinkError::TooLong(text.len()));
        }
        let encoded = match text.strip_prefix(LINK_SCHEME) {
            Some(encoded) => encoded,
            None => page_fragment(text).ok_or(LinkError::NotALink)?,
        };
        let mut payload = Zeroizing::new(Vec::with_capacity(LINK_TEXT_MAX));
        URL_SAFE_NO_PAD
            .decode_vec(encoded, &mut payload)
            .map_err(|_| LinkError::Base64)?;
        let limits = Limits::bytes(LINK_PAYLOAD_MAX);
        codec::validate(&payload, limits).map_err(LinkError::Codec)?;
        if let Some(key) = codec::critical_keys(&payload).first() {
            return Err(LinkError::Critical(*key));
        }
        let link: Self = codec::decode(&payload, limits).map_err(LinkError::Codec)?;
        link.check()?;
        Ok(link)
    }

    /// Encodes the link within [`LINK_PAYLOAD_MAX`].
    fn payload(&self) -> Result<Zeroizing<Vec<u8>>, LinkError> {
        let mut link = self.clone();
        link.trim();
        link.check()?;
        loop {
            let payload = Zeroizing::new(codec::encode(&link));
            if payload.len() <= LINK_PAYLOAD_MAX {
                return Ok(payload);
            }
            if link.nodes.pop().is_none() {
                return Err(LinkError::DoesNotFit(payload.len()));
            }
        }
    }
}

/// The part after `#` of `https://HOST/#...`.
fn page_fragment(text: &str) -> Option<&str> {
    let (host, fragment) = text.strip_prefix("https://")?.split_once("/#")?;
    (!host.is_empty() && host.len() <= HOST_BYTES_MAX && !host.contains('/')).then_some(fragment)
}
