//! The gateway's place on this machine: its store, its partners, its mailboxes, from `tieline.toml`, the
//! environment and the command line.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tieline_gateway::House;
use tieline_partner::PartnerBook;
use tieline_partner::secret::Secrets;
use tieline_store::StoreError;

use crate::exit;
use crate::failure::Failure;

/// Where settings are looked for when no file is named.
const FILE: &str = "tieline.toml";

/// Where the gateway's things are.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct StationArgs {
    /// The settings of the gateway; `tieline.toml` when there is one here
    #[arg(long, value_name = "FILE", env = "TIELINE_CONFIG", hide_env_values = true)]
    #[arg(value_hint = clap::ValueHint::FilePath, help_heading = "Where the gateway is")]
    config: Option<PathBuf>,

    /// The store: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "ADDRESS", env = "TIELINE_STORE", hide_env_values = true)]
    #[arg(help_heading = "Where the gateway is")]
    store: Option<String>,

    /// The directory of the partners
    #[arg(long, value_name = "DIR", env = "TIELINE_PARTNERS", hide_env_values = true)]
    #[arg(value_hint = clap::ValueHint::DirPath, help_heading = "Where the gateway is")]
    partners: Option<PathBuf>,

    /// The directory of the partners' mailboxes
    #[arg(long, value_name = "DIR", env = "TIELINE_MAILBOXES", hide_env_values = true)]
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
    /// The directory the file is in.
    #[serde(skip)]
    home: PathBuf,
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
        for key in &mut settings.sftp.host_keys {
            *key = home.join(&*key);
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

fn wrong(path: &Path, error: &toml::de::Error) -> Failure {
    let message = format!("{}: {}", path.display(), error.to_string().trim_end());
    Failure { code: exit::CONFIGURATION, message, help: None }
}

impl Settings {
    /// The directory of the partners.
    pub(crate) fn partners(&self) -> PathBuf {
        self.partners.clone().unwrap_or_else(|| self.home.join("partners"))
    }

    /// The partners as their files are now.
    pub(crate) fn book(&self) -> Result<PartnerBook, Failure> {
        PartnerBook::load(&self.partners()).map_err(|errors| Failure::partner_files(&errors))
    }

    /// Where what the gateway makes for itself lies, such as its host key: beside the mailboxes.
    pub(crate) fn state(&self) -> PathBuf {
        self.mailboxes().parent().map(Path::to_path_buf).unwrap_or_default()
    }

    fn mailboxes(&self) -> PathBuf {
        self.mailboxes.clone().unwrap_or_else(|| self.home.join("state/mailboxes"))
    }

    /// Opens the store, and the house around it.
    pub(crate) async fn house(&self) -> Result<Arc<House>, Failure> {
        let book = self.book()?;
        let zone = book.utility().map(|utility| utility.zone.name().to_string());
        let mailboxes = self.mailboxes();
        // What is in there is the customers', and nobody else's.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&mailboxes);
        made.map_err(|error| unusable(&mailboxes, &error))?;
        let default = || format!("sqlite:{}", self.state().join("tieline.db").display());
        let address = self.store.clone().unwrap_or_else(default);
        let store = tieline_store::open(&address).await.map_err(|error| refused(&error))?;
        let mut house = House::new(store, book, mailboxes);
        house.secrets = Secrets {
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            environment: Some(|name| std::env::var_os(name)),
        };
        let machine = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let node = self.node.clone().or_else(machine).unwrap_or_default();
        house.node = format!("node {}", node.trim());
        let known = zone.and_then(|name| jiff::tz::TimeZone::get(&name).ok());
        house.zone = known.unwrap_or(jiff::tz::TimeZone::UTC);
        Ok(Arc::new(house))
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{}: the directory cannot be made: {error}", path.display());
    let help = "name another one with --mailboxes, or as mailboxes in tieline.toml";
    Failure { code: exit::UNWRITABLE, message, help: Some(help.to_string()) }
}

/// What the store says when it does not do what was asked.
pub(crate) fn refused(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::Address(_) | StoreError::TooNew { .. } => exit::CONFIGURATION,
        error if error.is_passing() => exit::TEMPORARY,
        _ => exit::UNWRITABLE,
    };
    let help = matches!(error, StoreError::Address(_))
        .then(|| "name it with --store, or as store in tieline.toml".to_string());
    Failure { code, message: format!("the store: {error}"), help }
}

/// Runs what waits for the store or the network.
pub(crate) fn run<T>(what: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(what)
}
