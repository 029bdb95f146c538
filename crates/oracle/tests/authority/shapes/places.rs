//! Channels and categories under concurrency.

use conclave_core::event::*;
use conclave_core::id::*;

use crate::acts;
use crate::dice::Dice;
use crate::village::*;

/// Who may change channels.
const KEEPERS: [Who; 5] = [OWNER, 2, 3, 4, 5];

pub fn category_deleted(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let area = village.channels[0];
    let deleted = village.try_at(dice.pick(&[OWNER, 2]), at, ChannelDelete { channel: area });
    let inside = ChannelCreate {
        parent: Some(area),
        synced: true,
        ..channel(vec![])
    };
    let inside = village.try_at(3, at, inside);
    let mut known: Vec<EventId> = deleted.into_iter().collect();
    for _ in 0..2 {
        let act = on(dice, village, inside);
        village.try_at(dice.pick(&KEEPERS), at, act);
        let act = on(dice, village, inside);
        let done = village.try_at(dice.pick(&[OWNER, 2]), &known.clone(), act);
        known.extend(done);
    }
}

pub fn following(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    for _ in 0..4 {
        let act = on(dice, village, None);
        village.try_at(dice.pick(&KEEPERS), at, act);
    }
}

pub fn moves(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    for _ in 0..3 {
        let update = ChannelUpdate {
            parent: Some(village.channels[dice.pick(&[0, 3])]),
            synced: dice.pick(&[None, Some(true), Some(false)]),
            ..channel_update(village.channels[dice.pick(&[1, 2, 4])])
        };
        village.try_at(dice.pick(&KEEPERS), at, update);
    }
    let act = on(dice, village, None);
    village.try_at(dice.pick(&KEEPERS), at, act);
}

pub fn overwrites_meet(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let channel = dice.pick(&village.channels);
    let subject = acts::subject(dice, village);
    for _ in 0..3 {
        let act: Body = if dice.one_in(4) {
            OverwriteClear { channel, subject }.into()
        } else {
            let overwrite = Overwrite {
                subject,
                ..acts::overwrite(dice, village)
            };
            OverwriteSet { channel, overwrite }.into()
        };
        village.try_at(dice.pick(&KEEPERS), at, act);
    }
}

/// Something about the categories, or about the channels in them.
fn on(dice: &mut Dice, village: &Village, made: Option<EventId>) -> Body {
    let channel = match made {
        Some(made) if dice.one_in(3) => made.into(),
        _ => village.channels[dice.pick(&[0, 1, 1, 1, 2])],
    };
    let update = channel_update(channel);
    match dice.roll(6) {
        0 | 1 => OverwriteSet {
            channel,
            overwrite: acts::overwrite(dice, village),
        }
        .into(),
        2 => OverwriteClear {
            channel,
            subject: village.everyone(),
        }
        .into(),
        3 => ChannelUpdate {
            synced: Some(dice.one_in(2)),
            ..update
        }
        .into(),
        4 => ChannelUpdate {
            parent: Some(village.channels[dice.pick(&[0, 3])]),
            synced: dice.one_in(3).then_some(true),
            ..update
        }
        .into(),
        _ => ChannelUpdate {
            parent_clear: Some(true),
            ..update
        }
        .into(),
    }
}
