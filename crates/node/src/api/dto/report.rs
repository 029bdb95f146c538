//! Reports from members to moderators.

use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, ServerId};
use conclave_engine::model::{self, Seen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::moderation::{Labelled, named};
use crate::api::id::Id;

/// Reports somebody to the moderators.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeReport {
    /// Whom it is about.
    pub member_id: Id<IdentityId>,
    /// A message of theirs; moderators get its text, also those who cannot read its channel.
    pub message_id: Option<Id<EnvelopeId>>,
    /// Why; 1 to 1,024 bytes.
    pub reason: String,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Reported {
    /// Moderators' devices that it was sealed to.
    pub devices: usize,
}

/// Reports that wait for this person.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reports {
    /// Oldest first.
    pub reports: Vec<Report>,
}

/// A report that waits.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Report {
    /// From 1, in the order of arrival on this device.
    pub number: u64,
    pub server_id: Id<ServerId>,
    pub from: Labelled<Id<IdentityId>>,
    pub about: Labelled<Id<IdentityId>>,
    pub time_ms: u64,
    pub reason: String,
    pub quote: Option<Quote>,
}

/// A message as the reporter saw it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Quote {
    pub channel_id: Id<ChannelId>,
    pub message_id: Id<EnvelopeId>,
    pub text: String,
    /// `same` as this device's own copy; `differs`: edited or deleted since, or made up; `missing`: no copy here.
    pub copy: &'static str,
}

impl Report {
    /// Shows a report of a server.
    pub fn of(server: ServerId, report: model::ReportView) -> Self {
        Self {
            number: report.number,
            server_id: Id(server),
            from: named(report.from),
            about: named(report.about),
            time_ms: report.time.0,
            reason: report.reason,
            quote: report.quote.map(|quote| Quote {
                channel_id: Id(quote.channel),
                message_id: Id(quote.message),
                text: quote.text,
                copy: match quote.seen {
                    Seen::Same => "same",
                    Seen::Differs => "differs",
                    Seen::Missing => "missing",
                },
            }),
        }
    }
}
