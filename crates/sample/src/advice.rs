//! 824: an answer to a document that can be read but not used, with the reason why.

use tieline_x12::compose::Segment;

use crate::choices::Choices;
use crate::people::{Member, utility};
use crate::random::Random;
use crate::segment;

/// Rejects one 867, 810 or 820.
pub fn advice(random: &mut Random, choices: &Choices) -> Vec<Segment> {
    let member = Member::new(random);
    let written = choices.written();
    let advice = format!("{written}A{:07}", choices.number);
    let (set, letter, code, text, note) = random.pick(&[
        ("867", 'M', "848", "ACCOUNT NUMBER NOT FOUND", "CHECK THE ACCOUNT NUMBER AND SEND AGAIN"),
        ("867", 'I', "007", "METER NUMBER MISSING", "EACH METER LOOP NEEDS A METER NUMBER"),
        ("867", 'M', "009", "SERVICE PERIOD NOT VALID", "THE PERIOD OVERLAPS THE ONE BEFORE"),
        ("810", 'B', "006", "DUPLICATE DOCUMENT", "THE SAME NUMBER CAME BEFORE"),
        ("820", 'R', "010", "AMOUNTS DO NOT ADD UP", "THE TOTAL DIFFERS FROM THE SUM OF ITS LINES"),
    ]);
    let answered = format!("{}{letter}{}", written.plus(-1), random.digits(7));

    let mut body = vec![
        segment!("BGN*11*{advice}*{written}*0615*{}*{answered}**82", written.zone()),
        utility("8S"),
    ];
    body.extend(member.segments());
    body.push(segment!("REF*12*{}", member.account));
    body.extend([
        segment!(
            "OTI*TR*TN*{answered}*****{}*{:04}*{set}",
            random.range(1, 9_999),
            random.range(1, 99)
        ),
        segment!("REF*12*{}", member.account),
        segment!("DTM*150*{}", choices.month.first()),
        segment!("DTM*151*{}", choices.month.last()),
        segment!("TED*{code}*{text}"),
        segment!("NTE*ADD*{note}"),
    ]);
    body
}
