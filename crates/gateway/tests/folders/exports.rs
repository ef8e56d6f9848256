//! Exports: each posting goes into a folder once, whatever happens in between.

use std::fs;

use jiff::SignedDuration;
use tieline_store::State;

use crate::common::{Database, Gateway, sample};
use crate::{AGGREGATOR, BANK, files, told, usage};

const PAYMENT: &str = "820/ach-ctx-many-accounts.edi";

impl Gateway {
    /// Has the bank's payments exported to a folder of this gateway's, in a format.
    fn export_payments(&self, folder: &str, format: &str) {
        let folder = self.path(folder);
        self.rewrite("redriver-bank/partner.toml", |text| {
            let before = text.split("[[exports]]").next().unwrap_or_default();
            format!(
                "{before}[[exports]]\nset = \"820\"\nformat = \"{format}\"\nfolder = \"{}\"\n",
                folder.display()
            )
        });
    }
}

#[tokio::test]
async fn payments_go_into_a_file_once() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("payments");
    gateway.export_payments("payments", "csv");
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    assert_eq!(files(&folder), ["820-000000001.csv"]);
    let text = fs::read_to_string(folder.join("820-000000001.csv")).expect("it is there");
    assert!(text.contains("20260414R0000615"), "{text}");
    gateway.take(BANK, "again.edi", &sample(PAYMENT)).await;
    assert_eq!(files(&folder).len(), 1);
    let other = sample(PAYMENT)
        .replace("000000615", "000000616")
        .replace("*615*X*", "*616*X*")
        .replace("GE*1*615", "GE*1*616")
        .replace("20260414R0000615", "20260415R0000616");
    gateway.take(BANK, "next.edi", &other).await;
    assert_eq!(files(&folder), ["820-000000001.csv", "820-000000002.csv"]);
    let text = fs::read_to_string(folder.join("820-000000002.csv")).expect("it is there");
    assert!(!text.contains("R0000615"), "it was in the first file");
}

#[tokio::test]
async fn what_a_format_cannot_hold_is_named() {
    let gateway = Gateway::open(Database::Sqlite).await;
    gateway.folder("payments");
    gateway.export_payments("payments", "csv");
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let sent = gateway.messages(State::Sent).await;
    let export = sent.iter().find(|it| it.content == "820 x 1 as csv").expect("it was sent");
    let events = gateway.store().events(export.id).await.expect("the store works");
    let told = &events.iter().find(|it| it.what == "exported").expect("it says so").detail;
    assert!(told.contains("no place for") && told.contains("payment."), "{told}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_waited_for() {
    let (gateway, clock) = told().await;
    gateway.export_payments("payments", "json");
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    for _ in 0..20 {
        clock.advance(SignedDuration::from_secs(301));
        gateway.work().await;
    }
    let alerts = gateway.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(alerts[0].contains("there is no folder /"), "{alerts:?}");
    assert!(!gateway.path("payments").exists());
    let folder = gateway.folder("payments");
    clock.advance(SignedDuration::from_secs(301));
    gateway.work().await;
    assert_eq!(files(&folder), ["820-000000001.json"]);
}

#[tokio::test]
async fn tests_are_not_exported() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("payments");
    gateway.export_payments("payments", "csv");
    let test = sample(PAYMENT)
        .replace("REDRIVERBANK   ", "REDRIVERTEST   ")
        .replace("0055500010000  ", "0055500010000T ")
        .replace("*0*P*", "*0*T*");
    gateway.take(BANK, "test.edi", &test).await;
    assert_eq!(gateway.postings().await.len(), 1, "{:?}", gateway.messages(State::Held).await);
    assert!(gateway.postings().await[0].test);
    assert_eq!(files(&folder), [""; 0]);
}

#[tokio::test]
async fn usage_goes_to_a_partner_as_green_button_within_its_authorization() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let (folder, usage_in) = (gateway.folder("green-button"), gateway.folder("usage"));
    let export = format!(
        "\n[[exports]]\nset = \"867\"\nformat = \"espi\"\nfolder = \"{}\"\n",
        folder.display()
    );
    gateway.write_more("prairie-power/partner.toml", &export);
    let import = format!("\n[[imports]]\npath = \"{}\"\nformat = \"json\"\n", usage_in.display());
    gateway.write_more("utility.toml", &import);
    let mut folders = tieline_gateway::folders::Folders::default();
    fs::write(usage_in.join("other.json"), usage().replace("0004217790", "4410055010"))
        .expect("it is written");
    folders.look(&gateway.house, jiff::Timestamp::now()).await;
    gateway.work().await;
    assert_eq!(files(&folder), [""; 0], "no customer allowed it");
    fs::write(usage_in.join("april.json"), usage().replacen("\"number\":\"", "\"number\":\"2", 1))
        .expect("it is written");
    folders.look(&gateway.house, jiff::Timestamp::now() + SignedDuration::from_secs(60)).await;
    gateway.work().await;
    assert_eq!(gateway.postings().await.len(), 2);
    assert_eq!(files(&folder), ["867-000000001.xml"]);
    let text = fs::read_to_string(folder.join("867-000000001.xml")).expect("it is there");
    assert!(text.contains("IntervalReading"), "{AGGREGATOR}");
}
