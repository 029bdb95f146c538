//! The shapes that travel: what the engine's model looks like in JSON.

pub mod account;
pub mod channel;
pub mod finality;
pub mod invite;
pub mod log;
pub mod markdown;
pub mod member;
pub mod message;
pub mod moderation;
pub mod network;
pub mod ownership;
pub mod report;
pub mod requests;
pub mod server;

/// Gives a name to each number of a closed set.
macro_rules! named_numbers {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// The number in the formats of the protocol.
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number),+ }
            }

            /// Reads a number; an unknown one is shown as the first.
            pub fn from_number(number: u8) -> Self {
                [$(Self::$variant),+].into_iter().find(|value| value.number() == number).unwrap_or(Self::FIRST)
            }
        }
    };
}

named_numbers!(
    /// Where messages of a channel are kept.
    Durability { Replicated = 2, Strict = 1, Guaranteed = 3, Ephemeral = 4 }
);

named_numbers!(
    /// What a channel is for.
    ChannelKind { Text = 0, Category = 4, Announcement = 5 }
);

impl Durability {
    const FIRST: Self = Self::Replicated;
}

impl ChannelKind {
    const FIRST: Self = Self::Text;
}
