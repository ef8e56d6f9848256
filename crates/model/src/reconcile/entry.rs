//! Reports and bills as entries of the ledger, and how they net out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::outcome::{Document, Fate, Source, TakenOut};
use crate::common::Purpose;
use crate::identifier::AccountNumber;
use crate::period::Period;

/// What is kept of a report or bill.
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    pub(super) source: Source,
    pub(super) account: Option<AccountNumber>,
    pub(super) period: Option<Period>,
    pub(super) date: Date,
    pub(super) purpose: Purpose,
    /// The number of the document that it cancels or replaces.
    pub(super) original: Option<String>,
    pub(super) figures: T,
}

impl<T> Entry<T> {
    fn place(&self) -> Option<Place<'_>> {
        let period = self.period.map(|period| (period.start(), period.end()));
        self.account.as_ref().map(|account| (account, period))
    }
}

/// Why an entry does not count; others are named by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    Cancelled(usize),
    Replaced(usize),
    Cancels,
    Repeats,
    Contradicts,
    CancelsUnknown,
    Aside,
}

/// What nets out.
pub(super) struct Netted<T> {
    /// What counts, by date and number.
    pub(super) standing: Vec<Entry<T>>,
    /// The rest.
    pub(super) taken_out: Vec<TakenOut>,
    /// For the number of what does not count, the number of what stands in its place.
    pub(super) successors: BTreeMap<String, String>,
}

/// Takes out what was cancelled, replaced or repeated, in whatever order it came.
pub(super) fn net<T: PartialEq>(mut entries: Vec<Entry<T>>, document: Document) -> Netted<T> {
    entries.sort_by(|a, b| {
        let order = |entry: &Entry<T>| (entry.date, is_cancel(entry.purpose));
        order(a).cmp(&order(b)).then_with(|| a.source.cmp(&b.source))
    });
    let count = entries.len();
    let mut fates = Fates { out: vec![None; count], heirs: vec![None; count], entries: &entries };
    fates.repeats();
    let by_number = fates.by_number();
    let mut by_place = fates.by_place();
    fates.cancels(&by_number, &mut by_place);
    fates.replacements(&by_number, &mut by_place);
    let successors = fates.successors();
    let out = fates.out;
    let numbers: Vec<Option<String>> =
        entries.iter().map(|entry| entry.source.number.clone()).collect();
    let (mut standing, mut taken_out) = (Vec::new(), Vec::new());
    for (entry, out) in entries.into_iter().zip(out) {
        let fate = match out {
            None => {
                standing.push(entry);
                continue;
            }
            Some(Out::Cancelled(by)) => Fate::Cancelled { by: numbers[by].clone() },
            Some(Out::Replaced(by)) => Fate::Replaced { by: numbers[by].clone() },
            Some(Out::Cancels) => Fate::Cancels,
            Some(Out::Repeats) => Fate::Repeats,
            Some(Out::Contradicts) => Fate::Contradicts,
            Some(Out::CancelsUnknown) => Fate::CancelsUnknown,
            Some(Out::Aside) => Fate::Aside,
        };
        let Entry { account, source, .. } = entry;
        taken_out.push(TakenOut { document, account, source, fate });
    }
    Netted { standing, taken_out, successors }
}

fn is_cancel(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Cancel | Purpose::CancelReissue)
}

/// By whom an entry is found where it names no number.
type Place<'e> = (&'e AccountNumber, Option<(Date, Date)>);

/// The entries of each account and period that may stand, cancellations left out.
type ByPlace<'e> = BTreeMap<Place<'e>, BTreeSet<usize>>;

struct Fates<'e, T> {
    entries: &'e [Entry<T>],
    out: Vec<Option<Out>>,
    /// What took the place of each, also if it had been cancelled before.
    heirs: Vec<Option<usize>>,
}

impl<'e, T: PartialEq> Fates<'e, T> {
    /// The entries by number; cancellations, and what does not count already, are left out.
    fn by_number(&self) -> BTreeMap<&'e str, usize> {
        let mut found = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            let counts = self.out[place].is_none() && !is_cancel(entry.purpose);
            if let (true, Some(number)) = (counts, &entry.source.number) {
                found.entry(number.as_str()).or_insert(place);
            }
        }
        found
    }

    fn by_place(&self) -> ByPlace<'e> {
        let mut found = ByPlace::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if let (Some(place), false) = (entry.place(), is_cancel(entry.purpose)) {
                found.entry(place).or_default().insert(at);
            }
        }
        found
    }

    /// What came before under the same number, and what is no usage of a period.
    fn repeats(&mut self) {
        let mut seen: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            if matches!(entry.purpose, Purpose::Response | Purpose::Status) {
                self.out[place] = Some(Out::Aside);
                continue;
            }
            let Some(number) = &entry.source.number else { continue };
            let is_own_heir = entry.purpose == Purpose::Replace
                && entry.original.as_ref().is_none_or(|original| original == number);
            match seen.insert((number, is_cancel(entry.purpose)), place) {
                Some(first) if is_own_heir => self.replace(first, place),
                Some(first) => {
                    let same = self.entries[first].figures == entry.figures
                        && self.entries[first].account == entry.account;
                    self.out[place] = Some(if same { Out::Repeats } else { Out::Contradicts });
                    seen.insert((number, is_cancel(entry.purpose)), first);
                }
                None => {}
            }
        }
    }

    fn cancels(&mut self, by_number: &BTreeMap<&'e str, usize>, by_place: &mut ByPlace<'e>) {
        for (place, entry) in self.entries.iter().enumerate() {
            if self.out[place].is_some() || !is_cancel(entry.purpose) {
                continue;
            }
            let target = match &entry.original {
                Some(number) => by_number.get(number.as_str()).copied(),
                None => self.last_of_period(entry, self.entries.len(), by_place),
            };
            if let Some(target) = target
                && self.out[target].is_none()
            {
                self.out[target] = Some(Out::Cancelled(place));
            }
            let is_known = target.is_some();
            self.out[place] = Some(if is_known { Out::Cancels } else { Out::CancelsUnknown });
        }
    }

    /// A replacement of what is not here stands all the same.
    fn replacements(&mut self, by_number: &BTreeMap<&'e str, usize>, by_place: &mut ByPlace<'e>) {
        for (place, entry) in self.entries.iter().enumerate() {
            let is_own = entry.original.is_some() && entry.original == entry.source.number;
            if entry.purpose != Purpose::Replace || is_own {
                continue;
            }
            let named = match &entry.original {
                Some(number) => by_number.get(number.as_str()).copied(),
                None => self.last_of_period(entry, place, by_place),
            };
            let Some(named) = named else { continue };
            let target = self.last_heir(named);
            if target != self.last_heir(place) {
                self.replace(target, place);
            }
        }
    }

    fn replace(&mut self, target: usize, by: usize) {
        self.heirs[target] = Some(by);
        self.out[target].get_or_insert(Out::Replaced(by));
    }

    /// What stands at the end of a chain of replacements. Whoever is on the way is brought nearer to
    /// it, so that a long chain is not walked again and again.
    fn last_heir(&mut self, mut place: usize) -> usize {
        // A chain has no circle: nothing is replaced by what it leads to.
        while let Some(by) = self.heirs[place] {
            if let Some(next) = self.heirs[by] {
                self.heirs[place] = Some(next);
            }
            place = by;
        }
        place
    }

    /// For the number of what was replaced, or cancelled and issued anew for the same period, the
    /// number of what stands in its place.
    fn successors(&mut self) -> BTreeMap<String, String> {
        let all = self.entries;
        let entries = || all.iter().enumerate();
        let standing = entries().filter(|(at, _)| self.out[*at].is_none());
        let by_place: BTreeMap<Place<'_>, usize> =
            standing.filter_map(|(at, entry)| Some((entry.place()?, at))).collect();
        let mut found = BTreeMap::new();
        for (at, entry) in entries() {
            let heir = match self.last_heir(at) {
                heir if heir != at => Some(heir),
                _ if !matches!(self.out[at], Some(Out::Cancelled(_))) => None,
                _ => entry.place().and_then(|place| by_place.get(&place).copied()),
            };
            let number = heir.and_then(|heir| self.entries[heir].source.number.clone());
            found.extend(entry.source.number.clone().zip(number));
        }
        found
    }

    /// The last entry before a place that stands, of the same account and period. What no longer
    /// stands is forgotten, so that it is passed over once.
    fn last_of_period(
        &self,
        entry: &'e Entry<T>,
        before: usize,
        by_place: &mut ByPlace<'e>,
    ) -> Option<usize> {
        let places = by_place.get_mut(&entry.place()?)?;
        while let Some(at) = places.range(..before).next_back().copied() {
            if self.out[at].is_none() {
                return Some(at);
            }
            places.remove(&at);
        }
        None
    }
}
