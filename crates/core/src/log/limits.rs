//! What an event may hold, whatever the state: lengths, counts, numbers, order of lists.

use std::collections::BTreeSet;

use crate::codec::CodecError;
use crate::event::{
    BlobRef, Body, EVENT_VERSION, Event, Genesis, InviteCreate, Overwrite, PARENTS_MAX,
    REASON_BYTES_MAX, Seen, Succession,
};
use crate::id::EventId;
use crate::policy::COSIGNED_BYTES_MAX;
use crate::signed::SIGNATURE_LEN;
use crate::state::{ChannelKind, InviteKind, position};

/// Longest name of a server, channel or role in bytes: 100 characters of up to four bytes.
pub const NAME_BYTES_MAX: usize = 400;

/// Longest description or topic in bytes: 1,024 characters of up to four bytes.
pub const TEXT_BYTES_MAX: usize = 4096;

/// Most events of one device in one server: thirty a day for a century, and a bound on what one key can make others keep
/// (some 400 MB). A bot that needs more takes another device.
pub const EVENTS_PER_DEVICE_MAX: u64 = 1_000_000;

/// Most devices that a restriction lists as seen: as many as an identity may have had, many times over.
const SEEN_MAX: usize = 256;

/// Most joins that a revocation honours: what fits into one event.
const HONOURED_MAX: usize = 1500;

/// Most leaves that a ban drops: all open invites of a server.
pub const DROPPED_LEAVES_MAX: usize = 1000;

/// Most notaries: their signatures travel with every checkpoint.
const NOTARIES_MAX: usize = 16;

/// Most founding peers: a group chat's size.
const PEERS_MAX: usize = 32;

/// Most named successors: a line of heirs, not a crowd.
pub const SUCCESSORS_MAX: usize = 16;

/// Most recovery keys: each is a secret that somebody has to keep.
pub const RECOVERY_KEYS_MAX: usize = 8;

/// Most members of a council: their confirmations are events of one claim.
pub const COUNCIL_MAX: usize = 32;

/// Longest delay in days: who is silent for a year is lost.
pub const DELAY_DAYS_MAX: u16 = 365;

/// How an event is badly formed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// The body's bytes are not of its kind.
    #[error("the body: {0}")]
    Body(CodecError),
    /// Genesis alone has no server and no parents, and it has both or neither.
    #[error("a genesis event stands alone")]
    Genesis,
    /// A text is too long, or empty where it must not be.
    #[error("{what} of {len} bytes, at most {max}")]
    Text {
        /// Which.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A list is too long.
    #[error("{len} {what}, at most {max}")]
    List {
        /// Of what.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A list does not ascend strictly.
    #[error("{0} do not ascend")]
    Order(&'static str),
    /// A number or fixed-length field has a value that means nothing.
    #[error("{0} has no such value")]
    Value(&'static str),
}

type Checked = Result<(), Malformed>;

/// Checks what surrounds the body.
pub(super) fn check_event(event: &Event) -> Checked {
    value("format version", event.version >= EVENT_VERSION)?;
    value("sequence", event.seq < EVENTS_PER_DEVICE_MAX)?;
    let reason = event.reason.as_deref().unwrap_or_default();
    text("reason", reason, REASON_BYTES_MAX)
}

/// Checks a body.
pub(super) fn check_body(body: &Body) -> Checked {
    match body {
        Body::Genesis(body) => genesis(body),
        Body::ServerUpdate(body) => {
            name(body.name.as_deref())?;
            text(
                "description",
                body.description.as_deref().unwrap_or_default(),
                TEXT_BYTES_MAX,
            )?;
            durability(body.durability)?;
            body.icon.as_ref().map_or(Ok(()), blob)
        }
        Body::ChannelCreate(body) => {
            name(Some(&body.name))?;
            text(
                "topic",
                body.topic.as_deref().unwrap_or_default(),
                TEXT_BYTES_MAX,
            )?;
            value(
                "channel kind",
                ChannelKind::from_number(body.kind).is_some(),
            )?;
            value("position", position::is_valid(&body.position))?;
            durability(Some(body.durability))?;
            value(
                "overwrites of a synced channel",
                !body.synced || body.overwrites.is_empty(),
            )?;
            ascending("overwrites", &body.overwrites, |overwrite| {
                overwrite.subject
            })?;
            body.overwrites.iter().try_for_each(overwrite)
        }
        Body::ChannelUpdate(body) => {
            name(body.name.as_deref())?;
            text(
                "topic",
                body.topic.as_deref().unwrap_or_default(),
                TEXT_BYTES_MAX,
            )?;
            value(
                "position",
                body.position.as_deref().is_none_or(position::is_valid),
            )?;
            value(
                "parent",
                body.parent.is_none() || body.parent_clear != Some(true),
            )?;
            durability(body.durability)
        }
        Body::OverwriteSet(body) => overwrite(&body.overwrite),
        Body::RoleCreate(body) => {
            name(Some(&body.name))?;
            value("position", position::is_valid(&body.position))
        }
        Body::RoleUpdate(body) => {
            name(body.name.as_deref())?;
            let (set, clear) = (body.set.unwrap_or_default(), body.clear.unwrap_or_default());
            value("bits both set and cleared", (set & clear).is_empty())?;
            value(
                "position",
                body.position.as_deref().is_none_or(position::is_valid),
            )
        }
        Body::RoleRevoke(body) => seen(&body.seen),
        Body::Kick(body) => seen(&body.seen),
        Body::Timeout(body) => seen(&body.seen),
        Body::NicknameSet(body) => seen(&body.seen),
        Body::Ban(body) => {
            list(
                "dropped leaves",
                body.dropped_leaves.len(),
                DROPPED_LEAVES_MAX,
            )?;
            ascending("dropped leaves", &body.dropped_leaves, |leaf| *leaf)?;
            seen(&body.seen)
        }
        Body::InviteCreate(body) => invite(body),
        Body::InviteRevoke(body) => {
            list("honoured joins", body.honoured.len(), HONOURED_MAX)?;
            ascending("honoured joins", &body.honoured, |pseudonym| *pseudonym)
        }
        Body::DeviceCut(body) => value(
            "seen device",
            body.seen.is_none_or(|seen| seen.device == body.device),
        ),
        Body::Checkpoint(body) => list(
            "bytes of a checkpoint",
            body.cosigned.len(),
            COSIGNED_BYTES_MAX,
        ),
        Body::Merge(body) => value("further heads", body.more == Vec::<EventId>::new()),
        Body::OwnershipTransfer(_) | Body::SuccessionPolicy(_) | Body::SuccessionClaim(_) => {
            ownership(body)
        }
        _ => Ok(()),
    }
}

fn genesis(body: &Genesis) -> Checked {
    name(Some(&body.name))?;
    value("template", (1..=2).contains(&body.template))?;
    value("nonce", body.nonce.len() == 32)?;
    value("suite", (1..=2).contains(&body.suite))?;
    value("history policy", (1..=2).contains(&body.history))?;
    list("notaries", body.notaries.len(), NOTARIES_MAX)?;
    let quorum = usize::from(body.notary_quorum);
    value(
        "notary quorum",
        quorum * 2 > body.notaries.len() && quorum <= body.notaries.len(),
    )?;
    list("peers", body.peers.len(), PEERS_MAX)?;
    ascending("peers", &body.peers, |peer| *peer)?;
    let Some(descent) = &body.descent else {
        return Ok(());
    };
    list("heads", descent.heads.len(), PARENTS_MAX)?;
    ascending("heads", &descent.heads, |head| *head)
}

fn ownership(body: &Body) -> Checked {
    match body {
        Body::OwnershipTransfer(transfer) => {
            root_signature(body)?;
            seen(&transfer.seen)
        }
        Body::SuccessionPolicy(terms) => {
            root_signature(body)?;
            succession(terms)
        }
        Body::SuccessionClaim(claim) => {
            let proof = claim.recovery.as_ref();
            let sound = proof.is_none_or(|proof| proof.signature.len() == SIGNATURE_LEN);
            value("recovery signature", sound)
        }
        _ => Ok(()),
    }
}

fn root_signature(body: &Body) -> Checked {
    value(
        "root signature",
        body.root_signature_len() == Some(SIGNATURE_LEN),
    )
}

fn succession(terms: &Succession) -> Checked {
    list("successors", terms.successors.len(), SUCCESSORS_MAX)?;
    list(
        "recovery keys",
        terms.recovery_keys.len(),
        RECOVERY_KEYS_MAX,
    )?;
    list("council members", terms.council.len(), COUNCIL_MAX)?;
    value("repeated successor", distinct(&terms.successors))?;
    value("repeated recovery key", distinct(&terms.recovery_keys))?;
    ascending("council members", &terms.council, |member| *member)?;
    let quorum = usize::from(terms.quorum);
    value(
        "council quorum",
        quorum <= terms.council.len() && (quorum > 0) != terms.council.is_empty(),
    )?;
    value("delay", terms.delay_days <= DELAY_DAYS_MAX)
}

fn distinct<T: Ord>(list: &[T]) -> bool {
    list.iter().collect::<BTreeSet<_>>().len() == list.len()
}

fn invite(body: &InviteCreate) -> Checked {
    value("invite kind", InviteKind::from_number(body.kind).is_some())?;
    value("X25519 key", body.leaf.x25519.len() == 32)?;
    let xwing = body.leaf.xwing.as_ref();
    value("X-Wing key", xwing.is_none_or(|key| key.len() == 1216))
}

fn overwrite(overwrite: &Overwrite) -> Checked {
    value(
        "bits both allowed and denied",
        (overwrite.allow & overwrite.deny).is_empty(),
    )
}

fn seen(seen: &[Seen]) -> Checked {
    list("seen devices", seen.len(), SEEN_MAX)?;
    ascending("seen devices", seen, |seen| seen.device)
}

fn blob(blob: &BlobRef) -> Checked {
    value("blob key", blob.key.len() == 32)?;
    text("media type", &blob.mime, 128)
}

fn durability(mode: Option<u8>) -> Checked {
    value(
        "durability",
        mode.is_none_or(|mode| (1..=4).contains(&mode)),
    )
}

fn name(name: Option<&str>) -> Checked {
    let Some(name) = name else { return Ok(()) };
    value("empty name", !name.is_empty())?;
    text("name", name, NAME_BYTES_MAX)
}

fn text(what: &'static str, text: &str, max: usize) -> Checked {
    let len = text.len();
    if len > max {
        Err(Malformed::Text { what, len, max })
    } else {
        Ok(())
    }
}

fn list(what: &'static str, len: usize, max: usize) -> Checked {
    if len > max {
        Err(Malformed::List { what, len, max })
    } else {
        Ok(())
    }
}

fn ascending<T, K: Ord>(what: &'static str, list: &[T], key: impl Fn(&T) -> K) -> Checked {
    let sorted = list.is_sorted_by(|a, b| key(a) < key(b));
    if sorted {
        Ok(())
    } else {
        Err(Malformed::Order(what))
    }
}

fn value(what: &'static str, good: bool) -> Checked {
    if good {
        Ok(())
    } else {
        Err(Malformed::Value(what))
    }
}
