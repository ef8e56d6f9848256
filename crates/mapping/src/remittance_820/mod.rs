//! 820: Payment Order/Remittance Advice, read into a payment and written from it.
//!
//! `BPR` and `TRN` are the money, an `ENT` loop is whose items are paid, an `RMR` loop in it one
//! account or bill. Amounts are taken as they are: whether they add up is no matter of reading.

mod adjustment;

mod bank;

mod entity;

mod line;

use tieline_model::common::{EventKind, ReferenceKind};
use tieline_model::money::Currency;
use tieline_model::payment::{Handling, Payment, PaymentFormat, PaymentMethod, Trace};
use tieline_model::provenance::Provenance;
use tieline_model::residue::Residue;
use tieline_x12::compose::{Body, Segment};
use tieline_x12::sets::s820;
use tieline_x12::tree::Tree;

use crate::account;
use crate::branch::{Rows, loop_left_over};
use crate::code_map::Codes;
use crate::common::{
    read_events_by, read_notes, read_references_by, write_events_by, write_notes,
    write_references_by,
};
use crate::error::{MappingError, ValueFault};
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::party;
use crate::sink::{self, Sink};

/// Reads what one 820 says is paid. `set` is a whole set, as `Document::sets` gives it.
///
/// Segments without a place in the set's table are left out: the check has reported them.
///
/// # Errors
///
/// [`MappingError`] if it is another set, or if a value is not what the standard lets it be. A set
/// in which the check found no error fails only for what the options can mend.
pub fn read(set: Tree<'_>, options: &Options) -> Result<Payment, MappingError> {
    if set.plan().is_none() || set.element(1) != b"820" {
        return Err(MappingError::NotThisSet { expected: "820" });
    }
    let given = Given::of(set, &["N1", "ENT"])?;
    let missing = |what| MappingError::Missing { at: given.position(), what };
    let bpr = given.all("BPR").next().ok_or_else(|| missing("BPR"))?;
    let code = |n: usize| bpr.value(n).unwrap_or_default();
    let amount = bpr.decimal(2)?.ok_or_else(|| missing("BPR02, the amount that is paid,"))?;
    let no_flow = || bpr.fault(3, ValueFault::Code("remittance.flows"));
    let flow = options.remittance.flows.known(code(3)).ok_or_else(no_flow)?;
    let (currency, currency_of) = read_currency(&given, options)?;

    let mut payment = Payment {
        handling: options.remittance.handlings.read(code(1), Handling::Other),
        amount,
        currency,
        currency_of,
        flow,
        method: options.remittance.methods.read(code(4), PaymentMethod::Other),
        format: bpr
            .value(5)
            .map(|code| options.remittance.formats.read(code, PaymentFormat::Other)),
        from: bank::read(bpr, 6),
        originator: bpr.text(10),
        originator_part: bpr.text(11),
        to: bank::read(bpr, 12),
        settlement: bpr.date(16)?,
        trace: given.all("TRN").next().and_then(read_trace),
        notes: read_notes(&given),
        references: read_references_by(&given, numbers(options)),
        events: read_events_by(&given, events(options))?,
        parties: Vec::new(),
        entities: Vec::new(),
        provenance: Provenance::default(),
        residue: Residue::default(),
    };
    for n1 in set.all("N1").filter(Tree::is_placed) {
        let n1 = Given::of(n1, &[])?;
        payment.parties.push(party::read_by(&n1, account::NONE, numbers(options), options)?);
    }
    for ent in set.all("ENT").filter(Tree::is_placed) {
        payment.entities.push(entity::read(ent, options)?);
    }
    payment.residue = loop_left_over(&given, &mut |out| write_heading(&payment, options, out))?;
    Ok(payment)
}

/// Writes a payment as the segments of an 820 between `ST` and `SE`.
///
/// # Errors
///
/// [`MappingError`] if the options have no code for a meaning, or the 820 no place for something.
pub fn write(payment: &Payment, options: &Options) -> Result<Vec<Segment>, MappingError> {
    sink::segments(&payment.residue, rows(), &mut |out| say(payment, options, out))
}

/// Adds the same segments to a body in the writing, without a value of its own for each.
///
/// # Errors
///
/// Those of [`write()`], and [`MappingError::Compose`] for a value that holds a separator.
pub fn compose(payment: &Payment, options: &Options, body: &mut Body) -> Result<(), MappingError> {
    sink::compose(&payment.residue, rows(), body, &mut |out| say(payment, options, out))
}

fn say(payment: &Payment, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let rows = rows();
    write_heading(payment, options, out)?;
    for one in &payment.parties {
        let (numbers, rows) = (numbers(options), rows.within("N1"));
        party::write_by(one, account::NONE, numbers, options, rows, out)?;
    }
    let rows = rows.within("ENT");
    payment.entities.iter().try_for_each(|entity| entity::write(entity, options, rows, out))
}

/// What the payment says but for its parties and entities.
fn write_heading(
    payment: &Payment,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    write_bpr(payment, options, out)?;
    write_notes(&payment.notes, out)?;
    if let Some(trace) = &payment.trace {
        write_trace(trace, out)?;
    }
    write_currency(payment, options, out)?;
    write_references_by(&payment.references, numbers(options), out)?;
    write_events_by(&payment.events, events(options), out)
}

fn write_bpr(payment: &Payment, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let codes = &options.remittance;
    let format = payment.format.as_ref();
    let format = format.map(|it| codes.formats.write(it, Some(PaymentFormat::Other), "formats"));
    let settlement = payment.settlement.map(Figure::date);
    let [from_bank, from_number, from_kind, from_account] = bank::elements(payment.from.as_ref());
    let [to_bank, to_number, to_kind, to_account] = bank::elements(payment.to.as_ref());
    out.segment(
        "BPR",
        &[
            Some(codes.handlings.write(&payment.handling, Some(Handling::Other), "handlings")?),
            Some(&Figure::decimal(&payment.amount)),
            Some(codes.flows.write(&payment.flow, None, "flows")?),
            Some(codes.methods.write(&payment.method, Some(PaymentMethod::Other), "methods")?),
            format.transpose()?,
            from_bank,
            from_number,
            from_kind,
            from_account,
            payment.originator.as_deref(),
            payment.originator_part.as_deref(),
            to_bank,
            to_number,
            to_kind,
            to_account,
            settlement.as_deref(),
        ],
    )
}

fn read_trace(trn: &Given<'_>) -> Option<Trace> {
    let (code, number) = (trn.text(1)?, trn.text(2)?);
    Some(Trace { code, number, originator: trn.text(3), further: trn.text(4) })
}

fn write_trace(trace: &Trace, out: &mut dyn Sink) -> Result<(), MappingError> {
    let Trace { code, number, originator, further } = trace;
    let (originator, further) = (originator.as_deref(), further.as_deref());
    out.segment("TRN", &[Some(code), Some(number), originator, further])
}

/// The currency, and whose it is if the document names it.
fn read_currency(
    given: &Given<'_>,
    options: &Options,
) -> Result<(Currency, Option<String>), MappingError> {
    let cur = given.all("CUR").next();
    let code = cur.map(|cur| cur.parse(2, Currency::new));
    match code.transpose()?.flatten() {
        Some(code) => Ok((code, cur.and_then(|cur| cur.text(1)).or(Some(String::new())))),
        None => Ok((options.remittance.currency, None)),
    }
}

/// The usual currency is named only where its owner is.
fn write_currency(
    payment: &Payment,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let usual = &options.remittance;
    let is_named = payment.currency_of.is_some() || payment.currency != usual.currency;
    let of = payment.currency_of.as_ref().unwrap_or(&usual.currency_of);
    match is_named {
        true => out.segment("CUR", &[Some(of), Some(payment.currency.code())]),
        false => Ok(()),
    }
}

fn numbers(options: &Options) -> Codes<'_, ReferenceKind> {
    Codes::of(&options.remittance.numbers, &options.common.references)
}

fn events(options: &Options) -> Codes<'_, EventKind> {
    Codes::of(&options.remittance.events, &options.common.events)
}

/// The rows of the set. Release 005010 has those of 004010 in the same order, and some more.
fn rows() -> Rows {
    Rows::of(&s820::V005010)
}
