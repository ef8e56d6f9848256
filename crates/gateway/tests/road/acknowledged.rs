//! Histories of what we send and its acknowledgments: before it, after it, twice, never, one after the
//! other in contradiction. The last that came after it says where it stands.

use tieline_store::State;
use tieline_store::message::Flow;

use crate::common::{Database, Gateway, sample, segments};
use crate::once::{Random, told};
use crate::outbound::{AGGREGATOR, acknowledgment};

/// How many documents go out; `DOCUMENTS_OUT` in the environment says another number.
const DOCUMENTS: u64 = 12;

/// The usage of a day under a number of its own, as our own JSON has it.
fn usage(number: u64) -> String {
    let reports = sample("867/interval-15-minute-autumn-day.model.json");
    let reports: Vec<serde_json::Value> = serde_json::from_str(&reports).expect("it is JSON");
    let records = reports.into_iter().map(|report| serde_json::json!({ "usage_report": report }));
    let text = serde_json::Value::from_iter(records).to_string();
    // An account that the aggregator may see.
    text.replace("4410055010", "0004217790").replace("I0000344", &format!("I{number:07}"))
}

/// A document of ours as if it had another control number.
fn numbered(document: &str, number: u64) -> String {
    let group = segments(document, "GS")[0];
    let mut elements: Vec<String> = group.split('*').map(str::to_string).collect();
    elements[6] = number.to_string();
    document.replace(group, &elements.join("*"))
}

pub(crate) async fn the_last_acknowledgment_of_what_was_sent_counts(on: Database) {
    let gateway = Gateway::open(on).await;
    let mut random = Random(told("SEED", 0x1234_5678_9ABC_DEF1));
    let mut control = 0;
    let mut template: Option<String> = None;
    for number in 1..=told("DOCUMENTS_OUT", DOCUMENTS) {
        let mut answer = async |document: &str, accepts: bool| {
            control += 1;
            let answer = acknowledgment(document, &format!("{control:09}"), accepts);
            for _ in 0..=random.below(2) {
                gateway.take(AGGREGATOR, "997.edi", &answer).await;
            }
        };
        if let Some(template) = &template {
            // Nobody waits for it yet, so it says nothing.
            answer(&numbered(template, number), number % 2 == 0).await;
        }
        gateway.bring("usage.json", "json", &usage(number)).await;
        gateway.work().await;
        gateway.release("prairie-power/867").await;
        let sent = gateway.all(Flow::Out).await.remove(0);
        let reason = sent.reason.clone().unwrap_or_default();
        assert_eq!(sent.state, State::Sent, "document {number}: {reason}");
        let mailbox = gateway.mailbox(AGGREGATOR, "outbound");
        let (_, document) = mailbox.iter().find(|it| it.0 == sent.name).expect("it is there");
        template.get_or_insert_with(|| document.clone());
        let answers = [true, false, false, true];
        let answers = &answers[(number % 4) as usize..];
        let mut last = State::Sent;
        for accepts in answers.iter().take((number % 3) as usize) {
            answer(document, *accepts).await;
            last = if *accepts { State::Accepted } else { State::Refused };
        }
        assert_eq!(gateway.message(sent.id).await.state, last, "document {number}");
    }
    let count = told("DOCUMENTS_OUT", DOCUMENTS) as usize;
    assert_eq!(gateway.all(Flow::Out).await.len(), count, "no 997 was answered");
}
