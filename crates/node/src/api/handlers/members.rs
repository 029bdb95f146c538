//! Members.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use conclave_core::id::{IdentityId, Millis, RoleId, ServerId};
use conclave_engine::command::Command;

use super::{Answer, DONE, Done, found, page_len};
use crate::api::app::App;
use crate::api::dto::member::{Member, Members};
use crate::api::dto::requests::{Because, MembersQuery, PatchMember};
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params, Search};
use crate::api::id::Id;

/// Path of a member.
type MemberPath = (Id<ServerId>, Id<IdentityId>);

pub async fn list(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    Search(query): Search<MembersQuery>,
) -> Answer<Members> {
    let limit = page_len(query.limit, 100);
    let after = query.after.map(|id| id.0);
    let words = query.query.unwrap_or_default();
    let page = app
        .engine
        .read(move |reader| reader.members(server, &words, after, limit))
        .await?;
    found(
        "server",
        page.map(|(members, total)| Members {
            members: members
                .into_iter()
                .map(|member| Member::of(member, server, &app.files))
                .collect(),
            total,
        }),
    )
}

pub async fn read(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member))): Params<MemberPath>,
) -> Answer<Member> {
    found(
        "member",
        app.engine
            .read(move |reader| reader.member(server, member))
            .await?
            .map(|member| Member::of(member, server, &app.files)),
    )
}

/// Applies the changes one after the other; the first that is refused ends it, and those before it stay.
pub async fn patch(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member))): Params<MemberPath>,
    JsonBody(body): JsonBody<PatchMember>,
) -> Answer<Member> {
    if let Some(nickname) = body.nick {
        let nickname = nickname.filter(|nickname| !nickname.is_empty());
        let command = Command::SetNickname {
            server,
            member,
            nickname,
        };
        app.engine
            .command(command.because(body.reason.clone()))
            .await?;
    }
    if let Some(roles) = body.roles {
        let roles = roles.into_iter().map(|id| id.0).collect();
        set_roles(&app, server, member, roles, body.reason.as_ref()).await?;
    }
    if let Some(until) = body.timeout_until_ms {
        let command = Command::Timeout {
            server,
            member,
            until: until.map(Millis),
            reason: body.reason,
        };
        app.engine.command(command).await?;
    }
    found(
        "member",
        app.engine
            .read(move |reader| reader.member(server, member))
            .await?
            .map(|member| Member::of(member, server, &app.files)),
    )
}

async fn set_roles(
    app: &App,
    server: ServerId,
    member: IdentityId,
    wanted: BTreeSet<RoleId>,
    reason: Option<&String>,
) -> Result<(), ApiError> {
    let Json(now) = found(
        "member",
        app.engine
            .read(move |reader| reader.member(server, member))
            .await?,
    )?;
    let now: BTreeSet<RoleId> = now
        .roles
        .into_iter()
        .filter(|role| *role != server.everyone())
        .collect();
    for role in wanted
        .difference(&now)
        .copied()
        .filter(|role| *role != server.everyone())
    {
        let command = Command::GrantRole {
            server,
            role,
            member,
        };
        app.engine.command(command.because(reason.cloned())).await?;
    }
    for role in now.difference(&wanted).copied() {
        let command = Command::RevokeRole {
            server,
            role,
            member,
        };
        app.engine.command(command.because(reason.cloned())).await?;
    }
    Ok(())
}

pub async fn kick(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member))): Params<MemberPath>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    app.engine
        .command(Command::Kick {
            server,
            member,
            reason: body.reason,
        })
        .await?;
    DONE
}
