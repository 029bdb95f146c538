//! A round of life, told again and again: talk, a ban that one can watch, somebody who catches up.

use serde_json::json;

use super::cast::Who::{Ada, Ben, Cleo, Dimitri, Emil};
use super::curtain::Break;
use super::story::Story;
use crate::output::{short, text};

/// What Cleo sees, a line a round.
const SEEN: [&str; 4] = [
    "Two meteors in a minute, both from **Perseus**.",
    "The *terrible* seeing is over: Cassini's division, clear as a line.",
    "ISS pass at `04:12`, from west to north-east, three minutes.",
    "Counted the Pleiades without glasses: eight, and one maybe.",
];

/// What Dimitri sells.
const OFFERS: [&str; 3] = [
    "LASER POINTERS!!! Half price, tonight only",
    "Still here, still cheap: laser pointers, **500 mW**",
    "Last chance!!! Write me for laser pointers",
];

/// Newest messages of a channel among which Emil's absence lies.
const MISSED_MAX: usize = 200;

/// Lives until the curtain closes, or for so many rounds.
pub fn live(story: &mut Story<'_>, rounds: Option<u32>) -> Result<(), Break> {
    story.begin()?;
    let mut round: u32 = 0;
    while rounds.is_none_or(|rounds| round < rounds) {
        for (act, play) in ACTS {
            let outcome = play(story, round);
            story.left_behind(act, outcome)?;
        }
        round = round.wrapping_add(1);
        story.tell("round", "(from the beginning)", json!({ "round": round }));
    }
    Ok(())
}

/// The acts of a round, in their order.
const ACTS: [(&str, Act); 5] = [
    ("talk", talk),
    ("ban", ban),
    ("catch up", catch_up),
    ("go offline", go_offline),
    ("unban", unban),
];

type Act = fn(&mut Story<'_>, u32) -> Result<(), Break>;

/// The element whose turn it is.
fn turn<'a>(lines: &[&'a str], round: u32) -> &'a str {
    let len = lines.len().max(1);
    let index = usize::try_from(round).unwrap_or(0) % len;
    lines.get(index).copied().unwrap_or_default()
}

fn talk(story: &mut Story<'_>, round: u32) -> Result<(), Break> {
    let sightings = story.places.sightings.clone();
    let seen = story.say(Cleo, &sightings, turn(&SEEN, round))?;
    story.react(Ben, &seen, "👀")?;
    story.reply(Ben, &sightings, &seen, "Which way should I look?")?;
    Ok(())
}

/// Dimitri sells once too often. The ban and the next key leave as one bundle; what is said then he cannot read.
fn ban(story: &mut Story<'_>, round: u32) -> Result<(), Break> {
    let (server, general, crew) = (
        story.places.server.clone(),
        story.places.general.clone(),
        story.places.crew.clone(),
    );
    let offer = story.say(Dimitri, &general, turn(&OFFERS, round))?;
    story.reply(Cleo, &general, &offer, "Again? :(")?;
    let word = story.say(Ben, &crew, "That was the one offer too many.")?;
    story.pause()?;
    let (before, _) = story.person(Ben)?.keys(&general)?;
    let path = format!("/servers/{server}/bans/{}", story.person(Dimitri)?.id);
    let reason = json!({ "reason": "sells laser pointers" });
    story.person(Ben)?.api()?.put(&path, &reason)?;
    story
        .person(Dimitri)?
        .comes_to_be(&server, "removed", story.curtain)?;
    let (after, readers) = story.person(Ben)?.keys(&general)?;
    story.tell(
        "ban",
        &format!(
            "Ben bans Dimitri, and the keys change: {} -> {}",
            short(&before),
            short(&after)
        ),
        json!({
            "by": "ben", "member": "dimitri", "channel": general,
            "epoch_before": before, "epoch_after": after, "readers": readers,
        }),
    );
    let peace = story.say(Ben, &general, "Dimitri is out. Back to the sky.")?;
    story.person(Cleo)?.sees(&peace, story.curtain)?;
    let reads_it = story.person(Dimitri)?.has(&peace)?;
    story.tell(
        "shut_out",
        "Cleo reads it; Dimitri, who has the old keys, does not",
        json!({ "member": "dimitri", "message": peace, "reads_it": reads_it }),
    );
    story.react(Cleo, &peace, "🌙")?;
    story.person(Ada)?.sees(&word, story.curtain)?;
    Ok(())
}

/// Emil comes back and gets what he missed from whoever is there; his chat with Ada goes on.
fn catch_up(story: &mut Story<'_>, _round: u32) -> Result<(), Break> {
    if story.stage.is_there(Emil) {
        return Ok(());
    }
    story.pause()?;
    let (general, sightings, chat) = (
        story.places.general.clone(),
        story.places.sightings.clone(),
        story.places.chat.clone(),
    );
    let left_ms = story.stage.left_ms(Emil);
    let mut missed = Vec::new();
    for (who, channel) in [(Ben, &general), (Ben, &sightings), (Ada, &chat)] {
        missed.extend(story.person(who)?.newest(channel, MISSED_MAX)?);
    }
    missed.retain(|message| {
        let is_later = message["time_ms"]
            .as_u64()
            .is_some_and(|time| time > left_ms);
        is_later && message["kind"] == "user" && message["deleted"] != true
    });
    story.stage.enter(Emil)?;
    for message in &missed {
        story
            .person(Emil)?
            .sees(text(message, "id"), story.curtain)?;
    }
    let caught_up = missed.len();
    story.tell(
        "returns",
        &format!("Emil is back and has caught up with {caught_up} messages"),
        json!({ "by": "emil", "caught_up": caught_up }),
    );
    story.say(Emil, &chat, "Out of the tunnel. I have it with me!")?;
    story.say(Emil, &general, "What did I miss? *Reads.* Ah. Well.")?;
    Ok(())
}

/// Emil's train enters the next tunnel.
fn go_offline(story: &mut Story<'_>, _round: u32) -> Result<(), Break> {
    if !story.stage.is_there(Emil) {
        return Ok(());
    }
    let general = story.places.general.clone();
    let bye = story.say(Emil, &general, "The next tunnel. Back on the other side.")?;
    story.person(Ada)?.sees(&bye, story.curtain)?;
    story.pause()?;
    let chat = story.places.chat_server.clone();
    story.stage.leave(Emil);
    story
        .person(Ada)?
        .comes_to_be(&chat, "paused", story.curtain)?;
    story.tell(
        "leaves",
        "Emil goes offline, and his chat with Ada is paused",
        json!({ "by": "emil", "chat": chat }),
    );
    Ok(())
}

/// Ben forgives, and Dimitri comes back by a link of his own.
fn unban(story: &mut Story<'_>, _round: u32) -> Result<(), Break> {
    let (server, general) = (story.places.server.clone(), story.places.general.clone());
    story.say(Ben, &general, "Dimitri asked nicely. One more night?")?;
    story.say(Cleo, &general, "If he leaves the lasers at home.")?;
    story.pause()?;
    let path = format!("/servers/{server}/bans/{}", story.person(Dimitri)?.id);
    story
        .person(Ben)?
        .api()?
        .delete(&path, &json!({ "reason": "a second night" }))?;
    let draft = json!({ "kind": "open", "max_uses": 1, "expires_in_s": 3600 });
    let path = format!("/servers/{server}/invites");
    let invite = story.person(Ben)?.api()?.post(&path, &draft)?;
    story
        .person(Dimitri)?
        .join(text(&invite, "url"), story.curtain)?;
    story.tell(
        "unban",
        "Ben lifts the ban, and Dimitri joins again",
        json!({ "by": "ben", "member": "dimitri" }),
    );
    story.say(Dimitri, &general, "I brought biscuits.")?;
    Ok(())
}
