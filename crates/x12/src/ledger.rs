//! Writing findings down: their positions, lines and paths, and how many a set may have.

use crate::finding::{Fault, Finding, RuleName, Severity, Value};
use crate::observer::{Observer, Scene};
use crate::position::Position;
use crate::segment::SegmentId;
use crate::table::{ElementUse, Release};
use std::sync::Arc;

/// Where reading stands, and what has been found so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// The interchange in the file, the group in it, the set in that; each counted from 1.
    pub(crate) interchange: u64,
    pub(crate) group: u64,
    pub(crate) set: u64,
    /// The sets of the whole file.
    pub(crate) sets: u64,
    /// The segment in the set, 0 outside.
    pub(crate) segment: u32,
    /// What codes are judged by.
    pub(crate) release: Release,
    pub(crate) errors: u32,
    pub(crate) warnings: u32,
    pub(crate) untold: u32,
    told: u32,
    most: u32,
    lines: Lines,
}

/// Where findings are written while a segment is judged: the ledger, who hears of them, and the bytes
/// around.
pub(crate) struct Desk<'a, O> {
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) observer: &'a mut O,
    pub(crate) scene: &'a Scene<'a>,
}

impl<O: Observer> Desk<'_, O> {
    /// Writes a finding of a set down; see [`Ledger::note`].
    pub(crate) fn note(&mut self, note: Note<'_>, path: impl FnOnce() -> String) {
        self.ledger.note(self.observer, self.scene, note, path);
    }

    /// Writes a finding of the envelope down.
    pub(crate) fn note_envelope(&mut self, note: Note<'_>) {
        self.ledger.note_envelope(self.observer, self.scene, note);
    }
}

/// A finding to be written down.
pub(crate) struct Note<'a> {
    pub(crate) fault: Fault,
    pub(crate) severity: Severity,
    pub(crate) offset: u64,
    pub(crate) length: usize,
    pub(crate) id: SegmentId,
    pub(crate) used: Option<&'static ElementUse>,
    pub(crate) element: u8,
    pub(crate) repetition: u16,
    pub(crate) component: u8,
    pub(crate) value: &'a [u8],
    pub(crate) rule: Option<Arc<RuleName>>,
}

impl<'a> Note<'a> {
    /// A note about a place; the rest is filled in where it matters.
    pub(crate) fn new(fault: Fault, offset: u64, length: usize, id: SegmentId) -> Note<'a> {
        Note {
            severity: fault.severity(),
            fault,
            offset,
            length,
            id,
            used: None,
            element: 0,
            repetition: 0,
            component: 0,
            value: &[],
            rule: None,
        }
    }
}

impl Ledger {
    pub(crate) fn new(most: u32) -> Ledger {
        Ledger {
            interchange: 0,
            group: 0,
            set: 0,
            sets: 0,
            segment: 0,
            release: Release::V004010,
            errors: 0,
            warnings: 0,
            untold: 0,
            told: 0,
            most,
            lines: Lines { offset: 0, line: 1 },
        }
    }

    /// A new set: findings are counted anew.
    pub(crate) fn begin_set(&mut self) {
        (self.errors, self.warnings, self.untold, self.told) = (0, 0, 0, 0);
    }

    /// Writes a finding of a set down; beyond the most it is only counted. `path` is asked for the
    /// way down from the set when it is needed.
    pub(crate) fn note<O: Observer>(
        &mut self,
        observer: &mut O,
        scene: &Scene<'_>,
        note: Note<'_>,
        path: impl FnOnce() -> String,
    ) {
        match note.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.told == self.most {
            self.untold += 1;
            return;
        }
        self.told += 1;
        self.tell(observer, scene, note, path());
    }

    /// Writes a finding of the envelope down.
    pub(crate) fn note_envelope<O: Observer>(
        &mut self,
        observer: &mut O,
        scene: &Scene<'_>,
        note: Note<'_>,
    ) {
        self.tell(observer, scene, note, String::new());
    }

    fn tell<O: Observer>(
        &mut self,
        observer: &mut O,
        scene: &Scene<'_>,
        note: Note<'_>,
        inner: String,
    ) {
        let line = self.lines.at(note.offset, scene.bytes, scene.base);
        let mut path = String::new();
        if self.interchange > 0 {
            path = format!("ISA[{}]", self.interchange);
        }
        if self.group > 0 {
            path += &format!("/GS[{}]", self.group);
        }
        if self.segment > 0 {
            path += &format!("/ST[{}]", self.set);
        }
        if !inner.is_empty() {
            path = format!("{path}/{inner}");
        }
        if note.element > 0 {
            path += &format!("/{}{:02}", note.id, note.element);
            if note.component > 0 {
                path += &format!("-{}", note.component);
            }
        }
        let finding = Finding {
            severity: note.severity,
            at: Position {
                offset: note.offset,
                line,
                set: if self.segment > 0 { self.sets } else { 0 },
                segment: self.segment,
                element: note.element,
                repetition: note.repetition,
                component: note.component,
            },
            length: note.length,
            segment: note.id,
            element: note.used,
            path,
            value: Value::of(note.value),
            release: self.release,
            rule: note.rule,
            fault: note.fault,
        };
        observer.finding(finding, scene);
    }

    /// The line of an offset that is at hand.
    pub(crate) fn line(&mut self, offset: u64, scene: &Scene<'_>) -> u64 {
        self.lines.at(offset, scene.bytes, scene.base)
    }

    /// Counts the lines of bytes that will not be at hand any more.
    pub(crate) fn pass(&mut self, to: u64, bytes: &[u8], base: u64) {
        self.lines.at(to, bytes, base);
    }
}

/// The line of an offset, counted on from the latest one asked for.
#[derive(Debug)]
struct Lines {
    offset: u64,
    line: u64,
}

impl Lines {
    fn at(&mut self, offset: u64, bytes: &[u8], base: u64) -> u64 {
        let index = |offset: u64| (offset.saturating_sub(base) as usize).min(bytes.len());
        let (from, to) = (index(self.offset), index(offset));
        let feeds = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.line = match from <= to {
            true => self.line + feeds(&bytes[from..to]),
            false => self.line.saturating_sub(feeds(&bytes[to..from])),
        };
        self.offset = offset;
        self.line
    }
}
