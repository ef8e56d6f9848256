//! Bills under the rates of the handbook, worked by hand: every file of `samples/rates`.
//!
//! A file has words, then what was used as `key = value`, then the lines of the bill with their
//! total, or why it is refused. What stands in brackets behind a line is the exact amount.

use std::fs;
use std::path::Path;

use tieline_model::decimal::Decimal;
use tieline_model::meter::{Direction, TimeOfUse};
use tieline_model::period::Period;
use tieline_model::pricing::{
    BillRequest, Load, Metered, Supply, TaxRule, ZoneDemand, ZoneUse, price, verify,
};
use tieline_model::quantity::Unit;
use tieline_model::time::{Date, Zone};
use tieline_model::usage::{IntervalSeries, Quality};
use tieline_partner::RateBook;
use tieline_tests::sample::root;

fn book() -> RateBook {
    let rates = root().join("partners/utility/rates");
    RateBook::load(&rates).unwrap_or_else(|errors| {
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", shown.join("\n\n"))
    })
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

/// The same energy in each interval of a period.
fn flat(period: Period, zone: &Zone, seconds: u32, energy: Decimal) -> Load {
    let span = zone.span(period).expect("in range");
    let unit = Unit::KilowattHour.into();
    let series =
        IntervalSeries::new(Direction::Delivered, unit, seconds, zone.clone(), span.start());
    let mut series = series.expect("intervals have a length");
    let code = series.code(Quality::Actual, None).expect("the first code");
    for _ in 0..span.seconds() / i64::from(seconds) {
        series.push(code, Some(energy)).expect("it fits");
    }
    Load::of(&series).expect("it is energy")
}

/// What a sample says was used, and what it expects.
struct Sample {
    given: Vec<(String, String)>,
    expected: String,
}

impl Sample {
    fn read(path: &Path) -> Sample {
        let text = fs::read_to_string(path).expect("a sample can be read");
        let mut sample = Sample { given: Vec::new(), expected: String::new() };
        for line in text.lines() {
            let plain = line.split(" (").next().unwrap_or_default().trim();
            match plain.split_once(" = ") {
                Some(("total" | "refused" | "tax", _)) if !sample.given.is_empty() => {
                    if line.starts_with("refused") {
                        sample.expected += line;
                    } else if line.starts_with("tax") && sample.expected.is_empty() {
                        sample.given.push(("tax".to_string(), plain[6..].to_string()));
                        continue;
                    } else {
                        sample.expected += plain;
                    }
                    sample.expected.push('\n');
                }
                Some((key, value)) if key.bytes().all(|b| b.is_ascii_lowercase()) => {
                    sample.given.push((key.to_string(), value.to_string()));
                }
                Some((key, _)) if key.contains(" x ") => {
                    sample.expected += plain;
                    sample.expected.push('\n');
                }
                _ => {}
            }
        }
        sample
    }

    fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(name, _)| name == key).map(|(_, value)| &value[..])
    }

    fn one(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    fn metered(&self, zone: &Zone) -> Metered {
        let (start, end) = pair(self.one("period").expect("a sample has a period"));
        let date = |text: &str| text.parse::<Date>().expect("a date");
        let period = Period::new(date(start), date(end)).expect("in order");
        let load = self.one("flat").map(pair).map(|(seconds, energy)| {
            flat(period, zone, seconds.parse().expect("seconds"), number(energy))
        });
        let energy = match &load {
            Some(load) => load.total().expect("it fits"),
            None => number(self.one("energy").expect("a sample has energy")),
        };
        let bucket = |text: &str| match text {
            "on_peak" => TimeOfUse::OnPeak,
            "off_peak" => TimeOfUse::OffPeak,
            other => panic!("{other} is no part of the day here"),
        };
        let registers = self.all("register").map(pair);
        let zones = self.all("zone").map(pair).map(|(zone, what)| ZoneUse {
            zone: zone.to_string(),
            demand: match what {
                "none" => ZoneDemand::CalledOut(Vec::new()),
                demand => ZoneDemand::Reported(number(demand)),
            },
        });
        Metered {
            load,
            buckets: registers.map(|(part, energy)| (bucket(part), number(energy))).collect(),
            billing_demand: self.one("demand").map(number),
            zones: zones.collect(),
            ..Metered::new(period, energy)
        }
    }

    /// The bill as the sample writes it, or why it is refused.
    fn found(&self, book: &RateBook) -> String {
        let find = |code: &str| book.find(code).unwrap_or_else(|| panic!("no rate {code}"));
        let rules = book.rules();
        let schedule = find(self.one("rate").expect("a sample has a rate"));
        let mut supply = Supply::new(schedule, self.metered(&rules.zone));
        supply.base = schedule.base.as_deref().map(find);
        supply.riders.extend(rules.adjustment.as_deref().map(find));
        supply.riders.extend(self.all("credit").map(find));
        let kind = tieline_model::bill::TaxKind::Franchise;
        let taxes: Vec<TaxRule> =
            self.all("tax").map(|percent| TaxRule { kind, percent: number(percent) }).collect();
        let request = BillRequest {
            number: "1".to_string(),
            date: "2026-05-01".parse().expect("a date"),
            account: None,
            usage_report: None,
            supplies: vec![supply],
            month_of: rules.month_of,
            taxes: &taxes,
        };
        let bill = match price(&request) {
            Ok(bill) => bill,
            Err(error) => return format!("refused = {error}\n"),
        };
        assert_eq!(verify(&bill, &request), Ok(Vec::new()));
        assert_eq!(bill.sum_of_lines().map(|sum| sum.amount), Ok(bill.total));
        let mut text = String::new();
        for line in bill.groups.iter().flat_map(|group| group.all_charges()) {
            let shown = |number: Option<Decimal>| number.map_or(String::new(), |it| it.to_string());
            let (quantity, rate) = (shown(line.quantity), shown(line.rate));
            let code = line.kind.as_ref().map_or("", |kind| kind.raw());
            let name = line.description.as_deref().unwrap_or_default();
            text += &format!("{quantity} x {rate} = {} {code} {name}\n", line.signed_amount());
        }
        for tax in &bill.taxes {
            text += &format!("tax = {}\n", tax.added_amount());
        }
        text + &format!("total = {}\n", bill.total)
    }
}

fn pair(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or_else(|| panic!("{text} is not two values"))
}

/// Quantities with as many zeros as the calculation left are the same.
fn plain(text: &str) -> String {
    let short = |word: &str| match word.parse::<Decimal>() {
        Ok(_) if word.contains('.') => word.trim_end_matches('0').trim_end_matches('.').to_string(),
        _ => word.to_string(),
    };
    let line = |line: &str| line.split_whitespace().map(short).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn bills_are_those_worked_by_hand() {
    let book = book();
    let folder = root().join("samples/rates");
    let files = fs::read_dir(folder).expect("samples/rates can be listed");
    let mut files: Vec<_> = files.map(|file| file.expect("it is listed").path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "txt"));
    files.sort();
    assert!(files.len() >= 25, "the samples are there");
    let mut rates = std::collections::BTreeSet::new();
    for path in files {
        let sample = Sample::read(&path);
        let name = path.file_name().unwrap_or_default().display().to_string();
        assert_eq!(plain(&sample.found(&book)), plain(&sample.expected), "{name}");
        rates.extend(sample.all("rate").chain(sample.all("credit")).map(str::to_string));
    }
    let all = book.schedules().map(|schedule| schedule.code.clone());
    let missing: Vec<_> = all.filter(|code| !rates.contains(code) && code != "PPA").collect();
    assert!(missing.is_empty(), "no bill was worked by hand for {missing:?}");
}
