//! What a server knows of its own finality: notaries, checkpoints, evidence.

use conclave_core::id::{Millis, ServerId, VerifyKey};
use conclave_core::log::CheckpointFork;

use super::Reader;
use crate::model::{CheckpointLine, Finality, ForkLine, NotaryLine};
use crate::notary;
use crate::room::Room;

/// Most checkpoints that are listed: what a person scrolls through.
const LISTED_MAX: usize = 100;

/// Number and claimed time of the last checkpoint that counts.
pub(super) fn last(room: &Room) -> Option<(u64, Millis)> {
    let (id, epoch) = room.community.as_ref()?.checkpoint()?;
    Some((epoch, room.log.checkpoint(&id)?.time))
}

/// Whether notaries were shown to have signed two checkpoints at once, and nobody has replaced them yet.
pub(super) fn is_forked(room: &Room) -> bool {
    let forks = room.log.checkpoint_forks();
    forks.iter().any(|fork| !is_settled(room, fork))
}

/// Whether the log has gone on from before a fork: then a later generation of notaries has signed.
fn is_settled(room: &Room, fork: &CheckpointFork) -> bool {
    last(room).is_some_and(|(epoch, _)| epoch >= fork.epoch)
}

impl Reader<'_> {
    /// Notaries, checkpoints and forks of a server; nothing if it is not here.
    #[must_use]
    pub fn finality(&self, server: ServerId) -> Option<Finality> {
        let room = self.room(&server)?;
        let notaries = room.community.as_ref()?.notaries();
        let name = |key: &VerifyKey| self.notary(room, key);
        let mut checkpoints: Vec<CheckpointLine> = room
            .log
            .checkpoints()
            .into_iter()
            .rev()
            .take(LISTED_MAX)
            .map(|frozen| CheckpointLine {
                id: frozen.id,
                epoch: frozen.checkpoint.epoch,
                prev: frozen.checkpoint.prev,
                time: frozen.checkpoint.time,
                canonical: frozen.canonical,
                signers: frozen.cosigned.signers().collect(),
                frontier: frozen.checkpoint.frontier.clone(),
                state_root: frozen.checkpoint.state_root,
                member_root: frozen.checkpoint.member_root,
                log_root: frozen.checkpoint.log_root,
            })
            .collect();
        checkpoints.sort_by_key(|line| core::cmp::Reverse((line.epoch, line.canonical)));
        let forks = room.log.checkpoint_forks().into_iter();
        let forks = forks.map(|fork| ForkLine {
            epoch: fork.epoch,
            settled: is_settled(room, &fork),
            signers: fork.signers.iter().map(name).collect(),
            rivals: fork.rivals,
        });
        let signing = room.gathering.values();
        Some(Finality {
            notaries: notaries.keys.iter().map(name).collect(),
            quorum: notaries.quorum,
            generation: notaries.generation,
            unfrozen: notary::substance(room),
            checkpoints,
            forks: forks.collect(),
            signing: signing
                .map(|(checkpoint, cosigned)| {
                    let signatures = cosigned.signers().count();
                    (checkpoint.epoch, signatures, checkpoint.quorum)
                })
                .collect(),
        })
    }

    /// A notary's key with the member whose root it is.
    fn notary(&self, room: &Room, key: &VerifyKey) -> NotaryLine {
        let holder = room
            .identities
            .iter()
            .find(|(_, log)| log.root().as_ref() == Some(key));
        let member = holder.map(|(identity, _)| *identity);
        NotaryLine {
            key: *key,
            member,
            name: member.map(|member| room.name_of(&member)),
            me: member == Some(self.account.id()),
        }
    }
}
