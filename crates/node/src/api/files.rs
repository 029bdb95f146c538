//! Files: what is known of them beside their bytes, what type they really are, and tickets to open them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use conclave_core::content::Attachment;
use conclave_core::event::BlobRef;
use conclave_core::id::{BlobHash, Millis, ServerId};
use zeroize::Zeroizing;

use super::session::random_token;

/// Blobs that are remembered. The oldest is forgotten first; reading what names it brings it back.
const BOOK_MAX: usize = 20_000;

/// Servers that are remembered of one blob: an avatar is seen in all servers of its owner.
const BLOB_SERVERS_MAX: usize = 32;

/// How long a ticket opens its file.
pub const TICKET_LIFETIME_MS: u64 = 60_000;

/// Tickets at the same time; the oldest gives way.
const TICKETS_MAX: usize = 4096;

/// Longest file name in bytes.
const NAME_BYTES_MAX: usize = 255;

/// Types that a browser may show by itself. No SVG, no HTML, no PDF: those can hold programs.
const SHOWN: [&str; 12] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "video/mp4",
    "video/webm",
    "audio/mpeg",
    "audio/ogg",
    "audio/x-wav",
    "audio/x-flac",
];

/// Finds the type by the first bytes, if it is one that may be shown.
pub fn shown_type(bytes: &[u8]) -> Option<&'static str> {
    let found = infer::get(bytes)?.mime_type();
    SHOWN.into_iter().find(|mime| *mime == found)
}

/// Finds the type to store: what the bytes show; else what was claimed, unless it claims to be something to show.
pub fn stored_type(bytes: &[u8], claimed: &str) -> String {
    if let Some(found) = shown_type(bytes) {
        return found.to_owned();
    }
    let claimed = claimed
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let well_formed = claimed.len() <= 100
        && claimed
            .split_once('/')
            .is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
    let pretends = ["image/", "video/", "audio/"]
        .iter()
        .any(|kind| claimed.starts_with(kind));
    if well_formed && !pretends {
        claimed
    } else {
        "application/octet-stream".to_owned()
    }
}

/// Makes a name that is only a name: no directories, no control or direction-changing characters, not empty.
pub fn clean_name(name: &str) -> String {
    let is_hidden = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}');
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_hidden(*c))
        .collect();
    while clean.len() > NAME_BYTES_MAX {
        clean.pop();
    }
    let clean = clean.trim();
    if clean.is_empty() || clean == "." || clean == ".." {
        "file".to_owned()
    } else {
        clean.to_owned()
    }
}

/// What is known of one blob beside its bytes.
#[derive(Clone, Debug)]
pub struct KnownBlob {
    /// How it opens.
    pub blob: BlobRef,
    /// As what it was attached, if it was.
    pub file: Option<Attachment>,
    /// Where it was seen: who can be asked for it.
    pub servers: BTreeSet<ServerId>,
}

/// The blobs that clients were told of, by the hash of their ciphertext: a client names a blob by its hash alone, and the
/// key that opens it stays here.
#[derive(Default)]
pub struct FileBook {
    state: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    blobs: HashMap<BlobHash, KnownBlob>,
    order: VecDeque<BlobHash>,
}

impl FileBook {
    /// Remembers a picture: an avatar or an icon.
    pub fn picture(&self, blob: Option<&BlobRef>, server: Option<ServerId>) {
        if let Some(blob) = blob {
            self.remember(blob, None, server);
        }
    }

    /// Remembers an attached file.
    pub fn file(&self, file: &Attachment, server: ServerId) {
        self.remember(&file.blob, Some(file), Some(server));
    }

    /// What is known of a blob.
    pub fn get(&self, hash: &BlobHash) -> Option<KnownBlob> {
        self.lock().blobs.get(hash).cloned()
    }

    /// Whether a blob was seen in a server.
    pub fn is_in(&self, hash: &BlobHash, server: ServerId) -> bool {
        self.lock()
            .blobs
            .get(hash)
            .is_some_and(|known| known.servers.contains(&server))
    }

    fn remember(&self, blob: &BlobRef, file: Option<&Attachment>, server: Option<ServerId>) {
        let mut book = self.lock();
        if !book.blobs.contains_key(&blob.hash) {
            book.order.push_back(blob.hash);
            let known = KnownBlob {
                blob: blob.clone(),
                file: None,
                servers: BTreeSet::new(),
            };
            book.blobs.insert(blob.hash, known);
        }
        if let Some(known) = book.blobs.get_mut(&blob.hash) {
            if known.servers.len() < BLOB_SERVERS_MAX {
                known.servers.extend(server);
            }
            if file.is_some() {
                known.file = file.cloned();
            }
        }
        if book.order.len() > BOOK_MAX
            && let Some(oldest) = book.order.pop_front()
        {
            book.blobs.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens one file.
struct Ticket {
    secret: Zeroizing<String>,
    made: Millis,
    hash: BlobHash,
    name: String,
}

/// Tickets to files: whoever has one may open one file for a minute.
#[derive(Default)]
pub struct Tickets {
    list: Mutex<VecDeque<Ticket>>,
}

impl Tickets {
    /// Makes a ticket.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn make(
        &self,
        hash: BlobHash,
        name: String,
        now: Millis,
    ) -> Result<Zeroizing<String>, getrandom::Error> {
        let secret = random_token()?;
        let mut tickets = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.retain(|ticket| ticket.is_valid(now));
        if tickets.len() >= TICKETS_MAX {
            tickets.pop_front();
        }
        tickets.push_back(Ticket {
            secret: secret.clone(),
            made: now,
            hash,
            name,
        });
        Ok(secret)
    }

    /// What a ticket opens.
    pub fn open(&self, secret: &str, now: Millis) -> Option<(BlobHash, String)> {
        let tickets = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let found = tickets
            .iter()
            .find(|ticket| ticket.secret.as_str() == secret)?;
        found
            .is_valid(now)
            .then(|| (found.hash, found.name.clone()))
    }
}

impl Ticket {
    fn is_valid(&self, now: Millis) -> bool {
        now.0.saturating_sub(self.made.0) < TICKET_LIFETIME_MS
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn only_bytes_make_a_picture() {
        assert_eq!(stored_type(PNG, "text/plain"), "image/png");
        assert_eq!(
            stored_type(b"<svg onload=alert(1)>", "image/svg+xml"),
            "application/octet-stream"
        );
        assert_eq!(
            stored_type(b"<html>", "image/png"),
            "application/octet-stream"
        );
        assert_eq!(
            stored_type(b"hello", "text/plain; charset=utf-8"),
            "text/plain"
        );
        assert_eq!(
            stored_type(b"hello", "text/plain\r\nx: y"),
            "application/octet-stream"
        );
        assert_eq!(
            shown_type(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            None
        );
    }

    #[test]
    fn names_lose_directories_and_tricks() {
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("C:\\x\\photo\u{202e}gpj.exe\n"), "photogpj.exe");
        assert_eq!(clean_name(".."), "file");
        assert_eq!(clean_name("Übersicht 1.pdf"), "Übersicht 1.pdf");
        assert!(clean_name(&"ä".repeat(300)).len() <= NAME_BYTES_MAX);
    }

    #[test]
    fn a_ticket_opens_its_file_for_a_minute() {
        let tickets = Tickets::default();
        let hash = BlobHash([7; 32]);
        let ticket = tickets.make(hash, "a.png".into(), Millis(0)).unwrap();
        assert_eq!(
            tickets.open(&ticket, Millis(TICKET_LIFETIME_MS - 1)),
            Some((hash, "a.png".into()))
        );
        assert_eq!(tickets.open(&ticket, Millis(TICKET_LIFETIME_MS)), None);
        assert_eq!(tickets.open("another", Millis(0)), None);
    }
}
