//! Numbers of event kinds. A number, once given, is never reused.

/// What an authority event does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is documented at its body")]
#[repr(u16)]
pub enum Kind {
    Genesis = 1,
    ServerUpdate = 2,
    ChannelCreate = 3,
    ChannelUpdate = 4,
    ChannelDelete = 5,
    OverwriteSet = 6,
    OverwriteClear = 7,
    RoleCreate = 8,
    RoleUpdate = 9,
    RoleDelete = 10,
    RoleGrant = 11,
    RoleRevoke = 12,
    Kick = 13,
    Ban = 14,
    Unban = 15,
    Timeout = 16,
    TimeoutLift = 17,
    NicknameSet = 18,
    InviteCreate = 19,
    InviteRevoke = 20,
    DeviceCut = 21,
    Merge = 22,
    MinVersion = 23,
    Checkpoint = 32,
    NotariesChange = 33,
    OwnershipTransfer = 34,
    SuccessionPolicy = 35,
    SuccessionClaim = 36,
    SuccessionConfirm = 37,
    SuccessionVeto = 38,
    ManifestPointer = 39,
    Accession = 40,
    Thread = 48,
    Pin = 49,
    Emoji = 50,
    Webhook = 51,
    Command = 52,
    AutoMod = 53,
}

/// Whether this build acts on a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KindClass {
    /// Folded by this build.
    Active,
    /// Numbered for later; until then whoever meets it halts the server, as for an unknown number.
    Reserved,
}

impl Kind {
    /// All kinds that this build acts on.
    pub const ACTIVE: [Self; 30] = [
        Self::Genesis,
        Self::ServerUpdate,
        Self::ChannelCreate,
        Self::ChannelUpdate,
        Self::ChannelDelete,
        Self::OverwriteSet,
        Self::OverwriteClear,
        Self::RoleCreate,
        Self::RoleUpdate,
        Self::RoleDelete,
        Self::RoleGrant,
        Self::RoleRevoke,
        Self::Kick,
        Self::Ban,
        Self::Unban,
        Self::Timeout,
        Self::TimeoutLift,
        Self::NicknameSet,
        Self::InviteCreate,
        Self::InviteRevoke,
        Self::DeviceCut,
        Self::Merge,
        Self::MinVersion,
        Self::Checkpoint,
        Self::OwnershipTransfer,
        Self::SuccessionPolicy,
        Self::SuccessionClaim,
        Self::SuccessionConfirm,
        Self::SuccessionVeto,
        Self::Accession,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The active kind of a number; reserved and unknown numbers give nothing.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ACTIVE
            .into_iter()
            .find(|kind| kind.number() == number)
    }

    /// Whether this build acts on the kind.
    #[must_use]
    pub fn class(self) -> KindClass {
        if Self::ACTIVE.contains(&self) {
            KindClass::Active
        } else {
            KindClass::Reserved
        }
    }
}
