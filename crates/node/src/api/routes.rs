//! The table of all routes.

mod account;
mod channels;
mod moderation;
mod ownership;
mod servers;

use super::action::Action;
use super::route::Route;

/// Settings are opaque to the node.
type Settings = serde_json::Map<String, serde_json::Value>;

const fn read(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("GET", path, action, what, handler)
}

const fn add(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("POST", path, action, what, handler)
}

const fn set(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("PUT", path, action, what, handler)
}

const fn change(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("PATCH", path, action, what, handler)
}

const fn remove(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("DELETE", path, action, what, handler)
}

/// Makes the handler of a route.
type Handler = fn() -> axum::routing::MethodRouter<std::sync::Arc<super::app::App>>;

/// Every route below `/api/v1`.
pub static ROUTES: &[&[Route]] = &[
    account::ACCOUNT,
    servers::SERVERS,
    servers::MEMBERS,
    ownership::OWNERSHIP,
    channels::CHANNELS,
    servers::ROLES,
    channels::MESSAGES,
    channels::FILES,
    servers::INVITES,
    moderation::MODERATION,
    account::NODE,
];

/// Every route, one after the other.
pub fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().flat_map(|group| group.iter())
}
