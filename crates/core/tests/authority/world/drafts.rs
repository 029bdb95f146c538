//! Bodies of events that change nothing yet.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::Bits;

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

pub fn channel(name: &str, overwrites: Vec<Overwrite>) -> ChannelCreate {
    ChannelCreate {
        name: name.into(),
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

pub fn overwrite(subject: Subject, allow: Bits, deny: Bits) -> Overwrite {
    Overwrite {
        subject,
        allow,
        deny,
    }
}
