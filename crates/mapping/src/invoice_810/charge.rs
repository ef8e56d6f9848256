//! A charge or a credit: one `SAC` with its taxes.

use tieline_model::bill::{Charge, ChargeDirection, ChargeKind};
use tieline_model::decimal::Decimal;
use tieline_model::quantity::Unit;
use tieline_model::residue::Residue;
use tieline_x12::tree::Tree;

use super::heading::cents;
use super::tax;
use crate::branch::{Rows, left_over};
use crate::error::{MappingError, ValueFault};
use crate::figure::Figure;
use crate::given::Given;
use crate::measurement::write_unit;
use crate::options::{Options, Sign};
use crate::sink::Sink;

pub(super) fn read(sac: Tree<'_>, options: &Options) -> Result<Charge, MappingError> {
    let given = Given::of(sac, &[])?;
    let unknown = || given.fault(1, ValueFault::UnknownCode { table: "directions" });
    let direction = given.value(1).and_then(|code| options.invoice.directions.known(code));
    let direction = direction.ok_or_else(unknown)?;
    let kind = given.value(4).map(|code| options.invoice.charges.read(code, ChargeKind::Other));
    let is_usual = kind.is_some() && given.value(3) == Some(&options.invoice.agency);
    let amount = given.cents(5)?;
    let mut charge = Charge {
        amount: amount.map(|amount| turned(amount, direction.meaning, options)),
        direction,
        kind,
        agency: given.text(3).filter(|_| !is_usual),
        standard_code: given.text(2),
        rate: given.decimal(8)?,
        unit: given.value(9).map(|code| options.common.units.read(code, Unit::Other)),
        quantity: given.decimal(10)?,
        description: given.text(15),
        taxes: tax::read_all(&given, options)?,
        at: given.ordinal(),
        residue: Residue::default(),
    };
    charge.residue = left_over(&given, &mut |out| say(&charge, options, out))?;
    Ok(charge)
}

pub(super) fn write(
    charge: &Charge,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&charge.residue).into(), rows, &mut |out| say(charge, options, out))
}

fn say(charge: &Charge, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let direction = options.invoice.directions.write(&charge.direction, None, "directions")?;
    let other = Some(ChargeKind::Other);
    let kind = charge.kind.as_ref();
    let kind = kind.map(|it| options.invoice.charges.write(it, other, "charges")).transpose()?;
    let usual = kind.map(|_| options.invoice.agency.as_str());
    let amount = charge.amount.map(|it| turned(it, charge.direction.meaning, options));
    out.segment(
        "SAC",
        &[
            Some(direction),
            charge.standard_code.as_deref(),
            charge.agency.as_deref().or(usual),
            kind,
            amount.map(|it| cents(&it)).transpose()?.as_deref(),
            None,
            None,
            Figure::number(&charge.rate).as_deref(),
            write_unit(charge.unit.as_ref(), options)?,
            Figure::number(&charge.quantity).as_deref(),
            None,
            None,
            None,
            None,
            charge.description.as_deref(),
        ],
    )?;
    charge.taxes.iter().try_for_each(|one| tax::write(one, options, out))
}

/// The amount as the other side has it: partners write credits with one sign or the other.
fn turned(amount: Decimal, direction: ChargeDirection, options: &Options) -> Decimal {
    let is_turned = options.invoice.credits == Sign::Opposite
        && direction == ChargeDirection::Credit
        && !amount.is_zero();
    if is_turned { amount.negated() } else { amount }
}
