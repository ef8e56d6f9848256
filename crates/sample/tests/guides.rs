//! The samples against the built-in guides: each kind of document is what its guide asks for.

use std::sync::Arc;

use tieline_partner::builtin;
use tieline_sample::corpus::{Request, interchange};
use tieline_sample::{Choices, IntervalLength, Kind};
use tieline_x12::check::Plans;
use tieline_x12::compose;
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::document::Document;
use tieline_x12::finding::Finding;
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::sets;
use tieline_x12::table::Release;

fn show(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("\n  {} {finding}", finding.code())).collect()
}

/// Requests of every kind in both releases, different in all that may be chosen.
fn requests() -> impl Iterator<Item = Request> {
    Kind::ALL.into_iter().flat_map(|kind| {
        Release::ALL.into_iter().flat_map(move |release| {
            (0..12).map(move |seed| {
                let choices = Choices {
                    days: Some(1 + seed as u16 % 2),
                    interval: [IntervalLength::Minutes15, IntervalLength::Minutes60]
                        [seed as usize % 2],
                    meters: (seed % 3 == 2).then_some(3),
                    net_metering: seed % 2 == 1,
                    charges: (seed % 4 == 3).then_some(60),
                    ..Choices::default()
                };
                let count = 1 + seed as u32 % 3;
                Request { release, seed, count, choices, ..Request::of(kind) }
            })
        })
    })
}

fn written(request: &Request) -> Vec<u8> {
    let line_end = [LineEnd::None, LineEnd::Lf, LineEnd::CrLf][request.count as usize % 3];
    let delimiters = Delimiters { line_end, ..Delimiters::default() };
    compose::write(&interchange(request), &delimiters).expect("samples compose")
}

/// One guide over its set.
struct Guided(Arc<Plan>);

impl Plans for Guided {
    fn plan(&self, _: &Header, _: Release, _: &[u8]) -> Option<Arc<Plan>> {
        Some(Arc::clone(&self.0))
    }
}

#[test]
fn samples_meet_the_built_in_guides() {
    for kind in Kind::ALL {
        let name = match kind {
            Kind::UsageMonthly => "utility/867-monthly",
            Kind::UsageInterval => "utility/867-interval",
            Kind::UsageHistorical => "utility/867-historical",
            Kind::Invoice => "utility/810-commercial",
            Kind::Remittance => "utility/820-remittance",
            Kind::AccountSetup => "utility/814-account-setup",
            Kind::Advice => "utility/824-advice",
        };
        let guide = &builtin::find(name).expect("the guide is built in").guide;
        let set =
            sets::ALL.iter().find(|set| set.code == guide.set && set.release == guide.release);
        let plan = Plan::compile(set.expect("the guide's set has a table"), Some(guide));
        let plan = Guided(Arc::new(plan.expect("a built-in guide fits its set")));
        for request in requests().filter(|it| it.kind == kind && it.release == guide.release) {
            let bytes = written(&request);
            let findings = Document::read(&bytes, &plan).findings;
            assert!(findings.is_empty(), "{name} {request:?}{}", show(&findings));
        }
    }
}
