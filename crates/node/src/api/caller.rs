//! Who makes a request, and what that allows.

use conclave_core::id::ServerId;

use super::action::Action;
use super::error::ApiError;

/// The holder of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Caller {
    /// The person: their browser or their command line.
    Person,
    /// An API token.
    Token {
        /// What it may do, ascending.
        actions: Vec<Action>,
        /// The one server that it may touch, if it is so limited.
        server: Option<ServerId>,
    },
}

impl Caller {
    /// Whether the caller may do something at all.
    pub fn may(&self, action: Action) -> bool {
        match self {
            Self::Person => true,
            Self::Token { actions, .. } => {
                actions.contains(&action) || actions.contains(&Action::Admin)
            }
        }
    }

    /// The one server that the caller is limited to.
    pub fn server(&self) -> Option<ServerId> {
        match self {
            Self::Person => None,
            Self::Token { server, .. } => *server,
        }
    }

    /// Requires an action.
    ///
    /// # Errors
    /// 403 with the action in its details.
    pub fn require(&self, action: Action) -> Result<(), ApiError> {
        if self.may(action) {
            return Ok(());
        }
        let message = format!(
            "this token may not do this: it needs the action {:?}",
            action.name()
        );
        Err(ApiError::forbidden(message)
            .with_details(serde_json::json!({ "action": action.name() })))
    }

    /// Requires that the caller may touch a server.
    ///
    /// # Errors
    /// 403.
    pub fn require_server(&self, server: ServerId) -> Result<(), ApiError> {
        match self.server() {
            Some(only) if only != server => Err(other_server()),
            _ => Ok(()),
        }
    }
}

/// The refusal of a token that is limited to another server.
pub fn other_server() -> ApiError {
    ApiError::forbidden("this token is limited to another server")
}
