#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use super::*;

fn envelope(form: Form) -> Envelope {
    let secret = vec![1; DELETE_SECRET_LEN].into();
    Envelope {
        version: ENVELOPE_VERSION,
        server: ServerTag([2; 16]),
        topic: TopicTag([3; 16]),
        epoch: EpochId([if form == Form::Keys { 0 } else { 4 }; 32]),
        pseudonym: Pseudonym([5; 32]),
        seq: 1,
        form,
        delete_hash: Digest([6; 32]),
        drop: (form == Form::Tombstone).then_some(Drop {
            target: EnvelopeId([7; 32]),
            seq: 1,
            secret,
        }),
        sealed: Vec::new().into(),
    }
}

#[test]
fn form_and_fields_agree() {
    for form in [Form::Sealed, Form::Keys, Form::Tombstone, Form::Ephemeral] {
        let check = |change: &dyn Fn(&mut Envelope)| {
            let mut envelope = envelope(form);
            change(&mut envelope);
            envelope.check()
        };
        assert_eq!(check(&|_| ()), Ok(()), "{form:?}");
        assert_eq!(check(&|e| e.version = 2), Err(EnvelopeError::Version(2)));
        assert_eq!(check(&|e| e.seq = 0), Err(EnvelopeError::Sequence));
        let other = match form {
            Form::Tombstone => None,
            _ => envelope(Form::Tombstone).drop,
        };
        assert_eq!(
            check(&|e| e.drop.clone_from(&other)),
            Err(EnvelopeError::Drop(form))
        );
    }
    let mut short = envelope(Form::Tombstone);
    short.drop.as_mut().unwrap().secret = vec![1; 31].into();
    assert_eq!(short.check(), Err(EnvelopeError::Drop(Form::Tombstone)));
    let mut keys = envelope(Form::Keys);
    keys.epoch = EpochId([4; 32]);
    assert_eq!(keys.check(), Err(EnvelopeError::Epoch));
}

#[test]
fn topics_of_one_id_have_tags_of_their_own() {
    let (server, channel) = (ServerId([1; 32]), ChannelId([2; 32]));
    let topics = [
        Topic::Authority(server),
        Topic::Members(server),
        Topic::Keys(server),
        Topic::Slots(server),
        Topic::Channel(server, channel),
        Topic::Channel(server, ChannelId([1; 32])),
        Topic::Account(IdentityId([1; 32])),
        Topic::Authority(ServerId([2; 32])),
    ];
    let tags: BTreeSet<_> = topics.iter().map(Topic::tag).collect();
    assert_eq!(tags.len(), topics.len());
    assert_ne!(server_tag(server), account_tag(IdentityId([1; 32])));
}
