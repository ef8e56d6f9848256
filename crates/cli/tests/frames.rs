//! `partner frames` judged by what the store says was exchanged.

mod common;

use common::Station;

const CONNECTION: &str = "\
title = \"connection\"

[[scenarios]]
id = \"round-trip\"
title = \"files went both ways\"
about = \"connection\"
";

/// A frame with one scenario about documents.
fn frame(station: &Station, name: &str, lines: &str) {
    let text =
        format!("title = \"{name}\"\n\n[[scenarios]]\nid = \"one\"\ntitle = \"{name}\"\n{lines}");
    station.write(&format!("partners/sheyenne-foods/frames/{name}.toml"), &text);
}

#[test]
fn frames_pass_by_what_was_really_exchanged() {
    let station = Station::after_the_demonstration();
    station.write("partners/sheyenne-foods/frames/1-connection.toml", CONNECTION);
    frame(&station, "2-bill", "set = \"810\"\ndirection = \"out\"\ncontains = [\"IT1\"]\n");
    frame(&station, "3-payment", "set = \"820\"\ndirection = \"in\"\ncontains = [\"ENT/RMR\"]\n");
    frame(
        &station,
        "4-wrong",
        "set = \"820\"\ndirection = \"in\"\noutcome = \"rejected\"\nfinding = \"X12-E0406\"\n",
    );
    frame(&station, "5-answer", "set = \"997\"\ndirection = \"out\"\ncontains = [\"AK2*820\"]\n");
    // The payment came twice, and the second time it was a repeat.
    frame(&station, "6-twice", "set = \"820\"\ndirection = \"in\"\ndocuments = 2\n");
    frame(&station, "7-usage", "set = \"867\"\ndirection = \"out\"\n");
    frame(&station, "8-refused", "set = \"810\"\ndirection = \"out\"\noutcome = \"rejected\"\n");

    let said = station.run(&["partner", "frames", "sheyenne-foods"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let word = |frame: &str| {
        let line = said.out.lines().find(|line| line.starts_with(frame)).expect(&said.out);
        line.split_whitespace().nth(1).expect("a word").to_string()
    };
    for frame in ["1-connection", "2-bill", "3-payment", "4-wrong", "5-answer"] {
        assert_eq!(word(frame), "passed", "{frame}: {}", said.out);
    }
    for frame in ["6-twice", "7-usage", "8-refused"] {
        assert_eq!(word(frame), "open", "{frame}: {}", said.out);
    }
    let bill = said.out.lines().find(|line| line.starts_with("2-bill")).expect("it is there");
    assert!(bill.contains(" ISA 0") && bill.contains(" ST 0001"), "{bill}");
    assert!(said.out.contains("    6-twice: 1 of 2 seen"), "{}", said.out);

    // What another partner exchanged is no evidence.
    let aggregator = station.path("partners/prairie-power/frames");
    common::copy(&station.path("partners/sheyenne-foods/frames"), &aggregator);
    let said = station.run(&["partner", "frames", "prairie-power"]);
    let line = said.out.lines().find(|line| line.starts_with("2-bill")).expect("it is there");
    assert!(line.contains(" open "), "{line}");
    let line = said.out.lines().find(|line| line.starts_with("7-usage")).expect("it is there");
    assert!(line.contains(" passed "), "{line}");
}

#[test]
fn a_bill_that_is_not_yet_answered_is_no_evidence() {
    let station = Station::after_the_demonstration();
    frame(&station, "2-bill", "set = \"810\"\ndirection = \"out\"\n");
    frame(&station, "3-more", "set = \"810\"\ndirection = \"out\"\ndocuments = 4\n");
    let before = station.run(&["partner", "frames", "sheyenne-foods"]);
    assert!(before.out.contains(" passed "), "{}", before.out);
    let list = station.good(&["msg", "list", "--out", "--partner", "sheyenne-foods"]);
    let bill = list.lines().find(|line| line.contains("810 x")).expect(&list);
    let bill = bill.split_whitespace().next().expect("a number");
    // It is sent again and delivered, and nobody has answered that.
    station.good(&["msg", "resend", bill, "--reason", "a test"]);
    station.serve_until(|| {
        let list = station.good(&["msg", "list", "--out", "--state", "sent"]);
        list.contains("810 x")
    });
    let after = station.run(&["partner", "frames", "sheyenne-foods"]);
    assert!(after.out.contains("    3-more: 3 of 4 seen"), "{}", after.out);
    let reference = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("2-bill")).expect("it is there");
        line.to_string()
    };
    assert_eq!(reference(&after.out), reference(&before.out), "the first was accepted");
}

#[test]
fn without_a_store_only_the_folder_counts_and_that_is_said() {
    let station = Station::new();
    let partner = "partners/sheyenne-foods/frames/1-connection.toml";
    station.write(partner, CONNECTION);
    let said = station.run(&["partner", "frames", "sheyenne-foods"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.starts_with("no store and no --evidence"), "{}", said.err);
    assert!(said.out.contains("0 files came, 0 went"), "{}", said.out);
    assert!(!station.path("state").exists(), "looking makes nothing");
}

#[test]
fn who_brings_a_partner_into_production_is_in_the_audit() {
    let station = Station::new();
    assert_eq!(station.run(&["db", "migrate"]).code, 0);
    let promote = ["partner", "promote", "sheyenne-foods", "--by", "J. Berg"];
    assert_eq!(station.run(&promote).code, 1, "it has no frames");
    let although = ["--override", "--reason", "in production since 2019"];
    let said = station.run(&[&promote[..], &although].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let address = format!("sqlite:{}", station.path("state/tieline.db").display());
    let lines = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let store = tieline_store::open(&address).await.expect("the store opens");
        store.audited(&Default::default(), 9).await.expect("it answers")
    });
    assert_eq!(lines.len(), 1, "only what was done: {lines:?}");
    let line = format!("{:?}", lines[0]);
    for word in ["J. Berg", "promote", "sheyenne-foods", "there are no frames", "since 2019"] {
        assert!(line.contains(word), "{word}: {line}");
    }
}
