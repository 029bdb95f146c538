//! The iterative validator of canonical CBOR.

/// Deepest nesting of arrays and maps; ours need six.
pub const DEPTH_MAX: usize = 16;

/// What one decoding accepts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest input, in bytes.
    pub bytes_max: usize,
    /// Most items (numbers, strings, containers) in the input.
    pub items_max: usize,
}

impl Limits {
    /// Limits for content of at most `bytes_max` bytes: one item per four bytes, and 64 more for small content.
    ///
    /// An item of one byte can become a value of 24 (an empty string in a list), so that the number of items, and not the
    /// bytes alone, bounds the memory that decoding takes. Content of ours has eight bytes an item and more.
    #[must_use]
    pub const fn bytes(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            items_max: bytes_max / 4 + 64,
        }
    }

    /// The same with another number of items, for formats with long lists of strings.
    #[must_use]
    pub const fn items(self, items_max: usize) -> Self {
        Self { items_max, ..self }
    }
}

/// Why bytes are not the canonical form of anything.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CodecError {
    #[error("{len} bytes are more than the {max} allowed here")]
    TooLong { len: usize, max: usize },
    #[error("more than {max} items")]
    TooMany { max: usize },
    #[error("nested deeper than {DEPTH_MAX} at byte {offset}")]
    TooDeep { offset: usize },
    #[error("the input ends inside an item at byte {offset}")]
    Truncated { offset: usize },
    #[error("{count} bytes after the end")]
    Trailing { count: usize },
    #[error("an integer or length at byte {offset} is not in its shortest form")]
    NotShortest { offset: usize },
    #[error("map keys are not unique and ascending at byte {offset}")]
    KeyOrder { offset: usize },
    #[error("a map key at byte {offset} is not an unsigned integer or text")]
    KeyKind { offset: usize },
    #[error("item {initial:#04x} at byte {offset} has no place in the canonical form")]
    Forbidden { offset: usize, initial: u8 },
    #[error("text at byte {offset} is not UTF-8")]
    NotUtf8 { offset: usize },
    #[error("canonical, but not this type, at byte {offset}: {reason}")]
    Shape { offset: usize, reason: String },
}

/// An open array or map.
#[derive(Clone, Copy)]
struct Open<'b> {
    /// Items still to come; a map counts keys and values.
    left: u64,
    map: bool,
    /// The encoded key before this one.
    key: Option<&'b [u8]>,
}

/// Checks that `bytes` is exactly one item in canonical form: definite lengths, shortest integers, ascending unique map keys
/// (unsigned integers or text), valid UTF-8, no floats, no tags, no `undefined`, nothing after the end.
///
/// Runs in O(n) time and constant memory, and never recurses.
///
/// # Errors
/// The first fault found, with its offset.
pub fn validate(bytes: &[u8], limits: Limits) -> Result<(), CodecError> {
    if bytes.len() > limits.bytes_max {
        return Err(CodecError::TooLong {
            len: bytes.len(),
            max: limits.bytes_max,
        });
    }
    let mut stack: [Open<'_>; DEPTH_MAX] = [Open {
        left: 0,
        map: false,
        key: None,
    }; DEPTH_MAX];
    let mut depth: usize = 0;
    let mut offset = 0;
    let mut items = 0;
    loop {
        items += 1;
        if items > limits.items_max {
            return Err(CodecError::TooMany {
                max: limits.items_max,
            });
        }
        let start = offset;
        let head = Head::read(bytes, start)?;
        offset = head.end(bytes)?;
        // An even number of items left in a map: this one is a key.
        if let Some(top) = depth.checked_sub(1).and_then(|top| stack.get_mut(top)) {
            if top.map && top.left % 2 == 0 {
                check_key(top, &head, &bytes[start..offset], start)?;
            }
            top.left -= 1;
        }
        if let Some(left) = head.children(start)? {
            let Some(slot) = stack.get_mut(depth) else {
                return Err(CodecError::TooDeep { offset: start });
            };
            *slot = Open {
                left,
                map: head.major == 5,
                key: None,
            };
            depth += 1;
        }
        while depth > 0 && stack[depth - 1].left == 0 {
            depth -= 1;
        }
        if depth == 0 {
            break;
        }
    }
    match bytes.len() - offset {
        0 => Ok(()),
        count => Err(CodecError::Trailing { count }),
    }
}

fn check_key<'b>(
    map: &mut Open<'b>,
    head: &Head,
    encoded: &'b [u8],
    offset: usize,
) -> Result<(), CodecError> {
    if head.major != 0 && head.major != 3 {
        return Err(CodecError::KeyKind { offset });
    }
    // RFC 8949 §4.2.1: bytewise lexicographic order of the encoded keys.
    if map.key.is_some_and(|before| before >= encoded) {
        return Err(CodecError::KeyOrder { offset });
    }
    map.key = Some(encoded);
    Ok(())
}

/// The head of one item: major type and argument.
struct Head {
    major: u8,
    argument: u64,
    /// Offset of the first byte after the head.
    body: usize,
}

impl Head {
    fn read(bytes: &[u8], offset: usize) -> Result<Self, CodecError> {
        let initial = *bytes.get(offset).ok_or(CodecError::Truncated { offset })?;
        let (major, info) = (initial >> 5, initial & 0x1f);
        let forbidden = CodecError::Forbidden { offset, initial };
        // Tags (6) have no place; of the simple values (7) only false, true and null do.
        if major == 6 || (major == 7 && !matches!(info, 20..=22)) {
            return Err(forbidden);
        }
        let size: usize = match info {
            0..=23 => 0,
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(forbidden),
        };
        let body = offset + 1 + size;
        let argument = bytes
            .get(offset + 1..body)
            .ok_or(CodecError::Truncated { offset })?
            .iter()
            .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        let argument = if size == 0 { u64::from(info) } else { argument };
        let shortest = match size {
            0 => true,
            1 => argument >= 24,
            2 => argument > u64::from(u8::MAX),
            4 => argument > u64::from(u16::MAX),
            _ => argument > u64::from(u32::MAX),
        };
        if !shortest {
            return Err(CodecError::NotShortest { offset });
        }
        Ok(Self {
            major,
            argument,
            body,
        })
    }

    /// Offset after the item's own bytes; strings are checked here, children are not included.
    fn end(&self, bytes: &[u8]) -> Result<usize, CodecError> {
        if self.major != 2 && self.major != 3 {
            return Ok(self.body);
        }
        let truncated = CodecError::Truncated { offset: self.body };
        let end = usize::try_from(self.argument)
            .ok()
            .and_then(|len| self.body.checked_add(len));
        let Some((end, string)) = end.and_then(|end| Some((end, bytes.get(self.body..end)?)))
        else {
            return Err(truncated);
        };
        if self.major == 3 && core::str::from_utf8(string).is_err() {
            return Err(CodecError::NotUtf8 { offset: self.body });
        }
        Ok(end)
    }

    /// How many items follow inside, for arrays and maps.
    fn children(&self, offset: usize) -> Result<Option<u64>, CodecError> {
        match self.major {
            4 => Ok(Some(self.argument)),
            5 => match self.argument.checked_mul(2) {
                Some(count) => Ok(Some(count)),
                None => Err(CodecError::Truncated { offset }),
            },
            _ => Ok(None),
        }
    }
}
