//! 867 in answer to an inquiry: twelve months of energy and demand of one account.
//!
//! All months are in one loop (`PTD*SU`); each quantity has the days of its own month behind it.

use tieline_x12::compose::Segment;

use crate::amounts::thousandths;
use crate::choices::Choices;
use crate::people::{Member, utility};
use crate::random::Random;
use crate::segment;

/// Writes the history of the twelve months that end with the month chosen.
pub fn usage_historical(random: &mut Random, choices: &Choices) -> Vec<Segment> {
    let member = Member::new(random);
    let written = choices.written();
    let report = format!("{written}H{:07}", choices.number);
    let inquiry = format!("{written}Q{:07}", choices.number);
    let load = random.range(9_000, 90_000);

    let mut body = vec![
        segment!("BPT*52*{report}*{written}*DD"),
        segment!("DTM*649*{written}*1700*{}", written.zone()),
        segment!("REF*TN*{inquiry}"),
        utility("8S"),
    ];
    body.extend(member.segments());
    body.push(segment!("REF*12*{}", member.account));
    body.extend([
        segment!("PTD*FG"),
        segment!("REF*NH*300"),
        segment!("REF*LO*COMMERCIAL"),
        segment!("PTD*SU"),
        segment!("REF*MG*{}", random.digits(8)),
    ]);
    for months in (0..12).rev() {
        let month = choices.month.plus(-months);
        let period = [segment!("DTM*150*{}", month.first()), segment!("DTM*151*{}", month.last())];
        let used = load * random.range(80, 125) / 100;
        let demand = used * random.range(3, 5);
        body.push(segment!("QTY*QD*{used}*KH"));
        body.push(segment!("MEA*AF*PRQ*{used}*KH***51"));
        body.extend(period.clone());
        body.push(segment!("QTY*QD*{}*K1", thousandths(demand)));
        body.extend(period);
    }
    body
}
