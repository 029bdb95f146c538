//! Named points at which a test kills this process, to show that nothing acknowledged is lost.
//!
//! `CONCLAVE_CRASH_AT=name` or `name:nth` aborts at the nth passage (from 1). The variable is read once; without it a point
//! costs one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Before a transaction is committed.
pub const BEFORE_COMMIT: &str = "before-commit";
/// After a transaction is durable, before anything that follows from it.
pub const AFTER_COMMIT: &str = "after-commit";
/// After frames were handed to the transport.
pub const AFTER_SEND: &str = "after-send";
/// After whoever asked was answered.
pub const AFTER_REPLY: &str = "after-reply";
/// After the vault was written, before the account is in the store.
pub const AFTER_VAULT_WRITE: &str = "after-vault-write";
/// Between the commit of a join and its answer.
pub const IN_JOIN: &str = "in-join";

/// Every point by name.
pub const POINTS: [&str; 6] = [
    BEFORE_COMMIT,
    AFTER_COMMIT,
    AFTER_SEND,
    AFTER_REPLY,
    AFTER_VAULT_WRITE,
    IN_JOIN,
];

struct Plan {
    name: String,
    left: AtomicU64,
}

static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

/// Passes a point, or ends the process there.
pub fn point(name: &str) {
    let Some(plan) = PLAN.get_or_init(|| parse(&std::env::var("CONCLAVE_CRASH_AT").ok()?)) else {
        return;
    };
    if plan.name == name && plan.left.fetch_sub(1, Ordering::SeqCst) == 1 {
        std::process::abort();
    }
}

fn parse(text: &str) -> Option<Plan> {
    let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
    let nth: u64 = nth.parse().ok().filter(|nth| *nth > 0)?;
    POINTS.contains(&name).then(|| Plan {
        name: name.to_owned(),
        left: AtomicU64::new(nth),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_a_known_point_and_a_count_from_one() {
        let read =
            |text| parse(text).map(|plan| (plan.name.clone(), plan.left.load(Ordering::SeqCst)));
        assert_eq!(read("after-commit"), Some(("after-commit".into(), 1)));
        assert_eq!(read("before-commit:7"), Some(("before-commit".into(), 7)));
        assert_eq!(read("before-commit:0"), None);
        assert_eq!(read("somewhere"), None);
    }
}
