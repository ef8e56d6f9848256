//! 810: the bill of a commercial customer.
//!
//! One `IT1` group is what is billed for the account, under one rate, or for unmetered lights. Charge
//! lines are `SAC` segments with the utility's own codes (`EU`). No more than 25 stand directly in a
//! group; more are wrapped, 25 in each `SLN`. The total of `TDS` is the exact sum of charges less
//! credits plus taxes. Prices are those of a published rate book, before the power adjustment.

use tieline_x12::compose::Segment;

use crate::amounts::{cost, dollars, millionths, thousandths};
use crate::choices::Choices;
use crate::people::{Member, utility, utility_address};
use crate::random::Random;
use crate::segment;

/// Writes the bill of one account.
pub fn invoice(random: &mut Random, choices: &Choices) -> Vec<Segment> {
    let member = Member::new(random);
    let written = choices.written();
    let due = written.plus(20);
    let number = format!("{written}B{:07}", choices.number);
    let groups = groups(random, choices);
    let current: i64 = groups.iter().map(Group::total).sum();
    let previous = random.range(5_000, 900_000);
    let paid = if random.once_in(5) { previous / 2 } else { previous };

    let mut body = vec![
        segment!("BIG*{written}*{number}*****PR*00"),
        segment!("NTE*ADD*THANK YOU FOR YOUR MEMBERSHIP"),
        segment!("REF*12*{}", member.account),
        segment!("REF*BF*{:02}", random.range(1, 20)),
        utility("8S"),
    ];
    body.extend(utility_address());
    body.push(segment!("PER*IC*MEMBER SERVICES*TE*7015550100"));
    body.extend(member.segments());
    body.extend([
        segment!("ITD*03*3****{due}*20"),
        segment!("DTM*150*{}", choices.month.first()),
        segment!("DTM*151*{}", choices.month.last()),
        segment!("BAL*P*YB*{}", dollars(previous)),
        segment!("BAL*P*TP*{}", dollars(paid)),
        segment!("BAL*M*J9*{}", dollars(previous - paid)),
        segment!("BAL*M*PB*{}", dollars(current)),
        segment!("BAL*M*YB*{}", dollars(previous - paid + current)),
    ]);
    for (n, group) in groups.iter().enumerate() {
        group.write(&mut body, n + 1, choices);
    }
    body.push(segment!("TDS*{current}"));
    body.push(segment!("CTT*{}", groups.len()));
    body
}

/// The city's franchise fee, in hundredths of a per cent of what is charged under a rate.
const FRANCHISE_FEE: i64 = 200;

/// A rate schedule; prices in millionths of a dollar.
struct Rate {
    schedule: &'static str,
    name: &'static str,
    basic: i64,
    energy: i64,
    /// Per kW of billing demand, where the rate has one.
    demand: Option<i64>,
    /// Per kW in the red zone, on off-peak grain sites.
    red_zone: Option<i64>,
}

const SINGLE_PHASE: Rate = Rate {
    schedule: "100",
    name: "SINGLE PHASE GENERAL SERVICE",
    basic: 36_650_000,
    energy: 89_000,
    demand: None,
    red_zone: None,
};

const THREE_PHASE: Rate = Rate {
    schedule: "300",
    name: "THREE PHASE OVER 50 KW",
    basic: 120_000_000,
    energy: 56_000,
    demand: Some(13_900_000),
    red_zone: None,
};

const GRAIN_SITE: Rate = Rate {
    schedule: "628",
    name: "OFF PEAK GRAIN SITE",
    basic: 60_000_000,
    energy: 76_000,
    demand: None,
    red_zone: Some(87_480_000),
};

/// One `IT1` with what belongs to it.
struct Group {
    /// `IT109`.
    level: &'static str,
    metered: Option<Metered>,
    charges: Vec<Charge>,
    /// In cents.
    tax: i64,
}

/// The meter a group's energy was read from.
struct Metered {
    rate: &'static Rate,
    meter: String,
    begin: i64,
    used: i64,
}

/// One charge or, when `credit` is set, one allowance.
struct Charge {
    code: &'static str,
    text: String,
    credit: bool,
    /// Never negative, in cents.
    amount: i64,
    /// In millionths of a dollar a unit.
    price: i64,
    unit: &'static str,
    /// In thousandths of the unit.
    quantity: i64,
}

impl Charge {
    fn new(
        code: &'static str,
        text: &str,
        price: i64,
        unit: &'static str,
        quantity: i64,
    ) -> Charge {
        let amount = cost(quantity, price.abs());
        Charge {
            code,
            text: text.into(),
            credit: price < 0,
            amount,
            price: price.abs(),
            unit,
            quantity,
        }
    }

    /// Something that costs the same each month.
    fn monthly(code: &'static str, text: &str, price: i64) -> Charge {
        Charge::new(code, text, price, "MO", 1_000)
    }

    fn signed(&self) -> i64 {
        if self.credit { -self.amount } else { self.amount }
    }

    fn segment(&self) -> Segment {
        let mark = if self.credit { "A" } else { "C" };
        let Charge { code, amount, unit, text, .. } = self;
        let (price, quantity) = (millionths(self.price), thousandths(self.quantity));
        segment!("SAC*{mark}**EU*{code}*{amount}***{price}*{unit}*{quantity}*****{text}")
    }
}

/// What is billed: the account's own lines, one or two rates, and as many lights as are wanted.
fn groups(random: &mut Random, choices: &Choices) -> Vec<Group> {
    // The power adjustment is the same for all energy of a month, up or down.
    let adjustment = random.range(1, 90) * 100 * if random.once_in(4) { -1 } else { 1 };
    let mut account = vec![Charge::monthly("MSC001", "OPERATION ROUND UP", 500_000)];
    if random.once_in(3) {
        account.push(Charge::monthly(
            "LPC001",
            "LATE PAYMENT CHARGE",
            random.range(5, 90) * 100_000,
        ));
    }
    let mut groups = vec![Group { level: "ACCOUNT", metered: None, charges: account, tax: 0 }];

    let rate = if random.once_in(2) { &SINGLE_PHASE } else { &THREE_PHASE };
    groups.push(metered(random, rate, adjustment));
    if random.once_in(3) {
        groups.push(metered(random, &GRAIN_SITE, adjustment));
    }

    let lines: usize = groups.iter().map(|group| group.charges.len()).sum();
    let wanted = usize::from(choices.charges.unwrap_or(0));
    if lines < wanted {
        let lights = (lines..wanted).map(|n| {
            let price = random.pick(&[9_750_000, 12_500_000, 16_250_000]);
            Charge::monthly("MSC010", &format!("SECURITY LIGHT {:04}", n + 1), price)
        });
        let charges = lights.collect();
        groups.push(Group { level: "UNMETERED", metered: None, charges, tax: 0 });
    }
    groups
}

fn metered(random: &mut Random, rate: &'static Rate, adjustment: i64) -> Group {
    let used = match rate.demand {
        Some(_) => random.range(9_000, 180_000),
        None => random.range(400, 7_000),
    };
    let mut charges = vec![
        Charge::monthly("BAS001", "BASIC CHARGE", rate.basic),
        Charge::new("ENC001", "ENERGY CHARGE", rate.energy, "KH", used * 1_000),
    ];
    if let Some(price) = rate.demand {
        let demand = used * random.range(30, 45) / 10_000 * 1_000;
        charges.push(Charge::new("DMD001", "BILLING DEMAND", price, "K1", demand));
    }
    if let Some(price) = rate.red_zone {
        charges.push(Charge::new(
            "DMD002",
            "RED ZONE DEMAND",
            price,
            "K1",
            random.range(0, 400) * 100,
        ));
    }
    charges.push(Charge::new(
        "ADJ001",
        "PURCHASED POWER ADJUSTMENT",
        adjustment,
        "KH",
        used * 1_000,
    ));
    if rate.demand.is_none() && used >= 300 && random.once_in(2) {
        charges.push(Charge::monthly("CRE001", "WATER HEATER CREDIT", -6_500_000));
    }
    let charged: i64 = charges.iter().map(Charge::signed).sum();
    Group {
        level: "RATE",
        metered: Some(Metered {
            rate,
            meter: random.digits(8),
            begin: random.range(10_000, 700_000),
            used,
        }),
        charges,
        tax: (charged * FRANCHISE_FEE + 5_000) / 10_000,
    }
}

impl Group {
    fn charged(&self) -> i64 {
        self.charges.iter().map(Charge::signed).sum()
    }

    /// In cents.
    fn total(&self) -> i64 {
        self.charged() + self.tax
    }

    fn write(&self, body: &mut Vec<Segment>, number: usize, choices: &Choices) {
        body.push(segment!("IT1*{number}*****SV*ELECTRIC*C3*{}", self.level));
        if self.tax > 0 {
            let (tax, base) = (dollars(self.tax), dollars(self.charged()));
            let fee = millionths(FRANCHISE_FEE * 100);
            body.push(segment!("TXI*FR*{tax}*{fee}****A*{base}"));
        }
        if let Some(Metered { rate, meter, begin, used }) = &self.metered {
            let end = begin + used;
            body.extend([
                segment!("MEA*AA*PRQ*{used}*KH*{begin}*{end}*51"),
                segment!("PID*F****{}", rate.name),
                segment!("REF*MG*{meter}"),
                segment!("REF*NH*{}", rate.schedule),
                segment!("DTM*150*{}", choices.month.first()),
                segment!("DTM*151*{}", choices.month.last()),
            ]);
        }
        if self.charges.len() <= 25 {
            body.extend(self.charges.iter().map(Charge::segment));
            return;
        }
        for (n, charges) in self.charges.chunks(25).enumerate() {
            body.push(segment!("SLN*{}**A", n + 1));
            body.extend(charges.iter().map(Charge::segment));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_x12::compose::Element;

    fn value(segment: &Segment, element: usize) -> &str {
        match segment.elements.get(element - 1) {
            Some(Element::Simple(value)) => value,
            _ => "",
        }
    }

    fn cents(segment: &Segment, element: usize) -> i64 {
        value(segment, element).replace('.', "").parse().expect("a sample's amount is a number")
    }

    fn bills() -> impl Iterator<Item = Vec<Segment>> {
        (0..200).map(|seed| {
            let charges = Some(seed as u16);
            invoice(&mut Random::new(seed), &Choices { charges, ..Choices::default() })
        })
    }

    #[test]
    fn the_total_is_the_sum_of_its_lines() {
        for body in bills() {
            let mut sum = 0;
            for segment in &body {
                sum += match (segment.id.as_str(), value(segment, 1)) {
                    ("SAC", "C") => cents(segment, 5),
                    ("SAC", "A") => -cents(segment, 5),
                    ("TXI", _) => cents(segment, 2),
                    _ => 0,
                };
            }
            let [.., total, count] = &body[..] else { panic!("a bill ends with TDS and CTT") };
            assert_eq!(cents(total, 1), sum);
            let groups = body.iter().filter(|segment| segment.id == "IT1").count();
            assert_eq!(value(count, 1), groups.to_string());
        }
    }

    #[test]
    fn no_more_than_25_charges_stand_together() {
        for (least, body) in bills().enumerate() {
            let mut together = 0;
            for segment in &body {
                together = if segment.id == "SAC" { together + 1 } else { 0 };
                assert!(together <= 25);
            }
            assert!(body.iter().filter(|segment| segment.id == "SAC").count() >= least);
        }
    }
}
