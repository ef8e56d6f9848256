//! One thing that is asked for: one `LIN` loop, with an `NM1` loop for each meter.

use tieline_model::identifier::{AccountNumber, MeterNumber};
use tieline_model::request::{
    RequestAction, RequestChange, RequestItem, RequestedMeter, RequestedService, ServiceKind,
};
use tieline_x12::tree::Tree;

use super::events;
use crate::account;
use crate::branch::{Rows, left_over};
use crate::common::{
    read_amounts, read_events_by, read_references, write_amounts, write_events_by, write_number,
    write_references,
};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

/// How many pairs of elements a `LIN` has for what is asked for.
const SERVICES: usize = 15;

pub(super) fn read(lin: Tree<'_>, options: &Options) -> Result<RequestItem, MappingError> {
    let given = Given::of(lin, &["NM1"])?;
    let codes = &options.enrollment;
    let number = |qualifier: &str| given.find("REF", qualifier)?.text(2);
    let account = |qualifier: &str| AccountNumber::new(number(qualifier)?).ok();
    let asi = given.all("ASI").next();
    let action = asi.and_then(|asi| asi.value(1));
    let change = asi.and_then(|asi| asi.value(2));
    let mut item = RequestItem {
        number: given.text(1),
        services: read_services(&given, options),
        action: action.map(|code| codes.actions.read(code, RequestAction::Other)),
        change: change.map(|code| codes.changes.read(code, RequestChange::Other)),
        account: account(&options.common.account),
        former_account: account(&options.common.former_account),
        supplier_account: account(&options.common.supplier_account),
        meter: number(&options.common.meter).and_then(|it| MeterNumber::new(it).ok()),
        references: read_references(&given, options),
        events: read_events_by(&given, events(options))?,
        amounts: read_amounts(&given, options)?,
        at: given.ordinal(),
        ..RequestItem::default()
    };
    for nm1 in lin.all("NM1").filter(Tree::is_placed) {
        item.meters.push(read_meter(nm1, options)?);
    }
    item.residue = left_over(&given, &mut |out| say(&item, options, out))?;
    Ok(item)
}

pub(super) fn write(
    item: &RequestItem,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    if item.services.len() > SERVICES {
        return Err(MappingError::NoPlace {
            what: "a sixteenth service of one item",
            advice: "ask for it in an item of its own",
        });
    }
    out.record((&item.residue).into(), rows, &mut |out| {
        say(item, options, out)?;
        let rows = rows.within("NM1");
        item.meters.iter().try_for_each(|meter| {
            out.record((&meter.residue).into(), rows, &mut |out| say_meter(meter, options, out))
        })
    })
}

/// The opener, and the loop but for meters.
fn say(item: &RequestItem, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let codes = &options.enrollment;
    let mut elements = vec![item.number.as_deref()];
    for RequestedService { qualifier, kind } in &item.services {
        let kind = codes.services.write(kind, Some(ServiceKind::Other), "services")?;
        elements.extend([Some(qualifier.as_str()), Some(kind)]);
    }
    out.segment("LIN", &elements)?;

    let (action, change) = (item.action.as_ref(), item.change.as_ref());
    let action = action.map(|it| codes.actions.write(it, Some(RequestAction::Other), "actions"));
    let change = change.map(|it| codes.changes.write(it, Some(RequestChange::Other), "changes"));
    if action.is_some() || change.is_some() {
        out.segment("ASI", &[action.transpose()?, change.transpose()?])?;
    }
    let common = &options.common;
    account::write(
        [&item.account, &item.former_account, &item.supplier_account].map(Option::as_ref),
        common,
        out,
    )?;
    write_number(&common.meter, item.meter.as_ref().map(MeterNumber::as_str), out)?;
    write_references(&item.references, options, out)?;
    write_events_by(&item.events, events(options), out)?;
    write_amounts(&item.amounts, options, out)
}

/// Reads the pairs of `LIN02` and on; those behind a pair that is not whole are left over.
fn read_services(given: &Given<'_>, options: &Options) -> Vec<RequestedService> {
    let pair = |n: usize| {
        let (qualifier, code) = (given.text(2 * n)?, given.value(2 * n + 1)?);
        let kind = options.enrollment.services.read(code, ServiceKind::Other);
        Some(RequestedService { qualifier, kind })
    };
    (1..=SERVICES).map_while(pair).collect()
}

fn read_meter(nm1: Tree<'_>, options: &Options) -> Result<RequestedMeter, MappingError> {
    let given = Given::of(nm1, &[])?;
    let is_meter = given.value(8) == Some(&options.enrollment.meter_number);
    let number = given.text(9).filter(|_| is_meter);
    let mut meter = RequestedMeter {
        role: given.text(1).unwrap_or_default(),
        meter: number.and_then(|number| MeterNumber::new(number).ok()),
        references: read_references(&given, options),
        events: read_events_by(&given, events(options))?,
        at: given.ordinal(),
        ..RequestedMeter::default()
    };
    meter.residue = left_over(&given, &mut |out| say_meter(&meter, options, out))?;
    Ok(meter)
}

fn say_meter(
    meter: &RequestedMeter,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let codes = &options.enrollment;
    let number = meter.meter.as_ref().map(MeterNumber::as_str);
    let mut opener = [None; 9];
    opener[0] = Some(meter.role.as_str());
    opener[1] = Some(codes.meter_entity.as_str());
    opener[7] = number.map(|_| codes.meter_number.as_str());
    opener[8] = number;
    out.segment("NM1", &opener)?;
    write_references(&meter.references, options, out)?;
    write_events_by(&meter.events, events(options), out)
}
