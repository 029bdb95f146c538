//! Whoever looks on is not ignored: what they write is answered.

use std::collections::BTreeSet;

use super::cast::Who;
use super::founding::Places;
use super::stage::Stage;
use crate::error::CliError;
use crate::output::text;

/// Newest messages of a channel that are looked at.
const LOOK: usize = 20;

/// What is said to a guest, in turns.
const ANSWERS: [&str; 4] = [
    "Good to see you up here! Tea is in the *big* thermos.",
    "Noted in the guest book.",
    "Ha. Say that again when the clouds come.",
    "The dome is open, come up whenever you like.",
];

/// The person who looks on.
pub struct Guest {
    who: Who,
    greeted: BTreeSet<String>,
    answers: usize,
}

/// An answer that was given.
pub struct Answered {
    pub by: Who,
    pub message: String,
}

impl Guest {
    pub fn new(who: Who) -> Self {
        Self {
            who,
            greeted: BTreeSet::new(),
            answers: 0,
        }
    }

    /// Answers the oldest message of the guest that nobody has answered.
    pub fn greet(
        &mut self,
        stage: &Stage,
        places: &Places,
        scripted: &BTreeSet<String>,
    ) -> Result<Option<Answered>, CliError> {
        let host = if self.who == Who::Ben {
            Who::Cleo
        } else {
            Who::Ben
        };
        if !stage.is_there(self.who) {
            return Ok(None);
        }
        let (guest, host) = (stage.person(self.who)?, stage.person(host)?);
        for channel in [&places.general, &places.sightings, &places.crew] {
            for message in guest.newest(channel, LOOK)? {
                let id = text(&message, "id");
                let is_theirs = text(&message, "author_id") == guest.id
                    && message["kind"] == "user"
                    && message["deleted"] != true
                    && !scripted.contains(id);
                if !is_theirs || self.greeted.contains(id) || !host.has(id)? {
                    continue;
                }
                self.greeted.insert(id.to_owned());
                host.react(id, "👋")?;
                let answer = ANSWERS[self.answers % ANSWERS.len()];
                self.answers += 1;
                let message = host.reply(channel, id, answer)?;
                let by = host.who;
                return Ok(Some(Answered { by, message }));
            }
        }
        Ok(None)
    }

    /// Takes what stands there already for answered.
    pub fn overlook(&mut self, stage: &Stage, places: &Places) -> Result<(), CliError> {
        let guest = stage.person(self.who)?;
        if !stage.is_there(self.who) {
            return Ok(());
        }
        for channel in [&places.general, &places.sightings, &places.crew] {
            let messages = guest.newest(channel, LOOK)?;
            let ids = messages
                .iter()
                .map(|message| text(message, "id").to_owned());
            self.greeted.extend(ids);
        }
        Ok(())
    }
}
