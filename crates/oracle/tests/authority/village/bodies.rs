//! Bodies with nothing special in them.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::member::LeafKeys;
use conclave_core::permissions::Bits;

use super::bytes;

pub fn invite(role: Option<RoleId>) -> InviteCreate {
    InviteCreate {
        kind: 1,
        verify_key: VerifyKey(bytes(3)),
        leaf: LeafKeys {
            x25519: bytes(300).to_vec().into(),
            xwing: None,
        },
        role,
        channel: None,
        max_uses: None,
        expires: None,
    }
}

pub fn role(position: &str, permissions: Bits) -> RoleCreate {
    RoleCreate {
        name: format!("role {position}"),
        color: None,
        hoist: false,
        mentionable: false,
        permissions,
        position: position.into(),
    }
}

pub fn role_update(role: RoleId) -> RoleUpdate {
    RoleUpdate {
        role,
        name: None,
        color: None,
        hoist: None,
        mentionable: None,
        set: None,
        clear: None,
        position: None,
    }
}

pub fn channel(overwrites: Vec<Overwrite>) -> ChannelCreate {
    ChannelCreate {
        name: "general".into(),
        kind: 0,
        topic: None,
        parent: None,
        position: "V".into(),
        overwrites,
        synced: false,
        durability: 1,
        ttl_ms: None,
        slow_mode_s: 0,
    }
}

pub fn category(overwrites: Vec<Overwrite>) -> ChannelCreate {
    ChannelCreate {
        kind: 4,
        ..channel(overwrites)
    }
}

pub fn channel_update(channel: ChannelId) -> ChannelUpdate {
    ChannelUpdate {
        channel,
        name: None,
        topic: None,
        parent: None,
        parent_clear: None,
        position: None,
        durability: None,
        ttl_ms: None,
        slow_mode_s: None,
        synced: None,
    }
}
