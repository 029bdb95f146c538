//! The account and its settings.

use conclave_core::id::{BlobHash, DeviceId, IdentityId};
use conclave_engine::command::{NotifyLevel, Presence};
use conclave_engine::model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::files::FileBook;
use crate::api::id::Id;

/// The account of this profile.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Me {
    /// Absent until the account is created.
    pub identity_id: Option<Id<IdentityId>>,
    pub display_name: String,
    pub avatar: Option<Id<BlobHash>>,
    pub bio: String,
    pub status_text: Option<String>,
    pub presence: PresenceName,
    pub device_id: Option<Id<DeviceId>>,
    /// False until the first `PUT /me` with a display name.
    pub created: bool,
    /// Name of the profile on this machine.
    pub profile: String,
    /// Version of the program.
    pub version: String,
}

impl Me {
    /// A profile without an account.
    pub fn fresh(profile: &str) -> Self {
        Self {
            identity_id: None,
            display_name: String::new(),
            avatar: None,
            bio: String::new(),
            status_text: None,
            presence: PresenceName::Offline,
            device_id: None,
            created: false,
            profile: profile.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Shows an account.
    pub fn of(me: model::Me, profile: &str, files: &FileBook) -> Self {
        files.picture(me.profile.avatar.as_ref(), None);
        Self {
            identity_id: Some(Id(me.identity)),
            display_name: me.profile.display_name,
            avatar: me.profile.avatar.map(|avatar| Id(avatar.hash)),
            bio: me.profile.bio.unwrap_or_default(),
            status_text: me.profile.status_text,
            presence: me.presence.into(),
            device_id: Some(Id(me.device)),
            created: true,
            ..Self::fresh(profile)
        }
    }
}

/// How present somebody looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PresenceName {
    Online,
    Idle,
    Dnd,
    Offline,
}

impl From<Presence> for PresenceName {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Online => Self::Online,
            Presence::Idle => Self::Idle,
            Presence::DoNotDisturb => Self::Dnd,
            Presence::Offline => Self::Offline,
        }
    }
}

impl From<PresenceName> for Presence {
    fn from(presence: PresenceName) -> Self {
        match presence {
            PresenceName::Online => Self::Online,
            PresenceName::Idle => Self::Idle,
            PresenceName::Dnd => Self::DoNotDisturb,
            PresenceName::Offline => Self::Offline,
        }
    }
}

/// Which messages of a channel notify.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LevelName {
    All,
    Mentions,
    None,
}

impl From<NotifyLevel> for LevelName {
    fn from(level: NotifyLevel) -> Self {
        match level {
            NotifyLevel::All => Self::All,
            NotifyLevel::Mentions => Self::Mentions,
            NotifyLevel::None => Self::None,
        }
    }
}

impl From<LevelName> for NotifyLevel {
    fn from(level: LevelName) -> Self {
        match level {
            LevelName::All => Self::All,
            LevelName::Mentions => Self::Mentions,
            LevelName::None => Self::None,
        }
    }
}

/// The answer to a one-time code.
#[derive(Clone, Serialize, JsonSchema)]
pub struct SessionToken {
    /// The bearer token.
    pub token: String,
}

/// The program's version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Version {
    /// Version of the program.
    pub version: String,
    /// Version of this API.
    pub api: u32,
}
