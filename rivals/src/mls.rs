//! OpenMLS as a rival: an owner who removes, and one member who receives.

use anyhow::{Context, Result, bail};
use openmls::prelude::*;
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;

const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519;

struct Party {
    provider: OpenMlsRustCrypto,
    signer: SignatureKeyPair,
    group: MlsGroup,
}

/// A group of which two members are simulated in full.
pub struct Mls {
    owner: Party,
    receiver: Party,
    next: u32,
}

fn fresh(name: &str) -> Result<(OpenMlsRustCrypto, SignatureKeyPair, CredentialWithKey)> {
    let signer = SignatureKeyPair::new(SUITE.signature_algorithm())?;
    let credential = CredentialWithKey {
        credential: BasicCredential::new(name.as_bytes().to_vec()).into(),
        signature_key: signer.to_public_vec().into(),
    };
    Ok((OpenMlsRustCrypto::default(), signer, credential))
}

fn config() -> MlsGroupCreateConfig {
    MlsGroupCreateConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .ciphersuite(SUITE)
        .build()
}

fn package(name: &str) -> Result<(OpenMlsRustCrypto, SignatureKeyPair, KeyPackage)> {
    let (provider, signer, credential) = fresh(name)?;
    let bundle = KeyPackage::builder().build(SUITE, &provider, &signer, credential)?;
    Ok((provider, signer, bundle.key_package().clone()))
}

fn join(
    owner: &MlsGroup,
    provider: &OpenMlsRustCrypto,
    welcome: MlsMessageOut,
) -> Result<MlsGroup> {
    let welcome = MlsMessageIn::from(welcome)
        .into_welcome()
        .context("a welcome")?;
    let config = config();
    let tree = Some(owner.export_ratchet_tree().into());
    let staged = StagedWelcome::new_from_welcome(provider, config.join_config(), welcome, tree)?;
    Ok(staged.into_group(provider)?)
}

fn process(party: &mut Party, commit: MlsMessageOut) -> Result<()> {
    let message = MlsMessageIn::from(commit).try_into_protocol_message()?;
    match party
        .group
        .process_message(&party.provider, message)?
        .into_content()
    {
        ProcessedMessageContent::StagedCommitMessage(staged) => {
            party.group.merge_staged_commit(&party.provider, *staged)?;
            Ok(())
        }
        _ => bail!("a commit was expected"),
    }
}

impl Mls {
    /// Everybody is added at once and never commits.
    pub fn never_committed(people: usize) -> Result<Self> {
        let (provider, signer, credential) = fresh("owner")?;
        let mut group = MlsGroup::new(&provider, &signer, &config(), credential)?;
        let (receiver, receiver_signer, first) = package("receiver")?;
        let mut packages = vec![first];
        for number in 2..people {
            packages.push(package(&format!("member {number}"))?.2);
        }
        let (_, welcome, _) = group.add_members(&provider, &signer, &packages)?;
        group.merge_pending_commit(&provider)?;
        let joined = join(&group, &receiver, welcome)?;
        Ok(Self {
            owner: Party {
                provider,
                signer,
                group,
            },
            receiver: Party {
                provider: receiver,
                signer: receiver_signer,
                group: joined,
            },
            next: 2,
        })
    }

    /// Everybody commits right after joining.
    pub fn all_committed(people: usize) -> Result<Self> {
        let mut mls = Self::never_committed(2)?;
        let Party {
            provider,
            signer,
            group,
        } = &mut mls.receiver;
        let update = group.self_update(provider, signer, LeafNodeParameters::default())?;
        let update = update.into_commit();
        group.merge_pending_commit(provider)?;
        process(&mut mls.owner, update)?;
        for number in 2..people {
            let (provider, signer, package) = package(&format!("member {number}"))?;
            let owner = &mut mls.owner;
            let (commit, welcome, _) =
                owner
                    .group
                    .add_members(&owner.provider, &owner.signer, &[package])?;
            owner.group.merge_pending_commit(&owner.provider)?;
            process(&mut mls.receiver, commit)?;
            let mut group = join(&mls.owner.group, &provider, welcome)?;
            let update = group.self_update(&provider, &signer, LeafNodeParameters::default())?;
            let update = update.into_commit();
            process(&mut mls.owner, update.clone())?;
            process(&mut mls.receiver, update)?;
        }
        Ok(mls)
    }

    /// Removes one member; the commit.
    pub fn remove(&mut self) -> Result<MlsMessageOut> {
        let Party {
            provider,
            signer,
            group,
        } = &mut self.owner;
        let index = LeafNodeIndex::new(self.next);
        self.next += 1;
        let (commit, _, _) = group.remove_members(provider, signer, &[index])?;
        group.merge_pending_commit(provider)?;
        Ok(commit)
    }

    /// Takes a commit in as a receiver.
    pub fn receive(&mut self, commit: MlsMessageOut) -> Result<()> {
        process(&mut self.receiver, commit)
    }
}
