//! Serving: workers, schedules, deadlines and the servers of one node, from start to an orderly end.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use tieline_transport::sftp::{Server, Settings};
use tieline_transport::{as2, monitor};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::as2::As2Host;
use crate::health::Health;
use crate::host::Host;
use crate::house::House;
use crate::metrics::Metrics;
use crate::{folders, overdue, retention, schedule, steady, upkeep, worker};

/// What a node does.
#[derive(Debug)]
pub struct Serving {
    /// How many steps it does at once.
    pub workers: usize,
    /// Where partners find their mailboxes; nowhere when `None`.
    pub sftp: Option<Sftp>,
    /// Where partners send over AS2; nowhere when `None`.
    pub as2: Option<As2>,
}

/// An AS2 server that is to run.
#[derive(Debug)]
pub struct As2 {
    /// The address to listen at, e.g. `0.0.0.0:4080`; port 0 takes any.
    pub listen: SocketAddr,
    /// Its certificate and limits.
    pub settings: as2::Settings,
}

/// An SFTP server that is to run.
#[derive(Debug)]
pub struct Sftp {
    /// The address to listen at, e.g. `0.0.0.0:2222`; port 0 takes any.
    pub listen: SocketAddr,
    /// Its keys and limits.
    pub settings: Settings,
}

/// Why a node does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Nobody can be listened to at the address.
    #[error("nothing can be served at {address}: {error}; is another program there?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// The store does not answer.
    #[error("the store: {0}")]
    Store(#[from] tieline_store::StoreError),
    /// The AS2 server cannot be set up.
    #[error("the AS2 server: {0}")]
    As2(#[from] as2::client::TlsError),
    /// The SFTP server cannot be set up.
    #[error(transparent)]
    Sftp(#[from] tieline_transport::sftp::server::ServerError),
}

/// A node that serves.
pub struct Node {
    /// Where its SFTP server listens.
    pub sftp: Option<SocketAddr>,
    /// Where its AS2 server listens.
    pub as2: Option<SocketAddr>,
    house: Arc<House>,
    stop: watch::Sender<bool>,
    tasks: Vec<(&'static str, JoinHandle<()>)>,
    monitor: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts to serve. When this returns, partners can connect.
    ///
    /// # Errors
    ///
    /// [`ServeError`]; then nothing was started.
    pub async fn start(house: Arc<House>, serving: Serving) -> Result<Node, ServeError> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        // Both addresses are taken before anything is started, and before anything is taken from whoever
        // serves there already.
        let sftp = match serving.sftp {
            Some(Sftp { listen, settings }) => Some((bind(listen).await?, settings)),
            None => None,
        };
        let as2 = match serving.as2 {
            Some(As2 { listen, settings }) => Some((bind(listen).await?, settings)),
            None => None,
        };
        // Whoever had jobs under this node's name is gone.
        house.store.end_leases(&house.node).await?;
        let at = |listener: &TcpListener| listener.local_addr().ok();
        let (at_sftp, at_as2) = (
            sftp.as_ref().and_then(|(listener, _)| at(listener)),
            as2.as_ref().and_then(|(listener, _)| at(listener)),
        );
        if let Some((listener, settings)) = as2 {
            let (host, writing) = As2Host::new(Arc::clone(&house));
            let server = as2::Server::new(settings, Arc::new(host))?;
            let stopped = until(stopped.clone());
            let task = tokio::spawn(async move {
                server.run(listener, stopped).await;
                drop(server);
                let _ = writing.await;
            });
            tasks.push(("the AS2 server", task));
        }
        if let Some((listener, settings)) = sftp {
            let (host, writing) = Host::new(Arc::clone(&house));
            let server = Server::new(settings, Arc::new(host))?;
            let stopped = until(stopped.clone());
            let task = tokio::spawn(async move {
                server.run(listener, stopped).await;
                drop(server);
                let _ = writing.await;
            });
            tasks.push(("the SFTP server", task));
        }
        tasks.extend(household(&house, serving.workers, &stopped));
        Ok(Node { sftp: at_sftp, as2: at_as2, house, stop, tasks, monitor: None })
    }

    /// Serves the figures and the health of this node at an address, e.g. `127.0.0.1:9464`, until it has
    /// stopped; gives the address. Nobody is asked who they are there.
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`].
    pub async fn monitor(&mut self, listen: SocketAddr) -> Result<SocketAddr, ServeError> {
        let listener = bind(listen).await?;
        let failed = |error| ServeError::Listen { address: listen, error };
        let address = listener.local_addr().map_err(failed)?;
        let parts = self.tasks.iter().map(|(name, task)| (*name, task.abort_handle()));
        let health = Health {
            house: Arc::clone(&self.house),
            metrics: Metrics::new(),
            parts: parts.collect(),
            stopping: self.stop.subscribe(),
        };
        let serving = monitor::run(listener, Arc::new(health), std::future::pending());
        self.monitor = Some(tokio::spawn(serving));
        Ok(address)
    }

    /// Lets what is under way end, takes nothing new, and returns when all of it has ended.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for (_, task) in self.tasks {
            let _ = task.await;
        }
        // To the last it says that the node is stopping.
        if let Some(monitor) = self.monitor {
            monitor.abort();
            let _ = monitor.await;
        }
    }
}

/// The tasks of a node beside its servers. The loops of the servers need none of it: what clients send
/// is read in tasks of their own, one for each connection.
fn household(
    house: &Arc<House>,
    workers: usize,
    stopped: &watch::Receiver<bool>,
) -> Vec<(&'static str, JoinHandle<()>)> {
    let of = || Arc::clone(house);
    let task = |name, begin: fn(Arc<House>, watch::Receiver<bool>) -> Task| {
        let house = of();
        (name, steady::run(name, stopped.clone(), move |stop| begin(Arc::clone(&house), stop)))
    };
    vec![
        ("the work", tokio::spawn(worker::run(of(), workers, stopped.clone()))),
        task("the schedules", |house, stop| Box::pin(schedule::run(house, stop))),
        task("the folders", |house, stop| Box::pin(folders::run(house, stop))),
        task("retention", |house, stop| Box::pin(retention::run(house, stop))),
        task("upkeep", |house, stop| Box::pin(upkeep::run(house, stop))),
        task("the deadlines", |house, stop| Box::pin(overdue::run(house, stop))),
    ]
}

/// A task of a node.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let failed = |error| ServeError::Listen { address, error };
    TcpListener::bind(address).await.map_err(failed)
}

/// Ready when the word to stop has come.
async fn until(mut stop: watch::Receiver<bool>) {
    // An error means that nobody is left to say it.
    let _ = stop.wait_for(|stop| *stop).await;
}
