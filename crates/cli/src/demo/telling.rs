//! What the demo prints: one line an act, for people or for programs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::cast::Who;
use crate::output::{Output, line};

/// Characters of a message that are shown.
const EXCERPT_CHARS: usize = 60;

/// Prints acts as they happen.
pub struct Telling {
    out: Output,
    /// Names of channels.
    places: BTreeMap<String, String>,
    /// Names of people.
    people: BTreeMap<String, &'static str>,
}

impl Telling {
    pub fn new(out: Output) -> Self {
        Self {
            out,
            places: BTreeMap::new(),
            people: BTreeMap::new(),
        }
    }

    /// Remembers what a channel is called.
    pub fn place(&mut self, channel: &str, name: &str) {
        self.places.insert(channel.to_owned(), name.to_owned());
    }

    /// Remembers what somebody is called.
    pub fn person(&mut self, id: &str, name: &'static str) {
        self.people.insert(id.to_owned(), name);
    }

    /// Tells that somebody wrote.
    pub fn message(&mut self, who: Who, channel: &str, message: &str, content: &str) {
        let place = self.places.get(channel).map_or("?", String::as_str);
        let mut first = content.lines().next().unwrap_or_default().to_owned();
        for (id, name) in &self.people {
            first = first.replace(&format!("<@{id}>"), &format!("@{name}"));
        }
        let excerpt: String = first.chars().take(EXCERPT_CHARS).collect();
        let more = if excerpt.len() < content.len() {
            " ..."
        } else {
            ""
        };
        let text = format!("[{place}] {}: {excerpt}{more}", who.name());
        let details = json!({ "by": who.key(), "channel": channel, "message": message });
        self.tell("message", &text, details);
    }

    /// Tells an act: a name and details for programs, a sentence for people.
    pub fn tell(&mut self, act: &str, text: &str, details: Value) {
        let mut all = Map::new();
        all.insert("act".into(), act.into());
        all.insert("text".into(), text.into());
        if let Value::Object(details) = details {
            all.extend(details);
        }
        self.out.show(&Value::Object(all), |_| format!("  {text}"));
    }

    /// Tells where to look.
    pub fn open(&mut self, viewer: Who, url: &str, home: &Path) {
        let shown = json!({ "act": "open", "as": viewer.key(), "open": url, "profiles": home });
        self.out.show(&shown, |_| {
            format!("\nYou are {}.\nopen: {url}\n", viewer.name())
        });
        if !self.out.json {
            let dir = home.join(viewer.key());
            line(&format!(
                "From a terminal: conclave --profile-dir {} server list\nCtrl+C ends the demo.\n",
                dir.display()
            ));
        }
    }
}
