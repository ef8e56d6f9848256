//! Two lists of loops laid side by side: what belongs together, what is only in one of them.
//!
//! In steps, each inside what the one before left open: what is the same at both ends; what has the
//! same key and stands once on both sides; what is the same and stands once; then the shortest edit
//! script, as long as it is short; then by position. So the time stays near to linear whatever the
//! lists hold.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use crate::diff::keys::Item;
use crate::segment::SegmentId;

/// The longest edit script that is looked for in what the steps before left open.
const LONGEST_SCRIPT: usize = 128;

/// What belongs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Both have it, at these places.
    Both(usize, usize),
    /// Both have it, but not in the same order.
    Moved(usize, usize),
    /// Only the first has it.
    Before(usize),
    /// Only the second has it.
    After(usize),
}

impl Step {
    /// The place of what only the first has.
    pub(super) fn only_before(&self) -> Option<usize> {
        match self {
            Step::Before(place) => Some(*place),
            _ => None,
        }
    }

    /// The place of what only the second has.
    pub(super) fn only_after(&self) -> Option<usize> {
        match self {
            Step::After(place) => Some(*place),
            _ => None,
        }
    }
}

/// An alignment of two lists.
#[derive(Debug)]
pub(super) struct Alignment {
    /// In the order of the second list, with what only the first has where it stood.
    pub(super) steps: Vec<Step>,
    /// How many were paired by nothing but their position, because too much is different.
    pub(super) by_position: usize,
}

/// Parts of both lists that are still open.
#[derive(Debug, Clone)]
struct Gap {
    before: Range<usize>,
    after: Range<usize>,
}

/// Lays two lists side by side.
pub(super) fn align(before: &[Item], after: &[Item]) -> Alignment {
    let mut aligner = Aligner {
        before,
        after,
        partner: vec![None; before.len()],
        moved: vec![false; before.len()],
        taken: vec![false; after.len()],
        by_position: 0,
    };
    aligner.run();
    Alignment { steps: aligner.steps(), by_position: aligner.by_position }
}

struct Aligner<'i> {
    before: &'i [Item],
    after: &'i [Item],
    /// For each of the first list, its partner in the second.
    partner: Vec<Option<usize>>,
    moved: Vec<bool>,
    taken: Vec<bool>,
    by_position: usize,
}

impl Aligner<'_> {
    fn run(&mut self) {
        let all = Gap { before: 0..self.before.len(), after: 0..self.after.len() };
        let mut gaps = self.trim(all);
        gaps = self.each(gaps, |it, gap| it.anchors(gap, |item| Some(item.key)));
        gaps = self.each(gaps, |it, gap| it.anchors(gap, |item| Some(item.whole)));
        gaps = self.each(gaps, |it, gap| it.anchors(gap, |item| item.identity));
        gaps = self.each(gaps, |it, gap| it.script(gap, |item| item.whole).unwrap_or_default());
        gaps = self.each(gaps, |it, gap| match it.script(gap.clone(), |item| item.key) {
            Some(pairs) => pairs,
            None => it.positions(gap),
        });
        self.find_moved();
        gaps.into_iter().for_each(|gap| self.pair_rest(gap));
    }

    fn pair(&mut self, before: usize, after: usize) {
        self.partner[before] = Some(after);
        self.taken[after] = true;
    }

    /// Pairs what is the same at both ends.
    fn trim(&mut self, gap: Gap) -> Vec<Gap> {
        let Gap { mut before, mut after } = gap;
        let same = |a: usize, b: usize| self.before[a].whole == self.after[b].whole;
        let mut pairs = Vec::new();
        while !before.is_empty() && !after.is_empty() && same(before.start, after.start) {
            pairs.push((before.start, after.start));
            (before.start, after.start) = (before.start + 1, after.start + 1);
        }
        while !before.is_empty() && !after.is_empty() && same(before.end - 1, after.end - 1) {
            (before.end, after.end) = (before.end - 1, after.end - 1);
            pairs.push((before.end, after.end));
        }
        pairs.into_iter().for_each(|(a, b)| self.pair(a, b));
        vec![Gap { before, after }]
    }

    /// Goes on in each gap; the gaps that are left.
    fn each(
        &mut self,
        gaps: Vec<Gap>,
        pairs: impl Fn(&mut Self, Gap) -> Vec<(usize, usize)>,
    ) -> Vec<Gap> {
        let mut left = Vec::new();
        for gap in gaps {
            if gap.before.is_empty() || gap.after.is_empty() {
                left.push(gap);
                continue;
            }
            let (mut a, mut b) = (gap.before.start, gap.after.start);
            for (before, after) in pairs(self, gap.clone()) {
                self.pair(before, after);
                left.push(Gap { before: a..before, after: b..after });
                (a, b) = (before + 1, after + 1);
            }
            left.push(Gap { before: a..gap.before.end, after: b..gap.after.end });
        }
        left.retain(|gap| !gap.before.is_empty() || !gap.after.is_empty());
        left
    }

    /// Pairs whose key stands once on both sides, as many of them as keep their order.
    fn anchors<K: Hash + Eq>(
        &self,
        gap: Gap,
        key: impl Fn(&Item) -> Option<K>,
    ) -> Vec<(usize, usize)> {
        let once = |items: &[Item], range: Range<usize>| {
            let mut places: HashMap<K, Option<usize>> = HashMap::new();
            for n in range {
                if let Some(key) = key(&items[n]) {
                    places.entry(key).and_modify(|place| *place = None).or_insert(Some(n));
                }
            }
            places
        };
        let (first, second) = (once(self.before, gap.before.clone()), once(self.after, gap.after));
        let unique = gap.before.filter_map(|n| {
            let key = key(&self.before[n])?;
            (*first.get(&key)?)?;
            Some((n, (*second.get(&key)?)?))
        });
        longest_rising(&unique.collect::<Vec<_>>())
    }

    /// The pairs of the shortest edit script (Myers); `None` when it is too long.
    fn script(&self, gap: Gap, key: impl Fn(&Item) -> u64) -> Option<Vec<(usize, usize)>> {
        let a: Vec<u64> = self.before[gap.before.clone()].iter().map(&key).collect();
        let b: Vec<u64> = self.after[gap.after.clone()].iter().map(&key).collect();
        let pairs = shortest_script(&a, &b, LONGEST_SCRIPT)?;
        let places = |(x, y): (usize, usize)| (gap.before.start + x, gap.after.start + y);
        Some(pairs.into_iter().map(places).collect())
    }

    /// Pairs what is of one kind and stands at the same place of the gap.
    fn positions(&mut self, gap: Gap) -> Vec<(usize, usize)> {
        let pairs = gap.before.zip(gap.after);
        let pairs: Vec<_> =
            pairs.filter(|(a, b)| self.before[*a].id == self.after[*b].id).collect();
        self.by_position += pairs.len();
        pairs
    }

    /// Pairs what is left and only stands elsewhere.
    fn find_moved(&mut self) {
        for key in [|item: &Item| Some(item.whole), |item: &Item| item.identity] {
            let mut left: HashMap<u64, Vec<usize>> = HashMap::new();
            for n in (0..self.after.len()).rev().filter(|n| !self.taken[*n]) {
                if let Some(key) = key(&self.after[n]) {
                    left.entry(key).or_default().push(n);
                }
            }
            for n in 0..self.before.len() {
                if self.partner[n].is_none()
                    && let Some(found) = key(&self.before[n]).and_then(|key| left.get_mut(&key))
                    && let Some(after) = found.pop()
                {
                    self.pair(n, after);
                    self.moved[n] = true;
                }
            }
        }
    }

    /// Pairs what is left of a gap where both have as many of an id: these are taken to be the same
    /// things, changed.
    fn pair_rest(&mut self, gap: Gap) {
        let mut left: HashMap<SegmentId, [Vec<usize>; 2]> = HashMap::new();
        for n in gap.before.filter(|n| self.partner[*n].is_none()) {
            left.entry(self.before[n].id).or_default()[0].push(n);
        }
        for n in gap.after.filter(|n| !self.taken[*n]) {
            left.entry(self.after[n].id).or_default()[1].push(n);
        }
        for [before, after] in left.into_values() {
            if before.len() == after.len() {
                before.into_iter().zip(after).for_each(|(a, b)| self.pair(a, b));
            }
        }
    }

    fn steps(&self) -> Vec<Step> {
        // For each of the second list, its partner in the first where that keeps the order.
        let mut source = vec![None; self.after.len()];
        for (n, partner) in self.partner.iter().enumerate() {
            if let Some(after) = partner {
                source[*after] = Some(n);
            }
        }
        let in_order = |after: usize| source[after].filter(|n: &usize| !self.moved[*n]);
        let mut ends = vec![self.before.len(); self.after.len()];
        for after in (0..self.after.len().saturating_sub(1)).rev() {
            ends[after] = in_order(after + 1).unwrap_or(ends[after + 1]);
        }
        let mut steps = Vec::new();
        let mut at = 0;
        for after in 0..self.after.len() {
            // What was taken away is told before what came in its place.
            let end = in_order(after).unwrap_or(ends[after]);
            let passed = at..end.max(at);
            at = passed.end;
            steps.extend(passed.filter(|n| self.partner[*n].is_none()).map(Step::Before));
            steps.push(match source[after] {
                None => Step::After(after),
                Some(before) if self.moved[before] => Step::Moved(before, after),
                Some(before) => Step::Both(before, after),
            });
        }
        let rest = at..self.before.len();
        steps.extend(rest.filter(|n| self.partner[*n].is_none()).map(Step::Before));
        steps
    }
}

/// The longest part of these pairs whose second numbers rise; the first ones do already.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The last pair of the best run of each length, and for each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; pairs.len()];
    for (n, (_, after)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *after);
        previous[n] = length.checked_sub(1).map(|before| ends[before]);
        match ends.get_mut(length) {
            Some(end) => *end = n,
            None => ends.push(n),
        }
    }
    let mut at = ends.last().copied();
    let mut run = Vec::with_capacity(ends.len());
    while let Some(n) = at {
        run.push(pairs[n]);
        at = previous[n];
    }
    run.reverse();
    run
}

/// The pairs of the shortest script that makes `b` of `a`; `None` when it has more than `most` steps.
fn shortest_script(a: &[u64], b: &[u64], most: usize) -> Option<Vec<(usize, usize)>> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let (width, height) = (a.len() as isize, b.len() as isize);
    // For each number of steps, how far along `a` each diagonal reaches.
    let mut reached: Vec<Vec<isize>> = Vec::new();
    for steps in 0..=most.min(a.len() + b.len()) as isize {
        let mut row = vec![0; 2 * steps as usize + 1];
        for k in (-steps..=steps).step_by(2) {
            let mut x = match reached.last() {
                None => 0,
                Some(last) => match came_from(last, steps, k) {
                    from if from > k => reach(last, steps, from),
                    from => reach(last, steps, from) + 1,
                },
            };
            while x < width && x - k < height && a[x as usize] == b[(x - k) as usize] {
                x += 1;
            }
            row[(k + steps) as usize] = x;
            if x >= width && x - k >= height {
                return Some(traced(width, height, &reached));
            }
        }
        reached.push(row);
    }
    None
}

/// How far diagonal `k` reached one step before.
fn reach(last: &[isize], steps: isize, k: isize) -> isize {
    last[(k + steps - 1) as usize]
}

/// The diagonal from which the best way to diagonal `k` comes.
fn came_from(last: &[isize], steps: isize, k: isize) -> isize {
    let down = |k: isize| reach(last, steps, k - 1) < reach(last, steps, k + 1);
    if k == -steps || (k != steps && down(k)) { k + 1 } else { k - 1 }
}

/// The way back through the diagonals.
fn traced(mut x: isize, mut y: isize, reached: &[Vec<isize>]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (before, last) in reached.iter().enumerate().rev() {
        let steps = before as isize + 1;
        let from = came_from(last, steps, x - y);
        let from_x = reach(last, steps, from);
        let from_y = from_x - from;
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            pairs.push((x as usize, y as usize));
        }
        (x, y) = (from_x, from_y);
    }
    while x > 0 && y > 0 {
        (x, y) = (x - 1, y - 1);
        pairs.push((x as usize, y as usize));
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items of one kind; a letter's case is a value that may change.
    fn items(text: &str) -> Vec<Item> {
        let item = |b: u8| Item {
            id: SegmentId::new(b"QTY"),
            whole: b.into(),
            key: b.to_ascii_uppercase().into(),
            identity: None,
        };
        text.bytes().map(item).collect()
    }

    /// The length of the longest common part, the slow way.
    fn common(a: &[u64], b: &[u64]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (n, y) in b.iter().enumerate() {
                let above = row[n + 1];
                row[n + 1] = if x == y { diagonal + 1 } else { above.max(row[n]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn the_script_is_the_shortest() {
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..2_000 {
            let [a, b] = [(); 2].map(|()| -> Vec<u64> {
                let length = random(12);
                (0..length).map(|_| random(4)).collect()
            });
            let pairs = shortest_script(&a, &b, 100).expect("it is short");
            assert!(pairs.iter().all(|(x, y)| a[*x] == b[*y]), "{a:?} {b:?}");
            assert!(pairs.is_sorted_by(|p, q| p.0 < q.0 && p.1 < q.1), "{a:?} {b:?}");
            assert_eq!(pairs.len(), common(&a, &b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn what_is_inserted_shifts_nothing() {
        let steps = align(&items("abcdef"), &items("abxcDef")).steps;
        let expected = [
            Step::Both(0, 0),
            Step::Both(1, 1),
            Step::After(2),
            Step::Both(2, 3),
            Step::Both(3, 4),
            Step::Both(4, 5),
            Step::Both(5, 6),
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn what_stands_elsewhere_is_moved() {
        let steps = align(&items("abcd"), &items("bcda")).steps;
        assert_eq!(steps.iter().filter(|step| matches!(step, Step::Moved(0, 3))).count(), 1);
        assert_eq!(steps.len(), 4);
    }

    #[test]
    fn every_item_is_in_one_step() {
        for (a, b) in [("", ""), ("abc", ""), ("", "abc"), ("aabbA", "bbaaB"), ("abc", "xyz")] {
            let steps = align(&items(a), &items(b)).steps;
            let (mut before, mut after) = (Vec::new(), Vec::new());
            for step in steps {
                let (x, y) = match step {
                    Step::Both(x, y) | Step::Moved(x, y) => (Some(x), Some(y)),
                    Step::Before(x) => (Some(x), None),
                    Step::After(y) => (None, Some(y)),
                };
                before.extend(x);
                after.extend(y);
            }
            before.sort_unstable();
            assert_eq!(before, (0..a.len()).collect::<Vec<_>>(), "{a} {b}");
            assert_eq!(after, (0..b.len()).collect::<Vec<_>>(), "{a} {b}");
        }
    }

    #[test]
    fn lists_with_nothing_in_common_take_no_longer() {
        let item =
            |n: u64| Item { id: SegmentId::new(b"REF"), whole: n, key: n % 2, identity: None };
        let before: Vec<Item> = (0..50_000).map(item).collect();
        let after: Vec<Item> = (0..40_000).map(|n| item(1_000_000 + n * 3)).collect();
        let alignment = align(&before, &after);
        assert_eq!(alignment.by_position, 40_000);
        assert_eq!(alignment.steps.len(), 50_000);
    }
}
