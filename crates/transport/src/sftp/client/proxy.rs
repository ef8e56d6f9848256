//! Ways through a proxy: SOCKS version 5 and HTTP's `CONNECT`.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mailbox::printable;
use crate::sftp::client::remote::{Proxy, ProxyKind};

/// The longest answer of an HTTP proxy that is read, in bytes.
const LONGEST_HEAD: usize = 8 * 1024;

/// Asks the proxy at the other end of `stream` to connect us on; gives why it does not.
pub(crate) async fn connect_on(
    stream: &mut TcpStream,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<(), String> {
    let done = match proxy.kind {
        ProxyKind::Socks5 => socks5(stream, proxy, host, port).await,
        ProxyKind::HttpConnect => http_connect(stream, proxy, host, port).await,
    };
    done.unwrap_or_else(|error| Err(format!("it ended the conversation: {error}")))
}

type Told = io::Result<Result<(), String>>;

async fn socks5(stream: &mut TcpStream, proxy: &Proxy, host: &str, port: u16) -> Told {
    const NONE: u8 = 0;
    const PASSWORD: u8 = 2;
    let methods: &[u8] = if proxy.login.is_some() { &[NONE, PASSWORD] } else { &[NONE] };
    let count = u8::try_from(methods.len()).unwrap_or(u8::MAX);
    stream.write_all(&[&[5, count], methods].concat()).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    match (chosen, &proxy.login) {
        ([5, NONE], _) => {}
        ([5, PASSWORD], Some((name, password))) => {
            let (Some(name), Some(password)) = (text(name), text(password.reveal())) else {
                return Ok(Err("name and password may have 255 bytes each".into()));
            };
            stream.write_all(&[&[1][..], &name, &password].concat()).await?;
            let mut taken = [0; 2];
            stream.read_exact(&mut taken).await?;
            if taken[1] != 0 {
                return Ok(Err("it does not take our name and password".into()));
            }
        }
        ([5, _], None) => return Ok(Err("it asks for a name and a password".into())),
        ([5, _], Some(_)) => return Ok(Err("it asks for a login that we cannot give".into())),
        _ => return Ok(Err("it does not speak SOCKS version 5".into())),
    }
    let Some(name) = text(host) else { return Ok(Err("the host's name is too long".into())) };
    stream.write_all(&[&[5, 1, 0, 3][..], &name, &port.to_be_bytes()].concat()).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let length = match head[3] {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return Ok(Err("it does not speak SOCKS version 5".into())),
    };
    let mut bound = vec![0; length + 2];
    stream.read_exact(&mut bound).await?;
    Ok(match head[1] {
        0 => Ok(()),
        2 => Err(format!("it may not connect to {host} port {port}")),
        3 | 4 => Err(format!("it cannot reach {host}")),
        5 => Err(format!("{host} port {port} refuses connections")),
        6 => Err(format!("{host} does not answer it")),
        code => Err(format!("it cannot connect to {host} port {port} (code {code})")),
    })
}

/// A text with its length before it in one byte.
fn text(text: &str) -> Option<Vec<u8>> {
    let length = u8::try_from(text.len()).ok()?;
    Some([&[length], text.as_bytes()].concat())
}

async fn http_connect(stream: &mut TcpStream, proxy: &Proxy, host: &str, port: u16) -> Told {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if host.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
        return Ok(Err("the host's name is none".into()));
    }
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some((name, password)) = &proxy.login {
        let login = base64(format!("{name}:{}", password.reveal()).as_bytes());
        request.push_str(&format!("Proxy-Authorization: Basic {login}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    // One byte at a time: what comes after the head is the server's already.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Ok(Err("it does not speak HTTP".into()));
        }
        head.push(stream.read_u8().await?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.splitn(3, |byte| *byte == b' ');
    match (words.next(), words.next()) {
        (Some(version), Some([b'2', _, _])) if version.starts_with(b"HTTP/1.") => Ok(Ok(())),
        _ => Ok(Err(format!("it answers \"{}\"", printable(line)))),
    }
}

/// Base64 with padding, RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_the_standard_has_it() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (bytes, expected) in cases {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }
}
