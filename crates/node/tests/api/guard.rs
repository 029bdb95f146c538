//! Who may not even knock: every route, every way of attack, and beside each the same request done right.

use conclave_node::api::routes;

use crate::common::{Answer, TestNode, filled, send};

/// Every address that the node answers at: all routes, unknown ones, the app.
fn addresses() -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = routes()
        .map(|route| (route.method, format!("/api/v1{}", filled(route.path))))
        .collect();
    all.extend([
        ("GET", "/api/v1/nothing".to_owned()),
        ("PATCH", "/api/v1/me".to_owned()),
        ("GET", "/api/v2/me".to_owned()),
        ("GET", "/".to_owned()),
        ("GET", "/index.html".to_owned()),
        ("GET", "/nothing.js".to_owned()),
    ]);
    all
}

fn is_open(path: &str) -> bool {
    !path.starts_with("/api/") || path == "/api/v1/session"
}

/// One request with some headers changed; a header without value is left out.
fn request(
    node: &TestNode,
    method: &str,
    path: &str,
    changed: &[(&str, Option<String>)],
) -> Answer {
    let bearer = format!("Bearer {}", node.token);
    let usual = [
        ("host", node.host()),
        ("authorization", bearer),
        ("content-type", "application/json".to_owned()),
    ];
    let mut headers: Vec<(&str, String)> = usual
        .into_iter()
        .filter(|(name, _)| changed.iter().all(|(other, _)| other != name))
        .collect();
    headers.extend(
        changed
            .iter()
            .filter_map(|(name, value)| Some((*name, value.clone()?))),
    );
    send(node.port, method, path, &headers, b"{}")
}

fn is_refused_at_the_door(answer: &Answer) -> bool {
    let own = answer.status == 401 && !answer.text().contains("used before");
    own || answer.status == 421 || answer.code() == "forbidden_origin"
}

#[test]
fn every_address_refuses_strangers_and_answers_the_person() {
    let node = TestNode::start();
    let all = addresses();
    assert!(all.len() > 70, "the table lost routes: {}", all.len());
    let port = node.port;
    for (method, path) in &all {
        let at = |changed: &[(&str, Option<String>)]| request(&node, method, path, changed);

        let right = at(&[]);
        assert!(
            !is_refused_at_the_door(&right),
            "{method} {path} refused the person: {right:?}"
        );
        let own_page = at(&[
            ("origin", Some(format!("http://127.0.0.1:{port}"))),
            ("sec-fetch-site", Some("same-origin".into())),
        ]);
        assert!(
            !is_refused_at_the_door(&own_page),
            "{method} {path} refused its own page: {own_page:?}"
        );

        for host in [
            "evil.example",
            &format!("evil.example:{port}"),
            "127.0.0.1",
            "127.0.0.1:1",
            &format!("127.0.0.1.evil.example:{port}"),
            "",
        ] {
            assert_eq!(
                at(&[("host", Some(host.to_owned()))]).status,
                421,
                "{method} {path} with Host {host:?}"
            );
        }
        for origin in [
            "http://evil.example",
            "null",
            &format!("https://127.0.0.1:{port}"),
            "http://127.0.0.1:1",
            &format!("http://127.0.0.1:{port}.evil.example"),
        ] {
            let answer = at(&[("origin", Some(origin.to_owned()))]);
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "forbidden_origin"),
                "{method} {path} with Origin {origin:?}"
            );
        }
        for site in ["cross-site", "same-site", "\u{fffd}"] {
            let answer = at(&[("sec-fetch-site", Some(site.to_owned()))]);
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "forbidden_origin"),
                "{method} {path} from {site}"
            );
        }
        for token in [
            None,
            Some("Bearer "),
            Some("Bearer wrong"),
            Some("Basic YTpi"),
            Some("Bearer cnclv_wrong"),
            Some(node.token.as_str()),
        ] {
            let answer = at(&[("authorization", token.map(str::to_owned))]);
            let expected = !is_open(path);
            assert_eq!(
                answer.status == 401
                    && answer.code() == "unauthorized"
                    && is_refused_at_the_door(&answer),
                expected,
                "{method} {path} with {token:?}"
            );
        }
    }
    node.stop();
}

#[test]
fn two_hosts_or_a_foreign_request_line_are_misdirected() {
    let node = TestNode::start();
    let bearer = ("authorization", format!("Bearer {}", node.token));
    let ask = |path: &str, hosts: &[&str]| {
        let mut headers: Vec<(&str, String)> = hosts
            .iter()
            .map(|host| ("host", (*host).to_owned()))
            .collect();
        headers.push(bearer.clone());
        send(node.port, "GET", path, &headers, b"").status
    };
    let own = node.host();
    assert_eq!(ask("/api/v1/me", &[&own]), 200);
    assert_eq!(ask("/api/v1/me", &[&own, "evil.example"]), 421);
    assert_eq!(ask("/api/v1/me", &["evil.example", &own]), 421);
    assert_eq!(ask(&format!("http://{own}/api/v1/me"), &[&own]), 200);
    assert_eq!(ask("http://evil.example/api/v1/me", &[&own]), 421);
    node.stop();
}

#[test]
fn a_link_from_elsewhere_may_open_the_app_and_nothing_else() {
    let node = TestNode::start();
    let navigate = |path: &str, dest: &str| {
        let headers = [
            ("host", node.host()),
            ("authorization", format!("Bearer {}", node.token)),
            ("sec-fetch-site", "cross-site".to_owned()),
            ("sec-fetch-mode", "navigate".to_owned()),
            ("sec-fetch-dest", dest.to_owned()),
        ];
        send(node.port, "GET", path, &headers, b"").status
    };
    assert_eq!(navigate("/", "document"), 200);
    assert_eq!(navigate("/", "iframe"), 403);
    assert_eq!(navigate("/api/v1/me", "document"), 403);
    node.stop();
}

#[test]
fn every_answer_bears_the_security_headers_and_no_cookie() {
    let node = TestNode::start();
    for (method, path) in addresses() {
        for changed in [
            vec![],
            vec![("host", Some("evil.example".to_owned()))],
            vec![("authorization", None)],
        ] {
            let answer = request(&node, method, &path, &changed);
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(
                policy.contains("default-src 'none'"),
                "{method} {path}: {}",
                answer.head
            );
            assert!(!policy.contains("unsafe"), "{method} {path}: {policy}");
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{method} {path}"
            );
            assert_eq!(
                answer.header("x-frame-options"),
                Some("DENY"),
                "{method} {path}"
            );
            assert_eq!(
                answer.header("referrer-policy"),
                Some("no-referrer"),
                "{method} {path}"
            );
            assert_eq!(answer.header("set-cookie"), None, "{method} {path}");
            assert_eq!(
                answer.header("access-control-allow-origin"),
                None,
                "{method} {path}"
            );
        }
    }
    node.stop();
}
