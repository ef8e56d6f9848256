//! Which elements say who, where or which account, and which only say what kind.
//!
//! Decided for every element that is text, and for the few others that matter. Codes of a list,
//! numbers, dates and times are in no row: they stay.

/// What becomes of an element's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It stays: it says when, or in what form.
    Stays,
    /// It stays: it says what kind, not who. With [`MANY_DIGITS`] it gets a pseudonym.
    Code,
    /// It gets a pseudonym.
    Pseudonym,
    /// It gets a pseudonym, and so does each long number in it.
    Text,
    /// It gets a pseudonym unless the reference qualifier before it is one of [`PLAIN_REFERENCES`].
    Reference,
    /// It gets a pseudonym unless the qualifier before it is one of [`PLAIN_PRODUCTS`].
    Product,
    /// A telephone number, an e-mail address or the like, as the qualifier before it says.
    Communication,
    /// It stays when it is short enough to be a line's number.
    LineNumber,
    /// It stays unless control numbers are to be replaced.
    ControlNumber,
}

use Treatment::{
    Code, Communication, ControlNumber, LineNumber, Product, Pseudonym, Reference, Stays, Text,
};

/// What becomes of the values of element `number`; `None` when no row speaks of it.
pub(super) fn treatment(number: &str) -> Option<Treatment> {
    let found = ELEMENTS.binary_search_by(|row| row.0.cmp(number)).ok()?;
    Some(ELEMENTS[found].1)
}

/// The reference qualifiers (element 128) whose value is a code, a rate or a type.
pub(super) const PLAIN_REFERENCES: &[&str] = &[
    "0N",  // market use: shopping status
    "1P",  // status reason
    "4N",  // market use: payment arrangement, yes or no
    "6W",  // channel of a meter
    "7G",  // reject reason
    "8X",  // transaction category
    "9V",  // payment category
    "ACC", // status
    "BF",  // billing cycle
    "BLT", // who bills
    "IJ",  // industry
    "IX",  // dials and decimals
    "JH",  // role of a meter
    "LO",  // load profile
    "MT",  // meter type and interval length
    "NH",  // rate schedule
    "NR",  // market use: budget plan, yes or no
    "OZ",  // commodity
    "PC",  // who calculates
    "PR",  // rate subclass
    "PRT", // product type
    "RB",  // rate code
    "SG",  // market use: discount
    "SU",  // special processing
    "SV",  // voltage or service level
    "SX",  // outage block
    "TD",  // reason for a change
    "TDT", // market use: settlement
    "YP",  // selling arrangement
    "ZV",  // market use: account block
];

/// The product qualifiers (element 235) whose value is a kind of service.
pub(super) const PLAIN_PRODUCTS: &[&str] = &[
    "C3", // level of a bill's line
    "CE", // contract class
    "CG", // commodity group
    "CN", // commodity name
    "EL", // electric service, in an 814
    "RL", // rate
    "SH", // service requested
    "SV", // service rendered
];

/// A code has fewer digits than this; what has more is a number of somebody after all.
pub(super) const MANY_DIGITS: usize = 7;

/// A line's number has fewer digits than this.
pub(super) const LINE_DIGITS: usize = 5;

/// The rows, by element number as text.
pub(super) const ELEMENTS: &[(&str, Treatment)] = &[
    ("103", Code),          // packaging code
    ("1035", Pseudonym),    // last name
    ("1036", Pseudonym),    // first name
    ("1037", Pseudonym),    // middle name
    ("1038", Code),         // Mr, Dr
    ("1039", Pseudonym),    // Jr, III: few have one
    ("1049", Code),         // tax payment type
    ("1050", Pseudonym),    // letters of the taxpayer's name
    ("113", Code),          // pier
    ("114", Pseudonym),     // port: where somebody is
    ("116", Pseudonym),     // postal code
    ("119", Code),          // rate basis
    ("1195", Text),         // financial information code
    ("124", Pseudonym),     // GS03, often an ISA id
    ("1251", Stays),        // a date or a period
    ("127", Reference),     // accounts, meters, invoices, and codes
    ("1271", Code),         // code of an industry list
    ("1296", Code),         // special processing type
    ("1301", Code),         // charge code
    ("142", Pseudonym),     // GS02, often an ISA id
    ("1430", Code),         // day rotation
    ("1551", Text),         // text
    ("166", Pseudonym),     // address line
    ("1684", Code),         // attendance type
    ("1688", Code),         // deduction type
    ("169", Code),          // tariff item
    ("1705", Stays),        // implementation convention
    ("171", Code),          // tariff
    ("172", Code),          // tariff section
    ("173", Code),          // tariff supplement
    ("174", Pseudonym),     // terminal: where somebody is
    ("182", Pseudonym),     // name of a vessel
    ("19", Pseudonym),      // city
    ("206", Pseudonym),     // equipment owner
    ("207", Pseudonym),     // equipment number
    ("22", Code),           // commodity
    ("227", Code),          // tariff column
    ("234", Product),       // serial numbers, and kinds of service
    ("28", ControlNumber),  // of a group
    ("3", Text),            // free text
    ("310", Pseudonym),     // location
    ("324", Pseudonym),     // purchase order
    ("325", Pseudonym),     // tax id
    ("327", Code),          // change order sequence
    ("328", Pseudonym),     // release number
    ("329", ControlNumber), // of a set
    ("341", Pseudonym),     // allowance or charge number
    ("350", LineNumber),    // 1, 2, 3, or somebody's own number
    ("352", Text),          // description
    ("364", Communication), // telephone, e-mail
    ("367", Pseudonym),     // contract
    ("369", Text),          // description
    ("387", Text),          // routing
    ("443", Pseudonym),     // a contact's reference
    ("447", Stays),         // loop id
    ("46", Code),           // ex parte mark
    ("480", Stays),         // version
    ("499", Code),          // condition value
    ("507", Pseudonym),     // bank
    ("508", Pseudonym),     // bank account
    ("509", Pseudonym),     // company that pays
    ("510", Pseudonym),     // supplement of it
    ("539", Pseudonym),     // vehicle
    ("55", Pseudonym),      // voyage
    ("59", Code),           // freight class
    ("61", Text),           // free text
    ("67", Pseudonym),      // id of a party: DUNS, a customer's or meter's number
    ("724", Pseudonym),     // copy of bad data: anything
    ("729", Code),          // category
    ("751", Code),          // product description code
    ("754", Code),          // packaging code
    ("76", Pseudonym),      // invoice number
    ("770", Code),          // option number
    ("817", Pseudonym),     // tax information
    ("822", Code),          // source of a list
    ("87", Text),           // marks on packages
    ("93", Pseudonym),      // name
    ("933", Text),          // message
    ("956", Code),          // tax jurisdiction
    ("961", Pseudonym),     // new content: anything
    ("9998", Pseudonym),    // which unit is meant
    ("9999", Code),         // what kind of unit is meant
    ("I02", Pseudonym),     // authorization
    ("I04", Pseudonym),     // password
    ("I06", Pseudonym),     // sender
    ("I07", Pseudonym),     // receiver
    ("I12", ControlNumber), // of an interchange
    ("I15", Stays),         // separator
    ("I65", Stays),         // separator
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::{self, elements};
    use crate::table::Kind;

    #[test]
    fn every_text_element_is_decided() {
        assert!(ELEMENTS.is_sorted_by(|a, b| a.0 < b.0));
        for element in elements::ELEMENTS.iter().filter(|element| element.kind == Kind::An) {
            assert!(treatment(element.number).is_some(), "{} {}", element.number, element.name);
        }
        for (number, _) in ELEMENTS {
            assert!(elements::ELEMENTS.iter().any(|element| element.number == *number), "{number}");
        }
    }

    #[test]
    fn what_stays_by_its_qualifier_is_in_the_code_list() {
        for (number, plain) in [("128", PLAIN_REFERENCES), ("235", PLAIN_PRODUCTS)] {
            let list = dictionary::code_list(number).expect("there is a list");
            assert!(plain.is_sorted());
            for code in plain {
                assert!(list.codes.iter().any(|known| known.code == *code), "{number} {code}");
            }
        }
    }
}
