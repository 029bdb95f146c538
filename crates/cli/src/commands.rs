//! One function a command: from arguments to requests, from answers to text.

pub mod account;
pub mod audit;
pub mod channels;
pub mod chats;
pub mod checkpoints;
pub mod invites;
pub mod members;
pub mod messages;
pub mod moderation;
pub mod node;
pub mod ownership;
pub mod reading;
pub mod reports;
pub mod roles;
pub mod servers;

use std::io::Read;

use serde_json::{Map, Value};

use crate::error::CliError;

/// Longest text that is read from the standard input.
const INPUT_BYTES_MAX: u64 = 1 << 20;

/// Makes an object of the fields that are given.
pub fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// The argument, or the standard input for `-`, without the line break at its end.
pub fn argument_or_input(argument: &str) -> Result<String, CliError> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    let input = std::io::stdin().lock();
    input
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(CliError::io("the standard input"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
