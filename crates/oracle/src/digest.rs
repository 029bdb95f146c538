//! Chapter *authority*, "State digest".

use conclave_core::hash::{Label, hash};
use conclave_core::id::{Digest, EventId};
use minicbor::{Encode, Encoder};

use crate::State;
use crate::reign::Title;

type Out = Encoder<Vec<u8>>;

impl State {
    /// The hash under label `StateDigest` of [`State::encode`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        hash(Label::StateDigest, &[&self.encode()])
    }

    /// One array of 17 items, each an array.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::new());
        array(&mut out, 17);
        array(&mut out, 2);
        item(&mut out, &self.server);
        item(&mut out, &self.owner);
        array(&mut out, 6);
        item(&mut out, &self.name);
        item(&mut out, &self.description);
        item(&mut out, &self.icon);
        item(&mut out, &self.joins_paused);
        item(&mut out, &self.durability);
        item(&mut out, &self.minimum_version);
        self.roles_and_channels(&mut out);
        self.members(&mut out);
        self.invites(&mut out);
        array(&mut out, self.dropped_leaves.len());
        self.dropped_leaves
            .iter()
            .for_each(|leaf| item(&mut out, leaf));
        array(&mut out, self.overruled.len());
        for (event, (by, rule)) in &self.overruled {
            array(&mut out, 3);
            item(&mut out, event);
            item(&mut out, by);
            item(&mut out, rule);
        }
        array(&mut out, self.peers.len());
        self.peers.iter().for_each(|peer| item(&mut out, peer));
        array(&mut out, 3);
        item(&mut out, &self.template);
        item(&mut out, &self.suite);
        item(&mut out, &self.history);
        array(&mut out, 2);
        item(&mut out, &self.owner_root);
        item(&mut out, &self.hosting_root);
        self.reign(&mut out);
        out.into_writer()
    }

    /// Chapter *succession*, "State digest".
    fn reign(&self, out: &mut Out) {
        let reign = &self.reign;
        array(out, 6);
        item(out, &self.founder);
        item(out, &reign.root);
        item(out, &reign.begun);
        item(out, &reign.tenure);
        match &reign.policy {
            None => item(out, &None::<EventId>),
            Some((event, policy)) => {
                array(out, 5);
                item(out, event);
                item(out, &policy.successors);
                item(out, &policy.recovery_keys);
                item(out, &policy.council);
                array(out, 2);
                item(out, &policy.quorum);
                item(out, &policy.delay_days);
            }
        }
        array(out, reign.claims.len());
        for (id, claim) in &reign.claims {
            array(out, 5);
            item(out, id);
            item(out, &claim.claimant);
            item(out, &claim.heir);
            let (number, place) = match claim.title {
                Title::RecoveryKey(place) => (1u64, place),
                Title::Successor(place) => (2, place),
                Title::Council => (3, 0),
            };
            array(out, 2);
            item(out, &number);
            item(out, &place);
            array(out, claim.confirmed.len());
            for (who, event) in &claim.confirmed {
                array(out, 2);
                item(out, who);
                item(out, event);
            }
        }
    }

    fn roles_and_channels(&self, out: &mut Out) {
        array(out, self.roles.len());
        for (id, role) in &self.roles {
            array(out, 7);
            item(out, id);
            item(out, &role.name);
            item(out, &role.colour);
            item(out, &role.hoist);
            item(out, &role.mentionable);
            item(out, &role.permissions);
            item(out, &role.position);
        }
        array(out, self.channels.len());
        for (id, channel) in &self.channels {
            array(out, 4);
            array(out, 4);
            item(out, id);
            item(out, &channel.name);
            item(out, &channel.kind);
            item(out, &channel.topic);
            array(out, 3);
            item(out, &channel.parent);
            item(out, &channel.position);
            item(out, &channel.synced);
            array(out, channel.overwrites.len());
            for (subject, (allow, deny)) in &channel.overwrites {
                array(out, 3);
                item(out, subject);
                item(out, allow);
                item(out, deny);
            }
            array(out, 3);
            item(out, &channel.durability);
            item(out, &channel.ttl_ms);
            item(out, &channel.slow_mode_s);
        }
    }

    fn members(&self, out: &mut Out) {
        array(out, self.held.len());
        for ((member, role), (held, event)) in &self.held {
            array(out, 4);
            item(out, member);
            item(out, role);
            item(out, held);
            item(out, event);
        }
        array(out, self.bans.len());
        for (member, ban) in &self.bans {
            array(out, 6);
            item(out, member);
            item(out, &ban.event);
            item(out, &ban.author);
            item(out, &ban.time);
            item(out, &ban.reason);
            item(out, &ban.delete_ms);
        }
        array(out, self.removals.len());
        for (member, events) in &self.removals {
            array(out, 2);
            item(out, member);
            item(out, events);
        }
        array(out, self.timeouts.len());
        for (member, (event, author, until)) in &self.timeouts {
            array(out, 4);
            item(out, member);
            item(out, event);
            item(out, author);
            item(out, until);
        }
        array(out, self.nicknames.len());
        for (member, (event, nickname, seen)) in &self.nicknames {
            array(out, 4);
            item(out, member);
            item(out, event);
            item(out, nickname);
            item(out, seen);
        }
    }

    fn invites(&self, out: &mut Out) {
        array(out, self.invites.len());
        for (id, invite) in &self.invites {
            array(out, 3);
            array(out, 5);
            item(out, id);
            item(out, &invite.creator);
            item(out, &invite.kind);
            item(out, &invite.verify_key);
            item(out, &invite.leaf);
            array(out, 4);
            item(out, &invite.role);
            item(out, &invite.channel);
            item(out, &invite.max_uses);
            item(out, &invite.expires);
            let honoured: Option<Vec<_>> = invite
                .honoured
                .as_ref()
                .map(|set| set.iter().copied().collect());
            item(out, &honoured);
        }
        array(out, self.cuts.len());
        for (device, (identity, event, register)) in &self.cuts {
            array(out, 4);
            item(out, device);
            item(out, identity);
            item(out, event);
            item(out, register);
        }
    }
}

#[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
fn array(out: &mut Out, len: usize) {
    out.array(len as u64).expect("in memory");
}

#[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
fn item<T: Encode<()>>(out: &mut Out, value: &T) {
    out.encode(value).expect("in memory");
}
