//! 867 with the usage of a month: register reads, billed quantities, demand.
//!
//! What is billed comes first (`PTD*BB`), then the sum of the metered services (`PTD*SU`), then each
//! meter with its reads (`PTD*PM`). The first meter adds to the account; the second may measure a part
//! that is billed apart and so is taken off (`REF*JH`).

use tieline_x12::compose::Segment;

use crate::amounts::thousandths;
use crate::choices::Choices;
use crate::people::{Member, utility};
use crate::random::Random;
use crate::segment;

/// Writes a report of one account.
pub fn usage_monthly(random: &mut Random, choices: &Choices) -> Vec<Segment> {
    let member = Member::new(random);
    let written = choices.written();
    let report = format!("{written}M{:07}", choices.number);
    let (first, last) = (choices.month.first(), choices.month.last());
    let meters: Vec<Meter> = (0..choices.meters.unwrap_or(2).max(1))
        .map(|n| Meter::new(random, n, choices.net_metering))
        .collect();

    let mut body = vec![
        segment!("BPT*00*{report}*{written}*DD"),
        segment!("DTM*649*{written}*1700*{}", written.zone()),
        utility("8S"),
    ];
    body.extend(member.segments());
    body.push(segment!("REF*12*{}", member.account));
    body.push(segment!("REF*BF*{:02}", random.range(1, 20)));

    let used: i64 = meters.iter().map(|meter| meter.role.sign() * meter.used()).sum();
    let demand = meters[0].demand;
    body.extend([
        segment!("PTD*BB"),
        segment!("DTM*150*{first}"),
        segment!("DTM*151*{last}"),
        segment!("REF*NH*300"),
        segment!("QTY*D1*{used}*KH"),
        segment!("QTY*D1*{}*K1", thousandths(demand)),
        segment!("PTD*SU"),
        segment!("DTM*150*{first}"),
        segment!("DTM*151*{last}"),
        segment!("QTY*QD*{used}*KH"),
        segment!("QTY*QD*{}*K1", thousandths(demand)),
    ]);
    let received: i64 =
        meters.iter().filter_map(|meter| meter.received.as_ref()).map(Reads::used).sum();
    if choices.net_metering {
        body.push(segment!("QTY*87*{received}*KH"));
    }
    for meter in &meters {
        body.extend([
            segment!("PTD*PM"),
            segment!("DTM*150*{first}"),
            segment!("DTM*151*{last}"),
            segment!("REF*MG*{}", meter.number),
            segment!("REF*JH*{}", meter.role.code()),
            segment!("REF*IX*6.0"),
            segment!("QTY*QD*{}*KH", meter.used()),
        ]);
        body.extend(meter.total.segments("51"));
        body.extend(meter.on_peak.segments("42"));
        body.extend(meter.off_peak.segments("41"));
        body.push(segment!("MEA**MU*{}", meter.total.multiplier));
        body.push(segment!("QTY*QD*{}*K1", thousandths(meter.demand)));
        body.push(segment!("MEA*AF*PRQ*{}*K1***97", thousandths(meter.demand)));
        if let Some(received) = &meter.received {
            body.push(segment!("QTY*87*{}*KH", received.used()));
            body.extend(received.segments("51"));
            body.push(segment!("MEA**MU*{}", received.multiplier));
        }
    }
    body
}

/// What a meter's usage does to the account's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Additive,
    Subtractive,
}

impl Role {
    /// `REF02` of `REF*JH`.
    const fn code(self) -> &'static str {
        match self {
            Role::Additive => "A",
            Role::Subtractive => "S",
        }
    }

    const fn sign(self) -> i64 {
        match self {
            Role::Additive => 1,
            Role::Subtractive => -1,
        }
    }
}

/// One meter with its registers.
struct Meter {
    number: String,
    role: Role,
    total: Reads,
    on_peak: Reads,
    off_peak: Reads,
    /// Of the month's peak, in watts, thousandths of the kW that are written.
    demand: i64,
    received: Option<Reads>,
}

impl Meter {
    /// Meter `n` of an account; the first is by far the largest, and only the second may be taken
    /// off, so that the account's sum is never negative.
    fn new(random: &mut Random, n: u16, net_metering: bool) -> Meter {
        let role = match n == 1 && random.once_in(2) {
            true => Role::Subtractive,
            false => Role::Additive,
        };
        let multiplier = if n == 0 { random.pick(&[40, 80, 120]) } else { 1 };
        let on_peak = Reads::new(random, multiplier, 300, 900);
        let off_peak = Reads::new(random, multiplier, 400, 1_400);
        // The total register turned with both others, from a start of its own.
        let begin = random.range(10_000, 800_000);
        let turned = on_peak.end - on_peak.begin + off_peak.end - off_peak.begin;
        Meter {
            number: random.digits(8),
            role,
            total: Reads { begin, end: begin + turned, multiplier },
            on_peak,
            off_peak,
            demand: random.range(80, 160) * 100 * multiplier,
            received: net_metering.then(|| Reads::new(random, multiplier, 50, 500)),
        }
    }

    fn used(&self) -> i64 {
        self.total.used()
    }
}

/// The begin and end read of a register, as the dials show them.
struct Reads {
    begin: i64,
    end: i64,
    multiplier: i64,
}

impl Reads {
    fn new(random: &mut Random, multiplier: i64, least: i64, most: i64) -> Reads {
        let begin = random.range(10_000, 800_000);
        Reads { begin, end: begin + random.range(least, most), multiplier }
    }

    /// In kWh: what the dials turned, times the multiplier.
    fn used(&self) -> i64 {
        (self.end - self.begin) * self.multiplier
    }

    /// The reads with the time of use they count, `MEA07`.
    fn segments(&self, time_of_use: &str) -> [Segment; 1] {
        let Reads { begin, end, .. } = self;
        [segment!("MEA*AA*PRQ*{}*KH*{begin}*{end}*{time_of_use}", self.used())]
    }
}
