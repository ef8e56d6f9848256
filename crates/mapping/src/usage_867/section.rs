//! A section: one `PTD` loop.

use std::borrow::Cow;

use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::identifier::MeterNumber;
use tieline_model::meter::Dials;
use tieline_model::usage::{
    Arrangement, Basis, MeterType, SectionKind, UsageItem, UsageQuantity, UsageSection,
};
use tieline_x12::tree::Tree;

use super::{quantity, series};
use crate::account::{self, read_service_point, write_service_point};
use crate::branch::{Rows, left_over};
use crate::common::{read_events, read_references, write_events, write_number, write_references};
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::party;
use crate::service_period::{self, day, write_day};
use crate::sink::Sink;

pub(super) fn read(ptd: Tree<'_>, options: &Options) -> Result<UsageSection, MappingError> {
    let given = Given::of(ptd, &["N1", "QTY"])?;
    let kind = options.usage.sections.read(given.value(1).unwrap_or_default(), SectionKind::Other);
    let mut section = UsageSection::new(kind);
    section.commodity = read_commodity(&given, options);
    section.period = service_period::read(&given, &options.common)?;
    section.read_date = day(&given, &options.usage.read_date)?;
    section.meter = read_meter(&given, section.kind.meaning, options);
    section.role =
        code(&given, &options.usage.role).and_then(|code| options.usage.roles.known(code));
    section.dials = code(&given, &options.usage.dials).and_then(read_dials);
    section.meter_type = code(&given, &options.usage.meter_type)
        .map(|code| Coded::received(read_meter_type(code, options), code));
    section.channel = code(&given, &options.usage.channel).map(str::to_string);
    section.service_point = read_service_point(&given, &options.common);
    section.references = read_references(&given, options);
    section.events = read_events(&given, options)?;
    for n1 in ptd.all("N1").filter(Tree::is_placed) {
        let n1 = Given::of(n1, &[])?;
        section.parties.push(party::read(&n1, account::NONE, options)?);
    }
    let minutes = minutes(&section, options);
    let quantities = ptd.all("QTY").filter(Tree::is_placed);
    (section.items, section.arrangement) = series::read(quantities, minutes, options)?;
    section.at = given.ordinal();
    section.residue = left_over(&given, &mut |out| say(&section, options, out))?;
    Ok(section)
}

pub(super) fn write(
    section: &UsageSection,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&section.residue).into(), rows, &mut |out| {
        say(section, options, out)?;
        for one in &section.parties {
            party::write(one, account::NONE, options, rows.within("N1"), out)?;
        }
        write_items(section, options, rows.within("QTY"), out)
    })
}

fn write_items(
    section: &UsageSection,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let mut series = section.series().collect::<Vec<_>>();
    let edge = options.usage.stamping.edge;
    let is_told = |minutes| series.iter().all(|one| series::has_length(one, minutes, edge));
    if minutes(section, options).is_some_and(|minutes| !is_told(minutes)) {
        return Err(MappingError::NoPlace {
            what: "an interval that is not as long as the meter type says",
            advice: "send intervals of each length in a section of their own",
        });
    }
    for item in &section.items {
        match (item, section.arrangement) {
            (UsageItem::Quantity(one), _) if is_taken_for_a_point(one, section, options) => {
                return Err(MappingError::NoPlace {
                    what: "the time of a demand in a section of intervals",
                    advice: "report the demand in a section of its own",
                });
            }
            (UsageItem::Quantity(one), _) => quantity::write(one, options, rows, out)?,
            (UsageItem::Series(one), Arrangement::InTurn) => {
                series::write(&[one], options, rows, out)?;
            }
            // All of them stand where the first one does.
            (UsageItem::Series(_), Arrangement::ByTime) => {
                series::write(&std::mem::take(&mut series), options, rows, out)?;
            }
        }
    }
    Ok(())
}

/// The length of the intervals of a section; `None` if it has none.
fn minutes(section: &UsageSection, options: &Options) -> Option<u16> {
    let meter_type = section.meter_type.as_ref();
    meter_type.and_then(|it| it.meaning.minutes).or(options.usage.interval_minutes)
}

/// Whether a reader could not tell a quantity from an interval.
fn is_taken_for_a_point(
    quantity: &UsageQuantity,
    section: &UsageSection,
    options: &Options,
) -> bool {
    let stamp = quantity.occurred.as_ref().and_then(|stamp| stamp.time);
    stamp.is_some() && quantity.basis == Basis::Measured && minutes(section, options).is_some()
}

/// The opener, and the loop but for parties and quantities.
fn say(section: &UsageSection, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let kind = options.usage.sections.write(&section.kind, Some(SectionKind::Other), "sections")?;
    let in_ptd = options.usage.meter_in_ptd.contains(&section.kind.meaning);
    let meter = section.meter.as_ref().map(|meter| (options.common.meter.as_str(), meter.as_str()));
    let commodity = match &section.commodity {
        Some(it) => {
            let code =
                options.usage.commodities.write(it, Some(Commodity::Other), "commodities")?;
            Some((options.usage.commodity.as_str(), code))
        }
        None => None,
    };
    if in_ptd && meter.is_some() && commodity.is_some() {
        let (what, advice) = ("a commodity beside the meter", "leave one of them out of `PTD05`");
        return Err(MappingError::NoPlace { what, advice });
    }
    let four = commodity.or(meter.filter(|_| in_ptd));
    let (qualifier, number) = (four.map(|it| it.0), four.map(|it| it.1));
    out.segment("PTD", &[Some(kind), None, None, qualifier, number])?;

    service_period::write(section.period, &options.common, out)?;
    if let Some(date) = section.read_date {
        write_day(&options.usage.read_date, date, out)?;
    }
    write_events(&section.events, options, out)?;
    let mut refer = |qualifier: &str, number: Option<&str>| write_number(qualifier, number, out);
    refer(&options.common.meter, meter.filter(|_| !in_ptd).map(|it| it.1))?;
    let role = section.role.as_ref().map(|it| options.usage.roles.write(it, None, "roles"));
    refer(&options.usage.role, role.transpose()?)?;
    refer(&options.usage.dials, section.dials.map(write_dials).as_deref())?;
    let meter_type = section.meter_type.as_ref().map(|it| write_meter_type(it, options));
    refer(&options.usage.meter_type, meter_type.transpose()?.as_deref())?;
    refer(&options.usage.channel, section.channel.as_deref())?;
    if let Some(point) = &section.service_point {
        write_service_point(point, &options.common, out)?;
    }
    write_references(&section.references, options, out)
}

fn code<'g>(given: &'g Given<'_>, qualifier: &str) -> Option<&'g str> {
    given.find("REF", qualifier)?.value(2)
}

fn read_commodity(given: &Given<'_>, options: &Options) -> Option<Coded<Commodity>> {
    let is_named = given.value(4) == Some(&options.usage.commodity);
    Some(options.usage.commodities.read(given.value(5).filter(|_| is_named)?, Commodity::Other))
}

fn read_meter(given: &Given<'_>, kind: SectionKind, options: &Options) -> Option<MeterNumber> {
    let number = match options.usage.meter_in_ptd.contains(&kind) {
        true => given.value(5).filter(|_| given.value(4) == Some(&options.common.meter))?,
        false => code(given, &options.common.meter)?,
    };
    MeterNumber::new(number).ok()
}

/// `6.0`: six digits before the point, none behind it.
fn read_dials(text: &str) -> Option<Dials> {
    let (whole, decimals) = text.split_once('.')?;
    let dials = Dials { whole: whole.parse().ok()?, decimals: decimals.parse().ok()? };
    (*write_dials(dials) == *text).then_some(dials)
}

fn write_dials(dials: Dials) -> Figure {
    Figure::of(format_args!("{}.{}", dials.whole, dials.decimals))
}

/// `KH015`, or `KH1440` for days: a unit and how many minutes; a text of another form means neither.
fn read_meter_type(code: &str, options: &Options) -> MeterType {
    let both = [3, 4].into_iter().find_map(|digits| {
        let (unit, minutes) = code.split_at_checked(code.len().checked_sub(digits)?)?;
        let is_number = minutes.bytes().all(|b| b.is_ascii_digit());
        let minutes = minutes.parse().ok().filter(|minutes| is_number && *minutes > 0);
        Some((options.common.units.meaning(unit)?, minutes?))
    });
    MeterType { unit: both.map(|both| both.0), minutes: both.map(|both| both.1) }
}

fn write_meter_type<'c>(
    it: &'c Coded<MeterType>,
    options: &'c Options,
) -> Result<Cow<'c, str>, MappingError> {
    if let Some(raw) = &it.raw
        && read_meter_type(raw, options) == it.meaning
    {
        return Ok(raw.into());
    }
    match it.meaning {
        MeterType { unit: Some(unit), minutes: Some(minutes) } => {
            let unit = Coded::new(unit);
            let unit = options.common.units.write(&unit, None, "units")?;
            Ok(format!("{unit}{minutes:03}").into())
        }
        MeterType { unit: None, minutes: None } => Ok((&options.usage.combined_meter_type).into()),
        _ => Err(MappingError::NoPlace {
            what: "a meter type of a unit without an interval length, or the other way round",
            advice: "name both or neither",
        }),
    }
}
