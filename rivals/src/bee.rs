//! BeeKEM as a rival: an owner who removes and updates, and one member who receives.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use beekem::cgka::Cgka;
use beekem::id::{MemberId, TreeId};
use beekem::keys::ShareKeyMap;
use beekem::operation::CgkaOperation;
use future_form::Local;
use keyhive_crypto::share_key::ShareSecretKey;
use keyhive_crypto::signer::memory::MemorySigner;
use keyhive_crypto::verified::Verified;
use pollster::block_on;
use rand08::SeedableRng;
use rand08::rngs::StdRng;

/// What travels.
pub type Operation = Arc<Verified<CgkaOperation>>;

/// A group whose members have never updated their keys; two of them are simulated in full.
pub struct Bee {
    owner: Cgka,
    receiver: Cgka,
    signer: MemorySigner,
    members: Vec<MemberId>,
    rng: StdRng,
}

impl Bee {
    /// Adds so many people, one after the other.
    pub fn never_committed(people: usize) -> Result<Self> {
        let mut rng = StdRng::seed_from_u64(people as u64);
        let tree = TreeId::from(&MemorySigner::generate(&mut rng).0);
        let mut make = || {
            let signer = MemorySigner::generate(&mut rng);
            (signer, ShareSecretKey::generate(&mut rng))
        };
        let everybody: Vec<_> = (0..people).map(|_| make()).collect();
        let keys = |at: usize| {
            let (_, sk) = &everybody[at];
            let mut keys = ShareKeyMap::new();
            keys.insert(sk.share_key(), *sk);
            keys
        };
        let id = |at: usize| MemberId::from(&everybody[at].0.0);
        let signer = everybody[0].0.clone();
        let mut owner = Cgka::new(tree, id(0), keys(0));
        for (at, (_, sk)) in everybody.iter().enumerate() {
            let add = owner.add::<Local, _>(id(at), sk.share_key(), None, BTreeSet::new(), &signer);
            block_on(add).map_err(|error| anyhow!("{error:?}"))?;
        }
        let receiver = owner
            .with_new_owner(id(1), keys(1))
            .map_err(|error| anyhow!("{error:?}"))?;
        let members = (0..people).map(id).collect();
        Ok(Self {
            owner,
            receiver,
            signer,
            members,
            rng,
        })
    }

    /// Removes the last member and makes a new secret; the operations, and their bytes.
    pub fn remove(&mut self) -> Result<(Vec<Operation>, usize)> {
        let target = self.members.pop().context("somebody is left")?;
        let remove = self
            .owner
            .remove::<Local, _>(target, BTreeSet::new(), &self.signer);
        let removal = block_on(remove).map_err(|error| anyhow!("{error:?}"))?;
        let removal = removal.context("the member was there")?;
        let sk = ShareSecretKey::generate(&mut self.rng);
        let update =
            self.owner
                .update::<Local, _, _>(sk.share_key(), sk, &self.signer, &mut self.rng);
        let (_, update, _) = block_on(update).map_err(|error| anyhow!("{error:?}"))?;
        let operations = vec![Arc::new(removal), Arc::new(update)];
        let bytes = operations
            .iter()
            .map(|operation| operation.signed().encoded().len() + 96)
            .sum();
        Ok((operations, bytes))
    }

    /// Takes operations in as a receiver, up to the new secret.
    pub fn receive(&mut self, operations: Vec<Operation>) -> Result<()> {
        for operation in operations {
            self.receiver
                .merge_concurrent_operation(operation)
                .map_err(|error| anyhow!("{error:?}"))?;
        }
        self.receiver
            .decrypt_current_group_secret()
            .map_err(|error| anyhow!("{error:?}"))?;
        Ok(())
    }
}
