//! Tells a damaged write-ahead log from one that ended in a crash.
//!
//! SQLite reads its log up to the first frame whose checksum is wrong and drops the rest without a word, because a crash
//! leaves such an end. A flipped bit in the middle would then undo commits that were acknowledged. But a crash can only tear
//! the one commit that was not yet synced: if two or more commits of this log stand at or behind the bad frame, it is damage.
//! Format: "WAL-mode File Format", sections 1 and 2, of the SQLite documentation; checksums are over the encrypted pages.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::error::OpenError;

/// Refuses a log that lost more than a crash can lose.
pub(super) fn check(database: &Path) -> Result<(), OpenError> {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    let log = match File::open(Path::new(&name)) {
        Ok(file) => BufReader::with_capacity(1 << 16, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OpenError::io(error)),
    };
    let found = scan(log).map_err(OpenError::io)?;
    if found.commits_lost > 1 {
        return Err(OpenError::Damaged(format!(
            "the write-ahead log is broken at frame {} with {} commits behind it",
            found.frames_good, found.commits_lost
        )));
    }
    Ok(())
}

/// What a log holds.
#[derive(PartialEq, Eq, Debug, Default)]
struct Found {
    /// Frames before the first bad one.
    frames_good: u64,
    /// Commits at or behind the first bad frame.
    commits_lost: u64,
}

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const PAGE_BYTES: usize = 4_096;
const MAGIC_LITTLE: u32 = 0x377f_0682;
const MAGIC_BIG: u32 = 0x377f_0683;

/// Running checksum: two words, over pairs of words in the byte order that the magic number names.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Checksum {
    big: bool,
    sums: [u32; 2],
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let word = |four: &[u8]| {
            let four = [four[0], four[1], four[2], four[3]];
            if self.big {
                u32::from_be_bytes(four)
            } else {
                u32::from_le_bytes(four)
            }
        };
        let [mut a, mut b] = self.sums;
        for pair in bytes.chunks_exact(8) {
            a = a.wrapping_add(word(&pair[..4])).wrapping_add(b);
            b = b.wrapping_add(word(&pair[4..])).wrapping_add(a);
        }
        self.sums = [a, b];
    }

    fn is(self, stored: &[u8]) -> bool {
        self.sums == [big_word(stored, 0), big_word(stored, 4)]
    }
}

fn scan(mut log: impl Read) -> io::Result<Found> {
    let mut header = [0; HEADER_BYTES];
    let mut found = Found::default();
    if !fill(&mut log, &mut header)? {
        return Ok(found);
    }
    let magic = big_word(&header, 0);
    let mut sum = Checksum {
        big: magic == MAGIC_BIG,
        sums: [0; 2],
    };
    sum.add(&header[..24]);
    let mut good = matches!(magic, MAGIC_LITTLE | MAGIC_BIG)
        && big_word(&header, 8) == PAGE_BYTES as u32
        && sum.is(&header[24..]);
    // With a broken header the first frame tells which log this is.
    let mut salts: Option<[u8; 8]> = good.then(|| first_eight(&header[16..]));
    let mut frame = vec![0; FRAME_HEADER_BYTES + PAGE_BYTES];
    while fill(&mut log, &mut frame)? {
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        let frame_salts = first_eight(&head[8..]);
        let ours = *salts.get_or_insert(frame_salts) == frame_salts;
        sum.add(&head[..8]);
        sum.add(page);
        good = good && ours && sum.is(&head[16..]);
        if good {
            found.frames_good += 1;
        } else if ours && big_word(head, 4) != 0 {
            found.commits_lost += 1;
        }
    }
    Ok(found)
}

/// Fills the buffer; a short rest is the end.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn first_eight(bytes: &[u8]) -> [u8; 8] {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[..8]);
    eight
}

fn big_word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
