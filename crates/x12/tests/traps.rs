//! Documents in which one mistake easily looks like many, or like another.

use tieline_x12::check::Standard;
use tieline_x12::document::Document;

const ISA: &str = "ISA*00*          *00*          *01*001234567      *ZZ*LAKECOUNTRY    *260403*0615*U*00401*000000001*0*T*:~";

/// An interchange of one set; `{n}` in SE01 is its count.
fn interchange(group: &str, set: &str, body: &[&str]) -> String {
    let count = body.len() + 2;
    let body: String = body.iter().map(|segment| format!("{segment}~\n")).collect();
    format!(
        "{ISA}\nGS*{group}*001234567*LAKECOUNTRY*20260403*0615*1*X*004010~\nST*{set}*0001~\n{body}SE*{count}*0001~\nGE*1*1~\nIEA*1*000000001~\n"
    )
}

fn findings(text: &str) -> Vec<String> {
    let document = Document::read(text.as_bytes(), &Standard);
    document
        .findings
        .iter()
        .map(|f| format!("{} {} {}", f.code(), f.at.segment, f.element_name()))
        .collect()
}

fn invoice(body: &[&str]) -> Vec<String> {
    findings(&interchange("IN", "810", body))
}

fn usage(body: &[&str]) -> Vec<String> {
    findings(&interchange("PT", "867", body))
}

const SAC: &str = "SAC*C**EU*BAS001*1000";

#[test]
fn a_charge_before_the_first_line_is_not_the_summary_s() {
    let body =
        ["BIG*20260403*B1", "DTM*150*20260301", SAC, "IT1*1*1*EA*10", SAC, "TDS*2000", "CTT*1"];
    assert_eq!(invoice(&body), ["X12-E0307 4 SAC"]);
    let several = ["BIG*20260403*B1", SAC, "TXI*LS*1", "IT1*1*1*EA*10", SAC, "TDS*2000", "CTT*1"];
    assert_eq!(invoice(&several), ["X12-E0307 3 SAC"]);
}

#[test]
fn the_26th_charge_of_a_line_is_one_too_many_and_no_more() {
    let mut body = vec!["BIG*20260403*B1", "IT1*1*1*EA*10"];
    body.extend([SAC; 28]);
    body.extend(["IT1*2*1*EA*10", SAC, "TDS*2000", SAC, "CTT*2"]);
    assert_eq!(invoice(&body), ["X12-E0304 29 SAC"]);
}

#[test]
fn a_charge_after_the_total_belongs_to_the_summary() {
    let body = ["BIG*20260403*B1", "IT1*1*1*EA*10", SAC, "TDS*2000", SAC, "CTT*1"];
    assert!(invoice(&body).is_empty());
}

#[test]
fn a_missing_total_is_told_where_the_next_segment_stands() {
    let body = ["BIG*20260403*B1", "IT1*1*1*EA*10", "CTT*1"];
    assert_eq!(invoice(&body), ["X12-E0303 4 TDS"]);
    let none = ["BIG*20260403*B1", "IT1*1*1*EA*10"];
    assert_eq!(invoice(&none), ["X12-E0303 4 TDS"]);
}

#[test]
fn a_line_after_the_total_is_out_of_order_with_all_its_parts() {
    let body =
        ["BIG*20260403*B1", "IT1*1*1*EA*10", "TDS*2000", "IT1*2*1*EA*10", SAC, "TXI*LS*1", "CTT*2"];
    assert_eq!(invoice(&body), ["X12-E0307 5 IT1"]);
}

#[test]
fn two_segments_swapped_are_one_finding() {
    let body = ["DTM*649*20260403", "BPT*00*R1*20260403", "PTD*BB", "QTY*D1*12*KH"];
    assert_eq!(usage(&body), ["X12-E0307 2 DTM"]);
}

#[test]
fn a_mistyped_id_is_one_finding_even_of_a_mandatory_segment() {
    let body = ["BPX*00*R1*20260403", "PTD*BB", "QTY*D1*12*KH"];
    assert_eq!(usage(&body), ["X12-E0301 2 BPX"]);
    let opener = ["BPT*00*R1*20260403", "PTX*BB", "DTM*150*20260301", "QTY*D1*12*KH"];
    assert_eq!(usage(&opener), ["X12-E0301 3 PTX"]);
}

#[test]
fn a_loop_whose_first_segment_is_gone_is_one_finding() {
    let quantity =
        ["BPT*00*R1*20260403", "N1*8S*PRAIRIE", "QTY*QD*1*KH", "DTM*582*20260401*0015*CD"];
    let more =
        ["QTY*QD*2*KH", "DTM*582*20260401*0030*CD", "QTY*QD*2*KH", "DTM*582*20260401*0045*CD"];
    let body: Vec<&str> = quantity.into_iter().chain(more).collect();
    assert_eq!(usage(&body), ["X12-E0303 4 PTD"]);
    let address =
        ["BPT*00*R1*20260403", "N3*1 MAIN STREET", "N4*VELVA*ND*58790", "REF*12*1", "PTD*BB"];
    assert_eq!(usage(&address), ["X12-E0307 3 N3"]);
}

#[test]
fn a_later_loop_whose_first_segment_is_gone_is_one_finding() {
    let names = |second: &'static str| {
        let mut body = vec!["BPT*00*R1*20260403", "N1*8S*PRAIRIE", "N3*BOX 1", "N4*VELVA*ND*58790"];
        body.extend(["N3*1 MAIN STREET", "N4*MINOT*ND*58701", second, "PTD*BB"]);
        usage(&body)
    };
    assert_eq!(names("REF*12*1"), ["X12-E0307 6 N3"]);
    assert_eq!(names("N4*MINOT*ND*58701"), ["X12-E0307 6 N3", "X12-E0305 8 N4"]);
}

#[test]
fn an_id_in_small_letters_or_run_into_its_data_is_one_finding() {
    let first = |id: &'static str| usage(&[id, "PTD*BB", "QTY*D1*12*KH"]);
    assert_eq!(first("bpt*00*R1*20260403"), ["X12-E0301 2 bpt"]);
    assert_eq!(first("BPT00*R1*20260403"), ["X12-E0301 2 "]);
    let opener = |id: &'static str| {
        usage(&["BPT*00*R1*20260403", id, "DTM*150*20260301", "REF*MG*1", "QTY*D1*12*KH"])
    };
    assert_eq!(opener("ptd*PM"), ["X12-E0301 3 ptd"]);
    assert_eq!(opener("PTDPM"), ["X12-E0301 3 "]);
}

#[test]
fn a_mistyped_id_is_meant_for_what_fits_best_what_follows() {
    let body = |id: &'static str| {
        let first = ["BPT*00*R1*20260403", "PTD*BB", "QTY*D1*12*KH", id, "DTM*150*20260301"];
        let rest = ["DTM*151*20260331", "REF*MG*1", "QTY*QD*12*KH", "MEA**MU*1"];
        usage(&first.into_iter().chain(rest).collect::<Vec<_>>())
    };
    assert_eq!(body("QTD*PM"), ["X12-E0301 5 QTD"]);
}

#[test]
fn a_period_has_the_form_its_qualifier_names() {
    let period =
        |date: &str| usage(&["BPT*00*R1*20260403", "PTD*BB", &format!("DTM*150****{date}")]);
    assert!(period("RD8*20260301-20260331").is_empty());
    assert_eq!(period("RD8*20260301-20260332"), ["X12-E0408 4 DTM06"]);
    assert_eq!(period("D8*20260229"), ["X12-E0408 4 DTM06"]);
    assert_eq!(period("TM*0960"), ["X12-E0409 4 DTM06"]);
}

#[test]
fn spaces_alone_are_no_value() {
    let report = |number: &str| usage(&[&format!("BPT*00*{number}*20260403"), "PTD*BB"]);
    assert_eq!(usage(&["BPT*00*R1*20260403", "PTD*BB", "REF*MG*12* "]), [""; 0]);
    assert!(report(" R1").is_empty());
    assert_eq!(
        findings(&interchange("GE", "814", &["BGN*13* *20260403", "LIN*1*SH*EL"])),
        ["X12-E0401 2 BGN02"]
    );
}

#[test]
fn an_element_that_two_rules_ask_for_is_one_finding() {
    let charge = |sac: &'static str| {
        invoice(&["BIG*20260403*B1", "IT1*1*1*EA*10", sac, "TDS*1000", "CTT*1"])
    };
    assert_eq!(charge("SAC*C***BAS001*1000"), ["X12-E0501 4 SAC03"]);
    assert_eq!(charge("SAC*C****1000"), ["X12-E0502 4 SAC02"]);
}

#[test]
fn a_group_id_that_is_none_is_not_echoed_by_its_sets() {
    let good = interchange("PT", "867", &["BPT*00*R1*20260403", "PTD*BB"]);
    assert_eq!(findings(&good.replace("GS*PT", "GS*PTX")), ["X12-E0405 0 GS01"]);
    assert_eq!(findings(&good.replace("GS*PT", "GS*")), ["X12-E0401 0 GS01"]);
}

#[test]
fn a_wrong_count_is_not_echoed() {
    let good = interchange("PT", "867", &["BPT*00*R1*20260403", "PTD*BB"]);
    assert_eq!(findings(&good.replace("SE*4*", "SE*5*")), ["X12-E0324 4 SE01"]);
    assert_eq!(findings(&good.replace("GE*1*", "GE*2*")), ["X12-E0205 0 GE01"]);
    assert_eq!(findings(&good.replace("IEA*1*", "IEA*2*")), ["X12-E0121 0 IEA01"]);
    assert_eq!(findings(&good.replace("ST*867*0001~\n", "")), ["X12-E0222 0 BPT"]);
    assert_eq!(findings(&good.replace("SE*4*0001~\n", "")), ["X12-E0322 4 SE"]);
    assert_eq!(findings(&good.replace("GE*1*1~\n", "")), ["X12-E0203 0 GE"]);
    let gs = good.find("GS*").expect("is there");
    let st = good.find("ST*").expect("is there");
    let without_gs = format!("{}{}", &good[..gs], &good[st..]);
    assert_eq!(findings(&without_gs), ["X12-E0122 0 ST"]);
}

#[test]
fn the_letter_u_separates_nothing_though_the_version_is_unknown() {
    let good = interchange("PT", "867", &["BPT*00*USUAL*20260403", "PTD*BB"]);
    assert_eq!(findings(&good.replace("*U*00401*", "*U*00999*")), ["X12-E0103 0 ISA12"]);
}

#[test]
fn a_wrong_set_does_not_sink_its_neighbours() {
    let good = interchange("PT", "867", &["BPT*00*R1*20260403", "PTD*BB"]);
    let set = &good[good.find("ST*").expect("is there")..good.find("GE*").expect("is there")];
    let other = set.replace("0001", "0002").replace("20260403", "20260230");
    let third = set.replace("0001", "0003");
    let three = good.replace(set, &format!("{set}{other}{third}")).replace("GE*1*", "GE*3*");
    let document = Document::read(three.as_bytes(), &Standard);
    let errors: Vec<u32> = document.interchanges[0].groups[0]
        .sets
        .iter()
        .map(|set| set.outcome.as_ref().expect("its end was read").errors)
        .collect();
    assert_eq!(errors, [0, 1, 0]);
}

#[test]
fn lengths_of_numbers_count_digits_only() {
    let quantity =
        |value: &str| usage(&["BPT*00*R1*20260403", "PTD*BB", &format!("QTY*D1*{value}*KH")]);
    assert!(quantity("-123456789.012345").is_empty());
    assert_eq!(quantity("-1234567890.123456"), ["X12-E0405 4 QTY02"]);
    assert_eq!(quantity("1.2.3"), ["X12-E0406 4 QTY02"]);
}

#[test]
fn groups_and_sets_without_a_table_are_read() {
    let order = interchange("PO", "850", &["BEG*00*NE*1**20260403", "PO1*1*1*EA"]);
    assert_eq!(findings(&order), ["X12-W0321 1 ST01"]);
    let old = order.replace("004010", "003050");
    assert_eq!(findings(&old), ["X12-E0202 0 GS08"]);
}

#[test]
fn zero_bytes_are_never_part_of_a_code() {
    let id = usage(&["BPT*00*R1*20260403", "N1\0*8S*A", "PTD*BB"]);
    assert_eq!(id, ["X12-E0301 3 "]);
    let code = usage(&["BPT*00*R1*20260403", "REF*\0MG*1", "PTD*BB"]);
    assert_eq!(code, ["X12-E0426 3 REF01"]);
}

#[test]
fn what_cannot_be_told_apart_is_not_judged() {
    let good = interchange("PT", "867", &["BPT*00*R1*20260403", "PTD*BB"]);
    let letter = good.replace("*T*:~", "*T*:X");
    assert_eq!(findings(&letter), ["X12-E0104 0 ISA"]);
    let next = good.replace("000000001", "000000002");
    assert_eq!(findings(&format!("{letter}{next}")), ["X12-E0104 0 ISA"]);
}

#[test]
fn a_file_may_end_as_old_systems_end_it() {
    let good = interchange("PT", "867", &["BPT*00*R1*20260403", "PTD*BB"]);
    assert!(findings(&format!("{good}\u{1a}\u{1a}")).is_empty());
}

#[test]
fn an_answer_stands_before_the_groups() {
    let good = interchange("PT", "867", &["BPT*00*R1*20260403", "PTD*BB"]);
    let answer = "TA1*000000009*260402*0615*A*000~\n";
    let before = good.replace("GS*PT", &format!("{answer}GS*PT"));
    assert!(findings(&before).is_empty());
    let after = good.replace("IEA*", &format!("{answer}IEA*"));
    assert_eq!(findings(&after), ["X12-E0122 0 TA1"]);
}

#[test]
fn the_commodity_of_a_product_transfer_is_a_known_code() {
    assert!(usage(&["BPT*00*R1*20260403", "PTD*PM***OZ*EL"]).is_empty());
}
