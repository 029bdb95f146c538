//! The description in the repository is the one that the node serves.

use std::path::Path;

use conclave_node::api::{openapi, routes};

use crate::common::TestNode;

#[test]
fn the_description_in_the_repository_is_the_current_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    let current = openapi::text();
    if std::env::var_os("CONCLAVE_WRITE_API").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == current,
        "docs/api/openapi.json is not current: run this test with CONCLAVE_WRITE_API=1"
    );
}

#[test]
fn every_route_is_described_and_served() {
    let node = TestNode::start();
    let document = node.get("/openapi.json").json();
    let mut count = 0;
    for route in routes() {
        let operation =
            &document["paths"][format!("/api/v1{}", route.path)][route.method.to_ascii_lowercase()];
        assert_eq!(
            operation["summary"], route.summary,
            "{} {}",
            route.method, route.path
        );
        count += 1;
    }
    let described: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(described, count);
    let text = document.to_string();
    for name in text
        .split("#/components/schemas/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name} is named and not described"
        );
    }
    node.stop();
}
