//! Members tell moderators of somebody, and nobody else learns what.

use conclave_core::id::{EnvelopeId, ServerId};
use conclave_core::permissions::Bits;
use conclave_core::view::{Direction, KeyRange, Table, View};
use conclave_engine::command::{Command, CommandError, Reply};
use conclave_engine::model::{ReportView, Seen};
use conclave_engine::reports::OF_REPORTER_MAX;
use conclave_testkit::sim::Node;

use crate::{World, world};

impl World {
    fn report(
        &mut self,
        by: Node,
        about: Node,
        message: Option<EnvelopeId>,
        reason: &str,
    ) -> Result<Reply, CommandError> {
        let command = Command::Report {
            server: self.server,
            about: self.sim.identity(about),
            message,
            reason: reason.into(),
        };
        self.sim.command(by, command).unwrap()
    }

    fn reports(&self, node: Node) -> Vec<ReportView> {
        let server = self.server;
        self.sim
            .read(node, |reader| reader.reports(server).unwrap())
    }

    fn gets(&mut self, node: Node, count: usize) -> Vec<ReportView> {
        let server = self.server;
        let came = self.sim.run_until(120_000, |sim| {
            sim.read(node, |reader| {
                reader.reports(server).unwrap().len() == count
            })
        });
        assert!(came, "{}: {:?}", self.sim.name(node), self.reports(node));
        self.reports(node)
    }

    /// Whether a text lies anywhere in what a node stores, in the open.
    fn stores(&self, node: Node, text: &str) -> bool {
        let (store, _) = self.sim.steal(node);
        Table::ALL.iter().any(|table| {
            let all = KeyRange::prefix(&[]);
            let rows = store.range(*table, &all, Direction::Forward, usize::MAX);
            let holds = |value: &[u8]| {
                value
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
            };
            rows.unwrap().iter().any(|(_, value)| holds(value))
        })
    }
}

/// Owner and moderator get it, with the message beside their own copy; the one it is about, and whoever else is there, do not.
#[test]
fn a_report_reaches_moderators_alone() {
    let mut world = world(61, &["Ada", "Ben", "Cem", "Dora", "Eve"]);
    let [ada, ben, cem, dora, eve] = [0, 1, 2, 3, 4].map(|index| world.people[index]);
    world.empower(ben, Bits::MODERATE_MEMBERS);
    let general = world.general;
    let offer = world.sim.say(dora, general, "laser pointers, half price");
    for node in [ada, ben, cem] {
        world.sim.sees(node, general, "laser pointers, half price");
    }
    let people = world.people.clone();
    world.sim.converge(&people, world.server, 120_000);
    let sent = world.report(cem, dora, Some(offer), "sells things everywhere");
    assert!(matches!(sent, Ok(Reply::Count(2))), "{sent:?}");
    for moderator in [ada, ben] {
        let [report] = &world.gets(moderator, 1)[..] else {
            panic!()
        };
        assert_eq!(report.from.0, world.sim.identity(cem));
        assert_eq!(report.about.0, world.sim.identity(dora));
        assert_eq!(report.reason, "sells things everywhere");
        let quote = report.quote.as_ref().unwrap();
        assert_eq!((quote.message, quote.seen), (offer, Seen::Same));
        assert_eq!(quote.text, "laser pointers, half price");
    }
    world.sim.run_for(60_000);
    for other in [dora, eve] {
        assert!(world.reports(other).is_empty());
        assert!(!world.stores(other, "sells things everywhere"));
    }
    assert!(world.stores(ben, "sells things everywhere"), "control");

    // The message is edited: the quote is no longer what stands there. Done with it: gone here, and still with the other.
    let edit = Command::Edit {
        message: offer,
        text: "nothing to see".into(),
    };
    world.sim.must(dora, edit);
    world.sim.sees(ben, general, "nothing to see");
    assert_eq!(
        world.reports(ben)[0].quote.as_ref().unwrap().seen,
        Seen::Differs
    );
    let number = world.reports(ben)[0].number;
    let dismiss = |server: ServerId| Command::DismissReport {
        server,
        report: number,
    };
    world.sim.must(ben, dismiss(world.server));
    assert!(world.reports(ben).is_empty());
    assert_eq!(world.reports(ada).len(), 1);
    let again = world.sim.command(ben, dismiss(world.server)).unwrap();
    assert!(matches!(again, Err(CommandError::NotFound { .. })));
    // What was dismissed last does not come again under its number.
    world.report(cem, dora, None, "goes on").unwrap();
    assert_ne!(world.gets(ben, 1)[0].number, number);
}

/// A report about a moderator goes past them; about the only one it goes to nobody, and says so. One member buries nobody.
#[test]
fn a_report_about_a_moderator_goes_to_the_others() {
    let mut world = world(62, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [0, 1, 2].map(|index| world.people[index]);
    let alone = world.report(cem, ada, None, "never answers");
    assert!(matches!(alone, Err(CommandError::Conflict(_))), "{alone:?}");
    world.empower(ben, Bits::BAN_MEMBERS);
    let people = world.people.clone();
    world.sim.converge(&people, world.server, 120_000);
    assert!(matches!(
        world.report(cem, ben, None, "bans his rivals"),
        Ok(Reply::Count(1))
    ));
    assert!(matches!(
        world.report(cem, ada, None, "never answers"),
        Ok(Reply::Count(1))
    ));
    assert_eq!(world.gets(ada, 1)[0].reason, "bans his rivals");
    assert_eq!(world.gets(ben, 1)[0].reason, "never answers");

    for (about, reason) in [(cem, "myself"), (ben, " "), (ben, &"x".repeat(1025))] {
        let refused = world.report(cem, about, None, reason);
        assert!(
            matches!(refused, Err(CommandError::Invalid { .. })),
            "{refused:?}"
        );
    }
    for _ in 0..OF_REPORTER_MAX {
        world.report(cem, ben, None, "again").unwrap();
    }
    world.gets(ada, OF_REPORTER_MAX);
    world.sim.run_for(60_000);
    assert_eq!(world.reports(ada).len(), OF_REPORTER_MAX);
    // Somebody else's still comes.
    world.report(ben, cem, None, "floods you").unwrap();
    world.gets(ada, OF_REPORTER_MAX + 1);
}
