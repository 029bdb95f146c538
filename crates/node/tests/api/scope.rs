//! What a token may do: every route, with and without its action, within and beyond its server.

use conclave_node::api::{Action, Limit, routes};
use serde_json::{Value, json};

use crate::common::{Answer, TestNode, filled};

fn lacks_action(answer: &Answer) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    answer.status == 403 && body["error"]["details"]["action"].is_string()
}

#[test]
fn every_route_needs_its_action_and_no_other() {
    let node = TestNode::start();
    for route in routes() {
        let Some(action) = route.action else {
            assert_eq!(
                route.path, "/session",
                "only the exchange of a code is open"
            );
            continue;
        };
        let others: Vec<&str> = Action::ALL
            .iter()
            .filter(|other| ![action, Action::Admin].contains(other))
            .map(|other| other.name())
            .collect();
        let (without, with) = (
            node.api_token(&others, None),
            node.api_token(&[action.name()], None),
        );
        let ask = |token: &str| {
            node.with_token(token, route.method, &filled(route.path), Some(&json!({})))
        };
        assert!(
            lacks_action(&ask(&without)),
            "{} {} works without {}",
            route.method,
            route.path,
            action.name()
        );
        assert!(
            !lacks_action(&ask(&with)),
            "{} {} refuses {}",
            route.method,
            route.path,
            action.name()
        );
        // Few tokens at a time: each is compared with on every request.
        for token in node.get("/tokens").json()["tokens"].as_array().unwrap() {
            assert_eq!(
                node.as_person(
                    "DELETE",
                    &format!("/tokens/{}", token["id"].as_str().unwrap()),
                    None
                )
                .status,
                204
            );
        }
        assert_eq!(ask(&with).status, 401, "a revoked token is worth nothing");
    }
    node.stop();
}

#[test]
fn a_token_of_one_server_sees_nothing_of_another() {
    let node = TestNode::start();
    let ((mine, my_channel), (other, other_channel)) = (node.server(), node.server());
    let all: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
    let token = node.api_token(&all, Some(&mine));
    let ask =
        |method: &str, path: &str, body: Value| node.with_token(&token, method, path, Some(&body));

    let sent = ask(
        "POST",
        &format!("/channels/{my_channel}/messages"),
        json!({ "content": "here" }),
    );
    assert_eq!(sent.status, 201, "{}", sent.text());
    assert_eq!(
        ask(
            "POST",
            &format!("/channels/{other_channel}/messages"),
            json!({ "content": "there" })
        )
        .code(),
        "forbidden"
    );
    let there = node
        .post(
            &format!("/channels/{other_channel}/messages"),
            &json!({ "content": "there" }),
        )
        .json();
    let (here, there) = (
        sent.json()["id"].as_str().unwrap().to_owned(),
        there["id"].as_str().unwrap().to_owned(),
    );
    assert_eq!(
        ask("GET", &format!("/messages/{here}"), json!({})).status,
        200
    );
    assert_eq!(
        ask("GET", &format!("/messages/{there}"), json!({})).code(),
        "forbidden"
    );
    assert_eq!(
        ask("GET", &format!("/servers/{mine}"), json!({})).status,
        200
    );
    assert_eq!(
        ask("GET", &format!("/servers/{other}"), json!({})).code(),
        "forbidden"
    );
    let listed = ask("GET", "/servers", json!({})).json();
    assert_eq!(listed["servers"].as_array().unwrap().len(), 1);
    assert_eq!(listed["servers"][0]["id"], mine.as_str());
    let found = ask("GET", "/search?q=here", json!({})).json();
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
    assert!(
        ask("GET", "/search?q=there", json!({})).json()["results"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        ask("GET", &format!("/search?q=there&server={other}"), json!({})).code(),
        "forbidden"
    );
    for route in routes().filter(|route| route.limit == Limit::Never && route.action.is_some()) {
        let answer = node.with_token(&token, route.method, &filled(route.path), Some(&json!({})));
        assert_eq!(
            answer.code(),
            "forbidden",
            "{} {} reaches beyond one server",
            route.method,
            route.path
        );
    }
    node.stop();
}
