//! Who is who on a connection: proofs sent, judged, and judged again when a server's state changes.

use conclave_core::id::{Pseudonym, VerifyKey};
use conclave_core::invite::{InviteLink, Secret};
use conclave_core::policy::Admission;
use conclave_core::signed::SigningKey;
use conclave_core::view::ViewError;

use super::{Link, Links, Rooms, Sub, Who, backlog, link, send};
use crate::ctx::Ctx;
use crate::effect::{ConnId, Notice};
use crate::room::{Room, Standing};
use crate::wire::{Frame, Subscribe};

/// Why we refuse to serve a server on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Why {
    NotHere = 1,
    NotAMember = 2,
    BadProof = 3,
    Unknown = 4,
}

/// Sends our proofs for every server that the other side is known to take part in, and for those that we are joining.
pub fn introduce(rooms: &Rooms, links: &mut Links, ctx: &mut Ctx<'_>, conn: ConnId) {
    let Some(link) = links.get_mut(&conn) else {
        return;
    };
    for room in rooms.values() {
        let hinted = room.local.hints.iter().any(|hint| hint.node == link.node);
        let known = room.reach.values().any(|reach| reach.node == link.node);
        let hub = room.hosting.is_hub(&link.node);
        if hinted || known || hub || link.subs.contains_key(&room.id) {
            prove(room, link, ctx, conn);
        }
    }
}

/// Sends our proof for one server, once as a link's holder and once as a member.
fn prove(room: &Room, link: &mut Link, ctx: &mut Ctx<'_>, conn: ConnId) {
    let Some(nonce) = link.their_nonce.clone() else {
        return;
    };
    let (key, invite) = match room.local.standing {
        Standing::Active | Standing::Removed => (ctx.me.pseudonym(room.id), false),
        Standing::Joining => {
            let link = room
                .local
                .link
                .as_deref()
                .and_then(|link| InviteLink::parse(link).ok());
            let Some(link) = link else { return };
            (link.secret.signing_key(), true)
        }
        Standing::Left => return,
    };
    if link
        .proven
        .get(&room.id)
        .is_some_and(|as_member| *as_member || invite)
    {
        return;
    }
    link.proven.insert(room.id, !invite);
    let mut proof = Subscribe::sign(room.tag, &key, invite, ctx.node(), link.node, &nonce);
    if room.hosting.is_hub(&link.node) || invite {
        proof.hosting = room.hosting_id();
        proof.admission = (!invite).then(|| admission(room, &key));
    }
    send(ctx, conn, &Frame::Subscribe(proof));
    if link.subs.contains_key(&room.id) {
        backlog::offer(room, link, ctx, conn);
    }
}

/// Lets oneself in at a hub, with the key of the link that one came by; founders and those whose link lives no more are listed
/// by themselves.
fn admission(room: &Room, key: &SigningKey) -> Admission {
    let pseudonym = Pseudonym(key.public().0);
    let listed = |issuer: &SigningKey| {
        room.hosting
            .manifest
            .as_ref()
            .is_some_and(|manifest| manifest.invites.binary_search(&issuer.public()).is_ok())
    };
    let links = room.local.secrets.iter().filter_map(|secret| {
        let secret = <[u8; 32]>::try_from(secret.as_slice()).ok()?;
        Some(Secret::from_bytes(secret).signing_key())
    });
    let issuer = links
        .chain([key.clone()])
        .find(listed)
        .unwrap_or_else(|| key.clone());
    Admission::sign(&room.tag, &pseudonym, &issuer)
}

/// Proves again on every connection where our standing in a server has changed; as a link's holder if we are joining anew.
pub fn prove_again(room: &Room, links: &mut Links, ctx: &mut Ctx<'_>) {
    for (conn, link) in links.iter_mut() {
        let met = link.proven.contains_key(&room.id) || link.subs.contains_key(&room.id);
        if room.local.standing == Standing::Joining {
            link.proven.remove(&room.id);
        }
        if met {
            prove(room, link, ctx, *conn);
        }
    }
}

pub(super) fn subscribed(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    subscribe: Subscribe,
) -> Result<(), ViewError> {
    let Some(link) = links.get_mut(&conn) else {
        return Ok(());
    };
    let room = rooms.values().find(|room| room.tag == subscribe.server);
    let Some(room) = room.filter(|room| room.local.standing != Standing::Left) else {
        let why = Why::NotHere as u8;
        send(
            ctx,
            conn,
            &Frame::Refused {
                server: subscribe.server,
                why,
            },
        );
        return Ok(());
    };
    if subscribe
        .verify(link.node, ctx.node(), &link.our_nonce)
        .is_err()
    {
        let why = Why::BadProof as u8;
        send(
            ctx,
            conn,
            &Frame::Refused {
                server: subscribe.server,
                why,
            },
        );
        return Ok(());
    }
    let who = identify(room, &subscribe);
    let server = room.id;
    match who {
        Who::Unknown => {
            if link.pending.len() < link::PENDING_MAX {
                link.pending.push(subscribe);
            }
            send(
                ctx,
                conn,
                &Frame::Refused {
                    server: room.tag,
                    why: Why::Unknown as u8,
                },
            );
        }
        Who::Former { .. } => {
            send(
                ctx,
                conn,
                &Frame::Refused {
                    server: room.tag,
                    why: Why::NotAMember as u8,
                },
            );
        }
        Who::Member { .. } | Who::Invite(_) | Who::Hub { .. } => {}
    }
    match link.subs.get_mut(&server) {
        Some(sub) => sub.who = who,
        None => {
            link.subs.insert(server, Sub::new(who));
        }
    }
    prove(room, link, ctx, conn);
    backlog::offer(room, link, ctx, conn);
    ctx.out.notice(Notice::ServerState(server));
    ctx.out.notice(Notice::Network);
    Ok(())
}

/// Says whom a proof's key belongs to.
fn identify(room: &Room, subscribe: &Subscribe) -> Who {
    let pseudonym = Pseudonym(subscribe.key.0);
    if subscribe.invite {
        let Some(community) = &room.community else {
            return Who::Unknown;
        };
        let invite = community
            .invites()
            .find(|invite| invite.verify_key == VerifyKey(subscribe.key.0));
        return match invite {
            Some(invite) if invite.revoked.is_none() => Who::Invite(invite.id),
            Some(_) | None => Who::Unknown,
        };
    }
    member_or_former(room, pseudonym).unwrap_or(Who::Unknown)
}

/// What a pseudonym stands for now; nothing if nobody has introduced it.
fn member_or_former(room: &Room, pseudonym: Pseudonym) -> Option<Who> {
    let identity = room.identity_of(&pseudonym)?;
    Some(if room.is_member(&identity) {
        Who::Member {
            pseudonym,
            identity,
        }
    } else {
        Who::Former {
            pseudonym,
            identity,
            event: room.removal_of(&identity),
        }
    })
}

/// Looks again at proofs and standings after a server's state changed.
pub fn reconsider(room: &Room, links: &mut Links, ctx: &mut Ctx<'_>) {
    for (conn, link) in links.iter_mut() {
        let proofs: Vec<Subscribe> = link
            .pending
            .iter()
            .filter(|proof| proof.server == room.tag)
            .cloned()
            .collect();
        for proof in proofs {
            let who = identify(room, &proof);
            if who == Who::Unknown {
                continue;
            }
            link.pending.retain(|pending| *pending != proof);
            link.subs
                .entry(room.id)
                .or_insert_with(|| Sub::new(who))
                .who = who;
            backlog::offer(room, link, ctx, *conn);
            ctx.out.notice(Notice::ServerState(room.id));
        }
        let Some(sub) = link.subs.get_mut(&room.id) else {
            continue;
        };
        let (Who::Member { pseudonym, .. } | Who::Former { pseudonym, .. }) = sub.who else {
            continue;
        };
        let who = member_or_former(room, pseudonym).unwrap_or(Who::Unknown);
        if who != sub.who {
            sub.who = who;
            sub.backlog.clear();
            backlog::offer(room, link, ctx, *conn);
            ctx.out.notice(Notice::ServerState(room.id));
        }
    }
}
