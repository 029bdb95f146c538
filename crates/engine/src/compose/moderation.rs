//! Moderators' tools that act on more than one member, and what only concerns moderation.

use crate::command::{Command, CommandError, Reply};
use crate::ctx::Ctx;
use crate::lost;
use crate::peer::State;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::AcknowledgeLost { server } => {
            // Open also to whoever is no member any more: their own work is what was lost.
            let room = state.rooms.get(&server);
            let room = room.ok_or(CommandError::NotFound { what: "server" })?;
            lost::acknowledge(room, ctx)?;
        }
        _ => return Err(CommandError::NotFound { what: "command" }),
    }
    Ok(Reply::Done)
}
