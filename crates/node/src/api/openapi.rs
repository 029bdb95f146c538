//! The API's description in OpenAPI 3.1, made from the table of routes.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::BASE;
use super::action::Action;
use super::route::{BodyKind, Limit, Route};
use super::routes;

/// Makes the document. The same routes give the same bytes.
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::all() {
        let operation = operation(route, &mut generator);
        let path = paths
            .entry(format!("{BASE}{}", route.path))
            .or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.to_ascii_lowercase(), operation);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Error".to_owned(), error_schema());
    let actions: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Conclave local API",
            "version": "1",
            "description": "JSON over HTTP on loopback. Every route but the exchange of a one-time code needs a bearer token. \
                Permissions are decimal strings of a u64, times are milliseconds since the Unix epoch, ids are lower-case hex.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:{port}", "variables": { "port": { "default": "7468" } } }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": format!("A session token, or an API token with some of the actions {}.", actions.join(", ")),
                },
            },
        },
    })
}

/// Gives the document as the repository keeps it.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = path_parameters(route.path);
    if let Some(query) = route.query {
        parameters.extend(query_parameters(&query(generator), generator));
    }
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "responses": responses(route, generator),
    });
    let Some(fields) = operation.as_object_mut() else {
        return operation;
    };
    match route.action {
        Some(action) => {
            fields.insert("x-action".into(), json!(action.name()));
            fields.insert(
                "x-server-limited-tokens".into(),
                json!(route.limit != Limit::Never),
            );
        }
        None => {
            fields.insert("security".into(), json!([]));
        }
    }
    if !parameters.is_empty() {
        fields.insert("parameters".into(), Value::Array(parameters));
    }
    if let Some(body) = request_body(route, generator) {
        fields.insert("requestBody".into(), body);
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let words = route
        .path
        .split(['/', '{', '}', '.', '-', '_'])
        .filter(|word| !word.is_empty());
    std::iter::once(route.method.to_ascii_lowercase())
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("_")
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let schema = match name {
            "kind" => json!({ "type": "string", "enum": ["role", "member"] }),
            "emoji" | "token" => json!({ "type": "string" }),
            _ => json!({ "$ref": "#/components/schemas/Id" }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    };
    names.map(parameter).collect()
}

fn query_parameters(schema: &Schema, generator: &SchemaGenerator) -> Vec<Value> {
    let name = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.rsplit('/').next());
    let Some(definition) = name.and_then(|name| generator.definitions().get(name)) else {
        return Vec::new();
    };
    let required: Vec<&str> = definition["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = definition["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, schema)| json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": schema }))
        .collect()
}

fn request_body(route: &Route, generator: &mut SchemaGenerator) -> Option<Value> {
    match (route.body, route.request) {
        (BodyKind::Raw(bytes_max), _) => Some(json!({
            "required": true,
            "description": format!("At most {bytes_max} bytes."),
            "content": { "application/octet-stream": {} },
        })),
        (_, Some(schema)) => Some(
            json!({ "required": true, "content": { "application/json": { "schema": schema(generator) } } }),
        ),
        (_, None) => None,
    }
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let success = match route.response {
        Some(schema) => {
            json!({ "description": route.summary, "content": { "application/json": { "schema": schema(generator) } } })
        }
        None => json!({ "description": route.summary }),
    };
    let error = json!({
        "description": "Refused",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    });
    json!({ route.status.to_string(): success, "default": error })
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": { "type": "string", "description": "For programs." },
                    "message": { "type": "string", "description": "What happened and what to do." },
                    "details": { "type": "object" },
                },
            },
        },
    })
}
