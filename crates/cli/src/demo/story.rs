//! What a round is told with: who does something, with a pause before, and what goes wrong is told and left behind.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::DemoArgs;
use super::cast::Who;
use super::curtain::{Break, Curtain};
use super::founding::Places;
use super::guest::Guest;
use super::person::Person;
use super::stage::Stage;
use super::telling::Telling;
use crate::error::CliError;

/// How long somebody is seen typing, of a pause.
const TYPING_SHARE: f64 = 0.3;

/// The play after its beginning.
pub struct Story<'a> {
    pub stage: &'a mut Stage,
    pub curtain: &'a Curtain,
    pub places: Places,
    telling: Telling,
    guest: Guest,
    /// What the script wrote, which nobody greets.
    written: BTreeSet<String>,
    pace: Duration,
}

impl<'a> Story<'a> {
    pub fn new(
        stage: &'a mut Stage,
        curtain: &'a Curtain,
        telling: Telling,
        places: Places,
        args: &DemoArgs,
    ) -> Self {
        Self {
            stage,
            curtain,
            places,
            telling,
            guest: Guest::new(args.viewer),
            written: BTreeSet::new(),
            pace: Duration::try_from_secs_f64(args.pace).unwrap_or_default(),
        }
    }

    /// Begins: what was written before needs no answer.
    pub fn begin(&mut self) -> Result<(), Break> {
        Ok(self.guest.overlook(self.stage, &self.places)?)
    }

    pub fn person(&self, who: Who) -> Result<&Person, CliError> {
        self.stage.person(who)
    }

    pub fn tell(&mut self, act: &str, text: &str, details: Value) {
        self.telling.tell(act, text, details);
    }

    /// Lets time pass, and greets whoever looks on if they wrote something.
    pub fn pause(&mut self) -> Result<(), Break> {
        self.curtain.pause(self.pace)?;
        let greeted = self.guest.greet(self.stage, &self.places, &self.written);
        if let Some(Some(answer)) = self.left_behind("greet", greeted.map_err(Break::from))? {
            self.written.insert(answer.message.clone());
            self.tell(
                "greeting",
                &format!("{} answers you", answer.by.name()),
                json!({ "by": answer.by.key(), "message": answer.message }),
            );
        }
        Ok(())
    }

    /// Somebody types, then writes.
    pub fn say(&mut self, who: Who, channel: &str, content: &str) -> Result<String, Break> {
        self.pause()?;
        self.person(who)?.types(channel)?;
        self.curtain.pause(self.pace.mul_f64(TYPING_SHARE))?;
        let id = self.person(who)?.say(channel, content)?;
        self.told(who, channel, &id, content);
        Ok(id)
    }

    /// Somebody types, then answers a message that they have seen.
    pub fn reply(
        &mut self,
        who: Who,
        channel: &str,
        to: &str,
        content: &str,
    ) -> Result<String, Break> {
        self.pause()?;
        let person = self.person(who)?;
        person.sees(to, self.curtain)?;
        person.types(channel)?;
        self.curtain.pause(self.pace.mul_f64(TYPING_SHARE))?;
        let id = self.person(who)?.reply(channel, to, content)?;
        self.told(who, channel, &id, content);
        Ok(id)
    }

    pub fn react(&mut self, who: Who, message: &str, emoji: &str) -> Result<(), Break> {
        self.pause()?;
        let person = self.person(who)?;
        person.sees(message, self.curtain)?;
        person.react(message, emoji)?;
        self.tell(
            "reaction",
            &format!("{} reacts with {emoji}", who.name()),
            json!({ "by": who.key(), "message": message, "emoji": emoji }),
        );
        Ok(())
    }

    fn told(&mut self, who: Who, channel: &str, message: &str, content: &str) {
        self.written.insert(message.to_owned());
        self.telling.message(who, channel, message, content);
    }

    /// Whoever looks on may do as they like, and so make a part of the script impossible. That is told, and the play goes on.
    ///
    /// # Errors
    /// The end, and what no guest can bring about: a node that does not answer.
    pub fn left_behind<T>(
        &mut self,
        act: &str,
        outcome: Result<T, Break>,
    ) -> Result<Option<T>, Break> {
        match outcome {
            Ok(done) => Ok(Some(done)),
            Err(Break::Failed(error @ (CliError::Refused { .. } | CliError::Demo(_)))) => {
                self.tell(
                    "left_out",
                    &format!("left out: {act} ({error})"),
                    json!({ "what": act, "reason": error.to_string() }),
                );
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}
