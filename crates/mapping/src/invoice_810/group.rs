//! What is charged for one thing: one `IT1` loop.

use tieline_model::account::Commodity;
use tieline_model::bill::{BillGroup, GroupLevel, PricedItem};
use tieline_model::identifier::MeterNumber;
use tieline_model::quantity::Unit;
use tieline_model::usage::UsageQuantity;
use tieline_x12::tree::Tree;

use super::{charge, subline, tax};
use crate::account::{self, read_service_point, write_service_point};
use crate::branch::{Rows, left_over};
use crate::common::{
    read_events, read_other_references, write_events, write_number, write_references,
};
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::measurement::{self, write_unit};
use crate::options::Options;
use crate::sink::Sink;
use crate::usage_867::quantity;
use crate::{party, service_period};

pub(super) fn read(it1: Tree<'_>, options: &Options) -> Result<BillGroup, MappingError> {
    let given = Given::of(it1, &["QTY", "SAC", "SLN", "N1"])?;
    let mut group = BillGroup { number: given.text(1), ..BillGroup::default() };
    group.item = read_item(&given, options)?;
    read_service(&given, &mut group, options);
    group.taxes = tax::read_all(&given, options)?;
    for mea in given.all("MEA") {
        group.usage.extend(measurement::read(mea, options)?);
    }
    group.descriptions = read_descriptions(&given, options);
    group.meter = code(&given, &options.common.meter).and_then(|it| MeterNumber::new(it).ok());
    group.rate = code(&given, &options.invoice.rate).map(str::to_string);
    group.service_point = read_service_point(&given, &options.common);
    group.references = read_other_references(&given, &options.invoice.rate, options);
    group.period = service_period::read(&given, &options.common)?;
    group.events = read_events(&given, options)?;
    for child in it1.children().filter(Tree::is_placed) {
        match child.id().as_bytes() {
            b"QTY" => group.quantities.push(quantity::read(&Given::of(child, &[])?, options)?),
            b"SAC" => group.charges.push(charge::read(child, options)?),
            b"SLN" => group.sublines.push(subline::read(child, options)?),
            b"N1" => {
                group.parties.push(party::read(&Given::of(child, &[])?, account::NONE, options)?);
            }
            _ => {}
        }
    }
    group.at = given.ordinal();
    group.residue = left_over(&given, &mut |out| say(&group, options, out))?;
    Ok(group)
}

pub(super) fn write(
    group: &BillGroup,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&group.residue).into(), rows, &mut |out| {
        say(group, options, out)?;
        for one in &group.quantities {
            write_quantity(one, options, rows.within("QTY"), out)?;
        }
        for one in &group.charges {
            charge::write(one, options, rows.within("SAC"), out)?;
        }
        for one in &group.sublines {
            subline::write(one, options, rows.within("SLN"), out)?;
        }
        let rows = rows.within("N1");
        let write = |one| party::write(one, account::NONE, options, rows, out);
        group.parties.iter().try_for_each(write)
    })
}

/// The opener, and the loop but for what is a record of its own.
fn say(group: &BillGroup, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    write_opener(group, options, out)?;
    group.taxes.iter().try_for_each(|one| tax::write(one, options, out))?;
    group.usage.iter().try_for_each(|one| measurement::write(one, options, out))?;
    group.descriptions.iter().try_for_each(|text| write_description(text, options, out))?;
    let meter = group.meter.as_ref().map(|meter| meter.as_str());
    write_number(&options.common.meter, meter, out)?;
    write_number(&options.invoice.rate, group.rate.as_deref(), out)?;
    if let Some(point) = &group.service_point {
        write_service_point(point, &options.common, out)?;
    }
    write_references(&group.references, options, out)?;
    service_period::write(group.period, &options.common, out)?;
    write_events(&group.events, options, out)
}

fn write_opener(
    group: &BillGroup,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let invoice = &options.invoice;
    let item = group.item.as_ref();
    let mut elements = [None; 9];
    let mut next = 5;
    if let Some(it) = &group.commodity {
        let code = invoice.commodities.write(it, Some(Commodity::Other), "commodities")?;
        elements[next..next + 2].copy_from_slice(&[Some(invoice.commodity.as_str()), Some(code)]);
        next += 2;
    }
    if let Some(it) = &group.level {
        let code = invoice.levels.write(it, Some(GroupLevel::Other), "levels")?;
        elements[next..next + 2].copy_from_slice(&[Some(invoice.level.as_str()), Some(code)]);
    }
    let quantity = item.and_then(|item| Figure::number(&item.quantity));
    let price = item.and_then(|item| Figure::number(&item.price));
    elements[0] = group.number.as_deref();
    elements[1] = quantity.as_deref();
    elements[2] = write_unit(item.and_then(|item| item.unit.as_ref()), options)?;
    elements[3] = price.as_deref();
    out.segment("IT1", &elements)
}

fn read_item(given: &Given<'_>, options: &Options) -> Result<Option<PricedItem>, MappingError> {
    let item = PricedItem {
        quantity: given.decimal(2)?,
        unit: given.value(3).map(|code| options.common.units.read(code, Unit::Other)),
        price: given.decimal(4)?,
    };
    Ok((item != PricedItem::default()).then_some(item))
}

/// The commodity and what the group stands for, in this order; in any other they are left over.
fn read_service(given: &Given<'_>, group: &mut BillGroup, options: &Options) {
    let invoice = &options.invoice;
    let behind = |n: usize, qualifier: &str| {
        given.value(n).filter(|it| *it == qualifier).and_then(|_| given.value(n + 1))
    };
    let commodity = behind(6, &invoice.commodity);
    let level = behind(if commodity.is_some() { 8 } else { 6 }, &invoice.level);
    group.commodity = commodity.map(|code| invoice.commodities.read(code, Commodity::Other));
    group.level = level.map(|code| invoice.levels.read(code, GroupLevel::Other));
}

/// A quantity that opens no loop.
fn write_quantity(
    quantity: &UsageQuantity,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let UsageQuantity { period, occurred, measurements, .. } = quantity;
    if period.is_some() || occurred.is_some() || !measurements.is_empty() {
        return Err(MappingError::NoPlace {
            what: "a period, a time or a reading of one quantity of a group",
            advice: "say it of the group",
        });
    }
    quantity::write(quantity, options, rows, out)
}

fn code<'g>(given: &'g Given<'_>, qualifier: &str) -> Option<&'g str> {
    given.find("REF", qualifier)?.value(2)
}

pub(super) fn read_descriptions(given: &Given<'_>, options: &Options) -> Vec<String> {
    let is_text = |pid: &&Given<'_>| pid.value(1) == Some(&options.invoice.description);
    given.all("PID").filter(is_text).filter_map(|pid| pid.text(5)).collect()
}

pub(super) fn write_description(
    text: &str,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.segment("PID", &[Some(&options.invoice.description), None, None, None, Some(text)])
}
