//! An interchange of ours once more, in an envelope with a number of its own.
//!
//! Its documents are the same byte for byte. The envelope has new numbers, and the date and time at
//! which it was made anew.

use std::sync::Arc;

use jiff::Zoned;
use tieline_x12::check::stream;
use tieline_x12::header::Header;
use tieline_x12::observer::Observer;
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;

use crate::steps::Failure;
use crate::steps::read::NoPlans;

/// The length of an `ISA` without its terminator.
const ISA: usize = 105;

/// Where the envelope of an interchange is.
#[derive(Default)]
pub(crate) struct Envelope {
    headers: Vec<Arc<Header>>,
    /// `GS`, `GE` and `IEA`: the byte each begins at, and its bytes.
    segments: Vec<(usize, Vec<u8>)>,
    /// The kinds of its sets, each once.
    pub(crate) sets: Vec<String>,
}

impl Observer for Envelope {
    fn interchange(&mut self, header: &Arc<Header>) {
        self.headers.push(Arc::clone(header));
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        if matches!(segment.id().as_bytes(), b"GS" | b"GE" | b"IEA") {
            self.segments.push((segment.offset() as usize, segment.bytes().to_vec()));
        }
    }

    fn set(&mut self, segment: &Segment<'_>, _: Option<&Arc<Plan>>) {
        let set = String::from_utf8_lossy(segment.element(1)).into_owned();
        if !self.sets.contains(&set) {
            self.sets.push(set);
        }
    }
}

impl Envelope {
    /// Finds the envelope in bytes of ours, which are one interchange.
    pub(crate) fn find(bytes: &[u8]) -> Result<Envelope, Failure> {
        let mut found = Envelope::default();
        stream(&mut &*bytes, &NoPlans, &mut found)?;
        match found.headers.len() {
            1 => Ok(found),
            0 => Err(Failure::Final("it is no interchange".to_string())),
            _ => Err(Failure::Final("it holds more than one interchange".to_string())),
        }
    }

    /// How many functional groups it has.
    pub(crate) fn groups(&self) -> u32 {
        let groups = self.segments.iter().filter(|(_, bytes)| bytes.starts_with(b"GS")).count();
        u32::try_from(groups).unwrap_or(u32::MAX)
    }

    /// The bytes with this number in `ISA13`, and in `GS06` of the first group; those after it follow.
    pub(crate) fn renumber(
        &self,
        bytes: &[u8],
        control: u64,
        at: &Zoned,
    ) -> Result<Vec<u8>, Failure> {
        let damaged = || Failure::Final("its envelope is not whole".to_string());
        let start = self.headers.first().map_or(0, |header| header.offset() as usize);
        let isa = bytes.get(start..start + ISA).ok_or_else(damaged)?;
        let separator = isa[3];
        let mut out = bytes[..start].to_vec();
        let control_number = format!("{control:09}");
        out.extend(replaced(
            isa,
            separator,
            &[
                (9, at.strftime("%y%m%d").to_string()),
                (10, at.strftime("%H%M").to_string()),
                (13, control_number.clone()),
            ],
        ));
        let mut from = start + ISA;
        let mut group = control;
        for (place, segment) in &self.segments {
            out.extend(bytes.get(from..*place).ok_or_else(damaged)?);
            from = place + segment.len();
            let group_number = group.to_string();
            let changes = match segment.get(..2) {
                Some(b"GS") => vec![
                    (4, at.strftime("%Y%m%d").to_string()),
                    (5, at.strftime("%H%M").to_string()),
                    (6, group_number),
                ],
                Some(b"GE") => {
                    group += 1;
                    vec![(2, group_number)]
                }
                _ => vec![(2, control_number.clone())],
            };
            out.extend(replaced(segment, separator, &changes));
        }
        out.extend(bytes.get(from..).ok_or_else(damaged)?);
        Ok(out)
    }
}

/// A segment with other values in some of its elements.
fn replaced(segment: &[u8], separator: u8, changes: &[(usize, String)]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = segment.split(|byte| *byte == separator).collect();
    for (element, value) in changes {
        if let Some(part) = parts.get_mut(*element) {
            *part = value.as_bytes();
        }
    }
    parts.join(&separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_new_and_the_documents_are_the_same() {
        let isa = |date: &str, control: &str| {
            format!(
                "ISA*00*          *00*          *01*0055500010000  *01*0055512340000  *{date}*U*00401*{control}*0*P*:~\n"
            )
        };
        let rest = |date: &str, numbers: [&str; 3]| {
            let [one, two, isa] = numbers;
            format!(
                "GS*PT*A*B*{date}*{one}*X*004010~\nST*867*0001~\nBPT*00*000000004~\nSE*3*0001~\nGE*1*{one}~\n\
                 GS*IN*A*B*{date}*{two}*X*004010~\nST*810*0001~\nSE*2*0001~\nGE*1*{two}~\nIEA*2*{isa}~\n"
            )
        };
        let before =
            isa("260401*0600", "000000004") + &rest("20260401*0600", ["4", "5", "000000004"]);
        let at = jiff::civil::date(2026, 4, 3).at(7, 5, 0, 0);
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).expect("UTC has every time");
        let found = Envelope::find(before.as_bytes()).expect("it is an interchange");
        assert_eq!((found.groups(), found.sets.join(" ")), (2, "867 810".to_string()));
        let after = found.renumber(before.as_bytes(), 71, &at).expect("it is whole");
        let after = String::from_utf8(after).expect("it is text");
        let wanted =
            isa("260403*0705", "000000071") + &rest("20260403*0705", ["71", "72", "000000071"]);
        assert_eq!(after, wanted);
    }
}
