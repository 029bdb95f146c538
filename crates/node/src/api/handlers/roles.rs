//! Roles.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use conclave_core::id::{IdentityId, RoleId, ServerId};
use conclave_core::permissions::Bits;
use conclave_core::view::ViewError;
use conclave_engine::command::{Command, Place, Reply, RoleChange, RoleDraft};
use conclave_engine::reader::Reader;

use super::{Answer, DONE, Done, found};
use crate::api::app::App;
use crate::api::dto::requests::{Because, CreateRole, PatchRole, RolePlace};
use crate::api::dto::server::Role;
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::id::Id;

fn show(reader: &Reader<'_>, server: ServerId, role: RoleId) -> Result<Option<Role>, ViewError> {
    let server = reader.server(server)?;
    Ok(server
        .and_then(|server| server.roles.into_iter().find(|found| found.id == role))
        .map(Role::from))
}

pub async fn create(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<CreateRole>,
) -> Result<(StatusCode, Json<Role>), ApiError> {
    let draft = RoleDraft {
        server,
        name: body.name,
        color: body.color,
        hoist: body.hoist,
        mentionable: body.mentionable,
        permissions: body.permissions.map_or(Bits::NONE, |bits| bits.0),
    };
    let show = move |reply, reader: &Reader<'_>| match reply {
        Reply::Role(role) => show(reader, server, role),
        _ => Ok(None),
    };
    let Json(role) = found(
        "role",
        app.engine
            .command_then(Command::CreateRole(draft), show)
            .await?,
    )?;
    Ok((StatusCode::CREATED, Json(role)))
}

pub async fn patch(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(role))): Params<(Id<ServerId>, Id<RoleId>)>,
    JsonBody(body): JsonBody<PatchRole>,
) -> Answer<Role> {
    let change = RoleChange {
        server,
        role,
        name: body.name,
        color: body.color,
        hoist: body.hoist,
        mentionable: body.mentionable,
        permissions: body.permissions.map(|bits| bits.0),
        place: body.position.map(|place| match place {
            RolePlace::Above(id) => Place::After(id.0),
            RolePlace::Below(id) => Place::Before(id.0),
        }),
    };
    found(
        "role",
        app.engine
            .command_then(
                Command::UpdateRole(change).because(body.reason),
                move |_, reader| show(reader, server, role),
            )
            .await?,
    )
}

pub async fn delete(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(role))): Params<(Id<ServerId>, Id<RoleId>)>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    let command = Command::DeleteRole { server, role };
    app.engine.command(command.because(body.reason)).await?;
    DONE
}

/// Path of a member's role.
type MemberRole = (Id<ServerId>, Id<IdentityId>, Id<RoleId>);

pub async fn grant(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member), Id(role))): Params<MemberRole>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    let command = Command::GrantRole {
        server,
        role,
        member,
    };
    app.engine.command(command.because(body.reason)).await?;
    DONE
}

pub async fn revoke(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member), Id(role))): Params<MemberRole>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    let command = Command::RevokeRole {
        server,
        role,
        member,
    };
    app.engine.command(command.because(body.reason)).await?;
    DONE
}
