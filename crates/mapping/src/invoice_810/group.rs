//! What is charged for one thing: one `IT1` loop.

use tieline_model::account::Commodity;
use tieline_model::bill::{BillGroup, GroupLevel, PricedItem};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::MeterNumber;
use tieline_model::quantity::Unit;
use tieline_model::usage::UsageQuantity;
use tieline_x12::compose::Segment;
use tieline_x12::tree::Tree;

use super::{charge, subline, tax};
use crate::account::{read_service_point, write_service_point};
use crate::branch::{Branch, Rows, left_over, segment};
use crate::common::{read_events, read_other_references, write_events, write_references};
use crate::error::MappingError;
use crate::given::Given;
use crate::measurement::{self, write_unit};
use crate::options::Options;
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
                group.parties.push(party::read(&Given::of(child, &[])?, Vec::new(), options)?);
            }
            _ => {}
        }
    }
    group.at = given.ordinal();
    let (opener, children) = parts(&group, options)?;
    left_over(&given, &opener, &children, &mut group.residue)?;
    Ok(group)
}

pub(super) fn write(
    group: &BillGroup,
    options: &Options,
    rows: &Rows,
) -> Result<Branch, MappingError> {
    let (opener, mut children) = parts(group, options)?;
    for one in &group.quantities {
        children.push(write_quantity(one, options, &rows.within("QTY"))?);
    }
    for one in &group.charges {
        children.push(charge::write(one, options, &rows.within("SAC"))?);
    }
    for one in &group.sublines {
        children.push(subline::write(one, options, &rows.within("SLN"))?);
    }
    for one in &group.parties {
        children.push(party::write(one, Vec::new(), options, &rows.within("N1"))?);
    }
    Ok(Branch::record(opener, children, &group.residue, rows))
}

/// The opener, and the loop but for what is a record of its own.
fn parts(group: &BillGroup, options: &Options) -> Result<(Segment, Vec<Branch>), MappingError> {
    let mut body = Vec::new();
    for one in &group.taxes {
        body.push(tax::write(one, options)?);
    }
    for measurement in &group.usage {
        body.push(measurement::write(measurement, options)?);
    }
    body.extend(group.descriptions.iter().map(|text| write_description(text, options)));
    let mut refer = |qualifier: &str, value: Option<&str>| {
        body.extend(value.map(|value| segment("REF", [Some(qualifier), Some(value)])));
    };
    refer(&options.common.meter, group.meter.as_ref().map(|meter| meter.as_str()));
    refer(&options.invoice.rate, group.rate.as_deref());
    body.extend(group.service_point.iter().map(|it| write_service_point(it, &options.common)));
    body.extend(write_references(&group.references, options)?);
    body.extend(service_period::write(group.period, &options.common));
    body.extend(write_events(&group.events, options)?);
    Ok((write_opener(group, options)?, body.into_iter().map(Branch::from).collect()))
}

fn write_opener(group: &BillGroup, options: &Options) -> Result<Segment, MappingError> {
    let invoice = &options.invoice;
    let number = |number: &Option<Decimal>| number.as_ref().map(Decimal::to_string);
    let item = group.item.as_ref();
    let quantity = item.and_then(|item| number(&item.quantity));
    let price = item.and_then(|item| number(&item.price));
    let mut service = Vec::new();
    if let Some(it) = &group.commodity {
        let code = invoice.commodities.write(it, Some(Commodity::Other), "commodities")?;
        service.extend([Some(invoice.commodity.as_str()), Some(code)]);
    }
    if let Some(it) = &group.level {
        let code = invoice.levels.write(it, Some(GroupLevel::Other), "levels")?;
        service.extend([Some(invoice.level.as_str()), Some(code)]);
    }
    service.resize(4, None);
    Ok(segment(
        "IT1",
        [
            group.number.as_deref(),
            quantity.as_deref(),
            write_unit(item.and_then(|item| item.unit.as_ref()), options)?,
            price.as_deref(),
            None,
            service[0],
            service[1],
            service[2],
            service[3],
        ],
    ))
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
    rows: &Rows,
) -> Result<Branch, MappingError> {
    let UsageQuantity { period, occurred, measurements, .. } = quantity;
    if period.is_some() || occurred.is_some() || !measurements.is_empty() {
        return Err(MappingError::NoPlace {
            what: "a period, a time or a reading of one quantity of a group",
            advice: "say it of the group",
        });
    }
    quantity::write(quantity, options, rows)
}

fn code<'g>(given: &'g Given<'_>, qualifier: &str) -> Option<&'g str> {
    given.find("REF", qualifier)?.value(2)
}

pub(super) fn read_descriptions(given: &Given<'_>, options: &Options) -> Vec<String> {
    let is_text = |pid: &&Given<'_>| pid.value(1) == Some(&options.invoice.description);
    given.all("PID").filter(is_text).filter_map(|pid| pid.text(5)).collect()
}

pub(super) fn write_description(text: &str, options: &Options) -> Segment {
    segment("PID", [Some(&options.invoice.description), None, None, None, Some(text)])
}
