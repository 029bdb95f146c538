//! The digest of a state: equal on every node that holds the same events.

use minicbor::Encode;

use super::{Channel, Community, Invite, Overwrites, Reign, Role};
use crate::codec;
use crate::event::Subject;
use crate::hash::{Label, hash};
use crate::id::{Digest, EventId, IdentityId};
use crate::permissions::Bits;

/// Sections of the encoding, which is an array of them.
const SECTIONS: u8 = 17;

impl Community {
    /// The hash of the state's canonical encoding (chapter `authority`, "State digest"). Takes time linear in the state.
    #[must_use]
    pub fn digest(&self) -> Digest {
        hash(Label::StateDigest, &[&self.encode_state()])
    }

    /// The state's canonical encoding: one CBOR array of 17 arrays; what is a map in the state is an array of tuples in
    /// ascending order of keys.
    #[must_use]
    pub fn encode_state(&self) -> Vec<u8> {
        let mut out = vec![0x80 | SECTIONS];
        let mut put = |section: Vec<u8>| out.extend_from_slice(&section);
        put(codec::encode(&(self.server, self.reign.owner)));
        put(codec::encode(&(
            &*self.name,
            &*self.description,
            self.icon.as_deref(),
            self.joins_paused,
            self.durability,
            self.min_version,
        )));
        put(section(self.roles.values().map(role)));
        put(section(self.channels.values().map(channel)));
        put(section(self.grants().map(|(member, role, grant)| {
            (member, role, grant.held, grant.event)
        })));
        put(section(self.bans.iter().map(|(member, ban)| {
            (
                member,
                ban.event,
                ban.by,
                ban.time,
                ban.reason.as_deref(),
                ban.delete_ms,
            )
        })));
        put(section(self.removals.iter().map(|(member, events)| {
            (member, events.iter().copied().collect::<Vec<EventId>>())
        })));
        put(section(self.timeouts.iter().map(|(member, timeout)| {
            (member, timeout.event, timeout.by, timeout.until)
        })));
        put(section(self.nicknames.iter().map(|(member, nickname)| {
            (
                member,
                nickname.event,
                nickname.commitment,
                nickname.seen.to_vec(),
            )
        })));
        put(section(self.invites.values().map(invite)));
        put(section(self.cuts.iter().map(|(device, cut)| {
            (device, cut.identity, cut.event_seq, cut.register_seq)
        })));
        put(section(self.dropped_leaves.iter()));
        put(section(self.overruled.iter().map(|(event, overruling)| {
            (event, overruling.by, overruling.rule.number())
        })));
        put(section(self.genesis.peers.iter()));
        put(codec::encode(&(
            self.genesis.template,
            self.genesis.suite,
            self.genesis.history,
        )));
        put(codec::encode(&(
            self.genesis.owner_root,
            self.genesis.hosting_root,
        )));
        put(self.encode_reign());
        out
    }
}

impl Community {
    fn encode_reign(&self) -> Vec<u8> {
        let Reign {
            root,
            began,
            tenure,
            policy,
            claims,
            ..
        } = &*self.reign;
        let tenure: Vec<EventId> = tenure.iter().copied().collect();
        let policy = policy.as_ref().map(|policy| {
            let terms = &policy.terms;
            (
                policy.event,
                terms.successors.clone(),
                terms.recovery_keys.clone(),
                terms.council.clone(),
                (terms.quorum, terms.delay_days),
            )
        });
        let claims: Vec<_> = claims
            .values()
            .map(|claim| {
                let confirmed: Vec<_> = claim
                    .confirmed
                    .iter()
                    .map(|(who, by)| (*who, *by))
                    .collect();
                (
                    claim.id,
                    claim.by,
                    claim.heir,
                    claim.title.number(),
                    confirmed,
                )
            })
            .collect();
        codec::encode(&(self.founder, *root, *began, tenure, policy, claims))
    }
}

fn section<T: Encode<()>>(items: impl Iterator<Item = T>) -> Vec<u8> {
    codec::encode(&items.collect::<Vec<T>>())
}

fn role(role: &Role) -> impl Encode<()> + use<> {
    (
        role.id,
        role.name.to_string(),
        role.color,
        role.hoist,
        role.mentionable,
        role.permissions,
        role.position.to_string(),
    )
}

fn channel(channel: &Channel) -> impl Encode<()> + use<> {
    let head = (
        channel.id,
        channel.name.to_string(),
        channel.kind.number(),
        channel.topic.to_string(),
    );
    let place = (channel.parent, channel.position.to_string(), channel.synced);
    let rest = (channel.durability, channel.ttl_ms, channel.slow_mode_s);
    (head, place, overwrites(&channel.own_overwrites), rest)
}

fn overwrites(overwrites: &Overwrites) -> Vec<(Subject, Bits, Bits)> {
    overwrites
        .iter()
        .map(|(subject, (allow, deny))| (*subject, *allow, *deny))
        .collect()
}

fn invite(invite: &Invite) -> impl Encode<()> + use<> {
    let creator: IdentityId = invite.creator;
    let head = (
        invite.id,
        creator,
        invite.kind.number(),
        invite.verify_key,
        invite.leaf.id(),
    );
    let rest = (invite.role, invite.channel, invite.max_uses, invite.expires);
    let revoked = invite
        .revoked
        .as_ref()
        .map(|set| set.iter().copied().collect::<Vec<_>>());
    (head, rest, revoked)
}
