//! A task of a node that begins anew when it breaks down, so that one fault does not end the others.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long is waited before a task begins anew.
const REST: Duration = Duration::from_secs(1);

/// Runs a task to its end, which comes when `stop` says true; one that breaks down begins anew.
pub(crate) fn run<F: Future<Output = ()> + Send + 'static>(
    name: &'static str,
    stop: watch::Receiver<bool>,
    begin: impl Fn(watch::Receiver<bool>) -> F + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        while tokio::spawn(begin(stop.clone())).await.is_err() && !*stop.borrow() {
            tracing::error!(task = name, "a task of this node broke down, and begins anew");
            tokio::time::sleep(REST).await;
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_task_that_breaks_down_begins_anew() {
        let (stop, stopped) = watch::channel(false);
        let begun = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&begun);
        let task = run("test", stopped, move |mut stop| {
            let times = count.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(times > 1, "the first two break down");
                let _ = stop.wait_for(|stop| *stop).await;
            }
        });
        let patience = tokio::time::sleep(REST * 30);
        let third = async {
            while begun.load(Ordering::SeqCst) < 3 {
                tokio::time::sleep(REST / 20).await;
            }
        };
        tokio::select! {
            () = third => {}
            () = patience => panic!("it does not begin anew"),
        }
        stop.send_replace(true);
        task.await.expect("it ends in order");
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }
}
