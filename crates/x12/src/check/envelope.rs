//! The envelope: interchanges, groups and sets begun and ended, their counts and control numbers.

use std::collections::HashSet;
use std::sync::Arc;

use super::{
    Checker, Envelope, GE, GROUP_NUMBER_DIGITS, Group, IEA, NUMBERS_KEPT, SE, ST, Set, used,
};
use crate::elements::ElementJudge;
use crate::finding::{AckCodes, Fault};
use crate::judge::Rules;
use crate::ledger::{Desk, Note};
use crate::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use crate::plan::SegmentPlan;
use crate::segment::{Segment, SegmentId};
use crate::table::Release;
use crate::walk::Ahead;
use crate::{judge, sets, value};

impl Checker<'_> {
    /// A segment of the envelope, or one outside a transaction set; false when the interchange ends.
    #[cold]
    #[inline(never)]
    pub(super) fn envelope<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        id: SegmentId,
        ahead: Ahead<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) -> bool {
        match id.as_bytes() {
            b"SE" if self.group().is_some_and(|group| group.set.is_some()) => {
                self.end_set(segment, observer, scene);
            }
            b"ST" => {
                self.cut_set(segment, observer, scene);
                self.begin_set(segment, ahead, observer, scene);
            }
            b"GS" => {
                self.cut_group(segment, observer, scene);
                self.begin_group(segment, observer, scene);
            }
            b"GE" if self.group().is_some() => {
                self.cut_set(segment, observer, scene);
                self.end_group(segment, observer, scene);
            }
            b"IEA" => {
                self.cut_group(segment, observer, scene);
                self.end_interchange(segment, observer, scene);
                return false;
            }
            b"ISA" => {
                self.totals.segments -= 1;
                self.ends_early(segment.offset(), observer, scene);
                return false;
            }
            b"TA1" if self.interchange.as_ref().is_some_and(|it| it.groups == 0) => {
                self.answer(segment, observer, scene);
            }
            _ => self.stray_segment(segment, id, observer, scene),
        }
        true
    }

    /// A segment that is in no transaction set, or in no group; a run of them is told once.
    pub(super) fn stray_segment<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        id: SegmentId,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &mut self.interchange else { return };
        let (strayed, broken, fault) = match &mut interchange.group {
            Some(group) => (&mut group.strayed, &mut group.broken, Fault::OutsideSet),
            None => (&mut interchange.strayed, &mut interchange.broken, Fault::OutsideGroup),
        };
        *broken = true;
        if std::mem::replace(strayed, true) {
            return;
        }
        let in_group = fault == Fault::OutsideSet;
        let note = Note::new(fault, segment.offset(), segment.bytes().len(), id);
        match in_group {
            true => self.note_group(note, observer, scene),
            false => self.note_interchange(note, observer, scene),
        }
    }

    /// Judges the elements of a segment of the envelope that is in no transaction set.
    pub(super) fn judge_envelope<O: Observer>(
        &mut self,
        plan: fn(&Envelope) -> &SegmentPlan,
        segment: &Segment<'_>,
        skip: &[u8],
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &mut self.interchange else { return };
        let (judge, plan) = (&interchange.judge, plan(interchange.envelope));
        let mut desk = Desk { ledger: &mut self.ledger, observer, scene };
        let errors = judge::envelope(judge, plan, segment, skip, &mut desk);
        if errors > 0 && self.ledger.segment == 0 {
            let content = AckCodes { ta105: Some("024"), ..AckCodes::default() };
            interchange.fault.get_or_insert(content);
        }
    }

    /// `TA1`: an answer to an interchange of ours.
    pub(super) fn answer<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        self.judge_envelope(|envelope| &envelope.ta1, segment, &[], observer, scene);
        observer.envelope(segment);
    }

    pub(super) fn begin_group<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &mut self.interchange else { return };
        interchange.groups += 1;
        interchange.strayed = false;
        self.totals.groups += 1;
        self.ledger.group = interchange.groups;
        self.ledger.set = 0;
        let release = Release::of_version(segment.element(8));
        let judged = release.or(interchange.header.release()).unwrap_or(Release::V004010);
        if judged != self.ledger.release {
            self.ledger.release = judged;
            interchange.envelope = Envelope::of(judged);
        }
        let number = value::control_number(segment.element(6))
            .filter(|_| segment.element(6).len() <= GROUP_NUMBER_DIGITS);
        let repeated = number.is_some_and(|number| {
            interchange.group_numbers.len() < NUMBERS_KEPT
                && !interchange.group_numbers.insert(number)
        });
        interchange.group = Some(Group::new(segment, release));
        let mut skip = Vec::new();
        if segment.element(1).len() == 2 {
            // Groups of sets without a table are read too.
            skip.push(1);
        }
        let fault = match number {
            None => Some((Fault::GroupNumber, 6)),
            Some(_) if repeated => Some((Fault::GroupRepeated, 6)),
            Some(_) => None,
        };
        let version = segment.element(8);
        let unknown =
            (release.is_none() && !version.is_empty()).then_some((Fault::GroupVersionUnknown, 8));
        for (fault, n) in fault.into_iter().chain(unknown) {
            skip.push(n);
            let note = self.envelope_note(fault, segment, n);
            self.note_group(note, observer, scene);
        }
        self.judge_envelope(|envelope| &envelope.gs, segment, &skip, observer, scene);
        observer.envelope(segment);
    }

    /// A note about an element of a segment of the envelope.
    pub(super) fn envelope_note<'a>(&self, fault: Fault, segment: &Segment<'a>, n: u8) -> Note<'a> {
        let value = segment.element(n as usize);
        Note {
            used: used(self.ledger.release, segment.id(), n),
            element: n,
            value,
            ..Note::new(fault, segment.element_offset(n as usize), value.len(), segment.id())
        }
    }

    pub(super) fn end_group<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(group) = self.group() else { return };
        let (implied, broken, received) = (group.implied, group.broken, group.outcome.received);
        let number = group.outcome.control_number.clone();
        if !implied {
            let count = value::control_number(segment.element(1));
            if let Some(group) = self.group() {
                group.outcome.included = count.unwrap_or(received);
            }
            if count.is_some_and(|count| count != received) && !broken {
                let fault = Fault::SetCount { counted: received };
                let note = self.envelope_note(fault, segment, 1);
                self.note_group(note, observer, scene);
            }
            let mut skip = Vec::new();
            if !value::same_number(&number, segment.element(2)) && !segment.element(2).is_empty() {
                skip.push(2);
                let note = self.envelope_note(Fault::GroupNumbersDiffer, segment, 2);
                self.note_group(note, observer, scene);
            } else if number.len() > GROUP_NUMBER_DIGITS || value::control_number(&number).is_none()
            {
                // The same wrong number was told at GS06.
                skip.push(2);
            }
            self.judge_envelope(|envelope| &envelope.ge, segment, &skip, observer, scene);
        }
        observer.envelope(segment);
        self.close_group(observer);
    }

    /// The group ends without `GE`.
    pub(super) fn cut_group<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(group) = self.group() else { return };
        let implied = group.implied;
        // No GE says how many there should be.
        group.outcome.included = group.outcome.received;
        // Where SE is missing too, the set's finding stands for both.
        let has_set = group.set.is_some();
        self.cut_set(segment, observer, scene);
        let missing = Note::new(Fault::GroupTrailerMissing, segment.offset(), 0, GE);
        if has_set {
            let codes = missing.fault.ack(self.ledger.release);
            self.group().into_iter().for_each(|group| group.outcome.faults.push(codes));
        } else if !implied {
            self.note_group(missing, observer, scene);
        }
        self.close_group(observer);
    }

    pub(super) fn close_group<O: Observer>(&mut self, observer: &mut O) {
        if let Some(interchange) = &mut self.interchange
            && let Some(group) = interchange.group.take()
            && !group.implied
        {
            observer.group_end(&group.outcome);
        }
        self.ledger.group = 0;
    }

    pub(super) fn begin_set<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        ahead: Ahead<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        if self.group().is_none() {
            self.stray_segment(segment, ST, observer, scene);
            let release = self.ledger.release;
            if let Some(interchange) = &mut self.interchange {
                interchange.group = Some(Group {
                    implied: true,
                    ..Group::new(&Segment::new(b"GS", &[2], 0, 0), Some(release))
                });
            }
        }
        self.totals.sets += 1;
        self.ledger.sets += 1;
        self.ledger.set += 1;
        self.ledger.segment = 1;
        self.ledger.begin_set();
        let line = self.ledger.line(segment.offset(), scene);
        let Some(interchange) = &mut self.interchange else { return };
        let Some(group) = &mut interchange.group else { return };
        group.strayed = false;
        group.outcome.received += 1;
        let (code, number) = (segment.element(1), segment.element(2));
        let rules = match group.outcome.release {
            Some(release) => {
                let key = (release, code.to_vec());
                let header = &interchange.header;
                let rules = interchange.rules.entry(key).or_insert_with(|| {
                    let plan = self.plans.plan(header, release, code)?;
                    let elements = ElementJudge::new(plan.options(), &interchange.delimiters);
                    Some(Arc::new(Rules { plan, elements }))
                });
                rules.clone()
            }
            None => None,
        };
        let home = sets::group_of(code);
        // A group without a usable id was told already.
        let is_told = group.implied || group.outcome.functional_id.len() != 2;
        let in_wrong_group =
            home.is_some_and(|home| home.as_bytes() != group.outcome.functional_id && !is_told);
        // Where ST01 is the wrong one of the two, its table would find fault with everything.
        let rules = rules.filter(|rules| !in_wrong_group || ahead.begins(&rules.plan));
        if let Some(rules) = &rules {
            self.judge.start(&rules.plan);
        }
        let readable = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
        let id_fault = match readable {
            false => Some(Fault::SetId { group: None }),
            true if in_wrong_group => Some(Fault::SetId { group: home }),
            true => None,
        };
        let no_table = rules.is_none() && group.outcome.release.is_some() && id_fault.is_none();
        let number_fault = match number.len() {
            4..=9 => group.is_repeated(number).then_some(Fault::SetRepeated),
            _ => Some(Fault::SetNumber),
        };
        group.set = Some(Set {
            outcome: SetOutcome {
                code: code.to_vec(),
                control_number: number.to_vec(),
                convention: segment.element(3).to_vec(),
                number: self.ledger.sets,
                segments: 0,
                errors: 0,
                warnings: 0,
                untold: 0,
                start: segment.offset(),
                line,
                end: 0,
            },
            rules: rules.clone(),
        });
        observer.set(segment, rules.as_ref().map(|rules| &rules.plan));
        let mut skip = vec![1];
        let table_fault = no_table.then_some(Fault::NoTable);
        for (fault, n) in id_fault
            .or(table_fault)
            .map(|fault| (fault, 1))
            .into_iter()
            .chain(number_fault.map(|fault| (fault, 2)))
        {
            skip.push(n);
            let note = self.envelope_note(fault, segment, n);
            self.ledger.note(observer, scene, note, String::new);
        }
        self.judge_envelope(|envelope| &envelope.st, segment, &skip, observer, scene);
        observer.envelope(segment);
    }

    pub(super) fn end_set<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        self.ledger.segment = self.ledger.segment.saturating_add(1);
        let broken = self.interchange.as_ref().is_some_and(|interchange| interchange.broken);
        let Some(set) = self.group().and_then(|group| group.set.as_ref()) else { return };
        let (rules, number) = (set.rules.clone(), set.outcome.control_number.clone());
        if let Some(rules) = &rules {
            let mut desk = Desk { ledger: &mut self.ledger, observer, scene };
            self.judge.end(rules, segment, &mut desk);
        }
        let mut skip = Vec::new();
        let counted = u64::from(self.ledger.segment);
        let mut faults = Vec::new();
        if value::control_number(segment.element(1)).is_some_and(|count| count != counted)
            && !broken
        {
            faults.push((Fault::SegmentCount { counted }, 1));
        }
        if segment.element(2) != number && !segment.element(2).is_empty() {
            faults.push((Fault::SetNumbersDiffer, 2));
        } else if !(4..=9).contains(&number.len()) {
            // The same wrong number was told at ST02.
            skip.push(2);
        }
        for (fault, n) in faults {
            skip.push(n);
            let note = self.envelope_note(fault, segment, n);
            self.ledger.note(observer, scene, note, || "SE[1]".to_string());
        }
        self.judge_envelope(|envelope| &envelope.se, segment, &skip, observer, scene);
        observer.envelope(segment);
        let end = segment.offset() + segment.bytes().len() as u64 + 1;
        self.close_set(end, observer);
    }

    /// The set ends without `SE`.
    pub(super) fn cut_set<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        if self.group().is_none_or(|group| group.set.is_none()) {
            return;
        }
        self.ledger.segment = self.ledger.segment.saturating_add(1);
        let note = Note::new(Fault::SetTrailerMissing, segment.offset(), 0, SE);
        self.ledger.note(observer, scene, note, || "SE[1]".to_string());
        self.ledger.segment -= 1;
        self.close_set(segment.offset(), observer);
    }

    pub(super) fn close_set<O: Observer>(&mut self, end: u64, observer: &mut O) {
        let (segments, ledger) = (self.ledger.segment, &self.ledger);
        let (errors, warnings, untold) = (ledger.errors, ledger.warnings, ledger.untold);
        if let Some(group) = self.group()
            && let Some(set) = group.set.take()
        {
            group.outcome.clean += u64::from(errors == 0);
            let outcome = SetOutcome { segments, errors, warnings, untold, end, ..set.outcome };
            observer.set_end(&outcome);
        }
        self.ledger.segment = 0;
    }

    pub(super) fn end_interchange<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &self.interchange else { return };
        let (groups, broken) = (interchange.groups, interchange.broken);
        let header = Arc::clone(&interchange.header);
        let mut skip = Vec::new();
        let count = value::control_number(segment.element(1));
        if count.is_some_and(|count| count != groups) && !broken {
            skip.push(1);
            let note = self.envelope_note(Fault::GroupCount { counted: groups }, segment, 1);
            self.note_interchange(note, observer, scene);
        }
        let numbers = (header.control_number(), segment.element(2));
        if !value::same_number(numbers.0, numbers.1) && !numbers.1.is_empty() {
            skip.push(2);
            let note = self.envelope_note(Fault::InterchangeNumbersDiffer, segment, 2);
            self.note_interchange(note, observer, scene);
        } else if numbers.0 == numbers.1 {
            // What is wrong with the number was told at ISA13.
            skip.push(2);
        }
        self.judge_envelope(|envelope| &envelope.iea, segment, &skip, observer, scene);
        observer.envelope(segment);
        self.close_interchange(true, observer);
    }

    /// The interchange ends before `IEA`, at `offset`.
    pub(super) fn ends_early<O: Observer>(
        &mut self,
        offset: u64,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &self.interchange else { return };
        let missing = match &interchange.group {
            Some(Group { set: Some(_), .. }) => "SE, GE and IEA",
            Some(_) => "GE and IEA",
            None => "IEA",
        };
        let note = Note::new(Fault::EndsEarly { missing }, offset, 0, IEA);
        self.note_interchange(note, observer, scene);
        self.abandon(offset, observer);
    }

    /// Closes what is open; what was cut off is not accepted.
    pub(super) fn abandon<O: Observer>(&mut self, offset: u64, observer: &mut O) {
        if self.ledger.segment > 0 {
            self.ledger.errors += 1;
            self.close_set(offset, observer);
        }
        let codes = Fault::GroupTrailerMissing.ack(self.ledger.release);
        self.group().into_iter().for_each(|group| group.outcome.faults.push(codes));
        self.close_group(observer);
        self.close_interchange(false, observer);
    }

    pub(super) fn close_interchange<O: Observer>(&mut self, whole: bool, observer: &mut O) {
        if let Some(interchange) = self.interchange.take() {
            let (groups, fault) = (interchange.groups, interchange.fault);
            observer.interchange_end(&InterchangeOutcome { groups, fault, whole });
        }
    }
}

impl Group {
    fn new(segment: &Segment<'_>, release: Option<Release>) -> Group {
        let element = |n| segment.element(n).to_vec();
        Group {
            outcome: GroupOutcome {
                functional_id: element(1),
                sender: element(2),
                receiver: element(3),
                control_number: element(6),
                version: element(8),
                release,
                included: 0,
                received: 0,
                clean: 0,
                faults: Vec::new(),
            },
            implied: false,
            broken: false,
            strayed: false,
            set_numbers: HashSet::new(),
            set: None,
        }
    }

    /// Whether a set of this group has had the number; the number is remembered.
    fn is_repeated(&mut self, number: &[u8]) -> bool {
        self.set_numbers.contains(number)
            || (self.set_numbers.len() < NUMBERS_KEPT && !self.set_numbers.insert(number.to_vec()))
    }
}
