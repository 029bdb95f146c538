//! Examines this node. What it says names no person, no server and no content, so that it can be shown to others.

use std::time::Duration;

use conclave_core::view::ViewError;

use crate::api::App;
use crate::api::dto::network::{Check, CheckStatus};
use crate::clock;
use crate::engine::EngineError;

/// Space below which a disk is called nearly full: a week of a busy community, and room for the database to move in.
const FREE_BYTES_LOW: u64 = 512 << 20;

/// Space below which the node cannot be trusted to go on.
const FREE_BYTES_NONE: u64 = 16 << 20;

/// A clock before this is wrong: 2026-01-01 in milliseconds since the Unix epoch.
const EARLIEST_MS: u64 = 1_767_225_600_000;

/// Time in which the engine must answer.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes all checks.
pub async fn examine(app: &App) -> Vec<Check> {
    let mut checks = vec![
        account(app).await,
        disk(app),
        clock_check(),
        vault(app),
        app_check(),
    ];
    checks.extend(network(app).await);
    checks
}

fn check(
    name: &'static str,
    status: CheckStatus,
    summary: impl Into<String>,
    advice: Option<&str>,
) -> Check {
    Check {
        name,
        status,
        summary: summary.into(),
        advice: advice.map(str::to_owned),
    }
}

async fn account(app: &App) -> Check {
    let read = app
        .engine
        .read(|reader| -> Result<usize, ViewError> { Ok(reader.servers()?.len()) });
    match tokio::time::timeout(ENGINE_TIMEOUT, read).await {
        Ok(Ok(servers)) => check(
            "account",
            CheckStatus::Ok,
            format!("the account is open, in {servers} servers"),
            None,
        ),
        Ok(Err(EngineError::NoAccount)) => check(
            "account",
            CheckStatus::Warn,
            "this profile has no account yet",
            Some("choose a display name: conclave init NAME"),
        ),
        Ok(Err(error)) => check(
            "account",
            CheckStatus::Fail,
            error.to_string(),
            Some("look at the log of the node"),
        ),
        Err(_) => check(
            "account",
            CheckStatus::Fail,
            "the engine does not answer",
            Some("the disk may be stuck; restart the node"),
        ),
    }
}

fn disk(app: &App) -> Check {
    let Ok(stat) = rustix::fs::statvfs(&app.profile_dir) else {
        return check(
            "disk",
            CheckStatus::Warn,
            "the free space cannot be read",
            None,
        );
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let summary = format!("{} MiB free where the profile lies", free >> 20);
    match free {
        free if free < FREE_BYTES_NONE => check(
            "disk",
            CheckStatus::Fail,
            summary,
            Some("free some space: new messages are refused"),
        ),
        free if free < FREE_BYTES_LOW => check(
            "disk",
            CheckStatus::Warn,
            summary,
            Some("free some space soon"),
        ),
        _ => check("disk", CheckStatus::Ok, summary, None),
    }
}

fn clock_check() -> Check {
    if clock::now().0 < EARLIEST_MS {
        let advice = "set the clock: messages would show a wrong time";
        return check(
            "clock",
            CheckStatus::Warn,
            "the clock of this machine is wrong",
            Some(advice),
        );
    }
    check(
        "clock",
        CheckStatus::Ok,
        "the clock is plausible; it is not compared with others",
        None,
    )
}

fn vault(app: &App) -> Check {
    if app.has_passphrase {
        return check(
            "vault",
            CheckStatus::Ok,
            "a passphrase protects the keys",
            None,
        );
    }
    let summary = "the keys are protected by the file system alone";
    check(
        "vault",
        CheckStatus::Ok,
        summary,
        Some("whoever can read this profile can be you; a passphrase would help"),
    )
}

fn app_check() -> Check {
    if crate::api::web_is_built() {
        return check(
            "app",
            CheckStatus::Ok,
            "the web app is in this binary",
            None,
        );
    }
    check(
        "app",
        CheckStatus::Warn,
        "this binary was built without the web app",
        Some("build with ./run"),
    )
}

async fn network(app: &App) -> Vec<Check> {
    let addr = app.network.addr().await;
    let mut checks = Vec::new();
    checks.push(if addr.direct.is_empty() && addr.relays.is_empty() {
        check(
            "network",
            CheckStatus::Fail,
            "no address of this machine is known",
            Some("is the machine connected to a network?"),
        )
    } else {
        check(
            "network",
            CheckStatus::Ok,
            format!("{} addresses of this machine", addr.direct.len()),
            None,
        )
    });
    let relays = app.network.relay_status();
    if relays.is_empty() {
        let advice = "members behind a router reach each other through one: start with --relay URL";
        checks.push(check(
            "relays",
            CheckStatus::Warn,
            "no relay is configured",
            Some(advice),
        ));
    }
    for relay in relays {
        checks.push(match (relay.connected, relay.denied) {
            (true, _) => check("relays", CheckStatus::Ok, "a relay is connected", None),
            (false, Some(_)) => check(
                "relays",
                CheckStatus::Fail,
                "a relay denied access",
                Some("ask its operator for a token"),
            ),
            (false, None) => check(
                "relays",
                CheckStatus::Warn,
                "a relay does not answer",
                Some("is its address right, and it up?"),
            ),
        });
    }
    let peers = app.network.paths().len();
    checks.push(match peers {
        0 => check(
            "peers",
            CheckStatus::Warn,
            "nobody is connected",
            Some("messages wait on this device until somebody is"),
        ),
        peers => check(
            "peers",
            CheckStatus::Ok,
            format!("{peers} nodes are connected"),
            None,
        ),
    });
    checks
}
