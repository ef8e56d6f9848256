//! What a rate file says, and how a wrong one is refused.

use tieline_model::decimal::Decimal;
use tieline_model::rate::{DemandMeasure, Price, Pricing};

use super::*;

const RULES: &str = "zone = \"America/Chicago\"\ncurrency = \"USD\"\nmonth_of = \"period_end\"\n";
const HEAD: &str = "code = \"1\"\nname = \"N\"\nsource = \"2023 handbook\"\nfrom = 2023-01-01\n";

fn source(file: &str, text: &str) -> Source {
    Source { file: file.to_string(), text: text.to_string() }
}

fn shown(errors: &[FileError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn book(rules: &str, schedules: &[&str]) -> Result<RateBook, Vec<FileError>> {
    let sources = (1..).zip(schedules).map(|(n, text)| source(&format!("{n}.toml"), text));
    RateBook::read(source(BILLING, rules), sources.collect(), Vec::new())
}

/// The charge of these lines.
fn charge(lines: &str) -> Result<Pricing, String> {
    let text = format!("{HEAD}[[charge]]\nkind = \"energy\"\nname = \"E\"\n{lines}\n");
    let book = book(RULES, &[&text]).map_err(|errors| shown(&errors))?;
    Ok(book.find("1").expect("it was read").charges[0].pricing.clone())
}

fn refused(lines: &str) -> String {
    charge(lines).expect_err("refused")
}

#[test]
fn the_rates_of_this_repository_read() {
    let rates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners/utility/rates");
    let book = RateBook::load(&rates).unwrap_or_else(|errors| panic!("{}", shown(&errors)));
    assert_eq!(book.schedules().count(), 16);
    assert!(book.file_of("300").is_some_and(|file| file.ends_with("rates/300.toml")));
    for schedule in book.schedules() {
        assert!(schedule.source.is_some(), "{} says where it is from", schedule.code);
    }
}

#[test]
fn the_examples_of_the_page_read() {
    let page = include_str!("../../../../docs/rates.md");
    let examples = page.split("```toml\n").skip(1);
    let examples: Vec<&str> = examples.filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    let [schedule, ways, rules] = examples[..] else { panic!("three examples are expected") };
    let adjustment = schedule.replace("code = \"300\"", "code = \"PPA\"");
    let read = book(rules, &[schedule, ways, &adjustment]);
    let read = read.unwrap_or_else(|errors| panic!("{}", shown(&errors)));
    assert_eq!(read.rules().taxes.len(), 1);
    let listed = page.split_once("The kinds are ").and_then(|(_, rest)| rest.split_once(".\n"));
    let listed: Vec<&str> =
        listed.expect("they are listed").0.split('`').skip(1).step_by(2).collect();
    assert_eq!(listed, charge::KINDS.map(|(word, _)| word));
}

#[test]
fn numbers_are_taken_as_they_are_written() {
    for written in ["0.089", "36.65", "120.00", "5", "0.1234567890123456789012345"] {
        let pricing = charge(&format!("per = \"kWh\"\nprice = {written}"));
        let Ok(Pricing::Tiers { tiers, .. }) = pricing else { panic!("{pricing:?}") };
        let Price::Known(price) = &tiers.tiers()[0].price else { panic!("it is known") };
        assert_eq!(price.to_string(), written);
    }
    for bad in ["1e-3", "nan", "inf", "0x10", "\"0.089\"", "true", "1979-05-27"] {
        let text = refused(&format!("per = \"kWh\"\nprice = {bad}"));
        assert!(text.contains("`price` must be a plain number such as 0.089"), "{text}");
    }
    let text = refused("per = \"kWh\"\nprice = -0.089");
    assert!(text.contains("`price` must not be less than zero"), "{text}");
}

#[test]
fn each_way_of_pricing_reads() {
    let known = |text: &str| Price::Known(text.parse::<Decimal>().expect("a number"));
    assert_eq!(
        charge("per = \"month\"\nprice = 5.00"),
        Ok(Pricing::Monthly { price: known("5.00") })
    );
    let measure = |lines: &str| match charge(&format!("per = \"kW\"\nprice = 1\n{lines}")) {
        Ok(Pricing::Demand { measure, .. }) => measure,
        other => panic!("{other:?}"),
    };
    assert_eq!(measure("demand = \"as_reported\""), DemandMeasure::AsReported);
    assert_eq!(measure("demand = \"peak\"\nminutes = 15"), DemandMeasure::Peak { minutes: 15 });
    let red = DemandMeasure::Zone { zone: "red".to_string() };
    assert_eq!(measure("demand = \"zone\"\nzone = \"red\""), red);
    let months = charge("per = \"kWh\"\n[charge.by_month]\n2026-01 = 0.1\n2026-02 = -0.2");
    assert!(matches!(months, Ok(Pricing::ByMonth { prices, .. }) if prices.len() == 2));
    let credit = charge("credit = 6.50\nminimum_use = 300");
    assert!(matches!(credit, Ok(Pricing::Credit { minimum_use: Some(_), .. })));
}

#[test]
fn an_unknown_key_is_refused_with_a_suggestion() {
    let text = refused("per = \"kWh\"\nprize = 0.089\nprice = 0.1");
    assert_eq!(
        text,
        "error: unknown key `prize` in [[charge]]\n \
         --> 1.toml:9:1\n  \
         |\n\
         9 | prize = 0.089\n  \
         | ^^^^^\n  \
         = help: did you mean `price`?"
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    let window = "{ bucket = \"on_peak\", days = [\"Mon\"], from = \"06:00\", until = \"09:00\"";
    let off = "otherwise = { bucket = \"off_peak\", price = 1 }";
    let kwh = "per = \"kWh\"";
    for (lines, part) in [
        ("price = 1".to_string(), "[[charge]] has no `per`"),
        (kwh.to_string(), "there is no `price`"),
        (format!("{kwh}\nprice = 1\nunpublished = \"x\""), "there is a `price`, so it is"),
        ("per = \"kW\"\nprice = 1".to_string(), "by kW, `demand` says which demand counts"),
        (format!("{kwh}\nprice = 1\ndemand = \"peak\"\nminutes = 15"), "`per` must be \"kW\""),
        ("per = \"kW\"\nprice = 1\ndemand = \"peak\"".to_string(), "has no `minutes`"),
        (
            "per = \"kW\"\nprice = 1\ndemand = \"as_reported\"\nzone = \"red\"".to_string(),
            "`zone` does not go with this `demand`",
        ),
        ("credit = 1\nper = \"kWh\"".to_string(), "`per` does not go with `credit`"),
        (format!("{kwh}\ntiers = [{{ up_to = 400, price = 1 }}]"), "the last tier has no bound"),
        (format!("{kwh}\ntiers = [{{ price = 1 }}]\nprice = 1"), "`price` does not go with"),
        (format!("{kwh}\nwindows = [{window}, price = 1 }}]"), "has no `otherwise`"),
        (format!("{kwh}\n{off}\nwindows = [{window} }}]"), "there is no `price`"),
        (
            format!("{kwh}\n{off}\nwindows = [{window}, price = 1 }}, {window}, price = 2 }}]"),
            "two windows overlap",
        ),
        (
            format!("{kwh}\n{off}\nwindows = [{}, price = 1 }}]", window.replace("06:00", "6")),
            "`from` must be a time of day such as \"06:00\"",
        ),
        (
            format!("{kwh}\n{off}\nwindows = [{}, price = 1 }}]", window.replace("Mon", "Monday")),
            "unknown day `Monday`",
        ),
        (format!("{kwh}\nprice = 1\nmonths = [\"June\"]"), "did you mean `Jun`?"),
        (format!("{kwh}\n[charge.by_month]\n2026-13 = 1"), "a month is written as in 2026-03"),
    ] {
        let text = refused(&lines);
        assert!(text.contains(part), "{part} is not in:\n{text}");
        assert_eq!(text.matches("error: ").count(), 1, "{text}");
        assert!(text.contains(" | "), "the line is shown:\n{text}");
    }
}

#[test]
fn schedules_are_checked_beside_each_other() {
    let one = |code: &str, more: &str| {
        let head = HEAD.replace("\"1\"", &format!("\"{code}\""));
        format!("{head}{more}\n[[charge]]\nkind = \"basic\"\nname = \"B\"\ncredit = 1\n")
    };
    let told = |rules: &str, files: &[String]| {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        shown(&book(rules, &files).expect_err("refused"))
    };
    let text = told(RULES, &[one("100", ""), one("100", "")]);
    assert!(text.contains("this is the code of 1.toml already\n --> 2.toml:1:8"), "{text}");
    let text = told(RULES, &[one("100", ""), one("TOD", "base = \"10\"")]);
    assert!(text.contains("there is no schedule `10`\n --> 2.toml:5:8"), "{text}");
    assert!(text.contains("did you mean `100`?"), "{text}");
    let chain = [one("A", ""), one("B", "base = \"A\""), one("C", "base = \"B\"")];
    assert!(told(RULES, &chain).contains("a base cannot have a base itself\n --> 3.toml"));
    assert!(told(RULES, &[one("A", "base = \"A\"")]).contains("a base cannot have a base"));
    let rules = format!("{RULES}adjustment = \"PPP\"\n");
    let text = told(&rules, &[one("PPA", "")]);
    assert!(text.contains("there is no schedule `PPP`\n --> billing.toml:4:14"), "{text}");
    let text = told(RULES, &[one("A", "until = 2022-12-31")]);
    assert!(text.contains("the schedule ends before it begins\n --> 1.toml:5:9"), "{text}");
    let text = told(&RULES.replace("Chicago", "Fargo"), &[]);
    assert!(text.contains("there is no time zone `America/Fargo`"), "{text}");
    let text = told("", &[]);
    assert_eq!(text.matches("is missing").count(), 3, "{text}");
}

#[test]
fn a_file_cut_anywhere_or_with_a_bad_letter_is_refused_and_nothing_worse() {
    let rates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners/utility/rates");
    for file in ["time-of-day.toml", "628.toml", "purchased-power-adjustment.toml"] {
        let text = fs::read_to_string(rates.join(file)).expect("it is there");
        for (at, letter) in text.char_indices() {
            let _ = book(RULES, &[&text[..at]]);
            for bad in ["\u{e9}", "\0", "\"", "-", "\n"] {
                let mut worse = text.clone();
                worse.replace_range(at..at + letter.len_utf8(), bad);
                if let Err(errors) = book(RULES, &[&worse]) {
                    assert!(errors.iter().all(|error| !error.to_string().is_empty()));
                }
            }
        }
    }
}
