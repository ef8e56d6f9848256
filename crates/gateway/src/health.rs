//! Whether a node lives and is ready, and its figures: the pages of the monitor.
//!
//! | path | says |
//! |---|---|
//! | `/healthz` | 200 while the process answers at all |
//! | `/readyz` | 200 when the store answers and all that serves is up; else 503, and why |
//! | `/metrics` | the figures, as text for Prometheus |

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tieline_transport::monitor::{Page, Pages};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::house::House;
use crate::metrics::Metrics;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the pages are written from.
pub(crate) struct Health {
    pub(crate) house: Arc<House>,
    pub(crate) metrics: Metrics,
    /// What has to run, by name.
    pub(crate) parts: Vec<(&'static str, AbortHandle)>,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Health {
    /// Why the node is not ready; nothing when it is.
    async fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if *self.stopping.borrow() {
            faults.push("the node is stopping".to_string());
        }
        for (name, _) in self.parts.iter().filter(|(_, part)| part.is_finished()) {
            faults.push(format!("{name} has ended"));
        }
        match timeout(PATIENCE, self.house.store.pauses()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => faults.push(format!("the store: {error}")),
            Err(_) => faults.push("the store does not answer".to_string()),
        }
        faults
    }

    async fn write(&self, path: &str) -> Option<Page> {
        let text = |status: u16, text: String| Page {
            status,
            content_type: "text/plain; charset=utf-8",
            text,
        };
        Some(match path {
            "/healthz" => text(200, "the process lives\n".to_string()),
            "/readyz" => match self.faults().await {
                faults if faults.is_empty() => text(200, "ready\n".to_string()),
                faults => text(503, format!("{}\n", faults.join("\n"))),
            },
            "/metrics" => Page {
                status: 200,
                content_type: "text/plain; version=0.0.4; charset=utf-8",
                text: self.metrics.text(&self.house).await,
            },
            _ => return None,
        })
    }
}

impl Pages for Health {
    fn page<'a>(
        &'a self,
        path: &'a str,
    ) -> Pin<Box<dyn Future<Output = Option<Page>> + Send + 'a>> {
        Box::pin(self.write(path))
    }
}
