//! A small HTTP server for whoever watches over the gateway: pages of text, and nothing to change.
//!
//! It asks nobody who they are, so it belongs on an address that only this machine or its own network
//! reaches. It answers GET and HEAD, takes no body, and serves a few connections at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::as2::wire::Outgoing;

/// Connections at once.
const CONNECTIONS: usize = 32;
/// How long a connection lasts at most: whoever asks again connects again.
const LONGEST: Duration = Duration::from_secs(60);
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// The most bytes of a head.
const LONGEST_HEAD: usize = 16 << 10;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status of HTTP, e.g. 200 or 503.
    pub status: u16,
    /// What it is written in, e.g. `text/plain; charset=utf-8`.
    pub content_type: &'static str,
    /// The text.
    pub text: String,
}

/// Who writes the pages.
pub trait Pages: Send + Sync + 'static {
    /// The page of a path; `None` when there is none.
    fn page<'a>(&'a self, path: &'a str)
    -> Pin<Box<dyn Future<Output = Option<Page>> + Send + 'a>>;
}

/// Whether an address is on this machine alone.
pub fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Serves pages until `stop` is ready.
pub async fn run(listener: TcpListener, pages: Arc<dyn Pages>, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles, most likely. Ending would make it no better.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let pages = Arc::clone(&pages);
            tokio::spawn(async move {
                let _ = timeout(LONGEST, speak(stream, pages)).await;
                drop(place);
            });
        }
    }
}

async fn speak(stream: TcpStream, pages: Arc<dyn Pages>) {
    let service = service_fn(move |request| {
        let pages = Arc::clone(&pages);
        async move { Ok::<_, Infallible>(answer(&*pages, &request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(LONGEST_HEAD);
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(pages: &dyn Pages, request: &Request<Incoming>) -> Response<Outgoing> {
    let text = |status: u16, text: &str| Page {
        status,
        content_type: "text/plain; charset=utf-8",
        text: format!("{text}\n"),
    };
    let is_known = matches!(*request.method(), Method::GET | Method::HEAD);
    let page = match is_known {
        true => pages.page(request.uri().path()).await,
        false => Some(text(405, "GET and HEAD are answered here")),
    };
    let page = page.unwrap_or_else(|| text(404, "nothing is here"));
    let body = match *request.method() {
        Method::HEAD => Outgoing::empty(),
        _ => Outgoing::from(page.text.into_bytes()),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() =
        StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(page.content_type));
    headers.insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    if !is_known {
        headers.insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
        headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
    }
    answer
}
