//! Who a side is in law, and whom to call: names, numbers, roles, contacts.

use crate::shape::{Kind, Section, may, must};
use crate::toml_file::{At, Faults, Table};

pub(crate) const ROLES: [(&str, Role); 9] = [
    ("customer", Role::Customer),
    ("aggregator", Role::Aggregator),
    ("payer", Role::Payer),
    ("bank", Role::Bank),
    ("van", Role::Van),
    ("consultant", Role::Consultant),
    ("supplier", Role::Supplier),
    ("distributor", Role::Distributor),
    ("other", Role::Other),
];

pub(crate) const CONTACT: Section = Section {
    name: "{ name, role, email, phone }",
    keys: &[
        must("name", Kind::Text, "Who it is: a person or a desk."),
        may("role", Kind::Text, "What for, e.g. business, technical, escalation."),
        may("email", Kind::Form("^[^@ ]+@[^@ ]+$"), "A mail address."),
        may("phone", Kind::Text, "A telephone number."),
    ],
};

/// What a partner is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Uses electricity.
    Customer,
    /// Gathers the data of many customers, with their authorization.
    Aggregator,
    /// Pays for others.
    Payer,
    /// A bank.
    Bank,
    /// Carries the mail of many.
    Van,
    /// Advises customers.
    Consultant,
    /// Supplies energy (ESP).
    Supplier,
    /// Distributes energy (LDC).
    Distributor,
    /// Something else.
    Other,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// A person or a desk.
    pub name: String,
    /// What for, e.g. `technical`.
    pub role: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
}

pub(crate) fn read_contacts(file: &Table<'_>, faults: &mut Faults<'_>) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for table in file.sections("contacts", &CONTACT, faults) {
        table.require("name", faults);
        let name = table.text("name", faults);
        let email = table.text("email", faults);
        if let Some(at) = &email {
            check_email(at, faults);
        }
        let text = |at: Option<At<String>>| at.map(|at| at.value);
        let (role, phone) = (text(table.text("role", faults)), text(table.text("phone", faults)));
        let Some(name) = name else { continue };
        contacts.push(Contact { name: name.value, role, email: text(email), phone });
    }
    contacts
}

pub(crate) fn check_email(at: &At<String>, faults: &mut Faults<'_>) {
    let good = at.value.split_once('@').is_some_and(|(who, host)| {
        !who.is_empty() && !host.is_empty() && !host.contains('@') && !at.value.contains(' ')
    });
    if !good {
        faults.at(at.span.clone(), "a mail address is written name@host");
    }
}

/// An employer identification number: `12-3456789`.
pub(crate) fn read_ein(file: &Table<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let ein = file.text("ein", faults)?;
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let good = ein.value.split_once('-').is_some_and(|(a, b)| digits(a, 2) && digits(b, 7));
    if !good {
        faults.at(ein.span, "`ein` is written 12-3456789");
    }
    Some(ein.value)
}
