//! Search: what is indexed of a message, and what a person's question means.

mod query;

use conclave_core::content::Attachment;
use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, ServerId};
use conclave_core::view::{TextQuery, View, ViewError};

use crate::markdown;
use crate::model::Message;
use crate::timeline::{self, Context};

/// Most results of one question.
const RESULTS_MAX: usize = 100;

/// Times that the store is asked for more because results were not visible.
const ROUNDS_MAX: usize = 16;

/// What of a message is indexed.
pub(crate) struct Indexed<'a> {
    pub server: ServerId,
    pub channel: ChannelId,
    pub author: IdentityId,
    pub text: &'a str,
    pub everyone: bool,
    pub attachments: &'a [Attachment],
    pub pinned: bool,
}

/// A document of the index.
pub(crate) struct Document {
    pub text: String,
    pub labels: Vec<String>,
}

/// Makes the document of a message.
pub(crate) fn document(message: &Indexed<'_>) -> Document {
    let mut text = message.text.to_owned();
    let mut labels = vec![
        label("server", message.server),
        label("channel", message.channel),
        label("author", message.author),
    ];
    let called = markdown::mentions(message.text);
    labels.extend(called.members.iter().map(|member| label("mention", member)));
    if message.everyone && (called.everyone || called.here) {
        labels.push(label("mention", "everyone"));
    }
    if message.text.contains("http://") || message.text.contains("https://") {
        labels.push(label("has", "link"));
    }
    if message.pinned {
        labels.push(label("has", "pin"));
    }
    for attachment in message.attachments {
        text.push('\n');
        text.push_str(&attachment.name);
        labels.push(label("has", "file"));
        let kind = attachment.blob.mime.split('/').next().unwrap_or_default();
        if let "image" | "video" | "audio" = kind {
            labels.push(label("has", kind));
        }
    }
    labels.sort_unstable();
    labels.dedup();
    Document { text, labels }
}

fn label(kind: &str, value: impl core::fmt::Display) -> String {
    format!("{kind}:{value}")
}

/// Where to search.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// In one server, or in all.
    pub server: Option<ServerId>,
    /// In one channel, or in all.
    pub channel: Option<ChannelId>,
    /// Whether this person may see a channel.
    pub visible: &'a dyn Fn(ChannelId) -> bool,
}

/// Finds messages, newest first: words and "phrases" that must all occur, and filters: `from:`, `in:`, `mentions:` (a name, a
/// hex id, `me`, `everyone`), `has:` (`link`, `file`, `image`, `video`, `audio`, `pin`), `before:`, `after:`, `during:` (a day, as
/// `YYYY-MM-DD` in UTC). A question that asks for nothing has no answer.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn search(
    view: &dyn View,
    question: &str,
    scope: Scope<'_>,
    before: Option<EnvelopeId>,
    limit: usize,
    ctx: &dyn Context,
) -> Result<Vec<Message>, ViewError> {
    let limit = limit.clamp(1, RESULTS_MAX);
    let Some(mut asked) = query::parse(question, scope, ctx) else {
        return Ok(Vec::new());
    };
    if let Some(before) = before {
        let Some((_, order)) = timeline::entry_of(view, &before)? else {
            return Ok(Vec::new());
        };
        asked.before = Some(asked.before.map_or(order, |other| other.min(order)));
    }
    asked.limit = limit * 2;
    let mut found = Vec::with_capacity(limit);
    for _ in 0..ROUNDS_MAX {
        let keys = view.search(&asked)?;
        let full = keys.len() == asked.limit;
        for id in keys.iter().filter_map(|key| EnvelopeId::from_slice(key)) {
            let Some((channel, order)) = timeline::entry_of(view, &id)? else {
                continue;
            };
            asked.before = Some(order);
            if (scope.visible)(channel) {
                found.extend(timeline::message(view, id, ctx)?);
            }
            if found.len() == limit {
                return Ok(found);
            }
        }
        if !full {
            break;
        }
    }
    Ok(found)
}

/// What [`query::parse`] makes of a question.
pub(crate) type Asked = TextQuery;
