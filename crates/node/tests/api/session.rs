//! One-time codes, a fresh profile, settings.

use serde_json::json;

use crate::common::{TestNode, send};

#[test]
fn a_one_time_code_gives_a_token_once() {
    let node = TestNode::start();
    let url = node.handle.open_url().unwrap();
    let code = url.split_once("#code=").unwrap().1.to_owned();
    let redeem = |code: &str| {
        let body = json!({ "code": code }).to_string();
        send(
            node.port,
            "POST",
            "/api/v1/session",
            &[
                ("host", node.host()),
                ("content-type", "application/json".into()),
            ],
            body.as_bytes(),
        )
    };
    assert_eq!(redeem("guess").status, 401);
    let first = redeem(&code);
    assert_eq!(first.status, 200);
    let token = first.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(node.with_token(&token, "GET", "/me", None).status, 200);
    assert_eq!(redeem(&code).status, 401);
    assert_eq!(
        node.with_token(&code, "GET", "/me", None).status,
        401,
        "a code is no token"
    );
    node.stop();
}

#[test]
fn a_fresh_profile_asks_for_a_name_and_nothing_else() {
    let node = TestNode::start_fresh();
    let me = node.get("/me").json();
    assert_eq!(
        (me["created"].as_bool(), me["identity_id"].as_str()),
        (Some(false), None)
    );
    assert_eq!(node.get("/servers").json()["servers"], json!([]));
    assert_eq!(
        node.post("/servers", &json!({ "name": "Home" })).code(),
        "conflict"
    );
    for nameless in [
        json!({}),
        json!({ "display_name": "  " }),
        json!({ "bio": "x" }),
    ] {
        assert_eq!(node.put("/me", &nameless).code(), "invalid", "{nameless}");
    }
    let created = node.put("/me", &json!({ "display_name": "Ada" }));
    assert_eq!(created.status, 200, "{}", created.text());
    assert_eq!(created.json()["created"], true);
    assert_eq!(
        node.post("/servers", &json!({ "name": "Home" })).status,
        201
    );
    node.stop();
}

#[test]
fn settings_come_back_as_they_were_put() {
    let node = TestNode::start();
    let settings = json!({ "theme": "light", "nested": { "list": [1, 2, 3] } });
    assert_eq!(node.put("/settings", &settings).status, 204);
    assert_eq!(node.get("/settings").json(), settings);
    assert_eq!(
        node.put("/settings", &json!({ "x": "y".repeat(65 * 1024) }))
            .code(),
        "too_large"
    );
    assert_eq!(node.get("/settings").json(), settings);
    node.stop();
}

#[test]
fn the_same_nonce_is_the_same_message() {
    let node = TestNode::start();
    let (_, channel) = node.server();
    let path = format!("/channels/{channel}/messages");
    let say = |content: &str, nonce: &str| {
        node.post(&path, &json!({ "content": content, "nonce": nonce }))
            .json()["id"]
            .clone()
    };
    let first = say("once", "n1");
    assert_eq!(say("once", "n1"), first);
    assert_ne!(say("once", "n2"), first);
    assert_eq!(
        node.get(&path).json()["messages"].as_array().unwrap().len(),
        2
    );
    node.stop();
}
