//! Messages as a watcher reads them.

use conclave_core::content::Post;
use conclave_core::event::BlobRef;
use conclave_core::id::{
    BlobHash, ChannelId, EnvelopeId, IdentityId, Millis, Pseudonym, RoleId, ServerId,
};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::read::{self, successor};
use super::row::{self, Entry, MessageRow, flag};
use super::{copies, reactions};
use crate::markdown::{self, Names};
use crate::model::{
    BlobState, Delivery, DeliveryState, Mentions, Message, Page, PageAt, ReplyPreview,
};

/// Most messages of a page.
const PAGE_MAX: usize = 200;

/// Longest excerpt of a quoted message, in characters.
const EXCERPT_CHARS: usize = 120;

/// An author as they look beside a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuthorView {
    /// Nickname or display name.
    pub name: String,
    /// Colour of the highest role that has one.
    pub color: Option<u32>,
    /// Picture.
    pub avatar: Option<BlobRef>,
}

/// What the timeline does not know by itself.
pub trait Context {
    /// This person.
    fn me(&self) -> IdentityId;

    /// This node's clock.
    fn now(&self) -> Millis;

    /// This device in a server; nothing if the server is not known.
    fn device(&self, server: ServerId) -> Option<Pseudonym>;

    /// How somebody looks in a server, also after they left it.
    fn author(&self, server: ServerId, identity: IdentityId) -> AuthorView;

    /// The name of somebody who is known in a server.
    fn member_name(&self, server: ServerId, identity: IdentityId) -> Option<String>;

    /// A role's name.
    fn role_name(&self, server: ServerId, role: RoleId) -> Option<String>;

    /// A channel's name, if this person may see it.
    fn channel_name(&self, server: ServerId, channel: ChannelId) -> Option<String>;

    /// Whether a blob can be opened here.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    fn blob(&self, hash: &BlobHash) -> Result<BlobState, ViewError>;

    /// Everybody who goes by a name, in one server or in all; letter case does not matter.
    fn members_named(&self, server: Option<ServerId>, name: &str) -> Vec<IdentityId>;

    /// Every channel of a name, in one server or in all; letter case does not matter.
    fn channels_named(&self, server: Option<ServerId>, name: &str) -> Vec<ChannelId>;
}

/// The names of one server.
struct ServerNames<'c> {
    server: ServerId,
    ctx: &'c dyn Context,
}

impl Names for ServerNames<'_> {
    fn member(&self, id: IdentityId) -> Option<String> {
        self.ctx.member_name(self.server, id)
    }

    fn role(&self, id: RoleId) -> Option<String> {
        self.ctx.role_name(self.server, id)
    }

    fn channel(&self, id: ChannelId) -> Option<String> {
        self.ctx.channel_name(self.server, id)
    }
}

/// Reads a page of a channel. Where the message that `at` names is not here, it is the newest page.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn page(
    view: &dyn View,
    channel: ChannelId,
    at: PageAt,
    limit: usize,
    ctx: &dyn Context,
) -> Result<Page, ViewError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let all = KeyRange::prefix(channel.as_bytes());
    let place = match at {
        PageAt::Newest => None,
        PageAt::Before(id) | PageAt::After(id) | PageAt::Around(id) => {
            row::load_in(view, &channel, &id)?.map(|row| row.key(&id))
        }
    };
    let cut = match (at, place) {
        (PageAt::Newest, _) | (_, None) => before(view, all, limit)?,
        (PageAt::Before(_), Some(key)) => {
            let (keys, has_before, _) = before(
                view,
                KeyRange {
                    from: all.from,
                    to: Some(key),
                },
                limit,
            )?;
            (keys, has_before, true)
        }
        (PageAt::After(_), Some(key)) => {
            let (keys, has_after) = after(
                view,
                KeyRange {
                    from: successor(key),
                    to: all.to,
                },
                limit,
            )?;
            (keys, true, has_after)
        }
        (PageAt::Around(_), Some(key)) => {
            let older = KeyRange {
                from: all.from,
                to: Some(key.clone()),
            };
            let (mut keys, has_before, _) = before(view, older, limit / 2)?;
            let rest = limit - keys.len();
            let (newer, has_after) = after(
                view,
                KeyRange {
                    from: key,
                    to: all.to,
                },
                rest.max(1),
            )?;
            keys.extend(newer);
            (keys, has_before, has_after)
        }
    };
    let (entries, has_before, has_after) = cut;
    let mut messages = Vec::with_capacity(entries.len());
    for entry in entries {
        messages.extend(message(view, entry.id, ctx)?);
    }
    Ok(Page {
        messages,
        has_before,
        has_after,
        first_unread: read::first_unread(view, channel)?,
    })
}

/// The last entries of a range, ascending, and whether there are more before them.
fn before(
    view: &dyn View,
    range: KeyRange,
    limit: usize,
) -> Result<(Vec<Entry>, bool, bool), ViewError> {
    let mut entries = entries(view, &range, Direction::Backward, limit + 1)?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    entries.reverse();
    Ok((entries, more, false))
}

/// The first entries of a range, and whether there are more after them.
fn after(view: &dyn View, range: KeyRange, limit: usize) -> Result<(Vec<Entry>, bool), ViewError> {
    let mut entries = entries(view, &range, Direction::Forward, limit + 1)?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok((entries, more))
}

fn entries(
    view: &dyn View,
    range: &KeyRange,
    direction: Direction,
    limit: usize,
) -> Result<Vec<Entry>, ViewError> {
    let rows = view.range(Table::Timeline, range, direction, limit)?;
    rows.iter()
        .map(|(key, value)| Entry::read(key, value))
        .collect()
}

/// Reads one message; nothing if slow mode keeps it from this person.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn message(
    view: &dyn View,
    id: EnvelopeId,
    ctx: &dyn Context,
) -> Result<Option<Message>, ViewError> {
    let Some(row) = row::load(view, &id)?.filter(|row| is_shown(row, ctx)) else {
        return Ok(None);
    };
    let names = ServerNames {
        server: row.server,
        ctx,
    };
    let author = ctx.author(row.server, row.author);
    let post = row.shown();
    let mut attachments = Vec::new();
    for attachment in post
        .map(|post| post.attachments.as_slice())
        .unwrap_or_default()
    {
        attachments.push((attachment.clone(), ctx.blob(&attachment.blob.hash)?));
    }
    let reply_to = match post.and_then(|post| post.reply_to) {
        Some(target) => Some(preview(view, &row, target, ctx)?),
        None => None,
    };
    let reactions = if row.is_deleted() {
        Vec::new()
    } else {
        reactions::of(view, &id, &row.channel, &ctx.me())?
    };
    Ok(Some(Message {
        id,
        channel: row.channel,
        server: row.server,
        author: row.author,
        author_name: author.name,
        author_color: author.color,
        author_avatar: author.avatar,
        time: row.effective,
        edited: row
            .edit
            .as_ref()
            .filter(|_| !row.is_deleted())
            .map(|edit| edit.time),
        deleted: row.is_deleted(),
        text: row.text().to_owned(),
        tree: markdown::parse(row.text(), &names),
        reply_to,
        reactions,
        attachments,
        mentions: mentions(&row, ctx),
        pinned: row.pinned,
        delivery: delivery(view, &id, &row, ctx)?,
        late: row.late,
        held: row.is_hidden(ctx.now()),
        nonce: nonce(&row, post, ctx),
        sort: sort(&row, &id),
    }))
}

/// What slow mode hides, its author alone sees.
fn is_shown(row: &MessageRow, ctx: &dyn Context) -> bool {
    row.author == ctx.me() || !row.is_hidden(ctx.now())
}

/// Effective time (16 hex digits) ‖ id (64): sorts as text like the timeline does.
fn sort(row: &MessageRow, id: &EnvelopeId) -> String {
    format!("{:016x}{id}", row.effective.0)
}

/// The author's own name for a message is of use to the author alone.
fn nonce(row: &MessageRow, post: Option<&Post>, ctx: &dyn Context) -> Option<String> {
    let nonce = post?.nonce.as_ref()?;
    let text = core::str::from_utf8(nonce).ok()?;
    (row.author == ctx.me()).then(|| text.to_owned())
}

fn mentions(row: &MessageRow, ctx: &dyn Context) -> Mentions {
    let called = markdown::mentions(row.text());
    let me = row.flags & flag::MENTION != 0 || called.members.contains(&ctx.me());
    Mentions {
        everyone: (called.everyone || called.here) && row.calls_everyone(),
        members: called.members,
        roles: called.roles,
        me: me && !row.is_deleted(),
    }
}

/// What another device of this person, or anybody else, has said is with at least that device.
fn delivery(
    view: &dyn View,
    id: &EnvelopeId,
    row: &MessageRow,
    ctx: &dyn Context,
) -> Result<Delivery, ViewError> {
    let here = ctx.device(row.server) == Some(row.pseudonym);
    let devices = copies(view, *id)?.len() + usize::from(!here);
    let state = if devices == 0 {
        DeliveryState::Local
    } else {
        DeliveryState::WithPeers
    };
    Ok(Delivery {
        state,
        devices,
        hubs: 0,
    })
}

fn preview(
    view: &dyn View,
    reply: &MessageRow,
    target: EnvelopeId,
    ctx: &dyn Context,
) -> Result<ReplyPreview, ViewError> {
    let row = row::load_in(view, &reply.channel, &target)?;
    let Some(row) = row.filter(|row| is_shown(row, ctx)) else {
        return Ok(ReplyPreview {
            id: target,
            author: None,
            author_name: String::new(),
            excerpt: String::new(),
            deleted: false,
        });
    };
    let names = ServerNames {
        server: row.server,
        ctx,
    };
    let text = markdown::plain(&markdown::parse(row.text(), &names));
    let mut excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    if excerpt.is_empty()
        && let Some(first) = row.shown().and_then(|post| post.attachments.first())
    {
        excerpt.clone_from(&first.name);
    }
    Ok(ReplyPreview {
        id: target,
        author: Some(row.author),
        author_name: ctx.author(row.server, row.author).name,
        excerpt,
        deleted: row.is_deleted(),
    })
}

/// Where search results of this time and id stand: milliseconds with 16 bits of the id, so that of messages of one
/// millisecond none gets lost between pages.
pub(crate) fn order_value(effective: Millis, id: &EnvelopeId) -> u64 {
    let low = u64::from(id.0[0]) << 8 | u64::from(id.0[1]);
    order_from(effective) | low
}

/// The least order value of a time.
pub(crate) fn order_from(time: Millis) -> u64 {
    time.0.min((1 << 46) - 1) << 16
}

/// Channel, author and order value of a message that is here.
pub(crate) fn entry_of(
    view: &dyn View,
    id: &EnvelopeId,
) -> Result<Option<(ChannelId, u64)>, ViewError> {
    Ok(row::load(view, id)?.map(|row| (row.channel, order_value(row.effective, id))))
}
