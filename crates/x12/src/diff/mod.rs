//! Two files compared as documents: by loops, not by lines.
//!
//! Interchanges, groups, sets, loops and segments are matched level by level, so that an interval
//! that was put in is one loop more and not a thousand changes. Separators, line ends and padding
//! are no differences unless they are asked for. Both files are held; the time is near to linear in
//! their size, because matching that would take longer is done by position, and said so.

mod outline;

mod keys;

mod align;

mod elements;

use std::fmt;

use crate::dictionary;
use crate::segment::SegmentId;
use align::Step;
pub use elements::{ElementChange, Value};
use keys::Item;
use outline::{Outline, ROOT};

/// What is no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ignored {
    /// Control numbers, and the counts in the trailers, which follow from what is between.
    pub control: bool,
    /// Dates and times of interchanges, groups and documents; those of the business count.
    pub dates: bool,
    /// Separators, line ends, the padding of the `ISA`, and separators at the end of a segment.
    pub separators: bool,
}

/// Only separators.
impl Default for Ignored {
    fn default() -> Ignored {
        Ignored { control: false, dates: false, separators: true }
    }
}

/// Control numbers and the counts beside them.
const CONTROL: &[(&str, u8)] = &[
    ("ISA", 13),
    ("IEA", 1),
    ("IEA", 2),
    ("GS", 6),
    ("GE", 1),
    ("GE", 2),
    ("ST", 2),
    ("SE", 1),
    ("SE", 2),
];

/// When an interchange, a group or a document was made.
const DATES: &[(&str, u8)] = &[
    ("ISA", 9),
    ("ISA", 10),
    ("GS", 4),
    ("GS", 5),
    ("BGN", 3), // 814 and 824
    ("BGN", 4),
    ("BIG", 1), // 810
    ("BPT", 3), // 867
];

impl Ignored {
    /// Whether element `n` of a segment takes no part.
    fn has(self, id: SegmentId, n: u8, value: &[u8]) -> bool {
        let is_in = |list: &[(&str, u8)]| {
            list.iter().any(|(segment, at)| *at == n && segment.as_bytes() == id.as_bytes())
        };
        let is_separator = || {
            let is_sign = value.iter().all(|b| !b.is_ascii_alphanumeric());
            id.as_bytes() == b"ISA" && (n == 16 || (n == 11 && is_sign))
        };
        self.control && is_in(CONTROL)
            || self.dates && is_in(DATES)
            || self.separators && is_separator()
    }
}

/// One difference.
#[derive(Debug)]
pub enum Change<'c> {
    /// Loops or segments of one id, one after another, that only the second file has.
    Added(Run<'c>),
    /// Loops or segments of one id, one after another, that only the first file has.
    Removed(Run<'c>),
    /// A loop or segment that stands elsewhere in the loop around it; what is different in it
    /// follows.
    Moved {
        /// Where the first file has it.
        before: Spot<'c>,
        /// Where the second file has it.
        after: Spot<'c>,
    },
    /// A segment with other elements.
    Changed {
        /// Where the first file has it.
        before: Spot<'c>,
        /// Where the second file has it.
        after: Spot<'c>,
        /// What is different in it.
        elements: Vec<ElementChange<'c>>,
    },
}

/// Loops or segments of one id, one after another.
#[derive(Debug, Clone, Copy)]
pub struct Run<'c> {
    /// The first of them.
    pub first: Spot<'c>,
    /// The last of them.
    pub last: Spot<'c>,
    /// How many there are.
    pub count: usize,
}

impl<'c> Run<'c> {
    /// The run of these loops, of which there is at least one.
    fn of(outline: &'c Outline<'c>, nodes: &[u32]) -> Run<'c> {
        let spot = |node: Option<&u32>| Spot { outline, node: node.copied().unwrap_or(ROOT) };
        Run { first: spot(nodes.first()), last: spot(nodes.last()), count: nodes.len() }
    }

    /// How many segments they have together.
    pub fn size(&self) -> u32 {
        self.last.node - self.first.node + self.last.size()
    }

    /// Their segments, terminators not included.
    pub fn segments(&self) -> impl Iterator<Item = &'c [u8]> + use<'c> {
        let outline = self.first.outline;
        (self.first.node..self.last.node + self.last.size()).map(|node| outline.segment(node))
    }
}

/// A segment of one of the files, and the loop it opens if it opens one.
#[derive(Clone, Copy)]
pub struct Spot<'c> {
    outline: &'c Outline<'c>,
    node: u32,
}

impl<'c> Spot<'c> {
    /// The way to it, e.g. `ISA[1]/GS[1]/ST[1]/PTD[2]`.
    pub fn path(&self) -> String {
        self.outline.path(self.node)
    }

    /// The segment's id.
    pub fn id(&self) -> SegmentId {
        self.outline.id(self.node)
    }

    /// What the segment is called; `None` when the release has no such segment.
    pub fn name(&self) -> Option<&'static str> {
        let release = self.outline.context(self.node).release;
        Some(dictionary::segment(release, self.id().as_bytes())?.name)
    }

    /// Where it starts in its file.
    pub fn offset(&self) -> usize {
        self.outline.offset(self.node)
    }

    /// How many segments its loop has, itself counted.
    pub fn size(&self) -> u32 {
        self.outline.size(self.node)
    }

    /// The bytes of the segment, terminator not included.
    pub fn segment(&self) -> &'c [u8] {
        self.outline.segment(self.node)
    }
}

/// Says which segment it is, never what it holds.
impl fmt::Debug for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.id(), self.offset())
    }
}

/// How a comparison came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comparison {
    /// For each file, whether it holds an interchange.
    pub is_x12: [bool; 2],
    /// Changes: runs, moved loops and changed segments.
    pub changes: u64,
    /// Loops and segments that only the second file has.
    pub added: u64,
    /// Loops and segments that only the first file has.
    pub removed: u64,
    /// Loops and segments that stand elsewhere.
    pub moved: u64,
    /// Segments with other elements.
    pub changed: u64,
    /// Loops and segments that were paired by their position alone, because too much is different.
    pub by_position: u64,
}

impl Comparison {
    /// Whether nothing is different.
    pub fn is_same(&self) -> bool {
        self.changes == 0
    }
}

/// Compares two files, and tells each difference in the order of the second file.
///
/// When one of them is not X12, nothing is compared.
pub fn compare(
    before: &[u8],
    after: &[u8],
    ignored: Ignored,
    mut visit: impl FnMut(&Change<'_>),
) -> Comparison {
    let (first, second) = (Outline::read(before, ignored), Outline::read(after, ignored));
    let mut comparing = Comparing {
        before: &first,
        after: &second,
        ignored,
        visit: &mut visit,
        result: Comparison { is_x12: [first.is_x12, second.is_x12], ..Comparison::default() },
        canonical: [Vec::new(), Vec::new()],
    };
    if first.is_x12 && second.is_x12 {
        comparing.loops(ROOT, ROOT);
    }
    comparing.result
}

struct Comparing<'c, 'v> {
    before: &'c Outline<'c>,
    after: &'c Outline<'c>,
    ignored: Ignored,
    visit: &'v mut dyn FnMut(&Change<'_>),
    result: Comparison,
    canonical: [Vec<u8>; 2],
}

impl<'c> Comparing<'c, '_> {
    /// Compares a segment and the loop it opens.
    fn pair(&mut self, before: u32, after: u32) {
        if self.is_same(before, after) {
            return;
        }
        let elements = elements::changes((self.before, before), (self.after, after), self.ignored);
        if !elements.is_empty() {
            self.result.changed += 1;
            let (before, after) = self.spots(before, after);
            self.tell(&Change::Changed { before, after, elements });
        }
        self.loops(before, after);
    }

    /// Compares what stands in two loops.
    fn loops(&mut self, before: u32, after: u32) {
        let first: Vec<u32> = self.before.children(before).collect();
        let second: Vec<u32> = self.after.children(after).collect();
        let items: Vec<Item> = first.iter().map(|node| Item::of(self.before, *node)).collect();
        let others: Vec<Item> = second.iter().map(|node| Item::of(self.after, *node)).collect();
        let alignment = align::align(&items, &others);
        self.result.by_position += alignment.by_position as u64;
        let steps = &alignment.steps;
        let mut at = 0;
        while let Some(step) = steps.get(at) {
            at += match *step {
                Step::Both(a, b) => {
                    self.pair(first[a], second[b]);
                    1
                }
                Step::Moved(a, b) => {
                    self.moved(first[a], second[b]);
                    1
                }
                Step::Before(a) => {
                    let count = run(&steps[at..], &items, Step::only_before);
                    let nodes = &first[a..a + count];
                    self.result.removed += count as u64;
                    self.tell(&Change::Removed(Run::of(self.before, nodes)));
                    count
                }
                Step::After(b) => {
                    let count = run(&steps[at..], &others, Step::only_after);
                    let nodes = &second[b..b + count];
                    self.result.added += count as u64;
                    self.tell(&Change::Added(Run::of(self.after, nodes)));
                    count
                }
            };
        }
    }

    /// A loop that stands elsewhere.
    fn moved(&mut self, before: u32, after: u32) {
        self.result.moved += 1;
        let (from, to) = self.spots(before, after);
        self.tell(&Change::Moved { before: from, after: to });
        self.pair(before, after);
    }

    fn tell(&mut self, change: &Change<'_>) {
        self.result.changes += 1;
        (self.visit)(change);
    }

    fn spots(&self, before: u32, after: u32) -> (Spot<'c>, Spot<'c>) {
        (Spot { outline: self.before, node: before }, Spot { outline: self.after, node: after })
    }

    /// Whether two loops are the same; hashes alone could agree by chance.
    fn is_same(&mut self, before: u32, after: u32) -> bool {
        if self.before.whole(before) != self.after.whole(after)
            || self.before.size(before) != self.after.size(after)
        {
            return false;
        }
        let [first, second] = &mut self.canonical;
        (0..self.before.size(before)).all(|n| {
            self.before.canonical(before + n, self.ignored, first);
            self.after.canonical(after + n, self.ignored, second);
            first == second && self.before.size(before + n) == self.after.size(after + n)
        })
    }
}

/// How many of the steps tell of loops of one id that stand one after another.
fn run(steps: &[Step], items: &[Item], place: fn(&Step) -> Option<usize>) -> usize {
    let follows = |pair: &&[Step]| match (place(&pair[0]), place(&pair[1])) {
        (Some(a), Some(b)) => b == a + 1 && items[a].id == items[b].id,
        _ => false,
    };
    1 + steps.windows(2).take_while(follows).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: &str = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260301*0615*U*00401*000000905*0*P*:~\nGS*PT*A*B*20260301*0615*1*X*004010~\n";

    fn usage(intervals: &[(u32, &str)]) -> String {
        let mut text = format!("{ENVELOPE}ST*867*0001~\nBPT*00*1*20260301*C1~\nPTD*PM~\n");
        for (stamp, quantity) in intervals {
            text += &format!("QTY*QD*{quantity}*KH~\nDTM*582*20260301*{stamp:04}*CS~\n");
        }
        text + "SE*5*0001~\nGE*1*1~\nIEA*1*000000905~\n"
    }

    /// What a comparison tells, one line for each change.
    fn told(before: &str, after: &str, ignored: Ignored) -> Vec<String> {
        let mut lines = Vec::new();
        compare(before.as_bytes(), after.as_bytes(), ignored, |change| {
            lines.push(match change {
                Change::Added(run) => format!("+{} {}", run.first.path(), run.count),
                Change::Removed(run) => format!("-{} {}", run.first.path(), run.count),
                Change::Moved { before, after } => format!(">{} {}", before.path(), after.path()),
                Change::Changed { after, elements, .. } => {
                    let numbers = elements.iter().map(|it| (it.element, it.component));
                    format!("~{} {:?}", after.path(), numbers.collect::<Vec<_>>())
                }
            });
        });
        lines
    }

    #[test]
    fn an_interval_put_in_is_one_loop() {
        let day: Vec<(u32, &str)> = (1..=90).map(|n| (n / 4 * 100 + n % 4 * 15, "1")).collect();
        let mut without = day.clone();
        without.remove(40);
        let ignored = Ignored::default();
        let lines = told(&usage(&without), &usage(&day), ignored);
        assert_eq!(lines, ["+ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[41] 1"]);
        let lines = told(&usage(&day), &usage(&without), ignored);
        assert_eq!(lines, ["-ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[41] 1"]);
        let lines = told(&usage(&day[..50]), &usage(&day), ignored);
        assert_eq!(lines, ["+ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[51] 40"]);
    }

    #[test]
    fn loops_are_known_by_what_the_trade_calls_them() {
        let set = |body: &str| format!("{ENVELOPE}{body}SE*9*0001~\nGE*1*1~\nIEA*1*000000905~\n");
        let meter = |number: &str, used: &str| {
            format!("PTD*PM~\nREF*MG*{number}~\nQTY*QD*{used}*KH~\nQTY*QD*0*K1~\n")
        };
        let usage = |meters: &[String]| {
            set(&format!("ST*867*0001~\nBPT*00*1*20260301*DD~\n{}", meters.concat()))
        };
        let (one, two, three) = (meter("88001", "5"), meter("88002", "5"), meter("88003", "5"));
        let before = usage(&[one.clone(), two.clone(), three.clone()]);
        let after = usage(&[three, meter("88001", "6"), two.clone()]);
        let lines = told(&before, &after, Ignored::default());
        let moved = ">ISA[1]/GS[1]/ST[1]/PTD[3] ISA[1]/GS[1]/ST[1]/PTD[1]";
        assert_eq!(lines, [moved, "~ISA[1]/GS[1]/ST[1]/PTD[2]/QTY[1] [(2, None)]"]);
        let lines = told(&before, &usage(&[one, two]), Ignored::default());
        assert_eq!(lines, ["-ISA[1]/GS[1]/ST[1]/PTD[3] 1"]);

        let paid = |accounts: &[(&str, &str)]| {
            let lines = accounts.iter().map(|(account, amount)| {
                format!("RMR*12*{account}*PI*{amount}~\nDTM*814*20260324~\n")
            });
            let lines = lines.collect::<String>();
            set(&format!("ST*820*0001~\nBPR*C*9*C*ACH~\nENT*1~\n{lines}"))
        };
        let before = paid(&[("11", "5.00"), ("22", "5.00"), ("33", "5.00")]);
        let after = paid(&[("11", "5.00"), ("33", "7.00"), ("44", "5.00")]);
        let lines = told(&before, &after, Ignored::default());
        let expected = [
            "-ISA[1]/GS[1]/ST[1]/ENT[1]/RMR[2] 1",
            "~ISA[1]/GS[1]/ST[1]/ENT[1]/RMR[2] [(4, None)]",
            "+ISA[1]/GS[1]/ST[1]/ENT[1]/RMR[3] 1",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn other_values_are_changes_of_elements() {
        let before = usage(&[(15, "1"), (30, "2"), (45, "3")]);
        let after = usage(&[(15, "1"), (30, "2.5"), (45, "3")]);
        let lines = told(&before, &after, Ignored::default());
        assert_eq!(lines, ["~ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[2] [(2, None)]"]);
        let lines = told(&before, &before.replace("*3*KH", "*3*K1"), Ignored::default());
        assert_eq!(lines, ["~ISA[1]/GS[1]/ST[1]/PTD[1]/QTY[3] [(3, Some(1))]"]);
    }

    #[test]
    fn separators_and_line_ends_are_no_difference_unless_asked() {
        let before = usage(&[(15, "1")]);
        let after = before.replace("~\n", "~").replace('*', "|").replace(':', ">");
        let after = after.replace("BPT|00|1|20260301|C1", "BPT|00|1|20260301|C1||");
        assert_eq!(told(&before, &after, Ignored::default()).len(), 0);
        let strict = Ignored { separators: false, ..Ignored::default() };
        assert_eq!(told(&before, &after, strict).len(), 2);
        assert_eq!(told(&before, &before, strict).len(), 0);
        assert_eq!(told(&before, &before.replace("~\n", "~"), strict).len(), 1);
    }

    #[test]
    fn numbers_and_dates_can_be_left_out() {
        let before = usage(&[(15, "1")]);
        let control = before.replace("000000905", "000000906").replace("*0001", "*0002");
        let both =
            control.replace("*260301*0615", "*260302*0715").replace("*20260301*C1", "*20260302*C1");
        let ignored = Ignored { control: true, ..Ignored::default() };
        assert!(told(&before, &control, Ignored::default()).len() >= 4);
        assert_eq!(told(&before, &control, ignored).len(), 0);
        assert_eq!(told(&before, &both, ignored).len(), 2);
        assert_eq!(told(&before, &both, Ignored { dates: true, ..ignored }).len(), 0);
    }

    #[test]
    fn what_is_in_no_set_is_compared_too() {
        let before = usage(&[(15, "1")]);
        let stray = before.replace("GE*1", "NTE*ADD*LOST~\nGE*1");
        assert_eq!(told(&before, &stray, Ignored::default()).len(), 1);
        let other = stray.replace("LOST", "FOUND");
        assert_eq!(told(&stray, &other, Ignored::default()).len(), 1);
        assert_eq!(told(&before, &format!("{before} and more"), Ignored::default()).len(), 1);
    }

    #[test]
    fn what_is_not_x12_is_not_compared() {
        let result = compare(b"PDF", usage(&[]).as_bytes(), Ignored::default(), |_| {});
        assert_eq!((result.is_x12, result.is_same()), ([false, true], true));
    }
}
