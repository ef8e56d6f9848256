//! `serve`: the gateway.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tieline_gateway::bans::StoreBans;
use tieline_gateway::serve::{As2, Node, ServeError, Serving, Sftp};
use tieline_gateway::{House, operate};
use tieline_transport::as2;
use tieline_transport::sftp::bans::{BanRules, Bans};
use tieline_transport::sftp::{HostKey, Settings as SftpLimits};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::notify::Notify;
use crate::station::{self, Settings, StationArgs};

/// How many steps are done at once where nothing else is said.
const WORKERS: usize = 4;

/// Run the gateway: mailboxes over SFTP, schedules, and every document down its road
///
/// It runs until it is told to stop (SIGTERM, or Ctrl-C), and lets what is under way end. On SIGHUP
/// it reads the partners anew; a wrong file changes nothing and is told. Everything is kept in the
/// store, so that it goes on where it was after a restart.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline serve --sftp 0.0.0.0:2222
  tieline serve --config /etc/tieline/tieline.toml")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    station: StationArgs,

    /// The address at which partners find their mailboxes
    #[arg(long, value_name = "ADDRESS", env = "TIELINE_SFTP", hide_env_values = true)]
    sftp: Option<SocketAddr>,

    /// The address at which partners send over AS2
    #[arg(long, value_name = "ADDRESS", env = "TIELINE_AS2", hide_env_values = true)]
    as2: Option<SocketAddr>,

    /// A file with a key that the SFTP server is known by; one is made when there is none
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    host_key: Vec<PathBuf>,

    /// How many steps are done at once
    #[arg(long, value_name = "NUMBER")]
    workers: Option<usize>,

    /// How what happens is told on standard error
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Whether this process is a gateway, which goes on when a step breaks down.
static IS_SERVING: AtomicBool = AtomicBool::new(false);

/// Whether this process runs as a gateway: then a fault of ours is a failed attempt of one step, and
/// ends nothing else.
pub fn is_serving() -> bool {
    IS_SERVING.load(Ordering::Relaxed)
}

pub(crate) fn run(args: &ServeArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    IS_SERVING.store(true, Ordering::Relaxed);
    tell_of(args.log_format);
    let settings = args.station.settings()?;
    station::run(async {
        // From here on a signal is heard, whenever it comes; unheard it would end the program at once.
        let mut signals = Signals::heard()?;
        let house = settings.house().await?;
        let sftp = match args.sftp.or(settings.sftp.listen) {
            Some(listen) => Some(sftp(args, &settings, listen, &house, console)?),
            None => None,
        };
        let as2 =
            args.as2.or(settings.as2.listen).map(|listen| as2(&settings, listen)).transpose()?;
        let workers = args.workers.or(settings.workers).unwrap_or(WORKERS);
        let monitor = settings.monitor()?;
        let taken = |error: ServeError| Failure {
            code: exit::CONFIGURATION,
            message: error.to_string(),
            help: Some("name a free address with --sftp or --as2, or in [monitor]".to_string()),
        };
        let node = Node::start(Arc::clone(&house), Serving { workers, sftp, as2 }).await;
        let mut node = node.map_err(taken)?;
        if let Some(listen) = monitor {
            let address = node.monitor(listen).await.map_err(taken)?;
            console.say(format_args!("showing figures and health at http://{address}/metrics"));
        }
        match node.sftp {
            Some(address) => console.say(format_args!("serving mailboxes at {address}")),
            None => console.say("serving without SFTP: name an address with --sftp for that"),
        }
        if let Some(address) = node.as2 {
            console.say(format_args!("taking AS2 messages at {address}"));
        }
        release(&house).await;
        let notify = Notify::from_environment();
        notify.ready();
        tokio::select! {
            () = signals.until_told_to_end(&house, &settings, &notify) => {}
            () = notify.live() => {}
        }
        notify.stopping();
        console.say("stopping: what is under way ends first");
        tokio::select! {
            () = node.stop() => {}
            () = notify.live() => {}
        }
        Ok(exit::ACCEPTED)
    })
}

/// What an operator tells the program by signals.
struct Signals {
    end: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn heard() -> io::Result<Signals> {
        Ok(Signals {
            end: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the word to stop, and reads the partners anew whenever it is told to.
    async fn until_told_to_end(&mut self, house: &House, settings: &Settings, notify: &Notify) {
        loop {
            tokio::select! {
                _ = self.end.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.reload.recv() => {
                    notify.reloading();
                    read_anew(house, settings).await;
                    notify.ready();
                }
            }
        }
    }
}

async fn read_anew(house: &House, settings: &Settings) {
    match settings.book() {
        Ok(book) if book.utility().is_none() && house.book().utility().is_some() => {
            let gone = settings.partners().join("utility.toml");
            let failure = format!("{}: there is no such file", gone.display());
            tracing::error!(%failure, "the partners stay as they were: nothing says who we are");
        }
        Ok(book) => {
            tracing::info!(partners = book.partners().len(), "the partners were read anew");
            house.turn_to(book);
            release(house).await;
        }
        Err(failure) => {
            tracing::error!(%failure, "the partners stay as they were: their files are wrong");
        }
    }
}

/// Sends what may go out by the partners' files as they are now.
async fn release(house: &House) {
    if let Err(error) = operate::release_what_may_go(house).await {
        tracing::error!(%error, "what may go out now waits for the next file, start or reload");
    }
}

/// Writes what happens to standard error.
fn tell_of(format: LogFormat) {
    let told = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false);
    // Somebody else may have done so already, as tests do.
    let _ = match format {
        LogFormat::Text => told.try_init(),
        LogFormat::Json => told.json().try_init(),
    };
}

fn sftp(
    args: &ServeArgs,
    settings: &Settings,
    listen: SocketAddr,
    house: &Arc<House>,
    console: &mut Console<'_>,
) -> anyhow::Result<Sftp> {
    let named = if args.host_key.is_empty() { &settings.sftp.host_keys } else { &args.host_key };
    let mut keys = Vec::new();
    for path in named {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| Failure::no_input(&path.display().to_string(), &error))?;
        keys.push(read_key(path, &text)?);
    }
    if keys.is_empty() {
        keys.push(own_key(&settings.own_host_key(), console)?);
    }
    let bans: Arc<dyn Bans> = Arc::new(StoreBans::new(Arc::clone(house), BanRules::default()));
    Ok(Sftp { listen, settings: SftpLimits { bans: Some(bans), ..SftpLimits::new(keys) } })
}

fn as2(settings: &Settings, listen: SocketAddr) -> Result<As2, Failure> {
    let named = &settings.as2;
    let mut limits = as2::Settings::new(settings.mailboxes().join(".spool").join("as2"));
    std::fs::create_dir_all(&limits.folder)
        .map_err(|error| Failure::no_input(&limits.folder.display().to_string(), &error))?;
    limits.path = named.path().to_string();
    limits.tls = named.tls()?;
    (limits.unverified, limits.unverified_of_partner) = named.unverified()?;
    limits.opened_at_once = named.opened_at_once.unwrap_or(limits.opened_at_once);
    Ok(As2 { listen, settings: limits })
}

/// The key of this gateway, which is made at its first start.
fn own_key(path: &Path, console: &mut Console<'_>) -> anyhow::Result<HostKey> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(read_key(path, &text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let wrong = |error| Failure {
                code: exit::BUG,
                message: format!("no host key can be made: {error}"),
                help: None,
            };
            let key = HostKey::generate().map_err(wrong)?;
            let mut file = File::options();
            let file = file.write(true).create_new(true).mode(0o600).open(path);
            file.and_then(|mut file| {
                file.write_all(key.to_text().map_err(io::Error::other)?.as_bytes())
            })?;
            console.say(format_args!(
                "made a host key, {}: tell partners its fingerprint {}",
                path.display(),
                key.fingerprint()
            ));
            Ok(key)
        }
        Err(error) => Err(Failure::no_input(&path.display().to_string(), &error).into()),
    }
}

fn read_key(path: &Path, text: &str) -> Result<HostKey, Failure> {
    HostKey::read(text).map_err(|error| Failure {
        code: exit::CONFIGURATION,
        message: format!("{}: {error}", path.display()),
        help: None,
    })
}
