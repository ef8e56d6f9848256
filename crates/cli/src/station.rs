//! The gateway's place on this machine: its store, its partners, its mailboxes, from `tieline.toml`, the
//! environment and the command line.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tieline_gateway::House;
use tieline_gateway::alerts::MailServer;
use tieline_partner::secret::{SecretName, Secrets};
use tieline_partner::{PartnerBook, amount};
use tieline_store::{Store, StoreError};
use tieline_transport::as2::client::{ClientTls, Roots, TlsIdentity};
use tieline_transport::mail::Security;
use tieline_transport::monitor;

use crate::exit;
use crate::failure::Failure;

/// Where settings are looked for when no file is named.
const FILE: &str = "tieline.toml";
/// The name of the host key that is made when none is named.
const HOST_KEY: &str = "ssh_host_ed25519_key";

/// Where the gateway's things are.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct StationArgs {
    /// The settings of the gateway; `tieline.toml` when there is one here
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TIELINE_CONFIG",
        hide_env_values = true
    )]
    #[arg(value_hint = clap::ValueHint::FilePath, help_heading = "Where the gateway is")]
    config: Option<PathBuf>,

    /// The store: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS",
        env = "TIELINE_STORE",
        hide_env_values = true
    )]
    #[arg(help_heading = "Where the gateway is")]
    store: Option<String>,

    /// The directory of the partners
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "TIELINE_PARTNERS",
        hide_env_values = true
    )]
    #[arg(value_hint = clap::ValueHint::DirPath, help_heading = "Where the gateway is")]
    partners: Option<PathBuf>,

    /// The directory of the partners' mailboxes
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "TIELINE_MAILBOXES",
        hide_env_values = true
    )]
    #[arg(value_hint = clap::ValueHint::DirPath, help_heading = "Where the gateway is")]
    mailboxes: Option<PathBuf>,
}

/// What `tieline.toml` says. Every path in it is taken from the directory it is in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The store: `sqlite:PATH`, or `postgres://USER@HOST/DATABASE`.
    store: Option<String>,
    /// The directory of the partners.
    partners: Option<PathBuf>,
    /// The directory of the partners' mailboxes.
    mailboxes: Option<PathBuf>,
    /// The name of this node, unlike that of any other on the same store; the machine's when not given.
    node: Option<String>,
    /// How many steps are done at once.
    pub(crate) workers: Option<usize>,
    /// The SFTP server.
    #[serde(default)]
    pub(crate) sftp: SftpSettings,
    /// The AS2 server.
    #[serde(default)]
    pub(crate) as2: As2Settings,
    /// The server that takes our mail.
    mail: Option<MailSettings>,
    /// The figures and the health of this node.
    #[serde(default)]
    pub(crate) monitor: MonitorSettings,
    /// The directory the file is in.
    #[serde(skip)]
    home: PathBuf,
}

/// `[as2]` of `tieline.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct As2Settings {
    /// The address to listen at.
    pub(crate) listen: Option<SocketAddr>,
    /// The path that messages are sent to; `/as2` when not given.
    pub(crate) path: Option<String>,
    /// A PEM file with the certificate of our HTTPS server and its chain; plain HTTP without it.
    pub(crate) certificate: Option<PathBuf>,
    /// A PEM file with the key of that certificate.
    pub(crate) key: Option<PathBuf>,
    /// The most bytes of messages that came and are not verified yet, e.g. `4GB`; 4GB when not given.
    pub(crate) unverified: Option<String>,
    /// The same of those in one partner's name; half of that when not given.
    pub(crate) unverified_of_partner: Option<String>,
    /// How many messages are opened at once; 16 small and 16 large ones when not given.
    pub(crate) opened_at_once: Option<usize>,
}

/// `[mail]` of `tieline.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailSettings {
    /// The server's name or address.
    host: String,
    /// Its port; 465 with tls, 587 with starttls and 25 with none when not given.
    port: Option<u16>,
    /// How the connection is kept from others.
    #[serde(default)]
    security: MailSecurity,
    /// The name to log in with.
    user: Option<String>,
    /// The name of the secret that is its password.
    password: Option<String>,
    /// Whose the mails are.
    from: String,
    /// A PEM file with the certificates the server is known by; the system's when not given.
    roots: Option<PathBuf>,
}

/// `security` of `[mail]`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MailSecurity {
    #[default]
    Tls,
    StartTls,
    None,
}

/// `[monitor]` of `tieline.toml`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MonitorSettings {
    /// The address to listen at, e.g. `127.0.0.1:9464`.
    listen: Option<SocketAddr>,
    /// Whether it may be an address that others than this machine reach: nobody is asked who they are.
    #[serde(default)]
    anywhere: bool,
}

impl As2Settings {
    /// The path that messages are sent to.
    pub(crate) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/as2")
    }

    /// The most bytes of messages that are not verified yet: of all, and of one partner.
    pub(crate) fn unverified(&self) -> Result<(u64, u64), Failure> {
        let read = |key: &str, text: &Option<String>| {
            let wrong = |_| Failure {
                code: exit::CONFIGURATION,
                message: format!("[as2] {key}: give a size such as 4GB"),
                help: None,
            };
            text.as_deref().map(|text| amount::bytes(text).map_err(wrong)).transpose()
        };
        let all = read("unverified", &self.unverified)?.unwrap_or(4_000_000_000);
        let of_partner = read("unverified_of_partner", &self.unverified_of_partner)?;
        Ok((all, of_partner.unwrap_or(all / 2)))
    }

    /// What our HTTPS server is known by, and its key; `None` when it serves plain HTTP.
    pub(crate) fn tls(&self) -> Result<Option<TlsIdentity>, Failure> {
        let wrong = |message: String| Failure { code: exit::CONFIGURATION, message, help: None };
        let read = |path: &Path| {
            let read = std::fs::read(path);
            read.map_err(|error| Failure::no_input(&path.display().to_string(), &error))
        };
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (read(certificate)?, read(key)?),
            _ => {
                let message = "[as2] names a certificate or a key and not the other";
                return Err(wrong(message.to_string()));
            }
        };
        let refuse = |error| wrong(format!("[as2] certificate and key: {error}"));
        let identity = TlsIdentity::from_pem(&certificate, &key).map_err(refuse)?;
        // Whether they belong together is seen when they are used.
        ClientTls::new(&Roots::Pinned(Vec::new()), Some(&identity)).map_err(refuse)?;
        Ok(Some(identity))
    }
}

/// `[sftp]` of `tieline.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SftpSettings {
    /// The address to listen at.
    pub(crate) listen: Option<SocketAddr>,
    /// Files with the keys it is known by.
    #[serde(default)]
    pub(crate) host_keys: Vec<PathBuf>,
}

impl StationArgs {
    /// The settings of the file, with what the command line and the environment say over them.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let named = self.config.as_deref();
        let path = named.unwrap_or(Path::new(FILE));
        let mut settings = match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| wrong(path, &error))?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Settings::default()
            }
            Err(error) => return Err(Failure::no_input(&path.display().to_string(), &error)),
        };
        settings.home = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let from_home = |path: PathBuf, home: &Path| home.join(path);
        let home = settings.home.clone();
        settings.partners = settings.partners.map(|it| from_home(it, &home));
        settings.mailboxes = settings.mailboxes.map(|it| from_home(it, &home));
        let as2 = &mut settings.as2;
        let files = [&mut as2.certificate, &mut as2.key].into_iter().flatten();
        for file in settings.sftp.host_keys.iter_mut().chain(files) {
            *file = home.join(&*file);
        }
        if let Some(path) = settings.store.as_deref().and_then(|it| it.strip_prefix("sqlite:")) {
            settings.store = Some(format!("sqlite:{}", home.join(path).display()));
        }
        settings.store = self.store.clone().or(settings.store);
        settings.partners = self.partners.clone().or(settings.partners);
        settings.mailboxes = self.mailboxes.clone().or(settings.mailboxes);
        Ok(settings)
    }
}

impl StationArgs {
    /// A station of which only the store is of interest.
    pub(crate) fn of_store(config: Option<PathBuf>, store: Option<String>) -> StationArgs {
        StationArgs { config, store, ..StationArgs::default() }
    }

    /// The file of settings that is read, if there is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match &self.config {
            Some(path) => Some(path.clone()),
            None => Some(PathBuf::from(FILE)).filter(|path| path.exists()),
        }
    }

    /// The same in words.
    pub(crate) fn told(&self) -> String {
        let none = || format!("there is no {FILE} here: what is not said otherwise is the default");
        self.file().map_or_else(none, |path| path.display().to_string())
    }

    /// Whether the command line or the environment says a setting.
    pub(crate) fn says(&self, name: &str) -> bool {
        match name {
            "store" => self.store.is_some(),
            "partners" => self.partners.is_some(),
            "mailboxes" => self.mailboxes.is_some(),
            _ => false,
        }
    }
}

fn wrong(path: &Path, error: &toml::de::Error) -> Failure {
    let message = format!("{}: {}", path.display(), error.to_string().trim_end());
    Failure { code: exit::CONFIGURATION, message, help: None }
}

impl Settings {
    /// The directory of the partners.
    pub(crate) fn partners(&self) -> PathBuf {
        self.partners.clone().unwrap_or_else(|| self.home.join("partners"))
    }

    /// The partners as their files are now. A directory that is not there, e.g. on a disk that is not
    /// mounted, is not one without partners: everybody would be turned away.
    pub(crate) fn book(&self) -> Result<PartnerBook, Failure> {
        let path = self.partners();
        std::fs::read_dir(&path).map_err(|error| Failure {
            code: exit::CONFIGURATION,
            ..Failure::no_partners(&path, &error)
        })?;
        PartnerBook::load(&path).map_err(|errors| Failure::partner_files(&errors))
    }

    /// Where what the gateway makes for itself lies, such as its host key: beside the mailboxes.
    pub(crate) fn state(&self) -> PathBuf {
        self.mailboxes().parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// The host key that is made when none is named.
    pub(crate) fn own_host_key(&self) -> PathBuf {
        self.state().join(HOST_KEY)
    }

    /// The directory of the partners' mailboxes.
    pub(crate) fn mailboxes(&self) -> PathBuf {
        self.mailboxes.clone().unwrap_or_else(|| self.home.join("state/mailboxes"))
    }

    /// The address of the store.
    pub(crate) fn address(&self) -> String {
        let default = || format!("sqlite:{}", self.state().join("tieline.db").display());
        self.store.clone().unwrap_or_else(default)
    }

    /// The file of the store, when it is kept in one.
    pub(crate) fn store_file(&self) -> Option<PathBuf> {
        self.address().strip_prefix("sqlite:").map(PathBuf::from)
    }

    /// Whether there is a store: a file that is there, or a server that is named.
    pub(crate) fn has_store(&self) -> bool {
        self.store_file().is_none_or(|path| path.is_file())
    }

    /// The name of this node.
    pub(crate) fn node(&self) -> String {
        let machine = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let node = self.node.clone().or_else(machine).unwrap_or_default();
        node.trim().to_string()
    }

    /// Opens the store, which has to be there.
    pub(crate) async fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        if !self.has_store() {
            return Err(no_store(&self.address()));
        }
        tieline_store::open(&self.address()).await.map_err(|error| refused(&error))
    }

    /// Where figures and health are served, if they are.
    pub(crate) fn monitor(&self) -> Result<Option<SocketAddr>, Failure> {
        let MonitorSettings { listen, anywhere } = self.monitor;
        match listen {
            Some(listen) if !anywhere && !monitor::is_local(listen) => Err(Failure {
                code: exit::CONFIGURATION,
                message: format!("[monitor] listen: others than this machine reach {listen}"),
                help: Some("listen at 127.0.0.1, or say anywhere = true beside it".to_string()),
            }),
            listen => Ok(listen),
        }
    }

    /// The server that takes our mail, if one is named.
    pub(crate) fn mail_server(&self) -> Result<Option<MailServer>, Failure> {
        let wrong = |message: &str, help: &str| Failure {
            code: exit::CONFIGURATION,
            message: format!("[mail] {message}"),
            help: Some(help.to_string()),
        };
        let Some(mail) = &self.mail else { return Ok(None) };
        let (security, usual) = match mail.security {
            MailSecurity::Tls => (Security::Tls, 465),
            MailSecurity::StartTls => (Security::StartTls, 587),
            MailSecurity::None => (Security::None, 25),
        };
        let login = match (&mail.user, &mail.password) {
            (None, None) => None,
            (Some(_), Some(_)) if security == Security::None => {
                return Err(wrong("sends a password in the clear", "set security to tls"));
            }
            (Some(user), Some(name)) => {
                let name = name.parse::<SecretName>().map_err(|_| {
                    wrong("password names no secret", "write cred:NAME, env:NAME or file:/PATH")
                })?;
                Some((user.clone(), name))
            }
            _ => return Err(wrong("names a user or a password and not the other", "name both")),
        };
        let read = |path: &PathBuf| {
            let path = self.home.join(path);
            std::fs::read(&path)
                .map_err(|error| Failure::no_input(&path.display().to_string(), &error))
        };
        Ok(Some(MailServer {
            host: mail.host.clone(),
            port: mail.port.unwrap_or(usual),
            security,
            login,
            from: mail.from.clone(),
            roots: mail.roots.as_ref().map(read).transpose()?,
        }))
    }

    /// The same as [`Settings::house`] for who looks or mends: a store has to be there. One that was made
    /// in the wrong place would say that nothing ever happened.
    pub(crate) async fn house_there(&self) -> Result<Arc<House>, Failure> {
        if !self.has_store() {
            return Err(no_store(&self.address()));
        }
        self.house().await
    }

    /// Opens the store, and the house around it.
    pub(crate) async fn house(&self) -> Result<Arc<House>, Failure> {
        let book = self.book()?;
        let zone = book.utility().map(|utility| utility.zone.name().to_string());
        let mailboxes = self.mailboxes();
        make_private(&mailboxes)?;
        let store = tieline_store::open(&self.address()).await.map_err(|error| refused(&error))?;
        let mut house = House::new(store, book, mailboxes);
        house.secrets = secrets();
        house.alerts.mail = self.mail_server()?;
        house.node = format!("node {}", self.node());
        let known = zone.and_then(|name| jiff::tz::TimeZone::get(&name).ok());
        house.zone = known.unwrap_or(jiff::tz::TimeZone::UTC);
        Ok(Arc::new(house))
    }
}

/// Where secrets are looked up.
pub(crate) fn secrets() -> Secrets {
    Secrets {
        credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        environment: Some(|name| std::env::var_os(name)),
    }
}

/// The address of a store without the password that may be in it.
pub(crate) fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_string() };
    let (place, asked) = rest.split_once('?').unwrap_or((rest, ""));
    let named: Vec<&str> = asked.split('&').filter(|it| !it.starts_with("password=")).collect();
    let asked = named.join("&");
    let mark = if asked.is_empty() { "" } else { "?" };
    let place = match place.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            format!("{user}@{host}")
        }
        None => place.to_string(),
    };
    format!("{scheme}://{place}{mark}{asked}")
}

/// Why a store is not looked at: nobody has made it.
pub(crate) fn no_store(address: &str) -> Failure {
    let message = format!("the store: there is none at {}", without_password(address));
    let help =
        "name it with --store, or as store in tieline.toml; or make it with: tieline db migrate";
    Failure { code: exit::NO_INPUT, message, help: Some(help.to_string()) }
}

/// Makes a directory that nobody else may look into, if it is not there: what is in there is the
/// customers'.
pub(crate) fn make_private(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{}: the directory cannot be made: {error}", path.display());
    let help = "name another one on the command line or in tieline.toml";
    Failure { code: exit::UNWRITABLE, message, help: Some(help.to_string()) }
}

/// What the store says when it does not do what was asked.
pub(crate) fn refused(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::Address(_) | StoreError::TooNew { .. } => exit::CONFIGURATION,
        error if error.is_passing() => exit::TEMPORARY,
        _ => exit::UNWRITABLE,
    };
    let help = match error {
        StoreError::Address(_) => Some("name it with --store, or as store in tieline.toml"),
        StoreError::Database(_) => Some(
            "look whether the database runs and admits us; tieline config show says where it is",
        ),
        _ => None,
    };
    let help = help.map(str::to_string);
    Failure { code, message: format!("the store: {error}"), help }
}

/// Runs what waits for the store or the network.
pub(crate) fn run<T>(what: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, shown) in [
            ("sqlite:/var/lib/tieline.db", "sqlite:/var/lib/tieline.db"),
            ("postgres://tie:se:cr@et@db/edi", "postgres://tie@db/edi"),
            ("postgres://db/edi?user=tie&password=secret", "postgres://db/edi?user=tie"),
            ("postgres://tie@db/edi?password=secret", "postgres://tie@db/edi"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }
}
