//! Authority logs to measure with: an owner, admins who joined through an invite, and what they sign.

use conclave_core::event::{
    Ban, Body, ChannelUpdate, EVENT_VERSION, Event, Genesis, InviteCreate, NicknameSet, RoleCreate,
    RoleGrant, RoleRevoke, ServerUpdate, Unban,
};
use conclave_core::hash::Label;
use conclave_core::id::{
    ChannelId, Commitment, DeviceId, EventId, IdentityEntryId, IdentityId, InviteId, Millis,
    Pseudonym, RoleId, ServerId, VerifyKey,
};
use conclave_core::log::{AuthorProof, Log, Verdict};
use conclave_core::member::{
    INVITE_SIGNATURE_LEN, JoinProof, LeafKeys, REGISTER_VERSION, Register, Status,
    invite_proof_payload,
};
use conclave_core::permissions::Bits;
use conclave_core::signed::{
    SIGNATURE_LEN, Signable, SigningKey, Unverified, Verified, verify_bytes,
};

/// An event or register as it comes from the wire, and whose key signed it.
pub struct Wire {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The signer's key.
    pub key: VerifyKey,
    /// What the register proves that an event cites.
    pub proof: AuthorProof,
}

impl Wire {
    /// Takes it in as a node does: decoded within limits, its signature verified.
    pub fn open<T: Signable>(&self) -> Option<Verified<T>> {
        Unverified::<T>::decode(&self.bytes)
            .ok()?
            .verify(&self.key)
            .ok()
    }
}

/// The parts of a signed value that a strict check of the signature alone needs.
pub struct Bare {
    label: Label,
    key: VerifyKey,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    /// Takes them from a wire form.
    pub fn of<T: Signable>(wire: &Wire) -> Option<Self> {
        let value = wire.open::<T>()?;
        Some(Self {
            label: T::SIGN,
            key: wire.key,
            payload: value.payload().to_vec(),
            // The wire form ends with the signature.
            signature: wire.bytes[wire.bytes.len() - SIGNATURE_LEN..].to_vec(),
        })
    }

    /// The signature of an invite in a register.
    pub fn of_invite(register: &Register) -> Option<Self> {
        let JoinProof::Invite { signature, .. } = &register.proof else {
            return None;
        };
        Some(Self {
            label: Label::InviteProof,
            key: invite_key().public(),
            payload: invite_proof_payload(
                register.server,
                register.identity,
                register.device,
                register.pseudonym,
            ),
            signature: signature.to_vec(),
        })
    }

    /// Checks the signature.
    pub fn holds(&self) -> bool {
        verify_bytes(self.label, &self.key, &self.payload, &self.signature).is_ok()
    }
}

fn id(kind: u8, n: usize) -> [u8; 32] {
    let mut id = [kind; 32];
    id[..8].copy_from_slice(&(n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    id
}

fn invite_key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// Somebody's number: 0 is the owner.
pub type Who = usize;

struct Device {
    key: SigningKey,
    last: Option<(u64, EventId)>,
}

/// A server whose events are signed here and judged elsewhere.
pub struct Workshop {
    /// The server.
    pub server: ServerId,
    /// The invite through which all came.
    pub invite: InviteId,
    /// Roles, highest first; the first is that of the admins.
    pub roles: Vec<RoleId>,
    /// Channels.
    pub channels: Vec<ChannelId>,
    /// Everything signed so far, in order.
    pub wires: Vec<Wire>,
    /// The current heads.
    pub heads: Vec<EventId>,
    devices: Vec<Device>,
    time: u64,
}

impl Workshop {
    /// A server with so many admins, roles and channels.
    pub fn new(admins: usize, roles: usize, channels: usize) -> Self {
        let mut shop = Self {
            server: ServerId([0; 32]),
            invite: InviteId([0; 32]),
            roles: Vec::new(),
            channels: Vec::new(),
            wires: Vec::new(),
            heads: Vec::new(),
            devices: Vec::new(),
            time: 1000,
        };
        shop.people(admins + 1);
        let genesis = Genesis {
            name: "Plaza".into(),
            template: 1,
            nonce: vec![9; 32].into(),
            everyone: Bits::VIEW_CHANNEL | Bits::SEND_MESSAGES | Bits::CREATE_INSTANT_INVITE,
            suite: 1,
            owner_root: VerifyKey(id(1, 1)),
            hosting_root: VerifyKey(id(1, 2)),
            notaries: vec![VerifyKey(id(1, 1))],
            notary_quorum: 1,
            history: 1,
            peers: vec![],
            descent: None,
        };
        let genesis = shop.act(0, genesis);
        shop.server = ServerId(genesis.0);
        shop.invite = shop.act(0, link(None)).into();
        for n in 0..roles {
            let permissions = if n == 0 {
                Bits::ADMINISTRATOR
            } else {
                Bits::NONE
            };
            let role = shop.act(0, role(n, permissions));
            shop.roles.push(role.into());
        }
        for admin in 1..=admins {
            let (role, member) = (shop.roles[0], member(admin));
            shop.act(0, RoleGrant { role, member });
        }
        for n in 0..channels {
            let channel = shop.act(0, channel(n));
            shop.channels.push(channel.into());
        }
        shop
    }

    /// Makes sure that there are so many people.
    pub fn people(&mut self, count: usize) {
        while self.devices.len() < count {
            let key = SigningKey::from_seed(&id(2, self.devices.len()));
            self.devices.push(Device { key, last: None });
        }
    }

    /// Somebody acts on what everybody knows.
    pub fn act(&mut self, who: Who, body: impl Into<Body>) -> EventId {
        let parents = self.heads.clone();
        self.act_at(who, parents, body)
    }

    /// Somebody acts on some heads, which hold their own last event or an event after it.
    pub fn act_at(
        &mut self,
        who: Who,
        mut parents: Vec<EventId>,
        body: impl Into<Body>,
    ) -> EventId {
        let body: Body = body.into();
        self.time += 1;
        parents.sort_unstable();
        let device = &self.devices[who];
        let genesis = self.server == ServerId([0; 32]);
        let event = Event {
            version: EVENT_VERSION,
            server: (!genesis).then_some(self.server),
            author: member(who),
            device: DeviceId(id(4, who)),
            seq: device.last.map_or(0, |(seq, _)| seq + 1),
            prev_self: device.last.map(|(_, id)| id),
            parents: parents.clone(),
            identity_head: IdentityEntryId(id(5, who)),
            last_checkpoint: None,
            kind: body.kind().number(),
            body: body.encode().into(),
            time: Millis(self.time),
            register: (who > 0).then(|| conclave_core::id::RegisterId(id(6, who))),
            reason: None,
        };
        let key = device.key.public();
        let event = Verified::sign(event, &device.key);
        let made = event.event_id();
        self.devices[who].last = Some((event.seq, made));
        self.heads.retain(|head| !parents.contains(head));
        self.heads.push(made);
        self.heads.sort_unstable();
        let proof = self.proof(who);
        let bytes = event.bytes().encode();
        self.wires.push(Wire { bytes, key, proof });
        made
    }

    fn proof(&self, who: Who) -> AuthorProof {
        if who == 0 {
            return AuthorProof::Founder;
        }
        AuthorProof::Member {
            invite: Some(self.invite),
            pseudonym: Pseudonym(self.devices[who].key.public().0),
            register_seq: 0,
        }
    }

    /// The everyday act number `n` of an admin.
    pub fn everyday(&self, n: usize) -> Body {
        let member = member(1000 + n % 5000);
        let role = self.roles[1 + n % (self.roles.len() - 1)];
        match n % 8 {
            0 | 1 => RoleGrant { role, member }.into(),
            2 => RoleRevoke {
                role,
                member,
                seen: vec![],
            }
            .into(),
            3 => NicknameSet {
                member,
                nickname: Some(Commitment(id(8, n))),
                seen: vec![],
            }
            .into(),
            4 => renamed(self.channels[n % self.channels.len()], n).into(),
            5 => ServerUpdate {
                description: Some(format!("description {n}")),
                ..Default::default()
            }
            .into(),
            6 => Ban {
                member: self::member(1_000_000 + n),
                seen: vec![],
                delete_ms: None,
                dropped_leaves: vec![],
            }
            .into(),
            _ => Unban {
                member: self::member(1_000_000 + n - 1),
            }
            .into(),
        }
    }

    /// A member's register, which came through the invite.
    pub fn register(&self, who: Who) -> Wire {
        let key = SigningKey::from_seed(&id(9, who));
        let (identity, device) = (member(who), DeviceId(id(10, who)));
        let pseudonym = Pseudonym(key.public().0);
        let payload = invite_proof_payload(self.server, identity, device, pseudonym);
        let signature: [u8; INVITE_SIGNATURE_LEN] = invite_key().sign(Label::InviteProof, &payload);
        let register = Register {
            version: REGISTER_VERSION,
            server: self.server,
            identity,
            device,
            pseudonym,
            seq: 0,
            status: Status::Present,
            identity_head: IdentityEntryId(id(5, who)),
            heads: self.heads.clone(),
            proof: JoinProof::Invite {
                invite: self.invite,
                signature: signature.to_vec().into(),
            },
            leaf: leaf(who),
            nickname: Some(Commitment(id(11, who))),
            profile: Some(Commitment(id(12, who))),
            time: Millis(2000),
            bot: None,
        };
        Wire {
            bytes: Verified::sign(register, &key).bytes().encode(),
            key: key.public(),
            proof: AuthorProof::Founder,
        }
    }
}

/// The identity of somebody.
pub fn member(who: Who) -> IdentityId {
    IdentityId(id(3, who))
}

/// Keys of a leaf.
pub fn leaf(who: Who) -> LeafKeys {
    LeafKeys {
        x25519: id(13, who).to_vec().into(),
        xwing: None,
    }
}

/// An invite.
pub fn link(role: Option<RoleId>) -> InviteCreate {
    InviteCreate {
        kind: 1,
        verify_key: invite_key().public(),
        leaf: leaf(0),
        role,
        channel: None,
        max_uses: None,
        expires: None,
    }
}

/// A role below all of smaller number.
pub fn role(n: usize, permissions: Bits) -> RoleCreate {
    RoleCreate {
        name: format!("role {n}"),
        color: None,
        hoist: false,
        mentionable: false,
        permissions,
        position: format!("{:04}z", 9999 - n),
    }
}

/// A channel.
pub fn channel(n: usize) -> conclave_core::event::ChannelCreate {
    conclave_core::event::ChannelCreate {
        name: format!("channel {n}"),
        kind: 0,
        topic: None,
        parent: None,
        position: format!("{n:04}V"),
        overwrites: vec![],
        synced: false,
        durability: 1,
        ttl_ms: None,
        slow_mode_s: 0,
    }
}

/// A change of a channel's name.
pub fn renamed(channel: ChannelId, n: usize) -> ChannelUpdate {
    ChannelUpdate {
        channel,
        name: Some(format!("channel {n}")),
        topic: None,
        parent: None,
        parent_clear: None,
        position: None,
        durability: None,
        ttl_ms: None,
        slow_mode_s: None,
        synced: None,
    }
}

/// Inserts an event that must be accepted.
///
/// # Panics
/// If it is not: then nothing is measured.
pub fn insert(log: &mut Log, event: Verified<Event>, proof: AuthorProof) {
    let inserted = log.insert(event, proof);
    assert!(
        matches!(&inserted, Ok(inserted) if inserted.verdict == Verdict::Accepted),
        "not accepted: {inserted:?}"
    );
}
