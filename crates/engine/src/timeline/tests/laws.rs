//! Laws: the order of arrival does not matter, what is forgotten never was, what is kept equals what is counted.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const PEOPLE: u8 = 3;
const EMOJI: [&str; 2] = ["👍", "🎉"];

/// What one step of a story does; targets and parents are chosen among the posts before it.
#[derive(Clone, Debug)]
enum Step {
    Post {
        mention: bool,
        answer: bool,
    },
    Edit(Index),
    Delete {
        target: Index,
        moderator: bool,
    },
    React {
        target: Index,
        emoji: bool,
        on: bool,
    },
    Pin {
        target: Index,
        on: bool,
    },
}

fn step() -> impl Strategy<Value = (Step, u8, u8, i64, Vec<Index>)> {
    let kind = prop_oneof![
        6 => (any::<bool>(), any::<bool>()).prop_map(|(mention, answer)| Step::Post { mention, answer }),
        2 => any::<Index>().prop_map(Step::Edit),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(target, moderator)| Step::Delete { target, moderator }),
        4 => (any::<Index>(), any::<bool>(), any::<bool>()).prop_map(|(target, emoji, on)| Step::React { target, emoji, on }),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(target, on)| Step::Pin { target, on }),
    ];
    (
        kind,
        0..PEOPLE,
        0..2_u8,
        -9..1_i64,
        prop::collection::vec(any::<Index>(), 0..3),
    )
}

/// A story of at most `steps` contents, in an order in which they can have been said.
fn story(steps: usize) -> impl Strategy<Value = Vec<Said>> {
    prop::collection::vec(step(), 1..steps).prop_map(|steps| {
        let mut story: Vec<Said> = Vec::new();
        let mut posts: Vec<u16> = Vec::new();
        // Ids are hashes, so they do not ascend with time.
        let number = |n: usize| u16::try_from((n * 7919 + 13) % 10_007).unwrap();
        for (n, (kind, author, device, minutes, cited)) in steps.into_iter().enumerate() {
            let author = person(author);
            let chosen = |index: &Index| {
                if posts.is_empty() {
                    number(9_999)
                } else {
                    *index.get(&posts)
                }
            };
            let mut said = match &kind {
                Step::Post { mention, answer } => {
                    let text = if *mention {
                        format!("hi <@{ME}>")
                    } else {
                        format!("number {n}")
                    };
                    let to = cited
                        .first()
                        .filter(|_| *answer)
                        .map(|index| id(chosen(index)));
                    Said::new(
                        number(n),
                        author,
                        Act::Post(Post {
                            text,
                            reply_to: to,
                            ..Post::default()
                        }),
                    )
                }
                Step::Edit(target) => edit(number(n), author, chosen(target), &format!("edit {n}")),
                Step::Delete {
                    target,
                    moderator: true,
                } => delete(number(n), author, chosen(target)).moderator(),
                Step::Delete { target, .. } => delete(number(n), author, chosen(target)),
                Step::React { target, emoji, on } => react(
                    number(n),
                    author,
                    chosen(target),
                    EMOJI[usize::from(*emoji)],
                    *on,
                ),
                Step::Pin { target, on } => pin(number(n), author, chosen(target), *on),
            };
            said.parents = cited
                .iter()
                .filter(|_| !posts.is_empty())
                .map(chosen)
                .collect();
            said.parents.sort_unstable();
            said.parents.dedup();
            said = said.device(device).time(at(minutes));
            // What the second devices send is under a slow mode of three minutes.
            said.allowed.slow_ms = u64::from(device) * 180_000;
            said.seq = u64::try_from(n).unwrap() + 1;
            if matches!(kind, Step::Post { .. }) {
                posts.push(said.number);
            }
            story.push(said);
        }
        story
    })
}

fn story_and_shuffle(steps: usize) -> impl Strategy<Value = (Vec<Said>, Vec<Said>)> {
    story(steps).prop_flat_map(|story| (Just(story.clone()), Just(story).prop_shuffle()))
}

/// The channel as a person sees it, and where everything stands.
fn seen(node: &Node) -> String {
    let page = node.page();
    format!("{:?} {:?}", page.messages, node.unread())
}

proptest! {
    #[test]
    fn any_order_of_arrival_gives_the_same_rows((story, shuffled) in story_and_shuffle(40)) {
        let (one, other) = (Node::with(&story), Node::with(&shuffled));
        for table in Table::ALL {
            prop_assert_eq!(one.rows(table), other.rows(table), "{:?}", table);
        }
        prop_assert_eq!(seen(&one), seen(&other));
    }

    #[test]
    fn causes_stand_before_effects((_, shuffled) in story_and_shuffle(40)) {
        let node = Node::with(&shuffled);
        let order = node.order();
        let place = |number: u16| order.iter().position(|other| *other == id(number));
        for said in shuffled.iter().filter(|said| matches!(said.act, Act::Post(_))) {
            for parent in &said.parents {
                // What slow mode holds stands nowhere.
                if let Some((parent, child)) = place(*parent).zip(place(said.number)) {
                    prop_assert!(parent < child);
                }
            }
        }
    }

    #[test]
    fn what_is_heard_twice_changes_nothing((story, shuffled) in story_and_shuffle(25)) {
        let mut node = Node::with(&story);
        let before: Vec<_> = Table::ALL.map(|table| node.rows(table)).into();
        for said in &shuffled {
            let (_, changes) = node.hear_counted(said);
            // A message that waits for acts on it may be written again, as it is.
            prop_assert!(changes.len() <= 3, "{:?}", changes);
        }
        prop_assert_eq!(before, Vec::from(Table::ALL.map(|table| node.rows(table))));
    }

    #[test]
    fn what_is_forgotten_never_was((story, shuffled) in story_and_shuffle(30), author in 1..PEOPLE, device_of in 0..2_u8, last in 0..30_u64) {
        // An author who deletes their own message erases the text for good, so that act cannot be taken back.
        let erases = |said: &Said| match &said.act {
            Act::Delete(target) => story.iter().any(|other| id(other.number) == *target && other.author == said.author),
            _ => false,
        };
        let gone = |said: &&Said| said.author == person(author) && said.device == device_of && said.seq > last;
        prop_assume!(!story.iter().filter(gone).any(erases));
        let mut node = Node::with(&shuffled);
        node.change(|txn| forget_after(txn, SERVER, GENERAL, device(person(author), device_of), last));
        let rest: Vec<Said> = story.iter().filter(|said| !gone(said)).cloned().collect();
        let never = Node::with(&rest);
        prop_assert_eq!(seen(&node), seen(&never));
        prop_assert_eq!(node.rows(Table::Timeline), never.rows(Table::Timeline));
        prop_assert_eq!(read::kept_and_counted(&node.store, GENERAL).unwrap(), read::kept_and_counted(&never.store, GENERAL).unwrap());
    }

    #[test]
    fn what_is_kept_equals_what_is_counted((_, shuffled) in story_and_shuffle(40), marks in prop::collection::vec((0..40_usize, any::<Index>(), any::<bool>()), 0..6), hidden in 0..PEOPLE) {
        let mut node = Node::default();
        for (n, said) in shuffled.iter().enumerate() {
            node.hear(said);
            for (_, index, read) in marks.iter().filter(|(at, ..)| *at == n) {
                let message = id(index.get(&shuffled).number);
                if *read {
                    node.change(|txn| mark_read(txn, SERVER, GENERAL, message));
                } else {
                    node.change(|txn| mark_unread(txn, SERVER, GENERAL, message));
                }
            }
            let [kept, counted] = read::kept_and_counted(&node.store, GENERAL).unwrap();
            prop_assert_eq!(kept, counted);
        }
        node.change(|txn| hide_since(txn, SERVER, GENERAL, person(hidden), at(-5)));
        let [kept, counted] = read::kept_and_counted(&node.store, GENERAL).unwrap();
        prop_assert_eq!(kept, counted);
    }
}
