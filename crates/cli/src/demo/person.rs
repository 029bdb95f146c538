//! What the people of the demo do, over the local API of their node.

use serde_json::{Value, json};

use super::cast::Who;
use super::curtain::{Break, Curtain};
use crate::client::{Client, percent_encode};
use crate::error::CliError;
use crate::output::text;

/// One of the people.
pub struct Person {
    pub who: Who,
    /// Identity, in hexadecimal digits.
    pub id: String,
    /// The way to their node, while it runs.
    pub client: Option<Client>,
}

impl Person {
    pub fn new(who: Who, client: Client) -> Self {
        Self {
            who,
            id: String::new(),
            client: Some(client),
        }
    }

    pub fn open_account(&mut self, account: &Value) -> Result<(), CliError> {
        let me = self.api()?.put("/me", account)?;
        text(&me, "identity_id").clone_into(&mut self.id);
        Ok(())
    }

    /// The node's API.
    ///
    /// # Errors
    /// [`CliError::Demo`] while the node does not run.
    pub fn api(&self) -> Result<&Client, CliError> {
        let client = self.client.as_ref();
        client.ok_or_else(|| CliError::Demo(format!("{} is offline", self.who.name())))
    }

    /// Writes; gives the message's id.
    pub fn say(&self, channel: &str, content: &str) -> Result<String, CliError> {
        self.post_message(channel, &json!({ "content": content }))
    }

    /// Answers a message.
    pub fn reply(&self, channel: &str, to: &str, content: &str) -> Result<String, CliError> {
        self.post_message(channel, &json!({ "content": content, "reply_to": to }))
    }

    /// Writes with a file.
    pub fn show(
        &self,
        channel: &str,
        content: &str,
        file: &str,
        bytes: &[u8],
    ) -> Result<String, CliError> {
        let path = format!("/channels/{channel}/attachments");
        let file = self.api()?.upload(&path, file, bytes.to_vec())?;
        self.post_message(
            channel,
            &json!({ "content": content, "attachments": [file["id"]] }),
        )
    }

    fn post_message(&self, channel: &str, body: &Value) -> Result<String, CliError> {
        let path = format!("/channels/{channel}/messages");
        Ok(text(&self.api()?.post(&path, body)?, "id").to_owned())
    }

    pub fn edit(&self, message: &str, content: &str) -> Result<(), CliError> {
        let path = format!("/messages/{message}");
        self.api()?
            .patch(&path, &json!({ "content": content }))
            .map(drop)
    }

    pub fn react(&self, message: &str, emoji: &str) -> Result<(), CliError> {
        let path = format!("/messages/{message}/reactions/{}", percent_encode(emoji));
        self.api()?.put(&path, &json!({})).map(drop)
    }

    pub fn pin(&self, message: &str) -> Result<(), CliError> {
        let path = format!("/messages/{message}/pin");
        self.api()?.put(&path, &json!({})).map(drop)
    }

    /// Lets others see that something is being written.
    pub fn types(&self, channel: &str) -> Result<(), CliError> {
        let path = format!("/channels/{channel}/typing");
        self.api()?.post(&path, &json!({})).map(drop)
    }

    /// Joins by a link, and waits until the server is there.
    pub fn join(&self, link: &str, curtain: &Curtain) -> Result<(), Break> {
        let joined = self
            .api()?
            .post("/invites/join", &json!({ "link": link }))?;
        let server = text(&joined["server"], "id").to_owned();
        self.comes_to_be(&server, "online", curtain)
    }

    /// How the person stands to a server: `online`, `paused`, `removed`; empty if it is not known.
    pub fn connection(&self, server: &str) -> Result<String, CliError> {
        let answer = self.api()?.get("/servers")?;
        let mut servers = answer["servers"].as_array().into_iter().flatten();
        let server = servers.find(|found| text(found, "id") == server);
        Ok(server.map_or_else(String::new, |server| {
            text(&server["state"], "connection").to_owned()
        }))
    }

    pub fn comes_to_be(
        &self,
        server: &str,
        connection: &str,
        curtain: &Curtain,
    ) -> Result<(), Break> {
        let what = format!("{} is {connection}", self.who.name());
        curtain.until(&what, || {
            Ok((self.connection(server)? == connection).then_some(()))
        })
    }

    /// Waits until a member is known here, who may have joined through somebody else.
    pub fn knows(&self, server: &str, other: &Person, curtain: &Curtain) -> Result<(), Break> {
        let path = format!("/servers/{server}/members/{}", other.id);
        let what = format!("{} knows {}", self.who.name(), other.who.name());
        curtain.until(&what, || self.find(&path).map(|found| found.map(drop)))
    }

    /// Waits until a role is held here.
    pub fn holds(&self, server: &str, role: &str, curtain: &Curtain) -> Result<(), Break> {
        let what = format!("{} holds the role", self.who.name());
        curtain.until(&what, || {
            let server = self.api()?.get(&format!("/servers/{server}"))?;
            let mut roles = server["my_roles"].as_array().into_iter().flatten();
            Ok(roles.any(|held| held == role).then_some(()))
        })
    }

    /// Waits until a message is here.
    pub fn sees(&self, message: &str, curtain: &Curtain) -> Result<(), Break> {
        let what = format!("{} sees a message", self.who.name());
        curtain.until(&what, || Ok(self.has(message)?.then_some(())))
    }

    pub fn has(&self, message: &str) -> Result<bool, CliError> {
        Ok(self.find(&format!("/messages/{message}"))?.is_some())
    }

    /// Reads what may not be there.
    fn find(&self, path: &str) -> Result<Option<Value>, CliError> {
        match self.api()?.get(path) {
            Ok(found) => Ok(Some(found)),
            Err(CliError::Refused { code, .. }) if code == "not_found" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Newest messages of a channel, oldest first; none if there is no such channel here.
    pub fn newest(&self, channel: &str, limit: usize) -> Result<Vec<Value>, CliError> {
        let page = self.find(&format!("/channels/{channel}/messages?limit={limit}"))?;
        let messages = page.as_ref().and_then(|page| page["messages"].as_array());
        Ok(messages.cloned().unwrap_or_default())
    }

    /// The epoch that a channel is sealed under, and the names of who can read it.
    pub fn keys(&self, channel: &str) -> Result<(String, Vec<String>), CliError> {
        let keys = self.api()?.get(&format!("/channels/{channel}/keys"))?;
        let readers = keys["readers"].as_array().into_iter().flatten();
        let names = readers.map(|reader| text(reader, "name").to_owned());
        Ok((text(&keys, "epoch").to_owned(), names.collect()))
    }
}
