//! A drop with a partner's server: one run that pulls files, one run that puts them.
//!
//! A run is one session. It tries once and tells what came of each file; when it is run, and run
//! again, is the gateway's business. A pull hands a file over exactly as our own server does, and
//! only when it was taken is it deleted, moved or remembered at the partner's: a run that is cut off
//! anywhere leaves each file at the partner's, or with us, or both, and never with nobody.

mod pattern;
mod pull;
mod push;

pub use self::pattern::{Pattern, PatternError};
pub use self::pull::{After, Memory, Pull, PullReport, Pulled, PulledFile, pull};
pub use self::push::{Outgoing, Push, Pushed, PushedFile, push};

/// A name in a folder of the partner's.
fn within(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if folder.is_empty() || folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, slash, name].concat()
}

/// A task that ends when nobody waits for it any more.
struct Task<T>(tokio::task::JoinHandle<T>);

impl<T> Task<T> {
    async fn join(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
