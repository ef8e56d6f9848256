//! Business findings of usage reports: none in what is right, one for one mistake.

use tieline_mapping::business::options::{LastDay, Level};
use tieline_mapping::business::{BusinessFinding, BusinessOptions};
use tieline_mapping::options::Options;

use super::judged;
use crate::shared::samples;

fn sample(name: &str) -> String {
    let path = samples::sample(&format!("867/{name}.edi"));
    std::fs::read_to_string(path).expect("there is such a sample")
}

fn found_by(text: &str, options: &BusinessOptions) -> Vec<BusinessFinding> {
    judged(text.as_bytes(), &Options::default(), options)
}

fn found(text: &str) -> Vec<String> {
    let found = found_by(text, &BusinessOptions::default());
    found.iter().map(|finding| format!("{} {finding}", finding.at.0)).collect()
}

/// A sample with a text in it changed, and what is found then.
#[test]
fn one_mistake_is_one_finding() {
    const AUTUMN: &str = "interval-15-minute-autumn-day";
    const HOURS: &str = "interval-60-minute-whole-account";
    const READS: &str = "monthly-register-reads";
    const SPRING: &str = "interval-15-minute-spring-month";
    for (name, from, to, expected) in [
        (
            AUTUMN,
            "QTY*QD*3027.93*KH",
            "QTY*QD*3027.94*KH",
            "13 UTL-101: the summary says 3027.94 kWh, its intervals add up to 3027.93 kWh",
        ),
        // A summary may be rounded, and is not compared while intervals are missing.
        (AUTUMN, "QTY*QD*3027.93*KH", "QTY*QD*3028*KH", ""),
        (
            AUTUMN,
            "QTY*QD*13.53*KH~\nDTM*582*20261101*0015*CD~\n",
            "",
            "20 UTL-102: 2026-11-01 should have 100 intervals of 15 minutes, and 99 were sent; the \
             first missing one starts at 2026-11-01 00:00",
        ),
        (
            AUTUMN,
            "DTM*582*20261101*0030*CD",
            "DTM*582*20261101*0015*CD",
            "22 UTL-103: the interval that starts 2026-11-01 00:00 was sent before",
        ),
        (
            AUTUMN,
            "DTM*582*20261101*0130*CS",
            "DTM*582*20261101*0130*CD",
            "38 UTL-103: the interval that starts 2026-11-01 01:15 was sent before",
        ),
        (
            AUTUMN,
            "DTM*582*20261101*0030*CD",
            "DTM*582*20261101*0020*CD",
            "22 UTL-104: the interval that starts 2026-11-01 00:05 begins before another one has \
             ended",
        ),
        (
            AUTUMN,
            "QTY*QD*13.53*KH~\nDTM*582*20261101*0015*CD~\nQTY*QD*14.89*KH~\nDTM*582*20261101*0030*CD~\n",
            "QTY*QD*14.89*KH~\nDTM*582*20261101*0030*CD~\nQTY*QD*13.53*KH~\nDTM*582*20261101*0015*CD~\n",
            "22 UTL-105: the interval that starts 2026-11-01 00:00 stands behind a later one",
        ),
        (
            AUTUMN,
            "DTM*582*20261101*0030*CD",
            "DTM*582*20261101*0030*CS",
            "22 UTL-106: the stamp 2026-11-01 00:30: the zone code stands for UTC-06:00, the clocks \
             were at UTC-05:00",
        ),
        // At the change itself an instant has two names.
        (SPRING, "DTM*582*20260308*0300*CD", "DTM*582*20260308*0200*CS", ""),
        (
            SPRING,
            "CD~",
            "CS~",
            "1378 UTL-106: 2293 stamps from 2026-03-08 03:00 on: the zone code stands for UTC-06:00, \
             the clocks were at UTC-05:00",
        ),
        (
            SPRING,
            "CS~",
            "CD~",
            "20 UTL-106: 679 stamps from 2026-03-01 00:15 on: the zone code stands for UTC-05:00, \
             the clocks were at UTC-06:00",
        ),
        (AUTUMN, "REF*12*4410055010~\n", "", "2 UTL-113: the account is missing"),
        (
            AUTUMN,
            "BPT*00*",
            "BPT*05*",
            "2 UTL-112: the report that is cancelled or replaced (BPT09) is missing",
        ),
        (
            AUTUMN,
            "REF*MG*88400217~\nREF*MT",
            "REF*MG*88400218~\nREF*MT",
            "9 UTL-115: the detail of this summary is missing",
        ),
        (
            AUTUMN,
            "PTD*BO~\nDTM*150*20261101~\nDTM*151*20261101~\n",
            "PTD*BO~\nDTM*150*20261102~\nDTM*151*20261101~\n",
            "9 UTL-109: the period starts on 2026-11-02 and ends on 2026-11-01",
        ),
        (
            AUTUMN,
            "PTD*BO~\nDTM*150*20261101~\nDTM*151*20261101~\n",
            "PTD*BO~\nDTM*150*20261102~\nDTM*151*20261102~\n",
            "15 UTL-110: 2026-11-01 to 2026-11-01 is not within 2026-11-02 to 2026-11-02",
        ),
        (
            HOURS,
            "DTM*150*20260112~",
            "DTM*150*20260113~",
            "18 UTL-111: 24 intervals, the first of which starts 2026-01-12 00:00, are not in the \
             service period of their section",
        ),
        (
            HOURS,
            "DTM*150*20260112~",
            "DTM*150*20260109~",
            "18 UTL-102: 2026-01-09 to 2026-01-11 should have 72 intervals of 60 minutes, and none \
             were sent",
        ),
        // Whether the last date belongs to the period is a habit.
        (HOURS, "DTM*151*20260114", "DTM*151*20260115", ""),
        (
            READS,
            "*41877*44791*",
            "*41877*44792*",
            "20 UTL-108: the readings differ by 2915, the multiplier is 1, and the consumption is \
             2914",
        ),
        // The register has five digits and began at zero again.
        (READS, "*41877*44791*", "*99877*02791*", ""),
        (
            READS,
            "20260406*1700",
            "20260402*1700",
            "2 UTL-117: it is due on 2026-04-02 and dated 2026-04-03",
        ),
    ] {
        let text = sample(name);
        assert!(text.contains(from), "{name} has no {from}");
        let expected: Vec<&str> = Some(expected).filter(|it| !it.is_empty()).into_iter().collect();
        assert_eq!(found(&text.replace(from, to)), expected, "{name}: {from} -> {to}");
    }
}

#[test]
fn a_partner_s_options_decide() {
    let text = sample("interval-60-minute-whole-account").replace("20260114~", "20260115~");
    assert_eq!(found(&text), Vec::<String>::new());
    let options = BusinessOptions { last_day: LastDay::Included, ..BusinessOptions::default() };
    let found = found_by(&text, &options);
    assert_eq!(found.len(), 1, "{found:?}");
    let mut options = options;
    options.severities.insert(found[0].code, Level::Off);
    assert_eq!(found_by(&text, &options), []);
}

/// Stamps from the last to the first: each interval is a series of its own.
#[test]
fn intervals_in_any_order_can_be_read() {
    let text = sample("interval-15-minute-autumn-day");
    let (head, rest) = text.split_once("REF*MT*KH015~\n").expect("there are intervals");
    let (body, tail) = rest.split_once("SE*").expect("the set ends");
    let segments: Vec<&str> = body.lines().collect();
    let turned = segments.chunks(2).rev().map(|loops| format!("{}\n", loops.join("\n")));
    let turned: String = turned.collect();
    let found = found(&format!("{head}REF*MT*KH015~\n{turned}SE*{tail}"));
    let expected = "22 UTL-105: 99 intervals, the first of which starts 2026-11-01 23:30, stand \
        behind later ones";
    assert_eq!(found, [expected]);
}
