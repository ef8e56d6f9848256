//! What the fuzz targets reach of HTTP as AS2 has it. Built for fuzzing and for tests alone.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tieline_smime::mime::Headers;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::as2::fields::{self, Addressed, is_name, quoted};
use crate::as2::guard::{Guard, LONGEST_HEAD};
use crate::as2::message::{closing, first_part};
use crate::as2::wire::{self, Url};

/// Connections as clients open them, and some that read in two ways.
pub fn seeds() -> Vec<Vec<u8>> {
    let head = "POST /as2 HTTP/1.1\r\nHost: a\r\nAS2-From: \"Wheatland Supply\"\r\nAS2-To: prairie\r\n\
                Message-ID: <1@a>\r\nAS2-Version: 1.2\r\n";
    let chunks = "5;x=y\r\nISA*0\r\n0a\r\n0*        \r\n0\r\nTrailer: a\r\n\r\n";
    let report = "--b\r\nContent-Type: multipart/report\r\n\r\nx\r\n--b--";
    [
        format!("{head}Content-Length: 6\r\n\r\nISA*00GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}{head}\r\n"),
        format!("{head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"),
        format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        format!("{head}Transfer-Encoding: gzip, chunked\r\n\r\n{chunks}"),
        format!("{head}X: y\r\n z\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"),
        format!("{head}Connection: upgrade\r\nUpgrade: a\r\n\r\nPOST / HTTP/1.0\r\n\r\n"),
        format!("CONNECT a:1 HTTP/1.1\r\n\r\n{head}Content-Length: 0\r\n\r\n"),
        report.to_string(),
        "https://as2.partner.example:4443/receive?mailbox=7".to_string(),
        "\"Wheatland \\\"AS2\\\" Supply\"".to_string(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// A request: its method and path, and its body.
type Heard = (String, Vec<u8>);

/// Follows bytes along a connection, in one piece and in these: it comes to the same. Where the guard
/// finds nothing, `hyper` hears the requests that a plain reading of the bytes has, and no others.
pub fn follow(whole: &[u8], pieces: &[&[u8]]) {
    let fault = guarded(&[whole]);
    assert_eq!(fault, guarded(pieces), "pieces tell something else");
    let (heard, noted) = heard(whole);
    if fault.is_none() {
        assert_eq!(noted, None, "the guard sees less than all");
        let plain = plain(whole);
        assert!(heard.len() <= plain.len(), "hyper hears more requests than there are");
        assert!(heard.iter().eq(&plain[..heard.len()]), "hyper hears {heard:?}, not {plain:?}");
    }
}

fn guarded(pieces: &[&[u8]]) -> Option<&'static str> {
    let (mut guard, found) = Guard::new(());
    pieces.iter().for_each(|piece| guard.see(piece));
    found.fault()
}

/// What `hyper` hears to its end, set up as in the server, and what the guard says to it.
fn heard(bytes: &[u8]) -> (Vec<Heard>, Option<&'static str>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let found = runtime.block_on(async {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        client.write_all(bytes).await.expect("there is room");
        client.shutdown().await.expect("it is open");
        let (stream, found) = Guard::new(server);
        let service = service_fn(|request| {
            let heard = Arc::clone(&heard);
            async move { Ok::<_, Infallible>(hear(request, &heard).await) }
        });
        let mut http = http1::Builder::new();
        http.max_buf_size(LONGEST_HEAD).max_headers(100).half_close(true);
        let _ = http.serve_connection(TokioIo::new(stream), service).await;
        let _ = client.read_to_end(&mut Vec::new()).await;
        found
    });
    let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    (heard, found.fault())
}

async fn hear(
    request: Request<Incoming>,
    heard: &Mutex<Vec<Heard>>,
) -> hyper::Response<wire::Outgoing> {
    let (head, mut incoming) = request.into_parts();
    let mut body = Vec::new();
    loop {
        match wire::next(&mut incoming).await {
            Some(Ok(bytes)) => body.extend_from_slice(&bytes),
            Some(Err(_)) => return closing(StatusCode::BAD_REQUEST, ""),
            None => break,
        }
    }
    if let Ok(headers) = fields::headers(&head.headers) {
        addressed(&headers);
    }
    let what = (format!("{} {}", head.method, head.uri), body);
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    let mut answer = hyper::Response::new(wire::Outgoing::empty());
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

/// The requests that are whole, read once more in the plainest way.
fn plain(mut rest: &[u8]) -> Vec<Heard> {
    let mut requests = Vec::new();
    while let Some(request) = plain_request(&mut rest) {
        requests.push(request);
    }
    requests
}

fn plain_request(rest: &mut &[u8]) -> Option<Heard> {
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        *rest = after;
    }
    let head = until(rest, b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(head).into_owned();
    let mut lines = text.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let what = format!("{} {}", words.next()?, words.next().unwrap_or_default());
    let (mut length, mut is_chunked) = (0, false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "transfer-encoding" => is_chunked = true,
            _ => {}
        }
    }
    let mut body = Vec::new();
    if !is_chunked {
        body.extend_from_slice(rest.split_off(..length)?);
        return Some((what, body));
    }
    loop {
        let line = until(rest, b"\r\n")?;
        let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
        let size = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        if size == 0 {
            break;
        }
        body.extend_from_slice(rest.split_off(..size)?);
        *rest = rest.strip_prefix(b"\r\n")?;
    }
    while !until(rest, b"\r\n")?.is_empty() {}
    Some((what, body))
}

/// What is before the end, which is passed over.
fn until<'a>(rest: &mut &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(rest, end)?;
    let (before, after) = rest.split_at(at);
    *rest = &after[end.len()..];
    Some(before)
}

/// Who sends to whom, if fields say so, is a name that can be written and read again.
fn addressed(headers: &Headers) {
    let Ok(read) = Addressed::read(headers) else { return };
    let mut again = Headers::new();
    for (field, value) in [
        ("AS2-From", quoted(&read.from)),
        ("AS2-To", quoted(&read.to)),
        ("Message-ID", read.message_id.clone()),
    ] {
        again.push(field, &value).expect("what was read can be written");
    }
    assert!(is_name(&read.from) && is_name(&read.to));
    assert_eq!(Addressed::read(&again), Ok(read));
}

/// Reads text as a name and as an address, and the begin of a body as a multipart: what is found with
/// less of it stays when more comes.
pub fn read_anything(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(url) = text.parse::<Url>() {
        assert_eq!(url.to_string().parse(), Ok(url));
    }
    let mut headers = Headers::new();
    for name in ["AS2-From", "AS2-To", "Message-ID"] {
        let _ = headers.push(name, &text);
    }
    addressed(&headers);
    let mut seen = None;
    for end in 0..=data.len().min(200) {
        let found = first_part(&data[..end], "b");
        if seen.is_some() {
            assert_eq!(found, seen, "a receipt and a message are mistaken");
        }
        seen = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_and_what_becomes_of_them_by_chance_are_followed() {
        let mut state = 17_usize;
        let mut below = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            (state >> 33) % end
        };
        for seed in seeds() {
            follow(&seed, &[&seed]);
            read_anything(&seed);
            for _ in 0..100 {
                let mut bytes = seed.clone();
                for _ in 0..=below(3) {
                    let at = below(bytes.len());
                    bytes[at] = b"\r\n: ;09aC\0"[below(10)];
                }
                let (first, second) = bytes.split_at(below(bytes.len()));
                follow(&bytes, &[first, second]);
                read_anything(&bytes);
            }
        }
    }
}
