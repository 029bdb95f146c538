//! Secrets stay where they belong: not in logs, not in files that others can read, not without the passphrase.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::api::Api;
use crate::harness::{Process, World, conclave, text};

/// Starts a node that logs whatever it can.
fn talkative(profile: &Path, log: &Path) -> (Process, Api, String, String) {
    let mut command = conclave();
    command
        .env("CONCLAVE_LOG", "trace")
        .args([
            "--no-open",
            "--port",
            "0",
            "--bind",
            "127.0.0.1:0",
            "--profile-dir",
        ])
        .arg(profile);
    let process = Process::spawn(command, log);
    let line = process.line().unwrap();
    let code = line.split_once("#code=").unwrap().1.trim().to_owned();
    let session: Value =
        serde_json::from_slice(&fs::read(profile.join("session.json")).unwrap()).unwrap();
    let token = text(&session, "token");
    (
        process,
        Api::new(&text(&session, "url"), &token),
        code,
        token,
    )
}

#[test]
fn nothing_secret_is_logged_however_much_is_logged() {
    let world = World::new();
    let ben = world.person("ben");
    let log = world.path().join("talkative.log");
    let (process, api, code, session) = talkative(&world.path().join("ada"), &log);
    api.put("/me", json!({ "display_name": "canary-name" }))
        .unwrap();
    let server = api
        .post("/servers", json!({ "name": "canary-server" }))
        .unwrap();
    let channels = server["channels"].as_array().unwrap();
    let general = text(
        channels
            .iter()
            .find(|channel| channel["kind"] == "text")
            .unwrap(),
        "id",
    );
    let invites = format!("/servers/{}/invites", text(&server, "id"));
    let link = text(&api.post(&invites, json!({})).unwrap(), "url");
    let bot = json!({ "name": "bot", "actions": ["messages:write"] });
    let token = text(&api.post("/tokens", bot).unwrap(), "token");
    ben.join(&link);
    api.post(
        &format!("/channels/{general}/messages"),
        json!({ "content": "canary-message" }),
    )
    .unwrap();
    ben.sees(&general, "canary-message");
    let damaged = api.post(
        "/invites/join",
        json!({ "link": "conclave://canary-damaged-link" }),
    );
    assert!(damaged.is_err());
    assert!(process.stop().success());

    let log = fs::read_to_string(&log).unwrap();
    assert!(
        log.contains("connected"),
        "the log is silent, and this shows nothing"
    );
    let canaries = [
        "canary-name",
        "canary-server",
        "canary-message",
        "canary-damaged-link",
    ];
    for secret in [&session, &code, &link, &token]
        .map(String::as_str)
        .into_iter()
        .chain(canaries)
    {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
}

#[test]
fn a_profile_is_closed_to_other_users_and_its_session_ends_with_the_node() {
    let world = World::new();
    let mut ada = world.person("ada");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&ada.profile), 0o700);
    for entry in fs::read_dir(&ada.profile).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(
            mode(&path) & 0o077,
            0,
            "{} can be read by others",
            path.display()
        );
    }
    let session = ada.profile.join("session.json");
    assert!(session.exists());
    ada.stop();
    assert!(!session.exists(), "the token outlives the node");
}

#[test]
fn a_passphrase_keeps_the_profile_shut() {
    let world = World::new();
    let file = world.path().join("passphrase");
    fs::write(&file, "correct horse\n").unwrap();
    let mut ada = world.person_at(
        "ada",
        &[
            "--bind",
            "127.0.0.1:0",
            "--passphrase-file",
            file.to_str().unwrap(),
        ],
    );
    ada.stop();
    let start = |args: &[&str]| {
        let output = conclave()
            .args(["--no-open", "--port", "0", "--profile-dir"])
            .arg(&ada.profile)
            .args(args)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, words) = start(&[]);
    assert!(
        code == Some(2) && words.contains("--passphrase-file"),
        "{words}"
    );
    fs::write(&file, "wrong horse\n").unwrap();
    let (code, words) = start(&["--passphrase-file", file.to_str().unwrap()]);
    assert!(
        code == Some(5) && words.contains("passphrase is wrong"),
        "{words}"
    );
    fs::write(&file, "correct horse\n").unwrap();
    ada.start();
    assert_eq!(ada.get("/me")["display_name"], "ada");
}

#[test]
fn a_stranger_cannot_paint_the_terminal() {
    let world = World::new();
    let ada = world.person("ada");
    let (_, general) = ada.found("Harbour");
    ada.say(&general, "\u{1b}]0;owned\u{7}\u{1b}[2Jtext\u{202e}");
    let output = conclave()
        .args(["history", &general, "--profile-dir"])
        .arg(&ada.profile)
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("text"));
    assert!(!output.stdout.contains(&0x1b) && !output.stdout.contains(&7));
}
