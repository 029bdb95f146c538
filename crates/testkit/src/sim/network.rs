//! The simulated network: connections, frames on their way, and what goes wrong with them.

use conclave_core::id::NodeId;
use conclave_engine::effect::{ConnId, Input};

use super::{Happening, Link, Node, Sim};
use crate::faults::Fault;

impl Sim {
    /// Keeps two nodes from reaching each other.
    pub fn part(&mut self, a: Node, b: Node) {
        self.counters.count(Fault::Partition);
        self.apart.insert((a.min(b), a.max(b)));
        let between: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, link)| link.ends == (a, b) || link.ends == (b, a))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in between {
            self.close(conn);
        }
    }

    /// Lets everybody reach everybody again.
    pub fn heal(&mut self) {
        self.apart.clear();
    }

    /// Puts a frame on its way, with what goes wrong with it.
    pub(super) fn send(&mut self, from: Node, conn: u64, bytes: Vec<u8>) {
        let Some(link) = self.links.get(&conn) else {
            return;
        };
        let (to, end) = if link.ends.0 == from {
            (link.ends.1, 1)
        } else {
            (link.ends.0, 0)
        };
        if self.roll(self.faults.cut) {
            self.counters.count(Fault::Cut);
            self.close(conn);
            return;
        }
        if self.roll(self.faults.lose) {
            self.counters.count(Fault::Lost);
            return;
        }
        let spread = self.faults.delay_ms_max - self.faults.delay_ms_min + 1;
        let mut at = self.now + self.faults.delay_ms_min + self.below(spread);
        let overtakes = self.roll(self.faults.reorder);
        if let Some(link) = self.links.get_mut(&conn) {
            if overtakes {
                self.counters.count(Fault::Reordered);
            } else {
                at = at.max(link.last[end]);
                link.last[end] = at;
            }
        }
        if self.roll(self.faults.double) {
            self.counters.count(Fault::Doubled);
            self.at(
                at + 1,
                Happening::Frame {
                    conn,
                    to,
                    bytes: bytes.clone(),
                },
            );
        }
        self.at(at, Happening::Frame { conn, to, bytes });
    }

    /// Connects two nodes that run, can reach each other and are not connected.
    pub(super) fn connect(&mut self, from: Node, to: NodeId) {
        let Some(to) = self
            .members
            .iter()
            .position(|member| member.id == to)
            .map(Node)
        else {
            return;
        };
        let blocked = self.apart.contains(&(from.min(to), from.max(to)));
        let known = self
            .links
            .values()
            .any(|link| link.ends == (from, to) || link.ends == (to, from));
        if blocked || known || from == to || !self.is_up(from) || !self.is_up(to) {
            return;
        }
        self.serial += 1;
        let conn = self.serial;
        self.links.insert(
            conn,
            Link {
                ends: (from, to),
                last: [0; 2],
            },
        );
        let (a, b) = (self.members[from.0].id, self.members[to.0].id);
        self.input(
            from,
            Input::Connected {
                conn: ConnId(conn),
                node: b,
                incoming: false,
            },
        );
        self.input(
            to,
            Input::Connected {
                conn: ConnId(conn),
                node: a,
                incoming: true,
            },
        );
    }

    /// Ends a connection; both sides hear of it.
    pub(super) fn close(&mut self, conn: u64) {
        if let Some(link) = self.links.remove(&conn) {
            self.input(link.ends.0, Input::Disconnected(ConnId(conn)));
            self.input(link.ends.1, Input::Disconnected(ConnId(conn)));
        }
    }
}
