//! 814: a request to set up an account, here for an agent who is to receive its usage data.
//!
//! The member's authorisation has a number and names the day it begins and the day it ends.

use tieline_x12::compose::Segment;

use crate::amounts::dollars;
use crate::choices::Choices;
use crate::people::{Member, utility};
use crate::random::Random;
use crate::segment;

/// Writes a request for one account.
pub fn account_setup(random: &mut Random, choices: &Choices) -> Vec<Segment> {
    let member = Member::new(random);
    let written = choices.written();
    let begin = choices.month.plus(2).first();
    let end = choices.month.plus(13).last();
    let request = format!("{written}E{:07}", choices.number);
    // Addition of an account, or a change to it.
    let maintenance = random.pick(&["021", "001"]);

    let mut body =
        vec![segment!("BGN*13*{request}*{written}*0615*{}", written.zone()), utility("8S")];
    body.push(segment!("N1*AG*LAKE COUNTRY ENERGY DATA*9*0069988770001"));
    body.push(segment!("PER*IC*DATA SERVICES*TE*7015550178"));
    body.extend(member.segments());
    body.push(segment!("PER*IC*ENERGY OFFICE*TE*7015550121"));
    body.extend([
        segment!("LIN*{request}*SH*EL*SH*CE"),
        segment!("ASI*7*{maintenance}"),
        segment!("REF*12*{}", member.account),
        segment!("REF*MG*{}", random.digits(8)),
        segment!("REF*BB*{}", random.digits(7)),
        segment!("REF*BF*{:02}", random.range(1, 20)),
        segment!("DTM*092*{begin}"),
        segment!("DTM*093*{end}"),
        segment!("AMT*MP*{}", dollars(random.range(9_000, 90_000))),
    ]);
    body
}
