//! Chapter *event*, "Values and limits".

use std::collections::BTreeSet;

use conclave_core::event::{Body, Event, Genesis, Overwrite, Seen, Succession};

pub(crate) fn event(event: &Event) -> bool {
    event.seq < 1_000_000
        && event
            .reason
            .as_deref()
            .is_none_or(|text| text.len() <= 2048)
}

pub(crate) fn body(body: &Body) -> bool {
    match body {
        Body::Genesis(body) => genesis(body),
        Body::ServerUpdate(body) => {
            let icon = body.icon.as_ref();
            optional(&body.name, name)
                && optional(&body.description, text)
                && body.durability.is_none_or(durability)
                && icon.is_none_or(|icon| icon.key.len() == 32 && icon.mime.len() <= 128)
        }
        Body::ChannelCreate(body) => {
            name(&body.name)
                && optional(&body.topic, text)
                && [0, 4, 5].contains(&body.kind)
                && position(&body.position)
                && durability(body.durability)
                && body.overwrites.is_sorted_by(|a, b| a.subject < b.subject)
                && body.overwrites.iter().all(overwrite)
                && (!body.synced || body.overwrites.is_empty())
        }
        Body::ChannelUpdate(body) => {
            optional(&body.name, name)
                && optional(&body.topic, text)
                && optional(&body.position, position)
                && body.durability.is_none_or(durability)
                && (body.parent.is_none() || body.parent_clear != Some(true))
        }
        Body::OverwriteSet(body) => overwrite(&body.overwrite),
        Body::RoleCreate(body) => name(&body.name) && position(&body.position),
        Body::RoleUpdate(body) => {
            let both = body.set.unwrap_or_default() & body.clear.unwrap_or_default();
            optional(&body.name, name) && optional(&body.position, position) && both.is_empty()
        }
        Body::RoleRevoke(body) => seen(&body.seen),
        Body::Kick(body) => seen(&body.seen),
        Body::Ban(body) => {
            let leaves = &body.dropped_leaves;
            seen(&body.seen) && leaves.len() <= 1000 && leaves.is_sorted_by(|a, b| a < b)
        }
        Body::Timeout(body) => seen(&body.seen),
        Body::NicknameSet(body) => seen(&body.seen),
        Body::InviteCreate(body) => {
            let xwing = body.leaf.xwing.as_ref();
            [1, 2].contains(&body.kind)
                && body.leaf.x25519.len() == 32
                && xwing.is_none_or(|key| key.len() == 1216)
        }
        Body::InviteRevoke(body) => {
            body.honoured.len() <= 1500 && body.honoured.is_sorted_by(|a, b| a < b)
        }
        Body::DeviceCut(body) => body.seen.is_none_or(|seen| seen.device == body.device),
        Body::Merge(body) => body.more.is_empty(),
        Body::OwnershipTransfer(body) => seen(&body.seen),
        Body::SuccessionPolicy(body) => succession(body),
        Body::SuccessionClaim(body) => {
            let proof = body.recovery.as_ref();
            proof.is_none_or(|proof| proof.signature.len() == 64)
        }
        _ => true,
    }
}

fn genesis(body: &Genesis) -> bool {
    let (notaries, quorum) = (body.notaries.len(), usize::from(body.notary_quorum));
    name(&body.name)
        && [1, 2].contains(&body.template)
        && body.nonce.len() == 32
        && [1, 2].contains(&body.suite)
        && [1, 2].contains(&body.history)
        && notaries <= 16
        && quorum * 2 > notaries
        && quorum <= notaries
        && body.descent.as_ref().is_none_or(|descent| {
            descent.heads.len() <= 16 && descent.heads.is_sorted_by(|a, b| a < b)
        })
        && body.peers.len() <= 32
        && body.peers.is_sorted_by(|a, b| a < b)
}

fn succession(terms: &Succession) -> bool {
    let (successors, keys) = (&terms.successors, &terms.recovery_keys);
    let (seats, quorum) = (terms.council.len(), usize::from(terms.quorum));
    successors.len() <= 16
        && successors.iter().collect::<BTreeSet<_>>().len() == successors.len()
        && keys.len() <= 8
        && keys.iter().collect::<BTreeSet<_>>().len() == keys.len()
        && seats <= 32
        && terms.council.is_sorted_by(|a, b| a < b)
        && (quorum == 0) == (seats == 0)
        && quorum <= seats
        && terms.delay_days <= 365
}

fn optional(text: &Option<String>, holds: fn(&str) -> bool) -> bool {
    text.as_deref().is_none_or(holds)
}

fn name(text: &str) -> bool {
    (1..=400).contains(&text.len())
}

fn text(text: &str) -> bool {
    text.len() <= 4096
}

fn durability(number: u8) -> bool {
    (1..=4).contains(&number)
}

fn position(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|digit| digit.is_ascii_alphanumeric())
        && !text.ends_with('0')
}

fn overwrite(overwrite: &Overwrite) -> bool {
    (overwrite.allow & overwrite.deny).is_empty()
}

fn seen(seen: &[Seen]) -> bool {
    seen.len() <= 256 && seen.is_sorted_by(|a, b| a.device < b.device)
}
