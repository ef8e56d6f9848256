//! A section: one `PTD` loop.

use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::identifier::MeterNumber;
use tieline_model::meter::Dials;
use tieline_model::period::Period;
use tieline_model::time::Date;
use tieline_model::usage::{
    Arrangement, Basis, MeterType, SectionKind, SectionPeriod, UsageItem, UsageQuantity,
    UsageSection,
};
use tieline_x12::compose::Segment;
use tieline_x12::tree::Tree;

use super::{
    party, quantity, read_events, read_references, read_service_point, series, write_events,
    write_references, write_service_point,
};
use crate::branch::{Branch, Rows, left_over, segment};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::UsageOptions;
use crate::stamp::written;

pub(super) fn read(ptd: Tree<'_>, options: &UsageOptions) -> Result<UsageSection, MappingError> {
    let given = Given::of(ptd, &["N1", "QTY"])?;
    let kind = options.sections.read(given.value(1).unwrap_or_default(), SectionKind::Other);
    let mut section = UsageSection::new(kind);
    section.commodity = read_commodity(&given, options);
    section.period = read_period(&given, options)?;
    section.read_date = day(&given, &options.read_date)?;
    section.meter = read_meter(&given, section.kind.meaning, options);
    section.role = code(&given, &options.role).and_then(|code| options.roles.known(code));
    section.dials = code(&given, &options.dials).and_then(read_dials);
    section.meter_type = code(&given, &options.meter_type)
        .map(|code| Coded::received(read_meter_type(code, options), code));
    section.channel = code(&given, &options.channel).map(str::to_string);
    section.service_point = read_service_point(&given, options);
    section.references = read_references(&given, options);
    section.events = read_events(&given, options)?;
    for n1 in ptd.all("N1").filter(Tree::is_placed) {
        let n1 = Given::of(n1, &[])?;
        section.parties.push(party::read(&n1, Vec::new(), options)?);
    }
    let minutes = minutes(&section, options);
    let quantities = ptd.all("QTY").filter(Tree::is_placed);
    (section.items, section.arrangement) = series::read(quantities, minutes, options)?;
    section.at = given.ordinal();
    let (opener, children) = parts(&section, options)?;
    left_over(&given, &opener, &children, &mut section.residue)?;
    Ok(section)
}

pub(super) fn write(
    section: &UsageSection,
    options: &UsageOptions,
    rows: &Rows,
) -> Result<Branch, MappingError> {
    let (opener, mut children) = parts(section, options)?;
    for one in &section.parties {
        children.push(party::write(one, Vec::new(), options, &rows.within("N1"))?);
    }
    let inner = rows.within("QTY");
    let mut series = section.series().collect::<Vec<_>>();
    for item in &section.items {
        match (item, section.arrangement) {
            (UsageItem::Quantity(one), _) if is_taken_for_a_point(one, section, options) => {
                return Err(MappingError::NoPlace {
                    what: "the time of a demand in a section of intervals",
                    advice: "report the demand in a section of its own",
                });
            }
            (UsageItem::Quantity(one), _) => children.push(quantity::write(one, options, &inner)?),
            (UsageItem::Series(one), Arrangement::InTurn) => {
                series::write(&[one], options, &inner, &mut children)?;
            }
            // All of them stand where the first one does.
            (UsageItem::Series(_), Arrangement::ByTime) => {
                series::write(&std::mem::take(&mut series), options, &inner, &mut children)?;
            }
        }
    }
    Ok(Branch::record(opener, children, &section.residue, rows))
}

/// The length of the intervals of a section; `None` if it has none.
fn minutes(section: &UsageSection, options: &UsageOptions) -> Option<u16> {
    let meter_type = section.meter_type.as_ref();
    meter_type.and_then(|it| it.meaning.minutes).or(options.interval_minutes)
}

/// Whether a reader could not tell a quantity from an interval.
fn is_taken_for_a_point(
    quantity: &UsageQuantity,
    section: &UsageSection,
    options: &UsageOptions,
) -> bool {
    let stamp = quantity.occurred.as_ref().and_then(|stamp| stamp.time);
    stamp.is_some() && quantity.basis == Basis::Measured && minutes(section, options).is_some()
}

/// The opener, and the loop but for parties and quantities.
fn parts(
    section: &UsageSection,
    options: &UsageOptions,
) -> Result<(Segment, Vec<Branch>), MappingError> {
    let kind = options.sections.write(&section.kind, Some(SectionKind::Other), "sections")?;
    let in_ptd = options.meter_in_ptd.contains(&section.kind.meaning);
    let meter = section.meter.as_ref().map(|meter| (options.meter.as_str(), meter.as_str()));
    let commodity = match &section.commodity {
        Some(it) => {
            let code = options.commodities.write(it, Some(Commodity::Other), "commodities")?;
            Some((options.commodity.as_str(), code))
        }
        None => None,
    };
    if in_ptd && meter.is_some() && commodity.is_some() {
        let (what, advice) = ("a commodity beside the meter", "leave one of them out of `PTD05`");
        return Err(MappingError::NoPlace { what, advice });
    }
    let four = commodity.or(meter.filter(|_| in_ptd));
    let opener = segment("PTD", [Some(kind), None, None, four.map(|it| it.0), four.map(|it| it.1)]);

    let mut body = write_period(section.period, options);
    body.extend(section.read_date.map(|date| write_day(&options.read_date, date)));
    body.extend(write_events(&section.events, options)?);
    let mut refer = |qualifier: &str, value: Option<&str>| {
        body.extend(value.map(|value| segment("REF", [Some(qualifier), Some(value)])));
    };
    refer(&options.meter, meter.filter(|_| !in_ptd).map(|it| it.1));
    let role = section.role.as_ref().map(|it| options.roles.write(it, None, "roles"));
    refer(&options.role, role.transpose()?);
    let dials = section.dials.map(write_dials);
    refer(&options.dials, dials.as_deref());
    let meter_type = section.meter_type.as_ref().map(|it| write_meter_type(it, options));
    refer(&options.meter_type, meter_type.transpose()?.as_deref());
    refer(&options.channel, section.channel.as_deref());
    body.extend(section.service_point.iter().map(|it| write_service_point(it, options)));
    body.extend(write_references(&section.references, options)?);
    Ok((opener, body.into_iter().map(Branch::from).collect()))
}

fn code<'g>(given: &'g Given<'_>, qualifier: &str) -> Option<&'g str> {
    given.find("REF", qualifier)?.value(2)
}

fn read_commodity(given: &Given<'_>, options: &UsageOptions) -> Option<Coded<Commodity>> {
    let is_named = given.value(4) == Some(&options.commodity);
    Some(options.commodities.read(given.value(5).filter(|_| is_named)?, Commodity::Other))
}

fn read_meter(given: &Given<'_>, kind: SectionKind, options: &UsageOptions) -> Option<MeterNumber> {
    let number = match options.meter_in_ptd.contains(&kind) {
        true => given.value(5).filter(|_| given.value(4) == Some(&options.meter))?,
        false => code(given, &options.meter)?,
    };
    MeterNumber::new(number).ok()
}

fn day(given: &Given<'_>, qualifier: &str) -> Result<Option<Date>, MappingError> {
    given.find("DTM", qualifier).map_or(Ok(None), |dtm| dtm.date(2))
}

fn write_day(qualifier: &str, date: Date) -> Segment {
    segment("DTM", [Some(qualifier), Some(&written(date))])
}

/// The exchange of a meter takes the place of the start or of the end. Dates that are no period are
/// left over.
fn read_period(
    given: &Given<'_>,
    options: &UsageOptions,
) -> Result<Option<SectionPeriod>, MappingError> {
    let start = day(given, &options.period_start)?;
    let end = day(given, &options.period_end)?;
    let exchange = day(given, &options.exchange)?;
    let period = |start, end| Period::new(start, end).ok();
    Ok(match (start, end, exchange) {
        (Some(start), Some(end), _) => period(start, end).map(SectionPeriod::Regular),
        (None, Some(end), Some(day)) => period(day, end).map(SectionPeriod::FromExchange),
        (Some(start), None, Some(day)) => period(start, day).map(SectionPeriod::UntilExchange),
        (Some(start), None, None) => Some(SectionPeriod::From(start)),
        (None, Some(end), None) => Some(SectionPeriod::Until(end)),
        (None, None, Some(day)) => Some(SectionPeriod::Exchange(day)),
        (None, None, None) => None,
    })
}

fn write_period(period: Option<SectionPeriod>, options: &UsageOptions) -> Vec<Segment> {
    let UsageOptions { period_start, period_end, exchange, .. } = options;
    match period {
        None => Vec::new(),
        Some(SectionPeriod::Regular(it)) => {
            vec![write_day(period_start, it.start()), write_day(period_end, it.end())]
        }
        Some(SectionPeriod::FromExchange(it)) => {
            vec![write_day(exchange, it.start()), write_day(period_end, it.end())]
        }
        Some(SectionPeriod::UntilExchange(it)) => {
            vec![write_day(period_start, it.start()), write_day(exchange, it.end())]
        }
        Some(SectionPeriod::From(date)) => vec![write_day(period_start, date)],
        Some(SectionPeriod::Until(date)) => vec![write_day(period_end, date)],
        Some(SectionPeriod::Exchange(date)) => vec![write_day(exchange, date)],
    }
}

/// `6.0`: six digits before the point, none behind it.
fn read_dials(text: &str) -> Option<Dials> {
    let (whole, decimals) = text.split_once('.')?;
    let dials = Dials { whole: whole.parse().ok()?, decimals: decimals.parse().ok()? };
    (write_dials(dials) == text).then_some(dials)
}

fn write_dials(dials: Dials) -> String {
    format!("{}.{}", dials.whole, dials.decimals)
}

/// `KH015`: a unit and how many minutes; a text of another form means neither.
fn read_meter_type(code: &str, options: &UsageOptions) -> MeterType {
    let parts = code.len().checked_sub(3).and_then(|at| code.split_at_checked(at));
    let both = parts.and_then(|(unit, minutes)| {
        let is_number = minutes.bytes().all(|b| b.is_ascii_digit());
        let minutes = minutes.parse().ok().filter(|minutes| is_number && *minutes > 0);
        Some((options.units.meaning(unit)?, minutes?))
    });
    MeterType { unit: both.map(|both| both.0), minutes: both.map(|both| both.1) }
}

fn write_meter_type(it: &Coded<MeterType>, options: &UsageOptions) -> Result<String, MappingError> {
    if let Some(raw) = &it.raw
        && read_meter_type(raw, options) == it.meaning
    {
        return Ok(raw.clone());
    }
    match it.meaning {
        MeterType { unit: Some(unit), minutes: Some(minutes) } => {
            let unit = Coded::new(unit);
            Ok(format!("{}{minutes:03}", options.units.write(&unit, None, "units")?))
        }
        MeterType { unit: None, minutes: None } => Ok(options.combined_meter_type.clone()),
        _ => Err(MappingError::NoPlace {
            what: "a meter type of a unit without an interval length, or the other way round",
            advice: "name both or neither",
        }),
    }
}
