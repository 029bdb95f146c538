//! Identifiers as the API writes them: 64 lower-case hexadecimal digits.

use std::borrow::Cow;

use conclave_core::id::{
    AudienceId, BlobHash, ChannelId, CheckpointId, DeviceId, Digest, EnvelopeId, EpochId, EventId,
    IdentityId, InviteId, NodeId, Pseudonym, RoleId, ServerId, VerifyKey,
};
use conclave_core::permissions::Bits;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A kind of identifier that the API speaks of.
pub trait HexId: Copy + std::fmt::Display {
    /// What it identifies, for messages.
    const WHAT: &'static str;

    /// Reads it from hexadecimal.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! hex_ids {
    ($($name:ident: $what:literal),+ $(,)?) => {
        $(impl HexId for $name {
            const WHAT: &'static str = $what;

            fn parse(text: &str) -> Option<Self> {
                Self::from_hex(text)
            }
        })+
    };
}

hex_ids!(
    AudienceId: "audience", BlobHash: "blob", ChannelId: "channel", DeviceId: "device", EnvelopeId: "message", EpochId: "epoch",
    EventId: "event", IdentityId: "member", InviteId: "invite", NodeId: "node", Pseudonym: "pseudonym", RoleId: "role",
    ServerId: "server", CheckpointId: "checkpoint", Digest: "commitment", VerifyKey: "key",
);

/// An identifier in JSON, in a path or in a query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Id<T>(pub T);

impl<T> From<T> for Id<T> {
    fn from(id: T) -> Self {
        Self(id)
    }
}

impl<T: HexId> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: HexId> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let refuse = || D::Error::custom(format_args!("a {} id is 64 hexadecimal digits", T::WHAT));
        T::parse(&text).map(Self).ok_or_else(refuse)
    }
}

impl<T> JsonSchema for Id<T> {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

/// A set of permissions: the decimal digits of a u64, because JavaScript's numbers lose bits above 53.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BitsText(pub Bits);

impl Serialize for BitsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.0)
    }
}

impl<'de> Deserialize<'de> for BitsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let refuse = |_| {
            D::Error::custom(
                "permissions are the decimal digits of an unsigned 64-bit number, as a string",
            )
        };
        text.parse().map(|bits| Self(Bits(bits))).map_err(refuse)
    }
}

impl JsonSchema for BitsText {
    fn schema_name() -> Cow<'static, str> {
        "Bits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{1,20}$" })
    }
}

/// Reads permissions as a person writes them: Discord's names joined by commas, or the decimal digits of their bits.
///
/// # Errors
/// What is wrong, for the person.
pub fn parse_permissions(text: &str) -> Result<u64, String> {
    if let Ok(bits) = text.parse() {
        return Ok(bits);
    }
    text.split(',').map(str::trim).try_fold(0, |bits, name| {
        let named = Bits::NAMED.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        let unknown = || format!("{name:?} is no permission; some are VIEW_CHANNEL, SEND_MESSAGES, MANAGE_CHANNELS, BAN_MEMBERS");
        named.map(|(bit, _)| bits | bit.0).ok_or_else(unknown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_read_by_name_and_by_number() {
        assert_eq!(
            parse_permissions("view_channel, SEND_MESSAGES"),
            Ok(1 << 10 | 1 << 11)
        );
        assert_eq!(parse_permissions("18446744073709551615"), Ok(u64::MAX));
        assert!(parse_permissions("EVERYTHING").is_err());
    }
}
