#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acts;
mod laws;
mod order;
mod reading;
mod searching;
mod slow;

use conclave_core::content::{Act, CONTENT_VERSION, Content, Post};
use conclave_core::id::{
    BlobHash, ChannelId, EnvelopeId, IdentityId, Millis, Pseudonym, RoleId, ServerId,
};
use conclave_core::view::{Change, Direction, KeyRange, Row, Table, View};
use conclave_store::{MemoryStore, Store};

use super::*;
use crate::model::{BlobState, Message, Page, PageAt};

const SERVER: ServerId = ServerId([9; 32]);
const GENERAL: ChannelId = ChannelId([1; 32]);
const OTHER: ChannelId = ChannelId([2; 32]);
const ME: IdentityId = person(0);
const ADA: IdentityId = person(1);
const BOB: IdentityId = person(2);
const NOON: Millis = Millis(1_800_000_000_000);

const fn person(number: u8) -> IdentityId {
    IdentityId([0x10 + number; 32])
}

/// The id of the envelope with this number; higher numbers sort after lower ones.
fn id(number: u16) -> EnvelopeId {
    let mut bytes = [0x55; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    EnvelopeId(bytes)
}

fn at(minutes: i64) -> Millis {
    Millis(NOON.0.saturating_add_signed(minutes * 60_000))
}

/// Something that somebody says.
#[derive(Clone, Debug)]
struct Said {
    number: u16,
    channel: ChannelId,
    author: IdentityId,
    device: u8,
    seq: u64,
    parents: Vec<u16>,
    time: Millis,
    now: Millis,
    act: Act,
    allowed: Allowed,
    catching_up: bool,
}

impl Said {
    /// By the author's first device, at noon, seen at once; `number` serves as sequence as well.
    fn new(number: u16, author: IdentityId, act: Act) -> Self {
        Self {
            number,
            channel: GENERAL,
            author,
            device: 0,
            seq: u64::from(number),
            parents: Vec::new(),
            time: NOON,
            now: NOON,
            act,
            allowed: Allowed::default(),
            catching_up: false,
        }
    }

    fn time(mut self, time: Millis) -> Self {
        self.time = time;
        self
    }

    fn now(mut self, now: Millis) -> Self {
        self.now = now;
        self
    }

    fn after(mut self, parents: &[u16]) -> Self {
        self.parents = parents.to_vec();
        self
    }

    fn device(mut self, device: u8) -> Self {
        self.device = device;
        self
    }

    fn in_channel(mut self, channel: ChannelId) -> Self {
        self.channel = channel;
        self
    }

    fn moderator(mut self) -> Self {
        self.allowed = Allowed {
            slow_ms: 0,
            mention_everyone: true,
            manage_messages: true,
            attach: true,
            pin: true,
        };
        self
    }

    fn pseudonym(&self) -> Pseudonym {
        device(self.author, self.device)
    }
}

fn device(author: IdentityId, number: u8) -> Pseudonym {
    let mut bytes = author.0;
    bytes[31] = number;
    Pseudonym(bytes)
}

fn post(number: u16, author: IdentityId, text: &str) -> Said {
    Said::new(
        number,
        author,
        Act::Post(Post {
            text: text.to_owned(),
            ..Post::default()
        }),
    )
}

fn reply(number: u16, author: IdentityId, text: &str, to: u16) -> Said {
    let post = Post {
        text: text.to_owned(),
        reply_to: Some(id(to)),
        ..Post::default()
    };
    Said::new(number, author, Act::Post(post))
}

fn edit(number: u16, author: IdentityId, target: u16, text: &str) -> Said {
    Said::new(
        number,
        author,
        Act::Edit {
            target: id(target),
            text: text.to_owned(),
        },
    )
}

fn delete(number: u16, author: IdentityId, target: u16) -> Said {
    Said::new(number, author, Act::Delete(id(target)))
}

fn react(number: u16, author: IdentityId, target: u16, emoji: &str, on: bool) -> Said {
    Said::new(
        number,
        author,
        Act::React {
            target: id(target),
            emoji: emoji.to_owned(),
            on,
        },
    )
}

fn pin(number: u16, author: IdentityId, target: u16, on: bool) -> Said {
    Said::new(
        number,
        author,
        Act::Pin {
            target: id(target),
            on,
        },
    )
    .moderator()
}

/// One person's node, as far as the timeline goes.
#[derive(Clone, Default)]
struct Node {
    store: MemoryStore,
}

impl Node {
    fn with(said: &[Said]) -> Self {
        let mut node = Self::default();
        for said in said {
            node.hear(said);
        }
        node
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Txn<'_>) -> Result<T, ViewError>) -> T {
        self.changes(change).0
    }

    fn changes<T>(
        &mut self,
        change: impl FnOnce(&mut Txn<'_>) -> Result<T, ViewError>,
    ) -> (T, Vec<Change>) {
        let mut txn = Txn::new(&self.store);
        let out = change(&mut txn).unwrap();
        let changes = txn.into_changes();
        self.store.commit(&changes).unwrap();
        (out, changes)
    }

    fn hear(&mut self, said: &Said) -> Vec<Notice> {
        self.hear_counted(said).0
    }

    fn hear_counted(&mut self, said: &Said) -> (Vec<Notice>, Vec<Change>) {
        let mut parents: Vec<EnvelopeId> = said.parents.iter().map(|parent| id(*parent)).collect();
        parents.sort();
        let content = Content {
            version: CONTENT_VERSION,
            author: said.author,
            channel: said.channel,
            heads: Vec::new(),
            parents,
            time: said.time,
            manifest_version: 0,
            act: said.act.clone(),
        };
        content.check().unwrap();
        let arrival = Arrival {
            server: SERVER,
            channel: said.channel,
            envelope: id(said.number),
            pseudonym: said.pseudonym(),
            seq: said.seq,
            content: &content,
            now: said.now,
            allowed: said.allowed,
            me: ME,
            my_roles: &[RoleId([7; 32])],
            own: said.author == ME,
            catching_up: said.catching_up,
        };
        self.changes(|txn| apply(txn, &arrival))
    }

    fn page(&self) -> Page {
        page(&self.store, GENERAL, PageAt::Newest, 100, &Friends).unwrap()
    }

    /// The messages of the channel, oldest first.
    fn order(&self) -> Vec<EnvelopeId> {
        self.page()
            .messages
            .iter()
            .map(|message| message.id)
            .collect()
    }

    fn message(&self, number: u16) -> Message {
        message(&self.store, id(number), &Friends)
            .unwrap()
            .expect("the message is here")
    }

    /// Unread and mentions, as a person sees them.
    fn unread(&self) -> (bool, u32) {
        let summary = read_summary(&self.store, GENERAL).unwrap();
        (summary.unread, summary.mentions)
    }

    fn rows(&self, table: Table) -> Vec<Row> {
        self.store
            .range(
                table,
                &KeyRange::prefix(&[]),
                Direction::Forward,
                usize::MAX,
            )
            .unwrap()
    }
}

fn ids(numbers: &[u16]) -> Vec<EnvelopeId> {
    numbers.iter().map(|number| id(*number)).collect()
}

struct Friends;

impl Context for Friends {
    fn me(&self) -> IdentityId {
        ME
    }

    fn now(&self) -> Millis {
        at(60 * 24)
    }

    fn device(&self, _: ServerId) -> Option<Pseudonym> {
        Some(device(ME, 0))
    }

    fn author(&self, server: ServerId, identity: IdentityId) -> AuthorView {
        let name = self.member_name(server, identity).unwrap_or_default();
        AuthorView {
            name,
            ..AuthorView::default()
        }
    }

    fn member_name(&self, _: ServerId, identity: IdentityId) -> Option<String> {
        [(ME, "Me"), (ADA, "Ada"), (BOB, "Bob")]
            .into_iter()
            .find(|(person, _)| *person == identity)
            .map(|(_, name)| name.to_owned())
    }

    fn role_name(&self, _: ServerId, _: RoleId) -> Option<String> {
        None
    }

    fn channel_name(&self, _: ServerId, _: ChannelId) -> Option<String> {
        None
    }

    fn blob(&self, _: &BlobHash) -> Result<BlobState, ViewError> {
        Ok(BlobState::Missing)
    }

    fn members_named(&self, _: Option<ServerId>, name: &str) -> Vec<IdentityId> {
        let all = [ME, ADA, BOB].into_iter();
        all.filter(|person| {
            self.member_name(SERVER, *person)
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
        })
        .collect()
    }

    fn channels_named(&self, _: Option<ServerId>, name: &str) -> Vec<ChannelId> {
        if name == "general" {
            vec![GENERAL]
        } else {
            Vec::new()
        }
    }
}
