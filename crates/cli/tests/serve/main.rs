//! The gateway as its users run it: the program itself, OpenSSH's client, and sudden ends.

mod as2;
mod full;
mod killed;
mod pyas2;
mod station;
mod torn;

use std::fs;

use crate::station::{Station, payment};

#[test]
fn a_payment_goes_the_whole_way() {
    let mut station = Station::new(None);
    station.start();
    fs::write(station.path("pay.edi"), payment(1)).expect("it is written");
    assert!(station.sftp("put pay.edi inbound/pay.edi\n").wait().expect("it ends").success());
    station.until_idle(1);
    let timeline = station.msg(&["timeline", "M1"]);
    for what in ["received", "read", "checked", "posted"] {
        assert!(timeline.contains(what), "{timeline}");
    }
    assert_eq!(station.msg(&["raw", "M1"]), payment(1));
    assert!(station.msg(&["show", "M1"]).contains("answered by  M2"));
    assert!(station.sftp("get outbound/*.edi answer.edi\n").wait().expect("it ends").success());
    let answer = fs::read_to_string(station.path("answer.edi")).expect("it was fetched");
    assert!(answer.contains("AK9*A*1*1*1"), "{answer}");
    station.stop();
}
