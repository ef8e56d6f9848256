//! What HTTP needs on both sides: addresses, and bodies that go out piece by piece.

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::mpsc;

/// The most characters of an address.
const LONGEST_URL: usize = 2000;

/// An address of HTTP: `https://as2.partner.example:4443/receive?mailbox=7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub is_tls: bool,
    /// The host's name or address, in lower case, without brackets.
    pub host: String,
    /// The port: 80 or 443 where none is named.
    pub port: u16,
    /// The path with its slash, and the query if there is one.
    pub target: String,
}

impl Url {
    /// The host as the field `Host` has it.
    pub(crate) fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let usual = if self.is_tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    pub(crate) fn is_same_but_query(&self, other: &Self) -> bool {
        let path = |url: &Self| url.target.split('?').next().unwrap_or_default().to_string();
        (self.is_tls, &self.host, self.port) == (other.is_tls, &other.host, other.port)
            && path(self) == path(other)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(formatter, "{scheme}://{}{}", self.authority(), self.target)
    }
}

/// Not an address that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address; write it as https://host:port/path, without a name, password or #")]
pub struct UrlError;

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte);
        if text.len() > LONGEST_URL || !text.bytes().all(is_plain) {
            return Err(UrlError);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError)?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(UrlError),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(UrlError)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| UrlError)?;
                (host, port)
            }
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let usual = if is_tls { 443 } else { 80 };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => usual,
            None => return Err(UrlError),
            Some(digits) => digits.parse().ok().filter(|port| *port != 0).ok_or(UrlError)?,
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(UrlError);
        }
        let target = if target.starts_with('/') { target.into() } else { format!("/{target}") };
        Ok(Self { is_tls, host: host.to_ascii_lowercase(), port, target })
    }
}

/// A body that goes out.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// All of it at once, or nothing.
    Whole(Option<Bytes>),
    /// Piece by piece. If the sender goes without an [`End`](Piece::End), the connection breaks, so
    /// that nobody takes a part for the whole.
    Pieces { pieces: mpsc::Receiver<Piece>, left: Option<u64>, is_over: bool },
}

/// A piece of a body.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Bytes),
    End,
}

impl Outgoing {
    pub(crate) fn empty() -> Self {
        Self::Whole(None)
    }

    /// Bytes that are all there, and go out without their length.
    pub(crate) fn in_chunks(bytes: Bytes) -> Self {
        let (sender, pieces) = mpsc::channel(2);
        // The channel has room for both.
        let _ = sender.try_send(Piece::Bytes(bytes));
        let _ = sender.try_send(Piece::End);
        Self::Pieces { pieces, left: None, is_over: false }
    }
}

impl From<Vec<u8>> for Outgoing {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole((!bytes.is_empty()).then(|| bytes.into()))
    }
}

/// A body that could not be made to its end.
#[derive(Debug, thiserror::Error)]
#[error("the body broke off")]
pub(crate) struct BrokenOff;

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Pieces { is_over: true, .. } => Poll::Ready(None),
            Self::Pieces { pieces, left, is_over } => {
                let piece = std::task::ready!(pieces.poll_recv(context));
                Poll::Ready(match piece {
                    Some(Piece::Bytes(bytes)) => {
                        if let Some(left) = left {
                            *left = left.saturating_sub(bytes.len() as u64);
                        }
                        Some(Ok(Frame::data(bytes)))
                    }
                    Some(Piece::End) => {
                        *is_over = true;
                        None
                    }
                    None => Some(Err(BrokenOff)),
                })
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Pieces { is_over, left, .. } => *is_over || *left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Pieces { left: Some(left), .. } => SizeHint::with_exact(*left),
            Self::Pieces { .. } => SizeHint::default(),
        }
    }
}

/// The next bytes of a body, none at its end. Trailers mean nothing to AS2.
pub(crate) async fn next(body: &mut Incoming) -> Option<Result<Bytes, hyper::Error>> {
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        match frame? {
            Err(error) => return Some(Err(error)),
            Ok(frame) => {
                if let Ok(bytes) = frame.into_data() {
                    return Some(Ok(bytes));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, written) in [
            ("https://a.example", "https://a.example/"),
            ("HTTP://A.Example:80/AS2?b=c", "http://a.example/AS2?b=c"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
            ("https://[::1]:4443/x", "https://[::1]:4443/x"),
            ("https://a.example?b", "https://a.example/?b"),
        ] {
            let url: Url = text.parse().expect(text);
            assert_eq!(url.to_string(), written);
        }
        for wrong in [
            "",
            "a.example",
            "ftp://a",
            "http://",
            "http://a:0/",
            "http://a:99999/",
            "http://u:p@a/",
            "http://a/#b",
            "http://a b/",
            "http://[::1/",
            "http://[a]/",
            "http://a/\r\nX: y",
        ] {
            assert_eq!(wrong.parse::<Url>(), Err(UrlError), "{wrong}");
        }
    }
}
