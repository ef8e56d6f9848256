//! OpenSSH's server as an ordinary process on a loopback port.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tieline_transport::sftp::client::{Remote, UserKey};

use super::{public, tool, user_key};

/// The kinds of keys that are tried, of hosts and of users.
pub(crate) const KINDS: [&str; 3] = ["ed25519", "ecdsa", "rsa"];

/// OpenSSH's server, killed when dropped. Whoever runs the tests may log in with a key of each kind,
/// and starts in `files`.
pub(crate) struct Sshd {
    pub(crate) home: TempDir,
    pub(crate) port: u16,
    pub(crate) user: String,
    child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sshd {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts it with more lines of configuration.
    pub(crate) async fn start_with(more: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let at = home.path();
        std::fs::create_dir(at.join("files")).expect("a directory");
        let mut authorized = String::new();
        let mut config = String::new();
        for kind in KINDS {
            authorized.push_str(&public(&user_key(at, kind)));
            let host = at.join(format!("host_{kind}"));
            std::fs::rename(user_key(&directory(at, kind), kind), &host).expect("a key");
            config.push_str(&format!("HostKey {}\n", host.display()));
        }
        std::fs::write(at.join("authorized_keys"), authorized).expect("a file");
        let port = free_port();
        config.push_str(&format!(
            "ListenAddress 127.0.0.1\nPort {port}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             MaxStartups 500\nMaxSessions 500\nAuthorizedKeysFile {}\n\
             Subsystem sftp internal-sftp -d {}\n{more}",
            at.join("authorized_keys").display(),
            at.join("files").display(),
        ));
        std::fs::write(at.join("config"), config).expect("a file");
        // Debian's sshd wants this place when root starts it.
        let _ = std::fs::create_dir_all("/run/sshd");
        let log = std::fs::File::create(at.join("log")).expect("a file");
        let child = Command::new(tool("sshd"))
            .args(["-D", "-e", "-f"])
            .arg(at.join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("a program that was found starts");
        let mut sshd = Self { home, port, user: user(), child };
        sshd.wait_until_it_listens().await;
        sshd
    }

    async fn wait_until_it_listens(&mut self) {
        for _ in 0..1000 {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("sshd ended with {status}: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("sshd does not listen: {}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.path().join("files").join(name)
    }

    /// The server with its ed25519 key pinned, and the user's key of this kind.
    pub(crate) fn remote(&self, kind: &str) -> Remote {
        let mut remote = Remote::new("127.0.0.1", &self.user);
        remote.port = self.port;
        remote.host_keys = vec![self.host_key("ed25519").parse().expect("a key of ssh-keygen")];
        remote.credentials.keys = vec![self.key(kind)];
        remote
    }

    pub(crate) fn key(&self, kind: &str) -> UserKey {
        read_key(&self.home.path().join(kind))
    }

    /// The public line of a host key.
    pub(crate) fn host_key(&self, kind: &str) -> String {
        let path = self.home.path().join(format!("host-{kind}")).join(format!("{kind}.pub"));
        std::fs::read_to_string(path).expect("ssh-keygen wrote it")
    }
}

/// Reads a private key without a passphrase.
pub(crate) fn read_key(path: &Path) -> UserKey {
    let text = std::fs::read_to_string(path).expect("ssh-keygen wrote it");
    UserKey::read(&text, None).expect("a key of ssh-keygen")
}

fn directory(at: &Path, kind: &str) -> PathBuf {
    let directory = at.join(format!("host-{kind}"));
    std::fs::create_dir(&directory).expect("a directory");
    directory
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").port()
}

/// Who runs the tests.
pub(crate) fn user() -> String {
    let output = Command::new(tool("id")).arg("-un").output().expect("id starts");
    String::from_utf8(output.stdout).expect("a name").trim().to_owned()
}
