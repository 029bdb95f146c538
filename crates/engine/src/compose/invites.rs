//! Links.

use conclave_core::event::{InviteCreate, InviteRevoke};
use conclave_core::id::{EventId, InviteId, Millis, Pseudonym};
use conclave_core::invite::{
    HINT_ADDRESSES_MAX, HINT_RELAYS_MAX, INVITER_NAME_BYTES_MAX, InviteLink, LINK_HEADS_MAX,
    LINK_VERSION, LinkKind, NodeHint, SERVER_NAME_BYTES_MAX, Secret,
};
use conclave_core::keys::LeafSecret;
use conclave_core::member::{JoinProof, Reach};
use conclave_core::view::Table;

use super::{act, community, room_of};
use crate::command::{Command, CommandError, InviteDraft, Reply};
use crate::ctx::Ctx;
use crate::peer::State;
use crate::room::Room;

/// Most nodes that a link names.
const HINTS: usize = 4;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::CreateInvite(draft) => {
            let (invite, link) = create(state, ctx, draft)?;
            Ok(Reply::Invite { invite, link })
        }
        Command::RevokeInvite { server, invite } => {
            let room = room_of(state, &server)?;
            let mut honoured: Vec<Pseudonym> = room
                .roster
                .registers()
                .filter(|register| {
                    matches!(&register.proof, JoinProof::Invite { invite: used, .. } if *used == invite)
                })
                .map(|register| register.pseudonym)
                .collect();
            honoured.sort();
            act(room, ctx, InviteRevoke { invite, honoured }, None)?;
            Ok(Reply::Done)
        }
        _ => Err(CommandError::NotFound { what: "command" }),
    }
}

/// Creates an invite and its link, which this account alone keeps.
pub(super) fn create(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    draft: InviteDraft,
) -> Result<(InviteId, String), CommandError> {
    let own = state.reach.clone();
    let room = room_of(state, &draft.server)?;
    let secret = Secret::generate(ctx.rng);
    let expires = draft
        .expires_in_s
        .map(|seconds| Millis(ctx.now.0.saturating_add(seconds.saturating_mul(1000))));
    let body = InviteCreate {
        kind: if draft.open { 1 } else { 2 },
        verify_key: secret.signing_key().public(),
        leaf: LeafSecret::from_seed(&secret.leaf_seed()).public(room.suite()),
        role: draft.role,
        channel: draft.channel,
        max_uses: draft.max_uses,
        expires,
    };
    let id: EventId = act(room, ctx, body, None)?;
    let invite = InviteId(id.0);
    let link = link(room, ctx, &draft, invite, expires, secret, own.as_ref())?;
    let key = [room.id.as_bytes().as_slice(), invite.as_bytes()].concat();
    ctx.txn.put(Table::InviteSecret, key, link.as_bytes());
    Ok((invite, link))
}

fn link(
    room: &Room,
    ctx: &Ctx<'_>,
    draft: &InviteDraft,
    invite: InviteId,
    expires: Option<Millis>,
    secret: Secret,
    own: Option<&Reach>,
) -> Result<String, CommandError> {
    let community = community(room)?;
    let mut heads = room.log.heads().to_vec();
    heads.truncate(LINK_HEADS_MAX);
    let link = InviteLink {
        version: LINK_VERSION,
        server: room.id,
        server_name: clipped(community.name(), SERVER_NAME_BYTES_MAX),
        kind: if draft.open {
            LinkKind::Open
        } else {
            LinkKind::Closed
        },
        invite,
        inviter: ctx.identity(),
        inviter_name: clipped(&room.name_of(&ctx.identity()), INVITER_NAME_BYTES_MAX),
        heads,
        expires,
        max_uses: draft.max_uses,
        role: draft.role,
        channel: draft.channel,
        members: u32::try_from(room.roster.members(&community).count()).unwrap_or(u32::MAX),
        durability: Some(community.durability()),
        nodes: hints(room, ctx, own),
        hosting: None,
        rendezvous: None,
        secret,
    };
    match link.to_text() {
        Ok(text) => Ok(text.to_string()),
        Err(error) => Err(CommandError::Conflict(error.to_string())),
    }
}

/// Our own node first, then those that were reachable most recently.
fn hints(room: &Room, ctx: &Ctx<'_>, own: Option<&Reach>) -> Vec<NodeHint> {
    let mut others: Vec<&Reach> = room
        .reach
        .values()
        .filter(|reach| reach.node != ctx.node())
        .collect();
    others.sort_by_key(|reach| core::cmp::Reverse((reach.time, reach.node)));
    own.into_iter()
        .chain(others)
        .take(HINTS)
        .map(|reach| NodeHint {
            node: reach.node,
            relays: reach.relays.iter().take(HINT_RELAYS_MAX).cloned().collect(),
            addresses: reach
                .addresses
                .iter()
                .take(HINT_ADDRESSES_MAX)
                .cloned()
                .collect(),
        })
        .collect()
}

/// The beginning of a text, at most so many bytes.
pub(super) fn clipped(text: &str, bytes_max: usize) -> String {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
