//! What a route is: its address, what it needs, what it takes and gives, who answers.

use std::sync::Arc;

use axum::http::Method;
use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::action::Action;
use super::app::App;

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a token that is limited to one server may do at a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// The path names a server, channel or message: it must be of that server.
    Path,
    /// The answer holds nothing of other servers.
    Any,
    /// Nothing: the route reaches beyond one server.
    Never,
}

/// What kind of body a route takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyKind {
    /// None, or an empty JSON object.
    Empty,
    /// JSON.
    Json,
    /// The bytes of a file, of at most so many bytes.
    Raw(usize),
}

/// One route of the API. The table of them is the only place where routes, their needs and their docs are declared.
#[derive(Clone, Copy)]
pub struct Route {
    /// Method, as in HTTP.
    pub method: &'static str,
    /// Path below `/api/v1`.
    pub path: &'static str,
    /// What a token must be allowed; none only for the exchange of a one-time code.
    pub action: Option<Action>,
    /// What a limited token may do.
    pub limit: Limit,
    /// What it takes.
    pub body: BodyKind,
    /// One line for the docs.
    pub summary: &'static str,
    /// Schema of the parameters in the query.
    pub query: Option<SchemaOf>,
    /// Schema of the body.
    pub request: Option<SchemaOf>,
    /// Schema of the answer.
    pub response: Option<SchemaOf>,
    /// Status of success.
    pub status: u16,
    /// Who answers.
    pub handler: fn() -> MethodRouter<Arc<App>>,
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Route {
    /// Declares a route without body and answer.
    pub const fn new(
        method: &'static str,
        path: &'static str,
        action: Action,
        summary: &'static str,
        handler: fn() -> MethodRouter<Arc<App>>,
    ) -> Self {
        Self {
            method,
            path,
            action: Some(action),
            limit: Limit::Path,
            body: BodyKind::Empty,
            summary,
            query: None,
            request: None,
            response: None,
            status: 204,
            handler,
        }
    }

    /// Takes a JSON body.
    #[must_use]
    pub const fn takes<T: JsonSchema>(mut self) -> Self {
        self.request = Some(schema_of::<T>);
        self.body = BodyKind::Json;
        self
    }

    /// Takes a raw body.
    #[must_use]
    pub const fn takes_bytes(mut self, bytes_max: usize) -> Self {
        self.body = BodyKind::Raw(bytes_max);
        self
    }

    /// Takes parameters in the query.
    #[must_use]
    pub const fn asks<T: JsonSchema>(mut self) -> Self {
        self.query = Some(schema_of::<T>);
        self
    }

    /// Answers with JSON.
    #[must_use]
    pub const fn gives<T: JsonSchema>(mut self) -> Self {
        self.response = Some(schema_of::<T>);
        self.status = 200;
        self
    }

    /// Answers with another status.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Says what a token that is limited to one server may do.
    #[must_use]
    pub const fn limit(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// Needs no token.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.action = None;
        self
    }

    /// The method as a value.
    pub fn http_method(&self) -> Method {
        Method::from_bytes(self.method.as_bytes()).unwrap_or(Method::GET)
    }
}
