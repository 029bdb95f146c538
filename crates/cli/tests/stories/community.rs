//! A community whose owner is hardly ever there: people come in, and somebody is thrown out.

use conclave_core::permissions::Bits;
use serde_json::{Value, json};

use crate::api::Failure;
use crate::harness::{Person, World, agree, eventually, list, text};
use crate::thief::{self, Loot};

/// Messages after the ban.
const LATER: usize = 10;

struct Harbour {
    world: World,
    owner: Person,
    moderator: Person,
    second: Person,
    mallory: Person,
    late: Person,
    server: String,
    general: String,
    /// The moderators' own channel.
    crew: String,
    /// The many-use open link that everybody after the moderators came through.
    link: String,
}

/// An owner makes channels, moderators and a link, and leaves; two join while the owner is away.
fn harbour() -> Harbour {
    let world = World::new();
    let names = ["owner", "moderator", "second", "mallory", "late"];
    let [mut owner, moderator, second, mallory, late] = names.map(|name| world.person(name));
    let (server, general) = owner.found("Harbour");
    let first = owner.invite(&server);
    moderator.join(&first);
    second.join(&first);
    let role = owner.empower(&server, &moderator, Bits::BAN_MEMBERS.0);
    owner.grant(&server, &second, &role);
    let crew = owner.private_channel(&server, "crew", &role);
    owner.say(&crew, "for moderators alone");
    for person in [&moderator, &second] {
        person.sees(&crew, "for moderators alone");
    }
    // It names the nodes of members who are online: any of them lets people in.
    let link = owner.invite(&server);
    owner.say(&general, "come in");
    for person in [&moderator, &second] {
        person.sees(&general, "come in");
    }
    owner.stop();
    for person in [&mallory, &late] {
        person.join(&link);
    }
    Harbour {
        world,
        owner,
        moderator,
        second,
        mallory,
        late,
        server,
        general,
        crew,
        link,
    }
}

fn is_forbidden(answer: &Result<Value, Failure>) -> bool {
    matches!(answer, Err(Failure::Refused { status: 403, code, .. }) if code == "forbidden")
}

fn members(person: &Person, server: &str) -> Vec<String> {
    let page = person.get(&format!("/servers/{server}/members?limit=100"));
    let members = list(&page, "members");
    let mut ids: Vec<String> = members.iter().map(|member| text(member, "id")).collect();
    ids.sort();
    ids
}

fn later(texts: &[String]) -> usize {
    let is_later = |text: &&String| text.starts_with("after the ban");
    texts.iter().filter(is_later).count()
}

/// A moderator bans somebody who joined through a many-use open link that is still active, while owner and other moderators
/// are offline. The attacker keeps everything and opens nothing that came after.
#[test]
fn a_ban_holds_with_no_admin_online() {
    let mut h = harbour();
    h.moderator.say(&h.general, "before the ban");
    for person in [&h.mallory, &h.late, &h.second] {
        person.sees(&h.general, "before the ban");
    }
    h.second.stop();
    h.late.stop();
    // The same act of somebody who may not.
    let refused = h.mallory.ban(&h.server, &h.moderator);
    assert!(is_forbidden(&refused), "{refused:?}");
    h.moderator.ban(&h.server, &h.mallory).unwrap();
    h.mallory.comes_to_be(&h.server, "removed");
    for index in 0..LATER {
        let content = format!("after the ban {index}");
        h.moderator.say(&h.general, &content);
    }
    let refused = h.mallory.try_say(&h.general, "still here");
    assert!(is_forbidden(&refused), "{refused:?}");

    let last = format!("after the ban {}", LATER - 1);
    h.late.start();
    h.late.sees(&h.general, &last);
    // The link is open still, also to those who come after the ban.
    let newcomer = h.world.person("newcomer");
    newcomer.join(&h.link);
    newcomer.sees(&h.general, &last);
    h.owner.start();
    h.second.start();
    all_agree(&h, &newcomer);
    the_attacker_reads_nothing_later(h, newcomer);
}

/// Everybody inside sees the same messages and members, and only moderators their channel.
fn all_agree(h: &Harbour, newcomer: &Person) {
    let inside = [&h.owner, &h.moderator, &h.second, &h.late, newcomer];
    let texts = agree(&inside, &h.general);
    assert_eq!(later(&texts), LATER);
    let listed = eventually("all list the same members", || {
        let listed = members(&h.owner, &h.server);
        let mut others = inside.iter().map(|person| members(person, &h.server));
        others.all(|others| others == listed).then_some(listed)
    });
    assert_eq!(listed.len(), inside.len());
    assert!(!listed.contains(&h.mallory.id));
    h.second.say(&h.crew, "the owner is back");
    h.owner.sees(&h.crew, "the owner is back");
    for person in [&h.late, newcomer] {
        assert_eq!(person.texts(&h.crew), Vec::<String>::new());
    }
}

/// With the banned one's keys and link, and all that the moderator and a newcomer store.
fn the_attacker_reads_nothing_later(mut h: Harbour, mut newcomer: Person) {
    for person in [&mut h.mallory, &mut h.moderator, &mut newcomer] {
        person.stop();
    }
    let loot = [&h.mallory, &h.moderator, &newcomer].map(Loot::of);
    let [own, moderator, new] = &loot;
    let (server, general) = (&h.server, &h.general);
    let read = thief::read(own, &[&h.link], &[moderator, new], server, general);
    let opened = later(&read.texts);
    println!(
        "the attacker holds {} envelopes and reads {opened} of {LATER} later messages",
        read.hoard
    );
    assert!(
        read.texts.contains(&"before the ban".to_owned()),
        "it keeps what it had: {:?}",
        read.texts
    );
    assert_eq!(opened, 0, "{:?}", read.texts);
    // The same program with the keys of somebody inside reads them all.
    let read = thief::read(new, &[&h.link], &[moderator], server, general);
    assert_eq!(later(&read.texts), LATER, "{:?}", read.texts);
}

/// Whoever is banned and tries the link again, which is open still, stays outside.
#[test]
fn a_banned_member_does_not_come_back_through_the_link() {
    let world = World::new();
    let names = ["ada", "ben", "mallory", "cem"];
    let [ada, ben, mallory, cem] = names.map(|name| world.person(name));
    let (server, general) = ada.found("Harbour");
    let link = ada.invite(&server);
    ben.join(&link);
    mallory.join(&link);
    ada.knows(&server, &mallory);
    ada.ban(&server, &mallory).unwrap();
    mallory.comes_to_be(&server, "removed");
    // Refused at once or in vain.
    let again = mallory.api().post("/invites/join", json!({ "link": link }));
    println!("joining again: {again:?}");
    // By the time that somebody else has come in, so could they have.
    cem.join(&link);
    ada.say(&general, "who is here?");
    for person in [&ben, &cem] {
        person.sees(&general, "who is here?");
    }
    assert!(!members(&ada, &server).contains(&mallory.id));
    assert!(!members(&ben, &server).contains(&mallory.id));
    let seen = mallory.texts(&general);
    assert!(!seen.contains(&"who is here?".to_owned()), "{seen:?}");
    assert_ne!(mallory.connection(&server), "online");
    assert!(mallory.try_say(&general, "me").is_err());
}

/// What a member says who was banned behind their back is accepted by their own node alone.
#[test]
fn nobody_carries_what_a_banned_member_says() {
    let world = World::new();
    let [mut ada, mut ben, mut mallory] = ["ada", "ben", "mallory"].map(|name| world.person(name));
    let (server, general) = ada.found("Harbour");
    let link = ada.invite(&server);
    ben.join(&link);
    mallory.join(&link);
    let before = mallory.say(&general, "before");
    ada.sees(&general, "before");
    ben.sees(&general, "before");
    mallory.stop();
    ada.ban(&server, &mallory).unwrap();
    ada.say(&general, "they are gone");
    ben.sees(&general, "they are gone");
    ada.stop();
    ben.stop();

    // Nobody is there to tell them.
    mallory.start();
    let unseen = mallory.say(&general, "unseen");
    ben.start();
    mallory.comes_to_be(&server, "removed");
    // What an honest member says while others are away is carried.
    let honest = ben.say(&general, "honest");
    ada.start();
    ada.sees(&general, "honest");
    let texts = agree(&[&ada, &ben], &general);
    assert_eq!(texts, ["before", "they are gone", "honest"]);
    for person in [&ada, &ben] {
        let answer = person.api().get(&format!("/messages/{unseen}"));
        assert!(
            matches!(answer, Err(Failure::Refused { status: 404, .. })),
            "{answer:?}"
        );
    }

    for person in [&mut ada, &mut ben, &mut mallory] {
        person.stop();
    }
    for person in [&ada, &ben] {
        let loot = Loot::of(person);
        assert!(
            loot.holds(&before) && loot.holds(&honest),
            "{}",
            person.name
        );
        assert!(!loot.holds(&unseen), "{} stores it", person.name);
    }
    assert!(Loot::of(&mallory).holds(&unseen));
}
