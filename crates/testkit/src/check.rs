//! What must hold at the end of every run.

use conclave_core::id::ServerId;

use crate::sim::{Node, Sim};

impl Sim {
    /// Whether all nodes show the same server: state, roster, and every channel's messages in the same order.
    #[must_use]
    pub fn converged(&self, nodes: &[Node], server: ServerId) -> bool {
        let mut digests = nodes.iter().map(|node| self.fingerprint(*node, server));
        let Some(first) = digests.next() else { return true };
        first.is_some() && digests.all(|other| other == first)
    }

    /// Waits until all nodes show the same.
    ///
    /// # Panics
    /// With the seed and what differs, if they do not within `ms_max`.
    pub fn converge(&mut self, nodes: &[Node], server: ServerId, ms_max: u64) {
        if self.run_until(ms_max, |sim| sim.converged(nodes, server)) {
            return;
        }
        let mut report = String::new();
        for node in nodes {
            report.push_str(&format!("{}: {:?}\n", self.name(*node), self.fingerprint(*node, server)));
        }
        panic!("seed {}: no convergence\n{report}", self.seed());
    }

    /// What a node shows of a server, for comparing; nothing while it is down or not in.
    #[must_use]
    pub fn fingerprint(&self, node: Node, server: ServerId) -> Option<String> {
        if !self.is_active(node, server) {
            return None;
        }
        self.read(node, |reader| {
            let plane = reader.digests(server)?;
            let detail = reader.server(server).expect("readable")?;
            let mut print = format!("{plane:?}");
            for channel in &detail.channels {
                let page = reader
                    .messages(channel.id, conclave_engine::model::PageAt::Newest, 100_000)
                    .expect("readable");
                for message in page.map(|page| page.messages).unwrap_or_default() {
                    let reactions: Vec<_> =
                        message.reactions.iter().map(|one| (one.emoji.clone(), one.count)).collect();
                    print.push_str(&format!(
                        "\n{} {} {:?} {} {reactions:?}",
                        message.id, message.author_name, message.text, message.deleted
                    ));
                }
            }
            Some(print)
        })
    }
}
