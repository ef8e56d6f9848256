//! Who sends and receives the samples: an invented cooperative, its members, banks and agents.

use tieline_x12::compose::Segment;

use crate::random::Random;
use crate::segment;

/// The cooperative's number, out of the range with a leading zero that no one is given.
pub(crate) const UTILITY_ID: &str = "006998877";
pub(crate) const UTILITY: &str = "PRAIRIE RIVERS ELECTRIC COOPERATIVE";

/// Two banks whose routing numbers add up and belong to no one.
pub(crate) const PAYING_BANK: &str = "099999986";
pub(crate) const RECEIVING_BANK: &str = "099999999";

/// One who takes electricity.
pub(crate) struct Member {
    /// The name on the bill.
    pub(crate) name: String,
    /// The account number, ten digits.
    pub(crate) account: String,
    street: String,
    town: &'static str,
    postal_code: String,
}

impl Member {
    /// Someone new.
    pub(crate) fn new(random: &mut Random) -> Member {
        let first = random.pick(&[
            "RED CEDAR",
            "LONG MEADOW",
            "NORTH COULEE",
            "PRAIRIE STAR",
            "WILD PLUM",
            "BLUE HERON",
            "STONE BRIDGE",
            "SEVEN OAKS",
            "GOLDEN SHEAF",
            "TALL GRASS",
        ]);
        let second = random.pick(&[
            "GRAIN LLC",
            "FOODS INC",
            "COLD STORAGE",
            "MACHINE WORKS",
            "DAIRY",
            "SEED COMPANY",
            "SCHOOL DISTRICT",
            "LODGE",
            "BIOFUELS LLC",
            "DATA CENTER LLC",
        ]);
        let street =
            random.pick(&["ELEVATOR ROAD", "DEPOT STREET", "COUNTY ROAD 9", "HARVEST LANE"]);
        Member {
            name: format!("{first} {second}"),
            account: random.digits(10),
            street: format!("{} {street}", random.range(100, 9_899)),
            town: random.pick(&["CEDAR BEND", "LARKSPUR", "NEW TRONDHEIM", "SAND HILLS"]),
            postal_code: format!("589{:02}", random.range(10, 98)),
        }
    }

    /// `N1*8R` with name and service address.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        self.as_role("8R")
    }

    /// The same in another role.
    pub(crate) fn as_role(&self, role: &str) -> Vec<Segment> {
        vec![
            segment!("N1*{role}*{}", self.name),
            segment!("N3*{}", self.street),
            segment!("N4*{}*ND*{}", self.town, self.postal_code),
        ]
    }
}

/// `N1` of the cooperative, `8S` where it is the utility.
pub(crate) fn utility(role: &str) -> Segment {
    segment!("N1*{role}*{UTILITY}*1*{UTILITY_ID}")
}

/// Where payments to the cooperative go.
pub(crate) fn utility_address() -> [Segment; 2] {
    [segment!("N3*PO BOX 1200*1200 COTTONWOOD AVENUE"), segment!("N4*RIVERBEND*ND*58999")]
}
