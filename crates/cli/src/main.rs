//! The binary `tieline`.

use std::io::{BufWriter, Write, stderr, stdout};
use std::process::ExitCode;

use tieline_cli::{Console, exit, run};

fn main() -> ExitCode {
    // Whatever the profile does with a panic, the caller gets the documented code. A panic's message
    // holds no data of the document.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(stderr(), "error: a bug in tieline ({place}); nothing was decided");
        let _ =
            writeln!(stderr(), "  = help: please report it with the output of tieline --version");
        std::process::exit(exit::BUG.into());
    }));
    let mut out = BufWriter::new(stdout().lock());
    ExitCode::from(run(std::env::args_os(), &mut Console::standard(&mut out)))
}
