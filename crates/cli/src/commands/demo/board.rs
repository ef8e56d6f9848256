//! The board: every message and the way it went, told as it happens.
//!
//! On a terminal it is one table that is drawn again and again; elsewhere each thing that happened is
//! a line, and the lines are the same each time.

use std::io;
use std::time::Duration;

use tieline_store::message::{Flow, Message};
use tieline_store::{State, Store};

use crate::console::{Console, Paint};

/// How long a person may look at one scene before the next begins.
const SCENE: Duration = Duration::from_millis(700);

/// Shows messages.
pub(super) struct Board<'b, 'c> {
    console: &'b mut Console<'c>,
    is_table: bool,
    scene: String,
    rows: Vec<Row>,
    /// Lines of the table that are on the terminal.
    drawn: usize,
}

/// A message, and what happened to it: a word, and more of it.
struct Row {
    /// Its number, its way, its partner and what it is.
    head: String,
    happened: Vec<(String, String)>,
    state: State,
    /// How much of it was told as lines.
    told: usize,
}

impl Row {
    fn line(&self, (word, detail): &(String, String)) -> String {
        format!("  {}  {word:<8}  {detail}", self.head).trim_end().to_string()
    }

    fn trail(&self, paint: Paint) -> String {
        let words: Vec<&str> = self.happened.iter().map(|(word, _)| word.as_str()).collect();
        let style = match self.state {
            State::Posted | State::Accepted | State::Repeat => paint.good,
            State::Rejected | State::Refused | State::Held | State::Dead => paint.error,
            _ => paint.strong,
        };
        let (before, last) = words.split_at(words.len().saturating_sub(1));
        let before: String = before.iter().map(|word| format!("{word} → ")).collect();
        format!("  {}  {before}{style}{}{style:#}", self.head, last.concat())
    }
}

impl<'b, 'c> Board<'b, 'c> {
    pub(super) fn new(console: &'b mut Console<'c>) -> Board<'b, 'c> {
        let is_table = console.is_terminal();
        Board { console, is_table, scene: String::new(), rows: Vec::new(), drawn: 0 }
    }

    /// Says what comes next.
    pub(super) async fn scene(&mut self, text: &str) -> io::Result<()> {
        if self.is_table {
            let is_first = std::mem::replace(&mut self.scene, text.to_string()).is_empty();
            self.draw()?;
            if !is_first {
                tokio::time::sleep(SCENE).await;
            }
            return Ok(());
        }
        let style = self.console.paint.strong;
        let gap = if self.scene.is_empty() { "" } else { "\n" };
        self.scene = text.to_string();
        writeln!(self.console.out, "{gap}{style}{text}{style:#}")?;
        self.console.out.flush()
    }

    /// Looks at what happened to messages since it looked last. Lines are written when a scene is
    /// over.
    pub(super) async fn look(
        &mut self,
        store: &dyn Store,
        all: &[Message],
        is_over: bool,
    ) -> anyhow::Result<()> {
        let mut is_changed = false;
        for (n, message) in all.iter().enumerate() {
            let row = row(store, message).await?;
            match self.rows.get_mut(n) {
                Some(before) => {
                    is_changed |= before.happened != row.happened || before.head != row.head;
                    *before = Row { told: before.told, ..row };
                }
                None => {
                    is_changed = true;
                    self.rows.push(row);
                }
            }
        }
        match (self.is_table, is_over) {
            (true, _) if is_changed => self.draw()?,
            (false, true) => self.tell()?,
            _ => {}
        }
        Ok(())
    }

    /// Writes what was not told yet: first of the messages that are new, then of those that they
    /// answer.
    fn tell(&mut self) -> io::Result<()> {
        let is_untold = |row: &Row| row.told == 0;
        let new = self.rows.iter().position(is_untold).unwrap_or(self.rows.len());
        let (earlier, later) = self.rows.split_at_mut(new);
        for row in later.iter_mut().chain(earlier) {
            for one in &row.happened[row.told..] {
                writeln!(self.console.out, "{}", row.line(one))?;
            }
            row.told = row.happened.len();
        }
        self.console.out.flush()
    }

    /// Draws the table over the one before.
    fn draw(&mut self) -> io::Result<()> {
        let (out, paint) = (&mut self.console.out, self.console.paint);
        if self.drawn > 0 {
            write!(out, "\x1b[{}A", self.drawn)?;
        }
        for row in &self.rows {
            writeln!(out, "\x1b[2K{}", row.trail(paint))?;
        }
        let style = paint.strong;
        writeln!(out, "\x1b[2K\n\x1b[2K{style}{}{style:#}", self.scene)?;
        self.drawn = self.rows.len() + 2;
        out.flush()
    }
}

/// A message as a row.
async fn row(store: &dyn Store, message: &Message) -> anyhow::Result<Row> {
    let (way, other) = match (message.flow, &message.partner) {
        (_, None) => ("in ", "ourselves"),
        (Flow::In, Some(partner)) => ("in ", partner.as_str()),
        (Flow::Out, Some(partner)) => ("out", partner.as_str()),
    };
    let what = if message.content.is_empty() { &message.name } else { &message.content };
    let head = format!("{:<3}  {way}  {other:<14}  {what:<10}", message.id.to_string());
    let mut happened = Vec::new();
    if message.flow == Flow::Out {
        happened.push(("queued".to_string(), message.name.clone()));
    }
    for event in store.events(message.id).await? {
        // That it was composed is why it is queued.
        if event.what != "composed" {
            happened.push((event.what, steady(&event.detail)));
        }
    }
    // Where a message stands in the end is not always told by an event of that name.
    let state = message.state;
    let is_last = |(word, _): &(String, String)| word == state.word();
    if is_end(state) && !happened.last().is_some_and(is_last) {
        happened.push((state.word().to_string(), String::new()));
    }
    Ok(Row { head, happened, state, told: 0 })
}

/// Keys are new each time, so which one signed is left out: what is told is the same each time.
fn steady(detail: &str) -> String {
    match detail.split_once(" with certificate ") {
        Some((before, rest)) => {
            let rest = rest.split_once(',').map_or("", |(_, rest)| rest);
            format!("{before},{rest}")
        }
        None => detail.to_string(),
    }
}

/// Whether nothing more happens to a message by itself.
fn is_end(state: State) -> bool {
    use State::{Accepted, Dead, Held, Posted, Refused, Rejected, Repeat};
    matches!(state, Posted | Accepted | Repeat | Rejected | Refused | Held | Dead)
}
