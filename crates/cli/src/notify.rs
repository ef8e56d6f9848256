//! What systemd is told of the gateway: that it is ready, reads its partners anew, lives, stops.
//!
//! A datagram of a few words to the socket that `NOTIFY_SOCKET` names (sd_notify(3)); without one
//! nothing is said.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Whom to tell.
#[derive(Debug)]
pub(crate) struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notify {
    /// As the environment says.
    pub(crate) fn from_environment() -> Notify {
        let text = |name: &str| std::env::var(name).ok();
        let socket = text("NOTIFY_SOCKET").and_then(|name| open(&name));
        // The watchdog may be meant for another process, e.g. a shell around this one.
        let is_ours = text("WATCHDOG_PID").is_none_or(|id| id == std::process::id().to_string());
        let micros = text("WATCHDOG_USEC").filter(|_| is_ours);
        let micros = micros.and_then(|it| it.parse::<u64>().ok()).filter(|it| *it > 0);
        Notify { socket, watchdog: micros.map(Duration::from_micros) }
    }

    /// Mailboxes and schedules are served.
    pub(crate) fn ready(&self) {
        self.say("READY=1\nSTATUS=serving");
    }

    /// The partners are read anew; [`ready`](Self::ready) ends it.
    pub(crate) fn reloading(&self) {
        self.say("RELOADING=1\nSTATUS=reading the partners anew");
    }

    /// What is under way ends.
    pub(crate) fn stopping(&self) {
        self.say("STOPPING=1\nSTATUS=what is under way ends first");
    }

    /// Says again and again that the gateway lives, twice as often as systemd wants to hear it. It never
    /// ends.
    pub(crate) async fn live(&self) {
        let Some(limit) = self.watchdog.filter(|_| self.socket.is_some()) else {
            return std::future::pending().await;
        };
        loop {
            self.say("WATCHDOG=1");
            tokio::time::sleep(limit / 2).await;
        }
    }

    fn say(&self, words: &str) {
        if let Some((socket, to)) = &self.socket
            && let Err(error) = socket.send_to_addr(words.as_bytes(), to)
        {
            tracing::warn!(%error, "systemd does not hear us");
        }
    }
}

fn open(name: &str) -> Option<(UnixDatagram, SocketAddr)> {
    let to = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name.as_bytes()),
        None => SocketAddr::from_pathname(name),
    };
    let socket = UnixDatagram::unbound().ok()?;
    // A manager that does not read holds nothing up.
    socket.set_nonblocking(true).ok()?;
    Some((socket, to.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_arrive_at_a_path_and_at_an_abstract_name() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("notify").display().to_string();
        let name = format!("@tieline-test-{}", std::process::id());
        for name in [path, name] {
            let heard = match name.strip_prefix('@') {
                Some(rest) => SocketAddr::from_abstract_name(rest),
                None => SocketAddr::from_pathname(&name),
            };
            let heard = UnixDatagram::bind_addr(&heard.expect("a name")).expect("it is free");
            let notify = Notify { socket: open(&name), watchdog: None };
            notify.stopping();
            let mut space = [0; 100];
            let count = heard.recv(&mut space).expect("it came");
            assert!(space[..count].starts_with(b"STOPPING=1\n"), "{name}");
        }
        assert!(open("no/such/../\0").is_none());
    }
}
