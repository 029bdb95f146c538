//! Serving Prometheus metrics: counters that name nobody, on loopback or behind a token.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

/// Longest request that is read.
const REQUEST_BYTES_MAX: usize = 4096;

/// Time in which a request must be made and answered.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Answers every request with the counters; with a token, only those that bring it as `Authorization: Bearer`.
pub async fn serve<F: Future<Output = String>>(
    listener: TcpListener,
    token: Option<Arc<Zeroizing<String>>>,
    text: impl Fn() -> F,
) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::time::sleep(REQUEST_TIMEOUT).await;
            continue;
        };
        let answer = async {
            let mut request = [0; REQUEST_BYTES_MAX];
            let length = stream.read(&mut request).await?;
            let allowed = token
                .as_ref()
                .is_none_or(|token| brings(&request[..length], token));
            let (status, body) = if allowed {
                ("200 OK", text().await)
            } else {
                ("401 Unauthorized", String::new())
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.shutdown().await
        };
        let _: Result<std::io::Result<()>, _> = tokio::time::timeout(REQUEST_TIMEOUT, answer).await;
    }
}

/// Whether a request brings the token. What is compared does not stop at the first difference.
fn brings(request: &[u8], token: &str) -> bool {
    let text = String::from_utf8_lossy(request);
    let given = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = value.trim().strip_prefix("Bearer ")?;
        name.eq_ignore_ascii_case("authorization")
            .then(|| value.trim().to_owned())
    });
    given.is_some_and(|given| {
        let differ = given
            .bytes()
            .zip(token.bytes())
            .fold(0, |all, (a, b)| all | (a ^ b));
        given.len() == token.len() && !token.is_empty() && differ == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_token_is_let_in() {
        let with = |token: &str| format!("GET / HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n");
        assert!(brings(with("sesame").as_bytes(), "sesame"));
        assert!(!brings(with("sesam").as_bytes(), "sesame"));
        assert!(!brings(with("").as_bytes(), ""));
        assert!(!brings(b"GET / HTTP/1.1\r\n\r\n", "sesame"));
    }
}
