//! The binary `tieline`.

use std::io::{BufWriter, Write, stderr, stdout};
use std::process::ExitCode;

use tieline_cli::{Console, exit, is_serving, run};

fn main() -> ExitCode {
    // The caller gets the documented code, and hears the place of a panic and not its message, which may
    // quote what was read. A gateway goes on: what broke down is a failed attempt of one step.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if is_serving() && std::thread::current().name() != Some("main") {
            let _ = writeln!(stderr(), "error: a bug in tieline ({place}); the gateway goes on");
            return;
        }
        let _ = writeln!(stderr(), "error: a bug in tieline ({place}); nothing was decided");
        let _ =
            writeln!(stderr(), "  = help: please report it with the output of tieline --version");
        std::process::exit(exit::BUG.into());
    }));
    let mut out = BufWriter::new(stdout().lock());
    ExitCode::from(run(std::env::args_os(), &mut Console::standard(&mut out)))
}
