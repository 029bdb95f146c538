//! The event loop, the roles, and the local API.
