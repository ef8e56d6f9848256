//! One connection as SSH sees it: logging in, and the one thing offered after that.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use russh::keys::{Algorithm, HashAlg, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelOpenFailure, Disconnect, MethodKind, MethodSet, Pty, Sig};

use crate::sftp::account::{Account, Accounts, Drops, LoginRule, Password};
use crate::sftp::audit::{Audit, What};
use crate::sftp::files::Files;
use crate::sftp::server::Connection;
use crate::sftp::session::{self, Context};

const NO_ACCOUNT: &str = "there is no such account";
const BANNED: &str = "the account or the address is banned";

/// One connection.
pub(crate) struct Login<H> {
    pub(crate) connection: Arc<Connection<H>>,
    /// Who showed a key and still has to give the password.
    pub(crate) half: Option<String>,
    pub(crate) account: Option<Account>,
    pub(crate) channel: Option<Channel<Msg>>,
    pub(crate) is_serving: bool,
}

impl<H: Accounts + Drops + Audit> Login<H> {
    pub(crate) fn new(connection: Arc<Connection<H>>) -> Self {
        Self { connection, half: None, account: None, channel: None, is_serving: false }
    }

    /// Refuses, in the same words for all reasons, and says explicitly that the client may go on
    /// trying: else `russh` takes the password off the list after the first wrong one.
    ///
    /// A wrong password counts towards a ban, and so does a name that is no account. A key that is
    /// not the account's does not: clients offer all they have.
    async fn refuse(&self, name: &str, with: &str, reason: &'static str) -> Auth {
        if let Some(bans) = &self.connection.server.settings.bans
            && (with == "password" || reason == NO_ACCOUNT)
            && reason != BANNED
        {
            bans.refused(self.address(), name, self.now()).await;
        }
        let (name, with) = (crate::mailbox::printable(name.as_bytes()), with.to_owned());
        self.connection.note(What::LoginRefused { name, with, reason });
        Auth::Reject {
            proceed_with_methods: Some(MethodSet::from(
                &[MethodKind::PublicKey, MethodKind::Password][..],
            )),
            partial_success: false,
        }
    }

    async fn accept(&mut self, account: Account, with: String) -> Auth {
        if let Some(bans) = &self.connection.server.settings.bans {
            bans.succeeded(self.address(), &account.name, self.now()).await;
        }
        self.connection.logged_in(&account);
        self.connection.note(What::LoggedIn { with });
        self.account = Some(account);
        Auth::Accept
    }

    fn now(&self) -> Timestamp {
        (self.connection.server.settings.clock)()
    }

    fn address(&self) -> IpAddr {
        self.connection.peer.ip().to_canonical()
    }

    /// The account, if it may come from where the client is.
    async fn account(&self, name: &str) -> Result<Account, &'static str> {
        let peer = self.connection.peer.ip();
        if let Some(bans) = &self.connection.server.settings.bans
            && !bans.may_log_in(self.address(), name, self.now()).await
        {
            return Err(BANNED);
        }
        match self.connection.server.host.account(name).await {
            None => Err(NO_ACCOUNT),
            Some(account) if account.networks.is_empty() => Ok(account),
            Some(account) if account.networks.iter().any(|net| net.contains(peer)) => Ok(account),
            Some(_) => Err("the account may not come from this network"),
        }
    }

    async fn account_of_key(
        &self,
        name: &str,
        key: &PublicKey,
        algorithm: &Algorithm,
    ) -> Result<Account, &'static str> {
        if matches!(algorithm, Algorithm::Rsa { hash: None }) {
            return Err("the key was used with SHA-1");
        }
        let account = self.account(name).await?;
        let now = self.now();
        match account.keys.iter().any(|known| known.is(key, now)) {
            true => Ok(account),
            false => Err("the account has no such key, or not now"),
        }
    }

    /// Checks a password; takes as long whether or not there is such an account.
    async fn account_of_password(
        &self,
        name: &str,
        password: &str,
    ) -> Result<Account, &'static str> {
        let found = self.account(name).await;
        let known = match &found {
            Ok(account) => account.password.clone(),
            Err(_) => None,
        };
        let has_password = known.is_some();
        let known = known.unwrap_or_else(nobodys_password);
        let password = password.to_owned();
        // Each check takes 19 MiB: so many at once and no more.
        let place = Arc::clone(&self.connection.server.checks).acquire_owned().await;
        let checked = tokio::task::spawn_blocking(move || {
            let is_right = known.is(&password);
            drop(place);
            is_right
        });
        let is_right = checked.await.unwrap_or(false);
        match found? {
            _ if !has_password => Err("the account has no password"),
            _ if !is_right => Err("the password is wrong"),
            account => Ok(account),
        }
    }
}

/// The hash of a password that nobody knows, to be checked for those that have none.
fn nobodys_password() -> Password {
    static HASH: OnceLock<Password> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut random = [0; 32];
        // Without random numbers nothing can log in at all; a hash nobody can meet serves too.
        let _ = aws_lc_rs::rand::fill(&mut random);
        let text = String::from_utf8_lossy(&random).into_owned();
        Password::hash(&text).unwrap_or_else(|_| Password::impossible())
    })
    .clone()
}

impl<H: Accounts + Drops + Audit> Handler for Login<H> {
    type Error = russh::Error;

    async fn auth_none(&mut self, _name: &str) -> Result<Auth, Self::Error> {
        Ok(Auth::Reject {
            proceed_with_methods: Some(MethodSet::from(
                &[MethodKind::PublicKey, MethodKind::Password][..],
            )),
            partial_success: false,
        })
    }

    async fn auth_password(&mut self, name: &str, password: &str) -> Result<Auth, Self::Error> {
        let account = match self.account_of_password(name, password).await {
            Ok(account) => account,
            Err(reason) => return Ok(self.refuse(name, "password", reason).await),
        };
        if account.login == LoginRule::Both && self.half.as_deref() != Some(name) {
            return Ok(self.refuse(name, "password", "the account needs a key first").await);
        }
        Ok(self.accept(account, "password".into()).await)
    }

    async fn auth_publickey_offered(
        &mut self,
        name: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        match self.account_of_key(name, offer.public_key, offer.algorithm).await {
            Ok(_) => Ok(Auth::Accept),
            Err(reason) => Ok(self.refuse(name, &fingerprint(offer.public_key), reason).await),
        }
    }

    async fn auth_publickey(
        &mut self,
        name: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let with = fingerprint(key.public_key);
        match self.account_of_key(name, key.public_key, key.algorithm).await {
            Ok(account) if account.login == LoginRule::Both => {
                self.half = Some(name.to_owned());
                Ok(Auth::Reject {
                    proceed_with_methods: Some(MethodSet::from(&[MethodKind::Password][..])),
                    partial_success: true,
                })
            }
            Ok(account) => Ok(self.accept(account, with).await),
            Err(reason) => Ok(self.refuse(name, &with, reason).await),
        }
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), Self::Error> {
        let Some(account) = &self.account else { return Err(russh::Error::Inconsistent) };
        if let Err(text) = self.connection.enter(account) {
            self.connection.note(What::Refused {
                request: "session",
                path: String::new(),
                text: text.clone(),
            });
            session.disconnect(Disconnect::TooManyConnections, &text, "en")?;
        }
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.is_serving || self.channel.is_some() {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
        } else {
            self.channel = Some(channel);
            reply.accept().await;
        }
        Ok(())
    }

    async fn channel_close(&mut self, _: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.channel = None;
        self.is_serving = false;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let (Some(account), Some(opened), "sftp") = (&self.account, self.channel.take(), name)
        else {
            return session.channel_failure(channel);
        };
        let connection = Arc::clone(&self.connection);
        let mailbox = account.mailbox.clone();
        let mailbox = tokio::task::spawn_blocking(move || mailbox.open()).await;
        let Ok(Ok(mailbox)) = mailbox else {
            connection.note(What::Refused {
                request: "session",
                path: String::new(),
                text: "the mailbox cannot be opened".into(),
            });
            return session.channel_failure(channel);
        };
        self.is_serving = true;
        connection.activity.begin();
        session.channel_success(channel)?;
        let note = connection.noting();
        let used = connection.server.used(&account.name);
        let files = Files::new(Arc::new(mailbox), used, account.limits, Arc::clone(&note));
        let context = Context {
            host: Arc::clone(&connection.server.host),
            account: account.name.clone(),
            session: connection.session,
            note,
            activity: Arc::clone(&connection.activity),
            is_told_aside: is_openssh(session.remote_sshid()),
            underway: connection.server.underway(),
        };
        tokio::spawn(async move {
            let broken = |ending: session::Ending| connection.end(ending.to_string());
            session::serve(opened, files, context, broken).await;
        });
        Ok(())
    }

    async fn shell_request(&mut self, id: ChannelId, s: &mut Session) -> Result<(), Self::Error> {
        self.refuse_request("shell", id, s)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.refuse_request("command", channel, session)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _single: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.refuse_request("forwarding", channel, session)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn signal(&mut self, _: ChannelId, _: Sig, _: &mut Session) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl<H: Accounts + Drops + Audit> Login<H> {
    fn refuse_request(
        &self,
        request: &'static str,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let text = "this server offers SFTP and nothing else".into();
        self.connection.note(What::Refused { request, path: String::new(), text });
        session.channel_failure(channel)
    }
}

fn is_openssh(version: &[u8]) -> bool {
    version.windows(7).any(|part| part == b"OpenSSH")
}

fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
