//! What is sent again, by agreement or by a person, and what is looked at anew.

use jiff::SignedDuration;
use tieline_gateway::operate::{self, Numbering};
use tieline_gateway::{RELEASE, overdue};
use tieline_store::change::Change;
use tieline_store::job::NewJob;
use tieline_store::options::ToldClock;
use tieline_store::{MessageId, State};

use crate::common::{Gateway, sample, segments};
use crate::{AGGREGATOR, BANK, told, usage};

const PAYMENT: &str = "820/ach-ctx-many-accounts.edi";
const PROFILE: &str = "prairie-power/partner.toml";

impl Gateway {
    /// Imports usage and sends what is due to the aggregator.
    async fn send_usage(&self) {
        let folder = self.folder("usage");
        let import = format!("\n[[imports]]\npath = \"{}\"\nformat = \"json\"\n", folder.display());
        self.write_more("utility.toml", &import);
        std::fs::write(folder.join("april.json"), usage()).expect("it is written");
        let now = jiff::Timestamp::now();
        tieline_gateway::folders::Folders::default().look(&self.house, now).await;
        self.work().await;
        self.release().await;
    }

    /// Sends what is due to the aggregator.
    async fn release(&self) {
        let job = NewJob {
            kind: RELEASE.to_string(),
            message: None,
            interchange: None,
            detail: "prairie-power/867".to_string(),
            due: None,
            order: None,
            unique: None,
        };
        let change = Change { jobs: vec![job], ..Change::default() };
        self.store().apply(change).await.expect("the store works");
        self.work().await;
    }

    /// What lies in the aggregator's mailbox: the numbers in `ISA13`, `GS06`, `GE02` and `IEA02`.
    fn numbers(&self) -> Vec<String> {
        let element = |document: &str, id: &str, n: usize| {
            segments(document, id)[0].split('*').nth(n).unwrap_or_default().trim().to_string()
        };
        let all = self.mailbox(AGGREGATOR, "outbound");
        let of = |(_, it): &(String, String)| {
            [("ISA", 13), ("GS", 6), ("GE", 2), ("IEA", 2)]
                .map(|(id, n)| element(it, id, n))
                .join(" ")
        };
        all.iter().map(of).collect()
    }

    async fn overdue(&self, clock: &ToldClock, days: i64) {
        clock.advance(SignedDuration::from_secs(days * 86_400));
        overdue::tell(&self.house).await.expect("the store works");
        self.work().await;
    }
}

#[tokio::test]
async fn what_is_not_answered_is_sent_again_as_agreed_and_then_told() {
    let (gateway, clock) = told().await;
    gateway.rewrite(PROFILE, |text| text.replace("times = 1", "times = 2"));
    gateway.send_usage().await;
    assert_eq!(gateway.messages(State::Sent).await.len(), 1);
    for sent in [2, 3] {
        gateway.overdue(&clock, 7).await;
        let all = gateway.messages(State::Sent).await;
        assert_eq!(all.len(), sent);
        assert_eq!(all[0].sha256, all[1].sha256, "the same number");
        assert_eq!(gateway.alerts().await, [""; 0]);
    }
    gateway.overdue(&clock, 7).await;
    assert_eq!(gateway.messages(State::Sent).await.len(), 3);
    assert_eq!(gateway.alerts().await, ["overdue prairie-power"]);
    gateway.overdue(&clock, 7).await;
    assert_eq!(gateway.alerts().await.len(), 1);
}

#[tokio::test]
async fn it_is_not_sent_again_sooner_than_agreed() {
    let (gateway, clock) = told().await;
    let often = "times = 3, every = \"10d\"";
    gateway.rewrite(PROFILE, |text| text.replace("times = 1, every = \"24h\"", often));
    gateway.send_usage().await;
    gateway.overdue(&clock, 5).await;
    assert_eq!(gateway.messages(State::Sent).await.len(), 2);
    gateway.overdue(&clock, 5).await;
    assert_eq!(gateway.messages(State::Sent).await.len(), 2, "five days only");
    clock.advance(SignedDuration::from_secs(6 * 86_400));
    gateway.work().await;
    assert_eq!(gateway.messages(State::Sent).await.len(), 3);
}

#[tokio::test]
async fn it_is_sent_again_under_a_new_number_where_that_is_agreed() {
    let (gateway, clock) = told().await;
    let new = "times = 1, control_number = \"new\"";
    gateway.rewrite(PROFILE, |text| text.replace("times = 1", new));
    gateway.send_usage().await;
    gateway.overdue(&clock, 7).await;
    assert_eq!(gateway.numbers(), ["000000001 1 1 000000001", "000000002 2 2 000000002"]);
    let documents = gateway.mailbox(AGGREGATOR, "outbound");
    assert_eq!(segments(&documents[0].1, "ST"), segments(&documents[1].1, "ST"));
    assert_eq!(segments(&documents[0].1, "QTY"), segments(&documents[1].1, "QTY"));
}

#[tokio::test]
async fn a_person_sends_again_under_the_same_number_or_a_new_one() {
    let (gateway, _clock) = told().await;
    gateway.send_usage().await;
    let first = gateway.messages(State::Sent).await[0].id;
    let send = async |id: MessageId, numbering| {
        let sent = operate::resend(&gateway.house, id, numbering, "anna", "they lost it").await;
        let sent = sent.expect("it can be sent again");
        gateway.work().await;
        sent
    };
    let same = send(first, Numbering::Same).await;
    assert_eq!(gateway.message(same).await.sha256, gateway.message(first).await.sha256);
    send(same, Numbering::New).await;
    send(first, Numbering::New).await;
    let numbers = gateway.numbers();
    assert_eq!(
        numbers,
        ["000000001 1 1 000000001", "000000002 2 2 000000002", "000000003 3 3 000000003"]
    );
    assert_eq!(gateway.store().verify().await.expect("it can be checked"), [""; 0]);
}

#[tokio::test]
async fn another_file_under_a_used_number_is_taken_when_a_person_accepts_it() {
    let (gateway, _clock) = told().await;
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let other = sample(PAYMENT).replace("20260414R0000615", "20260414R0000616");
    let held = gateway.take(BANK, "payments2.edi", &other).await;
    assert_eq!(held.state, State::Held);
    let look = async |accept| {
        operate::reprocess(&gateway.house, held.id, accept, "anna", "they restarted at 615").await
    };
    let refused = look(false).await.expect_err("nobody accepted it").to_string();
    assert!(refused.contains("--accept-used-number"), "{refused}");
    look(true).await.expect("it is accepted");
    gateway.work().await;
    assert_eq!(gateway.message(held.id).await.state, State::Posted);
    assert_eq!(gateway.postings().await.len(), 2);
    let answers = gateway.mailbox(BANK, "outbound");
    let numbers: Vec<_> =
        answers.iter().map(|(_, it)| segments(it, "ISA")[0].split('*').nth(13)).collect();
    let used = ["000000001", "000000003", "000000002"].map(Some);
    assert_eq!(numbers, used, "a 997, a 997 under a number of its own, and the TA1");
    assert_eq!(segments(&answers[1].1, "AK9"), ["AK9*A*1*1*1"]);
}

#[tokio::test]
async fn what_we_held_is_composed_anew_when_its_cause_was_mended() {
    let (gateway, _clock) = told().await;
    // A guide that our own document cannot keep.
    const GUIDE: &str = "prairie-power/867.guide.toml";
    gateway.rewrite(GUIDE, |text| text.replace("max = 3072", "max = 10"));
    gateway.send_usage().await;
    let held = gateway.messages(State::Held).await;
    assert_eq!(held.len(), 1, "{:?}", gateway.numbers());
    let held = held[0].id;
    let look = async || {
        operate::reprocess(&gateway.house, held, false, "anna", "the guide was wrong").await
    };
    let refused = look().await.expect_err("it is as it was").to_string();
    assert!(refused.contains("our own check found"), "{refused}");
    gateway.rewrite(GUIDE, |text| text.replace("max = 10", "max = 3072"));
    look().await.expect("it is mended");
    gateway.work().await;
    assert_eq!(gateway.numbers(), ["000000001 1 1 000000001"]);
    assert_eq!(gateway.messages(State::Held).await, []);
    gateway.release().await;
    assert_eq!(gateway.numbers().len(), 1, "it went once");
}
