//! Watched folders: what is whole is taken once, and one folder harms no other.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tieline_gateway::folders::Folders;
use tieline_store::State;

use crate::common::{Database, Gateway, sample, segments};
use crate::{AGGREGATOR, BANK, files, told, usage};

fn import(path: &Path, more: &str) -> String {
    format!("\n[[imports]]\npath = \"{}\"\nformat = \"json\"\n{more}\n", path.display())
}

/// Looks so much later than before, and does what follows.
async fn look(gateway: &Gateway, folders: &mut Folders, seconds: i64) -> u64 {
    let now = Timestamp::now() + SignedDuration::from_secs(seconds);
    let taken = folders.look(&gateway.house, now).await;
    gateway.work().await;
    taken
}

#[tokio::test]
async fn a_file_of_our_own_house_is_taken_once_and_posted() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("usage");
    gateway.write_more("utility.toml", &import(&folder, "pattern = \"*.json\""));
    fs::write(folder.join("april.json"), usage()).expect("it is written");
    fs::write(folder.join("april.json.tmp"), "{").expect("it is written");
    fs::write(folder.join("readme.txt"), "not meant").expect("it is written");
    let mut folders = Folders::default();
    assert_eq!(look(&gateway, &mut folders, 0).await, 1);
    assert_eq!(files(&folder), ["april.json.tmp", "readme.txt"]);
    let message = gateway.messages(State::Posted).await.remove(0);
    assert_eq!((message.name.as_str(), message.partner), ("april.json", None));
    assert!(message.channel.starts_with("folder json /"), "{}", message.channel);
    assert_eq!(gateway.postings().await.len(), 1);
    assert_eq!(look(&gateway, &mut folders, 60).await, 0);
}

#[tokio::test]
async fn a_file_that_stays_is_not_taken_again_even_after_a_restart() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("usage");
    gateway.write_more("utility.toml", &import(&folder, "after = \"remember\""));
    fs::write(folder.join("april.json"), usage()).expect("it is written");
    let mut folders = Folders::default();
    assert_eq!(look(&gateway, &mut folders, 0).await, 1);
    assert_eq!(look(&gateway, &mut folders, 60).await, 0);
    assert_eq!(look(&gateway, &mut Folders::default(), 0).await, 0);
    assert_eq!(files(&folder), ["april.json"]);
    fs::write(folder.join("april.json"), usage() + " ").expect("it is written");
    assert_eq!(look(&gateway, &mut folders, 120).await, 1, "it is another file now");
    assert_eq!(gateway.postings().await.len(), 1);
}

#[tokio::test]
async fn a_file_is_whole_when_a_second_one_says_so_and_both_go() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let (folder, done) = (gateway.folder("usage"), gateway.folder("done"));
    let rule = format!(
        "complete = {{ rule = \"announced\", ending = \".done\" }}\nafter = \"move\"\narchive = \"{}\"",
        done.display()
    );
    gateway.write_more("utility.toml", &import(&folder, &rule));
    fs::write(folder.join("april.json"), usage()).expect("it is written");
    let mut folders = Folders::default();
    assert_eq!(look(&gateway, &mut folders, 0).await, 0);
    fs::write(folder.join("april.json.done"), "").expect("it is written");
    assert_eq!(look(&gateway, &mut folders, 60).await, 1);
    assert_eq!(files(&folder), [""; 0]);
    // Another one of this name takes no other's place.
    fs::write(folder.join("april.json"), "[]").expect("it is written");
    fs::write(folder.join("april.json.done"), "").expect("it is written");
    assert_eq!(look(&gateway, &mut folders, 120).await, 1);
    assert_eq!(files(&done), ["M2-april.json", "april.json"]);
}

#[tokio::test]
async fn what_a_crash_left_in_the_folder_is_cleared_away_and_not_taken_again() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("usage");
    gateway.write_more("utility.toml", &import(&folder, ""));
    let path = folder.join("april.json");
    let then = SystemTime::now() - Duration::from_secs(3_600);
    let put = |bytes: &str| {
        fs::write(&path, bytes).expect("it is written");
        let file = File::options().write(true).open(&path).expect("it is there");
        file.set_modified(then).expect("its time can be set");
    };
    let mut folders = Folders::default();
    put(&usage());
    assert_eq!(look(&gateway, &mut folders, 0).await, 1);
    // As if it had been kept, and never been deleted.
    put(&usage());
    assert_eq!(look(&gateway, &mut folders, 60).await, 0);
    assert_eq!(files(&folder), [""; 0]);
    // Another one of the same name, length and time is no leftover.
    put(&usage().replace("0004217790", "0004217791"));
    assert_eq!(look(&gateway, &mut folders, 120).await, 1);
    assert_eq!(
        gateway.messages(State::Posted).await.len() + gateway.messages(State::Held).await.len(),
        2
    );
}

#[tokio::test]
async fn a_bad_file_goes_to_errors_with_a_report() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("usage");
    gateway.write_more("utility.toml", &import(&folder, ""));
    fs::write(folder.join("bad.json"), "[{\"usage_report\": 1}]").expect("it is written");
    look(&gateway, &mut Folders::default(), 0).await;
    let errors = folder.join("errors");
    assert_eq!(files(&errors), ["M1.bad.json", "M1.bad.json.report.txt"]);
    let bytes = fs::read_to_string(errors.join("M1.bad.json")).expect("it is there");
    assert_eq!(bytes, "[{\"usage_report\": 1}]");
    let report = fs::read_to_string(errors.join("M1.bad.json.report.txt")).expect("it is there");
    assert!(report.contains("line 1, column"), "{report}");
    assert_eq!(gateway.alerts().await, ["held nobody"]);
    assert_eq!(files(&folder), [""; 0]);
}

#[tokio::test]
async fn a_folder_that_is_gone_is_told_once_and_harms_no_other() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let (gone, there) = (gateway.path("gone"), gateway.folder("there"));
    gateway.write_more("utility.toml", &(import(&gone, "") + &import(&there, "")));
    fs::write(there.join("april.json"), usage()).expect("it is written");
    let mut folders = Folders::default();
    assert_eq!(look(&gateway, &mut folders, 0).await, 1);
    assert_eq!(look(&gateway, &mut folders, 60).await, 0);
    let alerts = gateway.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(alerts[0].contains("/gone: it cannot be read"), "{alerts:?}");
    assert!(!gone.exists(), "it is not made: it may be on a disk that is not there");
    // It comes back, and goes again.
    fs::create_dir(&gone).expect("a folder");
    fs::write(gone.join("may.json"), "[]").expect("it is written");
    assert_eq!(look(&gateway, &mut folders, 120).await, 1);
    fs::remove_dir_all(&gone).expect("it goes");
    look(&gateway, &mut folders, 180).await;
    assert_eq!(gateway.alerts().await.len(), 2);
}

#[tokio::test]
async fn a_partner_trades_by_folders_alone() {
    let (gateway, _clock) = told().await;
    let (inward, outward) = (gateway.folder("in"), gateway.folder("out"));
    let sections = format!(
        "\n[[folders]]\npath = \"{}\"\ndirection = \"in\"\n\n[[folders]]\npath = \"{}\"\ndirection = \"out\"\n",
        inward.display(),
        outward.display()
    );
    gateway.write_more("redriver-bank/partner.toml", &sections);
    let payment = sample("820/ach-ctx-many-accounts.edi");
    fs::write(inward.join("payments.edi"), &payment).expect("it is written");
    fs::write(inward.join("wrong.edi"), "hello").expect("it is written");
    assert_eq!(look(&gateway, &mut Folders::default(), 0).await, 2);
    assert_eq!(gateway.postings().await.len(), 1);
    let answers = files(&outward);
    assert_eq!(answers.len(), 1, "{answers:?}");
    let answer = fs::read_to_string(outward.join(&answers[0])).expect("it is there");
    assert_eq!(segments(&answer, "AK9"), ["AK9*A*1*1*1"]);
    assert_eq!(gateway.mailbox(BANK, "outbound"), []);
    assert_eq!(files(&inward.join("errors")).len(), 2, "the file and its report");
    let hidden = fs::read_dir(&outward).expect("it is there").count();
    assert_eq!(hidden, 1, "nothing unfinished is left");
}

#[tokio::test]
async fn a_message_from_a_folder_is_looked_at_anew_in_its_format() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("usage");
    gateway.write_more("utility.toml", &import(&folder, ""));
    fs::write(folder.join("bad.json"), "[1]").expect("it is written");
    look(&gateway, &mut Folders::default(), 0).await;
    let held = gateway.messages(State::Held).await.remove(0).id;
    let said =
        tieline_gateway::operate::reprocess(&gateway.house, held, false, "anna", "a test").await;
    said.expect("it waits");
    gateway.work().await;
    let reason = gateway.message(held).await.reason.expect("it is held again");
    assert!(reason.contains("line 1"), "{reason}");
}

#[tokio::test]
async fn what_partners_bring_as_a_table_is_theirs() {
    let gateway = Gateway::open(Database::Sqlite).await;
    let folder = gateway.folder("in");
    let section = format!(
        "\n[[folders]]\npath = \"{}\"\ndirection = \"in\"\nformat = \"json\"\n",
        folder.display()
    );
    gateway.write_more("prairie-power/partner.toml", &section);
    fs::write(folder.join("april.json"), usage()).expect("it is written");
    look(&gateway, &mut Folders::default(), 0).await;
    let posting = gateway.postings().await.remove(0);
    assert_eq!(
        (posting.flow, posting.party.as_str()),
        (tieline_store::message::Flow::In, AGGREGATOR)
    );
}
