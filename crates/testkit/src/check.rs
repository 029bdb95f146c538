//! What must hold at the end of every run.

use conclave_core::id::ServerId;

use crate::sim::{Node, Sim};

impl Sim {
    /// Whether all nodes show the same server: state, roster, and every channel's messages with their reactions.
    #[must_use]
    pub fn converged(&self, nodes: &[Node], server: ServerId) -> bool {
        let mut digests = nodes.iter().map(|node| self.fingerprint(*node, server));
        let Some(first) = digests.next() else {
            return true;
        };
        first.is_some() && digests.all(|other| other == first)
    }

    /// Waits until all nodes show the same.
    ///
    /// # Panics
    /// With the seed and the first difference, if they do not within `ms_max`.
    pub fn converge(&mut self, nodes: &[Node], server: ServerId, ms_max: u64) {
        let until = self.now().0 + ms_max;
        while !self.converged(nodes, server) {
            assert!(
                self.now().0 < until,
                "seed {}: no convergence: {}",
                self.seed(),
                self.first_difference(nodes, server)
            );
            self.run_for(5_000);
        }
    }

    fn first_difference(&self, nodes: &[Node], server: ServerId) -> String {
        let Some((first, others)) = nodes.split_first() else {
            return String::new();
        };
        let Some(expected) = self.fingerprint(*first, server) else {
            return format!("{} is not in", self.name(*first));
        };
        for node in others {
            let Some(print) = self.fingerprint(*node, server) else {
                return format!("{} is not in", self.name(*node));
            };
            let (ours, theirs) = (expected.len(), print.len());
            let lines = expected
                .iter()
                .zip(&print)
                .find(|(ours, theirs)| ours != theirs);
            if lines.is_some() || ours != theirs {
                let waits =
                    [first, node].map(|node| self.read(*node, |reader| reader.waits(server)));
                return format!(
                    "{} has {ours} lines, {} has {theirs}; first difference: {lines:?}; waits: {waits:?}",
                    self.name(*first),
                    self.name(*node)
                );
            }
        }
        "none any more".to_owned()
    }

    /// What a node shows of a server, line by line, for comparing; nothing while it is down or not in.
    #[must_use]
    pub fn fingerprint(&self, node: Node, server: ServerId) -> Option<Vec<String>> {
        if !self.is_active(node, server) {
            return None;
        }
        self.read(node, |reader| {
            let mut print = vec![format!("{:?}", reader.digests(server)?)];
            let detail = reader.server(server).expect("readable")?;
            for channel in &detail.channels {
                for message in self.all_messages(node, channel.id) {
                    let reactions: Vec<_> = message
                        .reactions
                        .iter()
                        .map(|one| (one.emoji.clone(), one.count))
                        .collect();
                    print.push(format!(
                        "{} {} {:?} {} {reactions:?}",
                        message.id, message.author_name, message.text, message.deleted
                    ));
                }
            }
            // A clock that runs ahead is held back by each node's own arrivals, so that places may differ; contents may not.
            print.sort();
            Some(print)
        })
    }
}
