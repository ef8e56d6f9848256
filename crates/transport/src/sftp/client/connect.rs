//! From a name to a session, stage by stage.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg};
use russh::{Disconnect, MethodKind, MethodSet, SshId};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::sftp::algorithms::{KEY_KINDS, KeyKind, Legacy, Side, offered_for};
use crate::sftp::client::error::{ConnectError, SftpError, Stage};
use crate::sftp::client::host::{Host, Notes};
use crate::sftp::client::link::Link;
use crate::sftp::client::proxy;
use crate::sftp::client::remote::{PinnedKey, Proxy, Remote, Timeouts, UserKey, fingerprint};

/// Is told each stage that succeeded, with the time it took and a word about it.
pub(crate) type Observe<'a> = &'a mut (dyn FnMut(Stage, Duration, String) + Send);

/// What a session stands on. Dropping it closes the socket, whoever still reads from it.
#[derive(Debug)]
pub(crate) struct Ground {
    socket: std::net::TcpStream,
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// A session that has just begun.
pub(crate) struct Begun {
    pub(crate) link: Link,
    pub(crate) offers: Vec<Vec<u8>>,
    pub(crate) handle: Handle<Host>,
    pub(crate) ground: Ground,
    pub(crate) notes: Arc<Notes>,
}

/// Connects, logs in and begins a session.
pub(crate) async fn begin(remote: &Remote, observe: Observe<'_>) -> Result<Begun, ConnectError> {
    let (mut handle, ground, notes) = shake_hands(remote, observe).await?;
    let before = Instant::now();
    let login = log_in(remote, &mut handle, &notes);
    let with = within(remote.timeouts.login, Stage::Login, login).await??;
    observe(Stage::Login, before.elapsed(), format!("{} with {with}", remote.user));
    let before = Instant::now();
    let (link, offers) =
        within(remote.timeouts.login, Stage::Subsystem, subsystem(remote, &handle, &notes))
            .await??;
    observe(Stage::Subsystem, before.elapsed(), "sftp version 3".into());
    Ok(Begun { link, offers, handle, ground, notes })
}

async fn within<T>(
    after: Duration,
    stage: Stage,
    future: impl Future<Output = T>,
) -> Result<T, ConnectError> {
    timeout(after, future).await.map_err(|_| ConnectError::Timeout { stage, after })
}

/// A connection to the server, through the proxy if there is one.
async fn reach(
    host: &str,
    port: u16,
    through: Option<&Proxy>,
    timeouts: &Timeouts,
    observe: Observe<'_>,
) -> Result<TcpStream, ConnectError> {
    let (first, first_port) = through.map_or((host, port), |proxy| (&proxy.host, proxy.port));
    let before = Instant::now();
    let found = tokio::net::lookup_host((first, first_port));
    let no_address = |error| ConnectError::Dns { host: first.to_owned(), error };
    let addresses: Vec<SocketAddr> =
        within(timeouts.connect, Stage::Dns, found).await?.map_err(no_address)?.collect();
    if addresses.is_empty() {
        return Err(no_address(io::ErrorKind::NotFound.into()));
    }
    let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    observe(Stage::Dns, before.elapsed(), format!("{first} is {}", shown.join(", ")));
    let before = Instant::now();
    let connected = TcpStream::connect(&addresses[..]);
    let silent = |error| ConnectError::Tcp { host: first.to_owned(), port: first_port, error };
    let mut stream = within(timeouts.connect, Stage::Tcp, connected).await?.map_err(silent)?;
    stream.set_nodelay(true).map_err(silent)?;
    let shown = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    observe(Stage::Tcp, before.elapsed(), format!("connected to {shown}"));
    if let Some(through) = through {
        let before = Instant::now();
        let asked = proxy::connect_on(&mut stream, through, host, port);
        within(timeouts.connect, Stage::Proxy, asked)
            .await?
            .map_err(|text| ConnectError::Proxy { text })?;
        observe(Stage::Proxy, before.elapsed(), format!("connected on to {host} port {port}"));
    }
    Ok(stream)
}

type Shaken = (Handle<Host>, Ground, Arc<Notes>);

/// Connects, and checks the key the server shows.
///
/// A server has keys of several kinds and shows that which we ask for first. Where a pin does not
/// say its kind, a key that is none of those pinned may stand beside one that is: so we come again
/// and ask for the other kinds.
async fn shake_hands(remote: &Remote, observe: Observe<'_>) -> Result<Shaken, ConnectError> {
    let pinned = |kind: &KeyKind| remote.host_keys.iter().any(|pin| pin.kinds().contains(kind));
    let mut kinds: Vec<KeyKind> = KEY_KINDS.into_iter().filter(pinned).collect();
    if kinds.is_empty() {
        kinds = KEY_KINDS.to_vec();
    }
    let mut changed = None;
    while !kinds.is_empty() {
        let stream =
            reach(&remote.host, remote.port, remote.proxy.as_ref(), &remote.timeouts, observe)
                .await?;
        let before = Instant::now();
        let notes = Arc::new(Notes::default());
        let config = config(remote, &kinds);
        let shaken = exchange(stream, config, remote.host_keys.clone(), &notes);
        let shaken = within(remote.timeouts.connect, Stage::HostKey, shaken).await;
        let presented = notes.presented();
        let error = match shaken {
            Ok(Ok((handle, ground))) => {
                let shown = presented.as_ref().map(fingerprint).unwrap_or_default();
                observe(Stage::HostKey, before.elapsed(), format!("{shown}, as pinned"));
                return Ok((handle, ground, notes));
            }
            Ok(Err(error)) => error,
            Err(late) => return Err(late),
        };
        match (presented, error) {
            (Some(key), russh::Error::UnknownKey) => {
                let shown = KeyKind::of(&key.algorithm());
                kinds.retain(|kind| Some(*kind) != shown);
                changed.get_or_insert(fingerprint(&key));
                if remote.host_keys.is_empty() {
                    break;
                }
            }
            // It has no key of the kinds that are left.
            (_, russh::Error::NoCommonAlgo { .. }) if changed.is_some() => break,
            (_, error) => return Err(ConnectError::Exchange { text: exchange_text(&error) }),
        }
    }
    let (host, presented) = (remote.host.clone(), changed.unwrap_or_default());
    Err(match remote.host_keys.as_slice() {
        [] => ConnectError::HostKeyUnknown { host, presented },
        pins => {
            let pinned = pins.iter().map(PinnedKey::fingerprint).collect();
            ConnectError::HostKeyChanged { host, pinned, presented }
        }
    })
}

fn exchange_text(error: &russh::Error) -> String {
    match error {
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            format!("no common algorithm ({kind:?}); the server offers {}", theirs.join(", "))
        }
        error => error.to_string(),
    }
}

fn config(remote: &Remote, kinds: &[KeyKind]) -> russh::client::Config {
    let rekey_after = remote.rekey_after.min(1 << 30);
    russh::client::Config {
        client_id: SshId::Standard("SSH-2.0-Tieline".into()),
        limits: russh::Limits::new(rekey_after, rekey_after, Duration::from_secs(3600)),
        window_size: 16 << 20,
        maximum_packet_size: 65_535,
        preferred: offered_for(Side::Client, &remote.legacy, kinds),
        inactivity_timeout: None,
        keepalive_interval: Some(remote.timeouts.keepalive),
        keepalive_max: 3,
        nodelay: true,
        ..russh::client::Config::default()
    }
}

async fn exchange(
    stream: TcpStream,
    config: russh::client::Config,
    pins: Vec<PinnedKey>,
    notes: &Arc<Notes>,
) -> Result<(Handle<Host>, Ground), russh::Error> {
    let stream = stream.into_std()?;
    let ground = Ground { socket: stream.try_clone()? };
    let stream = TcpStream::from_std(stream)?;
    let host = Host { pins, notes: Arc::clone(notes) };
    let handle = russh::client::connect_stream(Arc::new(config), stream, host).await?;
    Ok((handle, ground))
}

/// Logs in with what we have; gives the words for what did it.
async fn log_in(
    remote: &Remote,
    handle: &mut Handle<Host>,
    notes: &Notes,
) -> Result<String, ConnectError> {
    let mut tried = Vec::new();
    let mut accepted = MethodSet::empty();
    let done = try_all(remote, handle, &mut tried, &mut accepted).await;
    let accepted: Vec<String> = accepted.iter().map(String::from).collect();
    let text = match done {
        Ok(true) => return Ok(tried.pop().unwrap_or_default()),
        Ok(false) => notes.banner(),
        Err(error) => {
            // The server's own words come with the end of the connection.
            let _ = timeout(Duration::from_millis(500), &mut *handle).await;
            let words = [notes.banner(), notes.ending()];
            match words.iter().all(String::is_empty) {
                true => error.to_string(),
                false => {
                    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("; ")
                }
            }
        }
    };
    Err(ConnectError::Login { user: remote.user.clone(), tried, accepted, text })
}

async fn try_all(
    remote: &Remote,
    handle: &mut Handle<Host>,
    tried: &mut Vec<String>,
    accepted: &mut MethodSet,
) -> Result<bool, russh::Error> {
    let mut took = |result: AuthResult| match result {
        AuthResult::Success => (true, false),
        AuthResult::Failure { remaining_methods, partial_success } => {
            *accepted = remaining_methods;
            (false, partial_success)
        }
    };
    for key in &remote.credentials.keys {
        tried.push(key.fingerprint());
        for hash in hashes(remote, handle, key).await? {
            let key = PrivateKeyWithHashAlg::new(Arc::clone(key.private()), hash);
            match took(handle.authenticate_publickey(&remote.user, key).await?) {
                (true, _) => return Ok(true),
                // Half the way: the key was right, and something else is wanted besides.
                (false, true) => break,
                (false, false) => {}
            }
        }
    }
    let Some(password) = &remote.credentials.password else { return Ok(false) };
    tried.push("password".into());
    if took(handle.authenticate_password(&remote.user, password.reveal()).await?).0 {
        return Ok(true);
    }
    if !accepted.contains(&MethodKind::KeyboardInteractive) {
        return Ok(false);
    }
    // The same password, asked for as if by a person.
    let mut asked = handle.authenticate_keyboard_interactive_start(&remote.user, None).await?;
    for _ in 0..3 {
        let answers = match asked {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => match prompts.len() {
                0 => Vec::new(),
                1 if !prompts[0].echo => vec![password.reveal().to_owned()],
                _ => return Ok(false),
            },
        };
        asked = handle.authenticate_keyboard_interactive_respond(answers).await?;
    }
    Ok(matches!(asked, KeyboardInteractiveAuthResponse::Success))
}

/// The hashes an RSA key is tried with; other kinds of key have one way.
async fn hashes(
    remote: &Remote,
    handle: &Handle<Host>,
    key: &UserKey,
) -> Result<Vec<Option<HashAlg>>, russh::Error> {
    if !key.private().algorithm().is_rsa() {
        return Ok(vec![None]);
    }
    let sha1 = remote.legacy.contains(&Legacy::RsaSha1);
    Ok(match handle.best_supported_rsa_hash().await? {
        Some(Some(hash)) => vec![Some(hash)],
        Some(None) if sha1 => vec![None],
        Some(None) => Vec::new(),
        // The server does not say what it takes.
        None if sha1 => vec![Some(HashAlg::Sha512), Some(HashAlg::Sha256), None],
        None => vec![Some(HashAlg::Sha512), Some(HashAlg::Sha256)],
    })
}

async fn subsystem(
    remote: &Remote,
    handle: &Handle<Host>,
    notes: &Arc<Notes>,
) -> Result<(Link, Vec<Vec<u8>>), ConnectError> {
    let failed = |text: String| ConnectError::Subsystem { text };
    let refused = |error: russh::Error| match notes.ending() {
        words if words.is_empty() => failed(error.to_string()),
        words => failed(words),
    };
    let channel = handle.channel_open_session().await.map_err(refused)?;
    channel.request_subsystem(true, "sftp").await.map_err(refused)?;
    let link = Link::start(channel, Arc::clone(notes), remote.timeouts.progress).await;
    link.map_err(|error| match error {
        SftpError::Lost { reason } => failed(reason),
        error => failed(error.to_string()),
    })
}

/// Ends a connection in an orderly way.
pub(crate) async fn end(handle: Handle<Host>, ground: Ground) {
    /// How long the server has to take our last words.
    const LAST_WORDS: Duration = Duration::from_secs(2);
    let told = handle.disconnect(Disconnect::ByApplication, "done", "en");
    let _ = timeout(LAST_WORDS, told).await;
    let _ = timeout(LAST_WORDS, handle).await;
    drop(ground);
}

/// A host key that a server shows, not known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownKey {
    /// The fingerprint as OpenSSH shows it: `SHA256:…`.
    pub fingerprint: String,
    /// The key in one line, as `known_hosts` has it after the host's name.
    pub line: String,
}

/// Asks a server for its host keys, one of each kind, and does nothing else.
///
/// For onboarding alone: what it gives is the word of whoever answers. Compare the fingerprints with
/// those the partner names by another way before one is pinned.
///
/// # Errors
///
/// [`ConnectError`] if no key could be had.
pub async fn scan_host_keys(
    host: &str,
    port: u16,
    proxy: Option<&Proxy>,
    timeouts: &Timeouts,
) -> Result<Vec<ShownKey>, ConnectError> {
    let mut keys = Vec::new();
    let mut failed = None;
    for kind in KEY_KINDS {
        let stream = reach(host, port, proxy, timeouts, &mut |_, _, _| {}).await?;
        let remote = Remote { timeouts: *timeouts, ..Remote::new(host, "") };
        let notes = Arc::new(Notes::default());
        let shaken = exchange(stream, config(&remote, &[kind]), Vec::new(), &notes);
        let shaken = within(timeouts.connect, Stage::HostKey, shaken).await?;
        match (notes.presented(), shaken) {
            (Some(key), _) => keys.push(ShownKey {
                fingerprint: fingerprint(&key),
                line: key.to_openssh().unwrap_or_default(),
            }),
            (None, Err(error)) => failed = Some(exchange_text(&error)),
            (None, Ok(_)) => {}
        }
    }
    match failed {
        Some(text) if keys.is_empty() => Err(ConnectError::Exchange { text }),
        _ => Ok(keys),
    }
}
