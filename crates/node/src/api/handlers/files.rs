//! Files and images: store, show, open.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use conclave_core::content;
use conclave_core::event::BlobRef;
use conclave_core::id::{BlobHash, ChannelId};
use conclave_engine::command::{Command, Reply};
use conclave_engine::model::BlobState;
use percent_encoding::percent_decode_str;

use super::{Answer, found};
use crate::api::app::App;
use crate::api::dto::message::Attachment;
use crate::api::dto::requests::{BlobName, TicketUrl};
use crate::api::error::ApiError;
use crate::api::extract::{ATTACHMENT_BYTES_MAX, IMAGE_BYTES_MAX, Params, read_body};
use crate::api::files::{clean_name, shown_type, stored_type};
use crate::api::id::Id;
use crate::clock;

/// How long a ticket waits for a file that must come from somebody else.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

pub async fn attach(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    request: Request,
) -> Result<(StatusCode, Json<Attachment>), ApiError> {
    let Json(server) = found(
        "channel",
        app.engine
            .read(move |reader| reader.channel(channel))
            .await?
            .map(|channel| channel.server),
    )?;
    let (parts, body) = request.into_parts();
    let name = file_name(&parts.headers)?;
    let claimed = header(&parts.headers, CONTENT_TYPE.as_str()).to_owned();
    let bytes = read_body(body, ATTACHMENT_BYTES_MAX).await?;
    if bytes.is_empty() {
        return Err(ApiError::invalid("the file is empty"));
    }
    let mime = stored_type(&bytes, &claimed);
    let (width, height) = dimensions(&mime, &bytes);
    let blob = store(&app, mime, bytes.to_vec()).await?;
    let file = content::Attachment {
        name,
        blob,
        width,
        height,
    };
    app.files.file(&file, server);
    Ok((
        StatusCode::CREATED,
        Json(Attachment::of(&file, BlobState::Ready)),
    ))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn file_name(headers: &HeaderMap) -> Result<String, ApiError> {
    let name = percent_decode_str(header(headers, "x-filename")).decode_utf8();
    let name = name.map_err(|_| ApiError::invalid("X-Filename: percent-encoded UTF-8"))?;
    Ok(clean_name(&name))
}

fn dimensions(mime: &str, bytes: &[u8]) -> (Option<u32>, Option<u32>) {
    let size = mime
        .starts_with("image/")
        .then(|| imagesize::blob_size(bytes).ok())
        .flatten();
    let number = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
    size.map_or((None, None), |size| {
        (number(size.width), number(size.height))
    })
}

async fn store(app: &App, mime: String, bytes: Vec<u8>) -> Result<BlobRef, ApiError> {
    match app
        .engine
        .command(Command::StoreBlob { mime, bytes })
        .await?
    {
        Reply::Blob(blob) => Ok(blob),
        _ => Err(ApiError::internal("the file was not stored")),
    }
}

pub async fn put_image(
    State(app): State<Arc<App>>,
    body: Body,
) -> Result<(StatusCode, Json<BlobName>), ApiError> {
    let bytes = read_body(body, IMAGE_BYTES_MAX).await?;
    let mime = shown_type(&bytes).filter(|mime| mime.starts_with("image/"));
    let mime = mime.ok_or_else(|| {
        ApiError::invalid("only PNG, JPEG, GIF, WebP, AVIF and BMP pictures can be used here")
    })?;
    let blob = store(&app, mime.to_owned(), bytes.to_vec()).await?;
    app.files.picture(Some(&blob), None);
    Ok((
        StatusCode::CREATED,
        Json(BlobName {
            hash: Id(blob.hash),
        }),
    ))
}

/// Gives the bytes of a picture; of anything else, as a download.
pub async fn image(
    State(app): State<Arc<App>>,
    Params(Id(hash)): Params<Id<BlobHash>>,
) -> Result<Response, ApiError> {
    let bytes = open(&app, hash).await?;
    let picture = shown_type(&bytes).filter(|mime| mime.starts_with("image/"));
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    let mime = picture.unwrap_or("application/octet-stream");
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(mime));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    if picture.is_none() {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    Ok(response)
}

/// Fetches the file if it is not here, then gives an address that opens it for a minute.
pub async fn ticket(
    State(app): State<Arc<App>>,
    Params(Id(hash)): Params<Id<BlobHash>>,
) -> Answer<TicketUrl> {
    open(&app, hash).await?;
    let file = app.files.get(&hash).and_then(|known| known.file);
    let name = file.map_or_else(|| "file".to_owned(), |file| clean_name(&file.name));
    let ticket = app
        .tickets
        .make(hash, name, clock::now())
        .map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Json(TicketUrl {
        url: format!(
            "http://127.0.0.1:{}/files/{}",
            app.files_port,
            ticket.as_str()
        ),
    }))
}

/// Reads a blob, from whoever has it if it is not here.
async fn open(app: &App, hash: BlobHash) -> Result<Vec<u8>, ApiError> {
    let known = app
        .files
        .get(&hash)
        .ok_or_else(|| ApiError::not_found("file"))?;
    if let Some(bytes) = read(app, &known.blob).await? {
        return Ok(bytes);
    }
    let mut arrivals = app.engine.blob_arrivals();
    let mut asked = false;
    for server in known.servers {
        asked |= app
            .engine
            .command(Command::FetchBlob { server, hash })
            .await
            .is_ok();
    }
    if !asked {
        return Err(ApiError::not_found("file"));
    }
    let arrived = async {
        loop {
            arrivals.borrow_and_update();
            if let Some(bytes) = read(app, &known.blob).await? {
                return Ok(bytes);
            }
            if arrivals.changed().await.is_err() {
                return Err(ApiError::internal("this node is shutting down"));
            }
        }
    };
    match tokio::time::timeout(FETCH_TIMEOUT, arrived).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let message = "nobody who is online has this file; it comes as soon as somebody who has it returns";
            Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message))
        }
    }
}

/// Reads a blob that is here.
pub async fn read(app: &App, blob: &BlobRef) -> Result<Option<Vec<u8>>, ApiError> {
    let blob = blob.clone();
    Ok(app.engine.read(move |reader| reader.blob(&blob)).await?)
}
