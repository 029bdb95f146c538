//! The beginning: a server, its channels and roles, people, and what they have been saying.

use serde_json::{Value, json};

use super::cast::Who::{self, Ada, Ben, Cleo, Dimitri, Emil};
use super::curtain::{Break, Curtain};
use super::person::Person;
use super::stage::Stage;
use super::telling::Telling;
use crate::commands::roles::bits;
use crate::error::CliError;
use crate::output::text;

/// A picture to attach.
const SKY: &[u8] = include_bytes!("sky.png");

/// What a moderator may do beyond what everybody may.
const MODERATOR: &str =
    "KICK_MEMBERS,BAN_MEMBERS,MODERATE_MEMBERS,MANAGE_MESSAGES,VIEW_AUDIT_LOG,PIN_MESSAGES";

/// Ids of what was founded.
pub struct Places {
    pub server: String,
    pub general: String,
    pub sightings: String,
    /// Moderators only.
    pub crew: String,
    /// The chat of Ada and Emil, which is a small server.
    pub chat_server: String,
    /// Its channel.
    pub chat: String,
}

/// Plays the beginning.
pub fn found(stage: &mut Stage, curtain: &Curtain, telling: &mut Telling) -> Result<Places, Break> {
    let mut founding = Founding {
        stage,
        curtain,
        telling,
    };
    let (server, general) = founding.server()?;
    let moderator = founding.role(&server, "Moderator", 0x00e6_9b3a, MODERATOR)?;
    let owl = founding.role(&server, "Night owl", 0x006f_a8ff, "0")?;
    founding.everybody_joins(&server)?;
    founding.grant(&server, &moderator, "Moderator", &[Ben])?;
    founding.grant(&server, &owl, "Night owl", &[Cleo, Emil])?;
    let (sightings, crew) = founding.channels(&server, &moderator)?;
    founding.talk(&general)?;
    founding.sightings(&sightings)?;
    founding.crew(&server, &crew)?;
    let (chat_server, chat) = founding.chat(&server)?;
    Ok(Places {
        server,
        general,
        sightings,
        crew,
        chat_server,
        chat,
    })
}

struct Founding<'a> {
    stage: &'a mut Stage,
    curtain: &'a Curtain,
    telling: &'a mut Telling,
}

/// The rulebook.
impl Founding<'_> {
    fn person(&self, who: Who) -> Result<&Person, CliError> {
        self.stage.person(who)
    }

    fn tell(&mut self, act: &str, text: &str, details: Value) {
        self.telling.tell(act, text, details);
    }

    fn server(&mut self) -> Result<(String, String), Break> {
        let ada = self.person(Ada)?.api()?;
        let server = ada.post("/servers", &json!({ "name": "Moonlight Observatory" }))?;
        let id = text(&server, "id").to_owned();
        let channels = server["channels"].as_array().into_iter().flatten();
        let mut texts = channels.filter(|channel| channel["kind"] == "text");
        let general = texts.next().map(|channel| text(channel, "id").to_owned());
        let general = general.ok_or_else(|| CliError::Demo("a server has no channel".into()))?;
        let words = json!({ "description": "A dome on a hill, and whoever is awake." });
        ada.patch(&format!("/servers/{id}"), &words)?;
        let topic = json!({ "topic": "Tonight, tomorrow, and the tea in between" });
        ada.patch(&format!("/channels/{general}"), &topic)?;
        self.telling.place(&general, "general");
        self.tell(
            "server",
            "Ada founds the server Moonlight Observatory",
            json!({ "by": "ada", "server": id }),
        );
        Ok((id, general))
    }

    fn role(
        &mut self,
        server: &str,
        name: &str,
        color: u32,
        permissions: &str,
    ) -> Result<String, Break> {
        let everyone = "CREATE_INSTANT_INVITE,CHANGE_NICKNAME";
        let permissions = match permissions {
            "0" => bits(everyone)?,
            more => bits(&format!("{everyone},{more}"))?,
        };
        let draft = json!({ "name": name, "color": color, "hoist": true, "mentionable": true, "permissions": permissions });
        let ada = self.person(Ada)?.api()?;
        let role = ada.post(&format!("/servers/{server}/roles"), &draft)?;
        let id = text(&role, "id").to_owned();
        self.tell(
            "role",
            &format!("Ada makes the role {name}"),
            json!({ "by": "ada", "role": id, "name": name }),
        );
        Ok(id)
    }

    fn everybody_joins(&mut self, server: &str) -> Result<(), Break> {
        let ada = self.person(Ada)?.api()?;
        let path = format!("/servers/{server}/invites");
        let invite = ada.post(&path, &json!({ "kind": "open" }))?;
        let link = text(&invite, "url");
        for who in [Ben, Cleo, Dimitri, Emil] {
            self.person(who)?.join(link, self.curtain)?;
            let text = format!("{} joins by Ada's link", who.name());
            self.telling
                .tell("join", &text, json!({ "by": who.key(), "server": server }));
        }
        Ok(())
    }

    fn grant(
        &mut self,
        server: &str,
        role: &str,
        name: &str,
        members: &[Who],
    ) -> Result<(), Break> {
        for who in members {
            let (ada, member) = (self.person(Ada)?, self.person(*who)?);
            ada.knows(server, member, self.curtain)?;
            let path = format!("/servers/{server}/members/{}/roles/{role}", member.id);
            ada.api()?.put(&path, &json!({}))?;
            member.holds(server, role, self.curtain)?;
            self.tell(
                "grant",
                &format!("Ada gives {} the role {name}", who.name()),
                json!({ "by": "ada", "member": who.key(), "role": role }),
            );
        }
        Ok(())
    }

    fn channels(&mut self, server: &str, moderator: &str) -> Result<(String, String), Break> {
        let category = self.channel(
            server,
            json!({ "name": "Under the dome", "kind": "category" }),
        )?;
        let sightings = json!({
            "name": "sightings", "kind": "text", "parent_id": category,
            "topic": "What you saw, where, and with what",
        });
        let sightings = self.channel(server, sightings)?;
        let sees =
            json!({ "kind": "role", "id": moderator, "allow": bits("VIEW_CHANNEL")?, "deny": "0" });
        let crew = json!({
            "name": "moderators", "kind": "text", "parent_id": category, "private": true,
            "topic": "Who needs a word", "overwrites": [sees],
        });
        let crew = self.channel(server, crew)?;
        Ok((sightings, crew))
    }

    fn channel(&mut self, server: &str, draft: Value) -> Result<String, Break> {
        let ada = self.person(Ada)?.api()?;
        let channel = ada.post(&format!("/servers/{server}/channels"), &draft)?;
        let id = text(&channel, "id").to_owned();
        let name = text(&channel, "name").to_owned();
        self.telling.place(&id, &name);
        let is_private = channel["private"] == true;
        let words = match (&draft["kind"], is_private) {
            (Value::String(kind), _) if kind == "category" => "makes the category",
            (_, true) => "makes, for moderators alone, the channel",
            (_, false) => "makes the channel",
        };
        self.tell(
            "channel",
            &format!("Ada {words} {name}"),
            json!({ "by": "ada", "channel": id, "name": name, "private": is_private }),
        );
        Ok(id)
    }
}

/// What people have been saying.
impl Founding<'_> {
    /// Somebody writes, and everybody who is named sees it before anybody goes on.
    fn say(&mut self, who: Who, channel: &str, content: &str) -> Result<String, Break> {
        let id = self.person(who)?.say(channel, content)?;
        self.told(who, channel, &id, content);
        Ok(id)
    }

    fn reply(&mut self, who: Who, channel: &str, to: &str, content: &str) -> Result<String, Break> {
        self.person(who)?.sees(to, self.curtain)?;
        let id = self.person(who)?.reply(channel, to, content)?;
        self.told(who, channel, &id, content);
        Ok(id)
    }

    fn told(&mut self, who: Who, channel: &str, message: &str, content: &str) {
        self.telling.message(who, channel, message, content);
    }

    fn react(&mut self, who: &[Who], message: &str, emoji: &str) -> Result<(), Break> {
        for who in who {
            self.person(*who)?.sees(message, self.curtain)?;
            self.person(*who)?.react(message, emoji)?;
        }
        Ok(())
    }

    fn talk(&mut self, general: &str) -> Result<(), Break> {
        let plan = "**Tonight:** clear until three, then clouds.\n\n1. Saturn, as long as it is high\n2. the double cluster\n3. tea";
        let plan = self.say(Ada, general, plan)?;
        self.react(&[Ben, Cleo, Dimitri], &plan, "🔭")?;
        self.react(&[Cleo], &plan, "🫖")?;
        self.person(Ada)?.pin(&plan)?;
        let thermos = self.reply(Ben, general, &plan, "I bring the *big* thermos.")?;
        self.react(&[Ada, Cleo], &thermos, "🎉")?;
        let mention = format!(
            "<@{}> how long do you expose for the cluster?",
            self.person(Cleo)?.id
        );
        let question = self.say(Ada, general, &mention)?;
        let answer = "Thirty seconds, many of them. This is what I stack them with:\n\n```rust\nlet light: Frame = frames\n    .iter()\n    .map(|frame| frame.minus(&dark))\n    .sum();\n```";
        let answer = self.reply(Cleo, general, &question, answer)?;
        self.react(&[Ben], &answer, "🦀")?;
        let offer = self.say(Dimitri, general, "I have laser pointers. Good ones. Cheap.")?;
        self.reply(
            Ben,
            general,
            &offer,
            "Not here, please: a laser on the dome blinds the camera.",
        )?;
        Ok(())
    }

    fn sightings(&mut self, sightings: &str) -> Result<(), Break> {
        let picture = self.person(Emil)?.show(
            sightings,
            "From the train, through the window, with a phone. ||It moved, and so did I.||",
            "night-train.png",
            SKY,
        )?;
        self.told(Emil, sightings, &picture, "night-train.png");
        self.react(&[Ada, Ben, Cleo], &picture, "✨")?;
        let typo = self.say(Cleo, sightings, "Mira is brihgt again: magnitude 3.4")?;
        let better = "Mira is bright again: magnitude 3.4\n> It comes back every eleven months, and I am late every time.";
        self.person(Cleo)?.edit(&typo, better)?;
        let rumour = "~~A comet~~ An aeroplane over the west ridge.";
        self.say(Ben, sightings, rumour)?;
        Ok(())
    }

    fn crew(&mut self, server: &str, crew: &str) -> Result<(), Break> {
        let word = self.say(
            Ada,
            crew,
            "Dimitri sells things again. One more offer and he is out?",
        )?;
        self.reply(Ben, crew, &word, "Agreed. I keep an eye on it tonight.")?;
        // Not hidden by the app: Cleo's node has no such channel.
        let cleo = self.person(Cleo)?;
        let sees_it = !cleo.newest(crew, 1)?.is_empty();
        let listed = cleo.api()?.get(&format!("/servers/{server}"))?;
        let names = listed["channels"].as_array().into_iter().flatten();
        let names: Vec<String> = names
            .map(|channel| text(channel, "name").to_owned())
            .collect();
        self.tell(
            "private",
            "Ada and Ben talk in moderators; Cleo's node has no such channel",
            json!({ "member": "cleo", "reads_it": sees_it, "channels": names }),
        );
        Ok(())
    }

    /// Ada and Emil have a chat of their own. His train enters a tunnel, and the chat is paused.
    fn chat(&mut self, server: &str) -> Result<(String, String), Break> {
        let (ada, emil) = (self.person(Ada)?, self.person(Emil)?);
        emil.knows(server, ada, self.curtain)?;
        ada.knows(server, emil, self.curtain)?;
        let ask = json!({ "member_ids": [ada.id], "from_server": server });
        let chat = emil.api()?.post("/chats", &ask)?;
        let id = text(&chat, "id").to_owned();
        let channels = chat["channels"].as_array().into_iter().flatten();
        let mut texts = channels.filter(|channel| channel["kind"] == "text");
        let channel = texts.next().map(|channel| text(channel, "id").to_owned());
        let channel = channel.ok_or_else(|| CliError::Demo("a chat has no channel".into()))?;
        self.curtain.until("Ada is asked for a chat", || {
            let answer = ada.api()?.get("/chats/requests")?;
            let mut requests = answer["requests"].as_array().into_iter().flatten();
            Ok(requests
                .any(|request| text(request, "id") == id)
                .then_some(()))
        })?;
        let path = format!("/chats/requests/{id}");
        ada.api()?.post(&path, &json!({ "accept": true }))?;
        ada.comes_to_be(&id, "online", self.curtain)?;
        self.telling.place(&channel, "Ada and Emil");
        let first = self.say(Emil, &channel, "Are you there? There is a signal at last.")?;
        let second = self.reply(Ada, &channel, &first, "Here! When do you arrive?")?;
        self.person(Emil)?.sees(&second, self.curtain)?;
        self.stage.leave(Emil);
        self.person(Ada)?.comes_to_be(&id, "paused", self.curtain)?;
        self.tell(
            "leaves",
            "Emil goes offline, and his chat with Ada is paused",
            json!({ "by": "emil", "chat": id }),
        );
        let waiting = "Bring the spare eyepiece if you can. (You get this when you are back.)";
        self.say(Ada, &channel, waiting)?;
        Ok((id, channel))
    }
}
