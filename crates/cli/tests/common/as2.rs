//! Two houses that exchange over AS2, each a folder with partners and the program serving there.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use super::Station;

/// The partner who is on AS2 with us, and we with it.
pub(crate) const PARTNER: &str = "redriver-bank";
/// Our AS2 name, and the partner's.
pub(crate) const US: &str = "PRAIRIERIVERS";
pub(crate) const THEM: &str = "Red River Bank";

/// A program that serves; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    /// Where it takes AS2 messages.
    pub(crate) address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    /// Serves AS2 at a port that is free.
    pub(crate) fn start(station: &Station) -> Serving {
        Serving::start_at(station, "127.0.0.1:0")
    }

    /// The same at an address.
    pub(crate) fn start_at(station: &Station, listen: &str) -> Serving {
        let mut serve = station.tieline(&["serve", "--as2", listen]);
        let mut child = serve.stderr(Stdio::piped()).spawn().expect("tieline starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let address = loop {
            let line = lines.next().expect("it says where it serves").expect("it is text");
            if let Some((_, address)) = line.split_once("taking AS2 messages at ") {
                break address.to_string();
            }
        };
        let mut log = File::options().create(true).append(true).open(station.path("log"));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Whether it is kept or not, the gateway may not be held up.
                let _ = log.as_mut().map(|log| writeln!(log, "{line}"));
            }
        });
        Serving { child, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/as2", self.address)
    }
}

/// A house with a key of its own, that is on AS2 under a name.
pub(crate) fn house(name: &str) -> Station {
    let station = Station::new();
    station.good(&["cert", "new", "--key-out", "as2.key"]);
    let key = station.path("as2.key").display().to_string();
    let utility = station.read("partners/utility.toml");
    let keys = format!("keys = [{{ certificate = \"as2.cer\", key = \"file:{key}\" }}]");
    station.write("partners/utility.toml", &format!("{utility}\n[as2]\nid = \"{name}\"\n{keys}\n"));
    station
}

/// Gives a house the certificate of the other, whose name is this.
pub(crate) fn introduce(to: &Station, other: &Station, name: &str) {
    fs::copy(other.path("partners/utility/as2.cer"), to.path("their.cer")).expect("a copy");
    to.good(&["cert", "import", PARTNER, "their.cer", "--as2-id", name]);
}

/// Says something else in `[as2]` of the partner's profile.
pub(crate) fn say(house: &Station, key: &str, value: &str) {
    house.good(&["partner", "set", PARTNER, &format!("as2.{key}"), value]);
}

/// Ourselves and the partner, who know each other.
pub(crate) fn pair() -> (Station, Station) {
    let (ours, theirs) = (house(US), house(THEM));
    introduce(&ours, &theirs, THEM);
    introduce(&theirs, &ours, US);
    (ours, theirs)
}
