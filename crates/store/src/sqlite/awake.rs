//! A future run to its end by a thread that stays awake for the short waits.
//!
//! Each statement is a word to the thread of the connection and one back, some ten microseconds of work.
//! To fall asleep and be woken for each costs several times as much, more so where a processor that
//! idles has to be woken too.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long the thread stays awake while it waits.
const AWAKE: Duration = Duration::from_micros(50);

/// Runs a future to its end.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    let called = Arc::new(Called { thread: thread::current(), is_called: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&called));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
        called.wait();
    }
}

/// Whether somebody has called a thread since it last looked.
struct Called {
    thread: Thread,
    is_called: AtomicBool,
}

impl Called {
    fn wait(&self) {
        let start = Instant::now();
        while !self.is_called.swap(false, Ordering::Acquire) {
            match start.elapsed() < AWAKE {
                // Whoever else wants the processor gets it meanwhile.
                true => thread::yield_now(),
                false => thread::park(),
            }
        }
    }
}

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.is_called.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_heard_before_and_after_the_thread_sleeps() {
        for wait in [Duration::ZERO, AWAKE * 100] {
            let (answer, mut answered) = tokio::sync::mpsc::channel(1);
            let caller = thread::spawn(move || {
                for number in 0..200 {
                    thread::sleep(wait / 10);
                    answer.blocking_send(number).expect("somebody listens");
                }
            });
            let sum = run(async move {
                let mut sum = 0;
                while let Some(number) = answered.recv().await {
                    sum += number;
                }
                sum
            });
            assert_eq!(sum, 199 * 200 / 2);
            caller.join().expect("it ends");
        }
    }
}
