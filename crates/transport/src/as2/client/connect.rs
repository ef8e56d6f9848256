//! From an address to a stream that HTTP can be spoken on, stage by stage.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::as2::client::outcome::{Failure, Stage};
use crate::as2::client::{Destination, ProxyKind, Reach};
use crate::as2::fields::shown;
use crate::sftp::client::proxy;

/// Is told each stage that succeeded, with the time it took and a word about it.
pub(crate) type Observe<'a> = &'a mut (dyn FnMut(Stage, Duration, String) + Send);

/// A connection, with TLS or without.
#[derive(Debug)]
pub(crate) enum Way {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Way {
    pub(crate) async fn open(to: &Destination, observe: Observe<'_>) -> Result<Self, Failure> {
        if to.url.is_tls && to.tls.is_none() {
            return Err(Failure::NoTls { host: to.url.host.clone() });
        }
        let stream = reach(to, observe).await?;
        match to.url.is_tls {
            true => Self::shake(to, stream, observe).await,
            false => Ok(Self::Plain(stream)),
        }
    }

    /// Our own address on it.
    pub(crate) fn local(&self) -> Option<IpAddr> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        };
        stream.local_addr().ok().map(|address| address.ip())
    }

    /// Goes on with TLS on a stream that was plain until now.
    pub(crate) async fn shake(
        to: &Destination,
        stream: TcpStream,
        observe: Observe<'_>,
    ) -> Result<Self, Failure> {
        let no_tls = || Failure::NoTls { host: to.url.host.clone() };
        let tls = to.tls.as_ref().ok_or_else(no_tls)?;
        let failed = |text: &str, is_broken| Failure::Tls { text: shown(text), is_broken };
        let name = ServerName::try_from(to.url.host.clone());
        let name = name.map_err(|_| failed("the host's name is none", false))?;
        let before = Instant::now();
        let shaken = TlsConnector::from(Arc::clone(&tls.config)).connect(name, stream);
        let stream = within(to.timeouts.connect, Stage::Tls, shaken).await?;
        let stream = stream.map_err(|error| {
            let is_tls = error.get_ref().is_some_and(|it| it.is::<rustls::Error>());
            failed(&error.to_string(), !is_tls)
        })?;
        let version = stream.get_ref().1.protocol_version().and_then(|it| it.as_str());
        observe(Stage::Tls, before.elapsed(), version.unwrap_or("TLS").to_string());
        Ok(Self::Tls(Box::new(stream)))
    }
}

async fn within<T>(
    after: Duration,
    stage: Stage,
    future: impl Future<Output = T>,
) -> Result<T, Failure> {
    timeout(after, future).await.map_err(|_| Failure::Timeout { stage, after })
}

/// Whether requests name the whole address, because a proxy sends them on.
pub(crate) fn is_forwarded(to: &Destination) -> bool {
    let is_http = to.proxy.as_ref().is_some_and(|it| it.kind == ProxyKind::HttpConnect);
    is_http && !to.url.is_tls
}

/// A connection to the server, through the proxy if there is one.
async fn reach(to: &Destination, observe: Observe<'_>) -> Result<TcpStream, Failure> {
    let (host, port) = (&to.url.host, to.url.port);
    if let Ok(address) = host.parse()
        && !may_reach(&to.reach, address)
    {
        return Err(Failure::Reach { host: host.clone() });
    }
    let (first, first_port) = to.proxy.as_ref().map_or((host, port), |it| (&it.host, it.port));
    let before = Instant::now();
    let found = tokio::net::lookup_host((first.as_str(), first_port));
    let no_address = |error| Failure::Dns { host: first.clone(), error };
    let mut addresses: Vec<SocketAddr> =
        within(to.timeouts.connect, Stage::Dns, found).await?.map_err(no_address)?.collect();
    if addresses.is_empty() {
        return Err(no_address(io::ErrorKind::NotFound.into()));
    }
    if to.proxy.is_none() {
        addresses.retain(|address| may_reach(&to.reach, address.ip()));
        if addresses.is_empty() {
            return Err(Failure::Reach { host: host.clone() });
        }
    }
    let listed: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    observe(Stage::Dns, before.elapsed(), format!("{first} is {}", listed.join(", ")));
    let before = Instant::now();
    let connected = TcpStream::connect(&addresses[..]);
    let silent = |error| Failure::Tcp { host: first.clone(), port: first_port, error };
    let mut stream = within(to.timeouts.connect, Stage::Tcp, connected).await?.map_err(silent)?;
    stream.set_nodelay(true).map_err(silent)?;
    let peer = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    observe(Stage::Tcp, before.elapsed(), format!("connected to {peer}"));
    if let Some(through) = to.proxy.as_ref().filter(|_| !is_forwarded(to)) {
        let before = Instant::now();
        let asked = proxy::connect_on(&mut stream, through, host, port);
        within(to.timeouts.connect, Stage::Proxy, asked)
            .await?
            .map_err(|text| Failure::Proxy { text: shown(&text) })?;
        observe(Stage::Proxy, before.elapsed(), format!("connected on to {host} port {port}"));
    }
    Ok(stream)
}

fn may_reach(reach: &Reach, address: IpAddr) -> bool {
    match reach {
        Reach::Anywhere => true,
        Reach::Public => is_public(address),
        Reach::PublicAnd(networks) => {
            is_public(address) || networks.iter().any(|network| network.contains(address))
        }
    }
}

/// Whether an address is on the internet, and not one of a house, a machine or a test.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_documentation()
                || a == 0
                || (a == 100 && b & 0xc0 == 64)
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && b & 0xfe == 18)
                || a >= 224)
        }
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            // 2000::/3 is what is given out; in it, 2002::/16 and 2001::/32 carry addresses of IPv4.
            let is_given = first & 0xe000 == 0x2000;
            let is_tunnel = first == 0x2002 || (first == 0x2001 && address.segments()[1] == 0);
            let is_example = first == 0x2001 && address.segments()[1] == 0xdb8;
            is_given && !is_tunnel && !is_example
        }
    }
}

impl AsyncRead for Way {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, space),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, space),
        }
    }
}

impl AsyncWrite for Way {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for public in ["1.1.1.1", "100.128.0.1", "198.17.0.1", "2606:4700::1111", "192.0.1.1"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().expect("an address")), "{inside}");
        }
        let inside: IpAddr = "10.1.2.3".parse().expect("an address");
        let listed = Reach::PublicAnd(vec!["10.1.0.0/16".parse().expect("a network")]);
        assert!(may_reach(&listed, inside) && may_reach(&Reach::Anywhere, inside));
        assert!(!may_reach(&listed, "10.2.0.1".parse().expect("an address")));
    }
}
