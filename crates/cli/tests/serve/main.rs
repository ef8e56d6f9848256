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

#[test]
fn partners_that_are_not_there_take_nobody_away() {
    let mut station = Station::new(None);
    let partners = station.path("partners");
    let away = station.path("away");
    station.start();
    for (from, to, says) in [
        (partners.clone(), away.clone(), "partners: there is no such file"),
        (partners.join("utility.toml"), away, "utility.toml: there is no such file"),
    ] {
        fs::rename(&from, &to).expect("it is moved away");
        station.read_anew();
        station.until_told(says);
        fs::rename(&to, &from).expect("it is moved back");
    }
    fs::write(station.path("pay.edi"), payment(1)).expect("it is written");
    assert!(station.sftp("put pay.edi inbound/pay.edi\n").wait().expect("it ends").success());
    station.until_idle(1);
    assert!(station.msg(&["show", "M1"]).contains("posted"));
    station.stop();
    // At the start it is the same: nothing is served to nobody.
    fs::rename(station.path("partners"), station.path("away")).expect("it is moved away");
    let output = station.tieline(&["serve", "--sftp", "127.0.0.1:0"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("partners: there is no such file"), "{said}");
    assert!(said.contains("= help: name the directory of the partners"), "{said}");
}
