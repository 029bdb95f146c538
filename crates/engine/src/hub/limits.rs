//! What a hub bounds, with the defaults of one small machine.

/// Bounds that an operator sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HubLimits {
    /// Servers that one hub keeps.
    pub spaces_max: usize,
    /// Topics of one server: Discord's 500 channels, twice, and as many that were deleted.
    pub topics_max: usize,
    /// Bytes of one server.
    pub space_bytes_max: u64,
    /// Bytes of one topic, where the manifest does not say less.
    pub topic_bytes_max: u64,
    /// Bytes that one pseudonym may have brought and that are still kept.
    pub member_bytes_max: u64,
    /// Bytes a second that one pseudonym may bring, on average.
    pub member_bytes_per_second: u64,
    /// Bytes that one pseudonym may bring at once.
    pub member_burst_bytes: u64,
    /// Connections that the hub takes.
    pub connections_max: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            spaces_max: 1_000,
            topics_max: 2_048,
            space_bytes_max: 20 << 30,
            topic_bytes_max: 4 << 30,
            member_bytes_max: 2 << 30,
            member_bytes_per_second: 256 << 10,
            member_burst_bytes: 64 << 20,
            connections_max: 10_000,
        }
    }
}

/// What keeping an envelope costs beyond its bytes: its keys, its head, its place.
pub(super) const ENTRY_OVERHEAD: u64 = 256;

/// What the first envelope of a new topic costs a sender's allowance, so that nobody uses up a server's topics.
pub(super) const NEW_TOPIC_COST: u64 = 1 << 20;

/// Frames that a connection may send while it is throttled before it is cut off: an honest client waits as it is told.
pub(super) const STRIKES_MAX: u32 = 64;

/// Signatures that one connection may have checked between two ticks: it may take part in a thousand servers and show itself
/// to all of them at once.
pub(super) const COSTLY_MAX: u32 = 2_048;

/// What a list of authors counts as among these: it reads much of a log.
pub(super) const VECTORS_COST: u32 = 256;

/// Places that one list of authors reads, so that nobody else waits long for it; what is not listed is brought again.
pub(super) const VECTOR_ROWS_MAX: usize = 200_000;

/// Entries that one tick looks at to evict: the rest comes with the next ticks.
pub(super) const EVICT_MAX: usize = 2_000;

/// Largest ephemeral envelope that is passed on.
pub(super) const EPHEMERAL_BYTES_MAX: usize = 4 << 10;
