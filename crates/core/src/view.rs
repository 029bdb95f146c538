//! What a store is to the pure rooms: ordered maps of bytes, read through a [`View`], changed by a list of [`Change`]s.
//!
//! One `handle` call reads one view and returns changes; whoever called it commits them in one transaction before anything
//! that was to be sent leaves. The key of every map is laid out so that what is read together stands together (chapter
//! `storage`). Full-text search is the one thing beside the maps.

/// An ordered map of the store. The number is part of the storage format and never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Table {
    /// `name` → profile-wide values: format version, account, settings.
    Meta = 1,
    /// `identity ‖ index u32` → signed identity entry.
    IdentityEntry = 2,
    /// `server` → what this node keeps about the server (membership, keys, flags).
    Server = 3,
    /// `topic ‖ pseudonym ‖ seq u64` → envelope in wire form.
    Envelope = 4,
    /// `envelope id` → key in [`Table::Envelope`].
    EnvelopeKey = 5,
    /// `server ‖ arrival u64` → authority event in wire form with its membership.
    Event = 6,
    /// `server ‖ pseudonym ‖ seq u64` → register in wire form.
    Register = 7,
    /// `server ‖ commitment` → personal text.
    Personal = 8,
    /// `server ‖ epoch` → key record, header and, once open, the secret.
    Epoch = 9,
    /// `server ‖ audience ‖ ...` → node records and further key material.
    KeyNode = 10,
    /// `channel ‖ effective time u64 ‖ message id` → flags and parents: the order on screen.
    Timeline = 11,
    /// `message id` → the message as it stands; `channel ‖ pseudonym ‖ seq u64` → what stands at that position.
    Message = 12,
    /// `message id ‖ channel ‖ kind ‖ ...` → acts on a message (edits, reactions, deletes), also before it arrived.
    MessageAct = 13,
    /// `server ‖ envelope id` → envelope that waits for something, with what it waits for.
    Parked = 14,
    /// `channel` → read marker, unread and mention counts, draft, notification level.
    ReadState = 15,
    /// `server ‖ pseudonym` → how to reach the device's node.
    Reach = 16,
    /// `message id ‖ pseudonym` → proof that a device has stored it.
    Copy = 17,
    /// `blob hash` → descriptor and state of a blob; `blob hash ‖ message id` → the message carries it.
    Blob = 18,
    /// `blob hash ‖ chunk u32` → ciphertext.
    BlobChunk = 19,
    /// `name` → local API tokens (hashes) and other matters of the node.
    Node = 20,
    /// `server ‖ invite` → secrets of links that this account created or used.
    InviteSecret = 21,
    /// `server ‖ topic ‖ pseudonym` → first and last sequence held, and what a removal closed.
    Cursor = 22,
    /// `server ‖ identity` → identity log: an array of entries in wire form.
    IdentityLog = 23,
    /// `server ‖ event` → when an event that did not survive a merge was noticed here, and whether its author has seen so.
    Lost = 40,
    /// `channel ‖ author ‖ claimed time u64 ‖ message id` → slow mode in milliseconds that the message was sent under.
    Pace = 41,
}

impl Table {
    /// Every table, by number.
    pub const ALL: [Self; 25] = [
        Self::Meta,
        Self::IdentityEntry,
        Self::Server,
        Self::Envelope,
        Self::EnvelopeKey,
        Self::Event,
        Self::Register,
        Self::Personal,
        Self::Epoch,
        Self::KeyNode,
        Self::Timeline,
        Self::Message,
        Self::MessageAct,
        Self::Parked,
        Self::ReadState,
        Self::Reach,
        Self::Copy,
        Self::Blob,
        Self::BlobChunk,
        Self::Node,
        Self::InviteSecret,
        Self::Cursor,
        Self::IdentityLog,
        Self::Lost,
        Self::Pace,
    ];
}

/// One row of an ordered map: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Reading direction of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Ascending keys, from the lower bound on.
    Forward,
    /// Descending keys, from the upper bound down.
    Backward,
}

/// A half-open range of keys: `from <= key < to`; no `to` means to the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRange {
    /// First key.
    pub from: Vec<u8>,
    /// First key after the range.
    pub to: Option<Vec<u8>>,
}

impl KeyRange {
    /// All keys that begin with `prefix`.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        let mut to = prefix.to_vec();
        while let Some(last) = to.pop() {
            if last < u8::MAX {
                to.push(last + 1);
                return Self {
                    from: prefix.to_vec(),
                    to: Some(to),
                };
            }
        }
        Self {
            from: prefix.to_vec(),
            to: None,
        }
    }
}

/// A full-text question about messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TextQuery {
    /// Words and "phrases" that must all occur; empty: every document.
    pub words: Vec<String>,
    /// Documents must bear one of these labels per group (`channel:…`, `author:…`, `has:link`, ...).
    pub labels: Vec<Vec<String>>,
    /// Only documents whose order value is below this.
    pub before: Option<u64>,
    /// Only documents whose order value is at least this.
    pub after: Option<u64>,
    /// Most results, newest first.
    pub limit: usize,
}

/// A read of the store failed: its disk, its decryption or its integrity.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the store cannot be read: {0}")]
pub struct ViewError(pub String);

/// A synchronous read snapshot of the store, as of the last commit.
pub trait View {
    /// Reads one value.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read; a missing key is no error.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError>;

    /// Reads at most `limit` rows of a range.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    fn range(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, ViewError>;

    /// Answers a full-text question: keys of documents, newest (highest order value) first.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    fn search(&self, query: &TextQuery) -> Result<Vec<Vec<u8>>, ViewError>;
}

/// One change of the store. A list of them is applied in order, all or nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Sets a value.
    Put {
        /// Where.
        table: Table,
        /// Key.
        key: Vec<u8>,
        /// Value.
        value: Vec<u8>,
    },
    /// Removes a value, if it is there.
    Delete {
        /// Where.
        table: Table,
        /// Key.
        key: Vec<u8>,
    },
    /// Indexes a document for search, in place of an older one with this key.
    Index {
        /// Key of the document.
        key: Vec<u8>,
        /// Words.
        text: String,
        /// Labels for exact filters.
        labels: Vec<String>,
        /// Order value: results come highest first.
        order: u64,
    },
    /// Takes a document out of the index.
    Unindex {
        /// Key of the document.
        key: Vec<u8>,
    },
}
