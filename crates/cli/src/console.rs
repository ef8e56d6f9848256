//! Where a command writes: its results to one place, its talk to another.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::{exit, failure};

/// Where a command writes: its results to one place, its talk to another.
pub struct Console<'a> {
    /// Results.
    pub(crate) out: &'a mut dyn Write,
    /// Talk: errors, notes, progress.
    err: Box<dyn Write + 'a>,
    auto: Colors,
    /// How results look.
    pub(crate) paint: Paint,
    err_paint: Paint,
    /// Whether only what is wrong is to be told.
    pub(crate) quiet: bool,
}

/// What `auto` means for the two places.
#[derive(Debug, Clone, Copy, Default)]
struct Colors {
    out: bool,
    err: bool,
}

impl<'a> Console<'a> {
    /// A console of two plain writers.
    pub fn plain(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Console<'a> {
        Console {
            out,
            err: Box::new(err),
            auto: Colors::default(),
            paint: Paint::PLAIN,
            err_paint: Paint::PLAIN,
            quiet: false,
        }
    }

    /// The console of the process; `out` writes to standard output.
    pub fn standard(out: &'a mut dyn Write) -> Console<'a> {
        let colors = Colors {
            out: anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
            err: anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
        };
        let err = Box::new(io::stderr());
        Console {
            out,
            err,
            auto: colors,
            paint: Paint::PLAIN,
            err_paint: Paint::PLAIN,
            quiet: false,
        }
    }

    /// Settles what `--color` and `--quiet` say.
    pub(crate) fn settle(&mut self, color: clap::ColorChoice, quiet: bool) {
        let paint = |auto| match color {
            clap::ColorChoice::Always => Paint::COLORS,
            clap::ColorChoice::Never => Paint::PLAIN,
            clap::ColorChoice::Auto if auto => Paint::COLORS,
            clap::ColorChoice::Auto => Paint::PLAIN,
        };
        (self.paint, self.err_paint) = (paint(self.auto.out), paint(self.auto.err));
        self.quiet = quiet;
    }

    /// Whether progress can be shown.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && self.auto.err && io::stderr().is_terminal()
    }

    /// Whether results go to a terminal, where what was written can be written over.
    pub(crate) fn is_terminal(&self) -> bool {
        self.auto.out && io::stdout().is_terminal()
    }

    /// Says something beside the results, unless it is to be quiet.
    pub(crate) fn say(&mut self, text: impl fmt::Display) {
        if !self.quiet {
            let _ = writeln!(self.err, "{text}");
        }
    }

    /// Says why something could not be done.
    pub(crate) fn complain(&mut self, error: &dyn fmt::Display) {
        let style = self.err_paint.error;
        let _ = writeln!(self.err, "{style}error{style:#}: {error}");
    }

    /// Says why a command could not be done; the exit code.
    pub(crate) fn fail(&mut self, error: &anyhow::Error) -> u8 {
        let code = failure::code_of(error);
        match code {
            exit::PIPE_CLOSED => {}
            exit::UNWRITABLE => {
                self.complain(&format_args!("the results cannot be written: {error:#}"));
            }
            _ => self.complain(&format_args!("{error:#}")),
        }
        code
    }

    /// Shows what the command line's parser has to say; the exit code.
    pub(crate) fn parser(&mut self, error: &clap::Error) -> u8 {
        let text = error.render();
        let (to, colors): (&mut dyn Write, bool) = match error.use_stderr() {
            true => (&mut self.err, self.auto.err),
            false => (&mut self.out, self.auto.out),
        };
        let _ = match colors {
            true => write!(to, "{}", text.ansi()),
            false => write!(to, "{text}"),
        };
        u8::try_from(error.exit_code()).unwrap_or(exit::USAGE)
    }
}

/// The colours of a report; a style that is off writes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    pub(crate) error: Style,
    pub(crate) warning: Style,
    pub(crate) good: Style,
    /// Gutters, arrows and labels.
    pub(crate) frame: Style,
    pub(crate) strong: Style,
}

impl Paint {
    /// Without colours.
    pub(crate) const PLAIN: Paint = Paint {
        error: Style::new(),
        warning: Style::new(),
        good: Style::new(),
        frame: Style::new(),
        strong: Style::new(),
    };

    /// With colours.
    pub(crate) const COLORS: Paint = Paint {
        error: AnsiColor::BrightRed.on_default().bold(),
        warning: AnsiColor::Yellow.on_default().bold(),
        good: AnsiColor::Green.on_default().bold(),
        frame: AnsiColor::BrightBlue.on_default().bold(),
        strong: Style::new().bold(),
    };
}
