//! What an API token may be allowed to do.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// One thing that a token can be allowed to do. Every route names the one that it needs.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name in requests and in the store.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

actions!(
    /// Read one's own profile and the program's version.
    ProfileRead = "profile:read",
    /// Change one's own profile, presence and app settings.
    ProfileWrite = "profile:write",
    /// Read servers, channels, roles and members.
    ServersRead = "servers:read",
    /// Found, join and leave servers and chats.
    ServersJoin = "servers:join",
    /// Change a server, its channels and its roles.
    ServersManage = "servers:manage",
    /// Read messages, files, counts and search.
    MessagesRead = "messages:read",
    /// Write, edit, delete, react, type and mark as read.
    MessagesWrite = "messages:write",
    /// Kick, ban, time out and rename members, grant and revoke roles.
    MembersModerate = "members:moderate",
    /// Read and make invites.
    InvitesManage = "invites:manage",
    /// Read the audit log and who holds keys.
    AuditRead = "audit:read",
    /// Read the state of the network and of this node.
    NodeRead = "node:read",
    /// Everything, including tokens themselves.
    Admin = "admin",
);

impl Action {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.name() == text)
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|action| action.name()).collect();
            D::Error::custom(format_args!(
                "no such action; the actions are {}",
                names.join(", ")
            ))
        })
    }
}

impl JsonSchema for Action {
    fn schema_name() -> Cow<'static, str> {
        "Action".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Self::ALL.iter().map(|action| action.name()).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}
