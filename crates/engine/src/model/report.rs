//! Reports from members.

use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, Millis};

/// A report that waits for this person.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReportView {
    /// From 1, in the order of arrival here.
    pub number: u64,
    pub from: (IdentityId, String),
    pub about: (IdentityId, String),
    pub time: Millis,
    pub reason: String,
    pub quote: Option<QuoteView>,
}

/// A message that a report quotes.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct QuoteView {
    pub channel: ChannelId,
    pub message: EnvelopeId,
    pub text: String,
    pub seen: Seen,
}

/// How a quote compares with this device's own copy of the message, which its author has signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It says the same.
    Same,
    /// It says something else: it was edited or deleted since, or the reporter made it up.
    Differs,
    /// There is no copy here.
    Missing,
}
