//! 820: one payment by ACH for many accounts, with the remittance inside (CTX).
//!
//! The amount of `BPR02` is the sum of what is paid for each account and of the adjustment, if the
//! payer makes one.

use tieline_x12::compose::Segment;

use crate::amounts::dollars;
use crate::choices::Choices;
use crate::people::{Member, PAYING_BANK, RECEIVING_BANK, utility, utility_address};
use crate::random::Random;
use crate::segment;

/// Writes a remittance of one customer to the cooperative.
pub fn remittance(random: &mut Random, choices: &Choices) -> Vec<Segment> {
    let payer = Member::new(random);
    let written = choices.written();
    let settled = written.plus(2);
    let trace = format!("{written}R{:07}", choices.number);
    let originator = format!("10{}", random.digits(8));
    let items: Vec<Item> = (0..choices.payments.max(1)).map(|_| Item::new(random)).collect();
    let credit = if random.once_in(3) { random.range(100, 900) } else { 0 };
    let total: i64 = items.iter().map(|item| item.paid).sum::<i64>() - credit;
    let account = random.digits(9);

    let mut body = vec![
        segment!(
            "BPR*C*{}*C*ACH*CTX*01*{PAYING_BANK}*DA*{account}*{originator}**01*{RECEIVING_BANK}*DA*\
             0042001200*{settled}",
            dollars(total)
        ),
        segment!("TRN*1*{trace}*{originator}"),
        segment!("REF*EM*{trace}"),
        segment!("DTM*097*{written}*0615*{}", written.zone()),
    ];
    body.extend(payer.as_role("PR"));
    body.push(segment!("PER*IC*ACCOUNTS PAYABLE*TE*7015550142"));
    body.push(utility("PE"));
    body.extend(utility_address());
    body.push(segment!("ENT*1"));
    if credit > 0 {
        body.push(segment!("ADX*{}*CS", dollars(-credit)));
    }
    let billed = choices.month.day(4);
    for Item { account, invoice, paid, billed: amount } in items {
        let action = if paid < amount { "PP" } else { "PI" };
        body.extend([
            segment!("RMR*12*{account}*{action}*{}*{}", dollars(paid), dollars(amount)),
            segment!("REF*IV*{invoice}"),
            segment!("DTM*003*{billed}"),
            segment!("DTM*814*{}", billed.plus(20)),
        ]);
    }
    body
}

/// What is paid for one account, in cents.
struct Item {
    account: String,
    invoice: String,
    paid: i64,
    billed: i64,
}

impl Item {
    /// Most bills are paid in full, some in part; each is larger than any adjustment.
    fn new(random: &mut Random) -> Item {
        let billed = random.range(4_000, 480_000);
        let paid = if random.once_in(8) { billed / 2 } else { billed };
        Item { account: random.digits(10), invoice: random.digits(9), paid, billed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_x12::compose::Element;

    fn cents(segment: &Segment, element: usize) -> i64 {
        let Some(Element::Simple(value)) = segment.elements.get(element - 1) else { return 0 };
        value.replace('.', "").parse().expect("a sample's amount is a number")
    }

    #[test]
    fn the_payment_is_the_sum_of_what_is_paid() {
        for seed in 0..200 {
            let choices = Choices { payments: seed as u32, ..Choices::default() };
            let body = remittance(&mut Random::new(seed), &choices);
            let sum: i64 = body
                .iter()
                .map(|segment| match segment.id.as_str() {
                    "RMR" => cents(segment, 4),
                    "ADX" => cents(segment, 1),
                    _ => 0,
                })
                .sum();
            assert_eq!(cents(&body[0], 2), sum);
            assert!(sum > 0);
            let paid = body.iter().filter(|segment| segment.id == "RMR").count();
            assert_eq!(paid as u64, seed.max(1));
        }
    }
}
