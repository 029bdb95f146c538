//! Building blocks of stories: founding, inviting, joining, saying.

use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, ServerId};
use conclave_engine::command::{Command, History, InviteDraft, Reply, Template};
use conclave_engine::model::{Connection, Message, PageAt};

use crate::sim::{Node, Sim};

impl Sim {
    /// Founds a community and gives its id and its first text channel.
    pub fn found(&mut self, owner: Node, name: &str) -> (ServerId, ChannelId) {
        let command = Command::CreateServer {
            name: name.to_owned(),
            template: Template::Community,
            icon: None,
            history: History::All,
        };
        let Reply::Server(server) = self.must(owner, command) else {
            panic!("a founded server has an id");
        };
        (server, self.text_channel(owner, server))
    }

    /// The first text channel that a node sees in a server.
    #[must_use]
    pub fn text_channel(&self, node: Node, server: ServerId) -> ChannelId {
        self.read(node, |reader| {
            let server = reader.server(server).expect("readable").expect("known");
            server
                .channels
                .iter()
                .find(|channel| channel.kind == 0)
                .expect("a text channel")
                .id
        })
    }

    /// Makes a link.
    pub fn invite(&mut self, node: Node, server: ServerId, open: bool) -> String {
        let draft = InviteDraft {
            server,
            open,
            channel: None,
            role: None,
            max_uses: None,
            expires_in_s: None,
        };
        let Reply::Invite { link, .. } = self.must(node, Command::CreateInvite(draft)) else {
            panic!("an invite has a link");
        };
        link
    }

    /// Joins through a link and waits until the node is a member.
    ///
    /// # Panics
    /// With the seed, if it does not become one within ten minutes.
    pub fn join(&mut self, node: Node, link: &str) -> ServerId {
        let Reply::Server(server) = self.must(
            node,
            Command::Join {
                link: link.to_owned(),
            },
        ) else {
            panic!("joining names the server");
        };
        let joined = self.run_until(600_000, |sim| sim.is_active(node, server));
        assert!(
            joined,
            "seed {}: {} did not get in",
            self.seed(),
            self.name(node)
        );
        server
    }

    /// Whether a node is an active member of a server.
    #[must_use]
    pub fn is_active(&self, node: Node, server: ServerId) -> bool {
        self.is_up(node)
            && matches!(
                self.connection(node, server),
                Some(Connection::Online | Connection::Paused)
            )
    }

    /// How a server is doing on a node.
    #[must_use]
    pub fn connection(&self, node: Node, server: ServerId) -> Option<Connection> {
        self.read(node, |reader| reader.server_state(server))
            .map(|state| state.connection)
    }

    /// Says something.
    pub fn say(&mut self, node: Node, channel: ChannelId, text: &str) -> EnvelopeId {
        let command = Command::Send {
            channel,
            text: text.to_owned(),
            reply_to: None,
            attachments: Vec::new(),
            nonce: None,
        };
        let Reply::Message(message) = self.must(node, command) else {
            panic!("a message has an id");
        };
        message
    }

    /// The texts that a node shows in a channel, oldest first.
    #[must_use]
    pub fn texts(&self, node: Node, channel: ChannelId) -> Vec<String> {
        self.all_messages(node, channel)
            .into_iter()
            .map(|message| message.text)
            .collect()
    }

    /// All messages that a node shows in a channel, oldest first, page by page.
    #[must_use]
    pub fn all_messages(&self, node: Node, channel: ChannelId) -> Vec<Message> {
        self.read(node, |reader| {
            let mut all: Vec<Message> = Vec::new();
            let mut at = PageAt::Newest;
            while let Some(page) = reader.messages(channel, at, 200).expect("readable") {
                let Some(oldest) = page.messages.first().map(|message| message.id) else {
                    break;
                };
                let more = page.has_before;
                all.splice(0..0, page.messages);
                if !more {
                    break;
                }
                at = PageAt::Before(oldest);
            }
            all
        })
    }

    /// Whether a node shows a text in a channel.
    #[must_use]
    pub fn shows(&self, node: Node, channel: ChannelId, text: &str) -> bool {
        self.is_up(node) && self.texts(node, channel).iter().any(|shown| shown == text)
    }

    /// Waits until a node shows a text.
    ///
    /// # Panics
    /// With the seed, if it does not within ten minutes.
    pub fn sees(&mut self, node: Node, channel: ChannelId, text: &str) {
        let seen = self.run_until(600_000, |sim| sim.shows(node, channel, text));
        assert!(
            seen,
            "seed {}: {} never saw {text:?}; it shows {:?}",
            self.seed(),
            self.name(node),
            self.texts(node, channel)
        );
    }

    /// Whose account a node is.
    #[must_use]
    pub fn identity(&self, node: Node) -> IdentityId {
        self.read(node, |reader| reader.me().expect("readable").identity)
    }
}
