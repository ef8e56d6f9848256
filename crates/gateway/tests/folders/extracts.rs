//! Extracts: what was asked for, as far as it is allowed, and exactly.

use std::fs;

use jiff::civil::{Date, date};
use tieline_gateway::extract::{Asked, Grain, What, extract};
use tieline_model::authorization::Refusal;
use tieline_model::decimal::Decimal;
use tieline_model::identifier::AccountNumber;
use tieline_model::record::Record;
use tieline_model::usage::UsageReport;

use crate::common::{Gateway, sample};
use crate::{AGGREGATOR, told, usage};

const ACCOUNT: &str = "0004217790";

fn asked(account: &str, from: Date, to: Date) -> Asked {
    Asked {
        accounts: vec![AccountNumber::new(account).expect("a number")],
        from,
        to,
        what: What::Usage,
        grain: Grain::AsMetered,
        partner: None,
    }
}

/// A gateway with a month of quarter hours, and the days that it is about.
async fn gateway() -> (Gateway, Date, Date) {
    let (gateway, clock) = told().await;
    // The day after the month.
    clock.advance(jiff::SignedDuration::from_hours(24 * 60));
    let folder = gateway.folder("usage");
    let import = format!("\n[[imports]]\npath = \"{}\"\nformat = \"json\"\n", folder.display());
    gateway.write_more("utility.toml", &import);
    fs::write(folder.join("month.json"), usage()).expect("it is written");
    let now = jiff::Timestamp::now();
    tieline_gateway::folders::Folders::default().look(&gateway.house, now).await;
    gateway.work().await;
    let report = original();
    let (_, series) = report.series().next().expect("it has intervals");
    let first = series.zone.local(series.start()).date();
    let end = series.zone.local(series.end().expect("in range"));
    (gateway, first, end.date().yesterday().expect("in range"))
}

fn original() -> UsageReport {
    let reports = sample("867/interval-15-minute-spring-month.model.json");
    let mut reports: Vec<UsageReport> = serde_json::from_str(&reports).expect("it is JSON");
    reports.remove(0)
}

async fn reports(gateway: &Gateway, asked: &Asked) -> Result<Vec<UsageReport>, String> {
    let mut found = Vec::new();
    let mut each = |record: &Record| {
        if let Record::UsageReport(report) = record {
            found.push((**report).clone());
        }
        Ok(())
    };
    extract(&gateway.house, asked, &mut each).await.map_err(|error| error.to_string())?;
    Ok(found)
}

fn total(report: &UsageReport) -> Decimal {
    let totals = report.series().map(|(_, it)| it.total().expect("it adds up").amount);
    totals.reduce(|sum, it| sum.checked_add(&it).expect("it fits")).expect("it has intervals")
}

#[tokio::test]
async fn a_whole_month_is_as_it_was_posted() {
    let (gateway, first, last) = gateway().await;
    let found = reports(&gateway, &asked(ACCOUNT, first, last)).await.expect("it is there");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sections, original().sections);
    assert_eq!(reports(&gateway, &asked("12345", first, last)).await, Ok(Vec::new()));
}

#[tokio::test]
async fn days_are_cut_out_exactly_and_sums_lose_nothing() {
    let (gateway, first, last) = gateway().await;
    let mut by_day = Vec::new();
    let mut day = first;
    while day <= last {
        let found = reports(&gateway, &asked(ACCOUNT, day, day)).await.expect("it is there");
        let (_, series) = found[0].series().next().expect("it has intervals");
        assert_eq!(series.zone.local(series.start()).date(), day);
        by_day.push(total(&found[0]));
        day = day.tomorrow().expect("in range");
    }
    let sum = by_day.iter().skip(1).fold(by_day[0], |sum, it| sum.checked_add(it).expect("fits"));
    assert_eq!(sum, total(&original()));
    for (grain, seconds) in [(Grain::Seconds(3_600), 3_600), (Grain::Day, 86_400)] {
        let asked = Asked { grain, ..asked(ACCOUNT, first, last) };
        let found = reports(&gateway, &asked).await.expect("it adds up");
        let (_, series) = found[0].series().next().expect("it has intervals");
        assert_eq!(series.seconds(), seconds);
        assert_eq!(total(&found[0]), total(&original()));
        if grain == Grain::Day {
            let days: Vec<Decimal> = series.values().filter_map(|it| it.quantity()).collect();
            assert_eq!(days, by_day, "also on the day of 23 hours");
        }
    }
    let finer = Asked { grain: Grain::Seconds(300), ..asked(ACCOUNT, first, last) };
    let refused = reports(&gateway, &finer).await.expect_err("nobody measured that");
    assert!(refused.contains("intervals of 900 s"), "{refused}");
}

#[tokio::test]
async fn a_partner_sees_what_was_authorized() {
    let (gateway, first, last) = gateway().await;
    let theirs = |account: &str, from, to| Asked {
        partner: Some(AGGREGATOR.to_string()),
        ..asked(account, from, to)
    };
    // The authorization reaches back to April 2025.
    let allowed = reports(&gateway, &theirs(ACCOUNT, first, last)).await;
    assert_eq!(allowed.map(|it| it.len()), Ok(usize::from(first >= date(2025, 4, 1))));
    let refused = async |asked: Asked| reports(&gateway, &asked).await.expect_err("not allowed");
    let old = refused(theirs(ACCOUNT, date(2025, 3, 31), date(2025, 4, 30))).await;
    assert!(old.contains(&Refusal::TooOld.to_string()) && old.contains("account 1"), "{old}");
    let other = refused(theirs("4410055010", first, last)).await;
    assert!(other.contains(&Refusal::Account.to_string()), "{other}");
    assert!(!other.contains("4410055010"), "{other}");
    let bills = Asked { what: What::Bills, ..theirs(ACCOUNT, first, last) };
    let bills = refused(bills).await;
    assert!(bills.contains(&Refusal::Data.to_string()), "{bills}");
    let nobody = Asked { partner: Some("nobody".to_string()), ..asked(ACCOUNT, first, last) };
    assert!(refused(nobody).await.contains("no partner nobody"));
}
