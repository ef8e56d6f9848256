//! Options of business findings: one partner's conventions, and how bad each finding is.
//!
//! The defaults are what most partners do. A partner's options name only what differs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalogue::{Code, Reason, Severity};

/// One partner's conventions, and how bad each finding is.
///
/// ```toml
/// last_day = "included"
/// [severities]
/// UTL-106 = "off"
/// UTL-102 = "error"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BusinessOptions {
    /// How bad a finding is; one that is not named is as bad as the catalogue says.
    pub severities: BTreeMap<Code, Level>,
    /// What an application advice says of a reason; one that is not named is as by default.
    pub reasons: BTreeMap<Reason, ReasonText>,

    /// Whether the last date of a service period belongs to it.
    pub last_day: LastDay,
    /// Whether a summary may be rounded, half upwards, to the digits it is written with.
    pub rounded_summaries: bool,
    /// Whether a register that shows less at the end has begun at zero again.
    pub dials_roll_over: bool,
    /// `DTM01` of the start and of the end of a service period. It is no option of its own: a judge
    /// takes it from the partner's codes.
    #[serde(skip)]
    pub period: [String; 2],
    /// The same of the period that a bill is made out for.
    #[serde(skip)]
    pub invoice_period: [String; 2],

    /// How the amount of an allowance is written.
    pub allowances: AllowanceSign,
    /// Whether a cancellation may have the total of the lines with the other sign.
    pub cancellation_turns_sign: bool,
    /// Whether adjustments of an entity are a part of what is paid.
    pub entity_adjustments: bool,
}

/// How bad a finding is to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It is not looked for.
    Off,
    /// Good to know.
    Info,
    /// Worth a look.
    Warning,
    /// The document cannot be used.
    Error,
}

/// What an application advice says: the code of `TED02` and its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonText {
    /// The code, e.g. `A13`.
    pub code: String,
    /// The text.
    pub text: String,
}

/// Whether the last date of a service period belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastDay {
    /// All of that day.
    Included,
    /// Nothing of it: it is the first day of the next period.
    Excluded,
    /// If an interval of it was sent.
    IfSent,
}

/// How the amount of an allowance is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowanceSign {
    /// As a positive amount that is taken off.
    Positive,
    /// As a negative amount that is added.
    Negative,
}

impl Default for BusinessOptions {
    fn default() -> BusinessOptions {
        BusinessOptions {
            severities: BTreeMap::new(),
            reasons: BTreeMap::new(),
            last_day: LastDay::IfSent,
            rounded_summaries: true,
            dials_roll_over: true,
            period: ["150".into(), "151".into()],
            invoice_period: ["186".into(), "187".into()],
            allowances: AllowanceSign::Positive,
            cancellation_turns_sign: true,
            entity_adjustments: true,
        }
    }
}

impl BusinessOptions {
    /// How bad a finding is; `None` if it is not looked for.
    pub fn severity(&self, code: Code) -> Option<Severity> {
        match self.severities.get(&code) {
            None => Some(code.entry().severity),
            Some(Level::Off) => None,
            Some(Level::Info) => Some(Severity::Info),
            Some(Level::Warning) => Some(Severity::Warning),
            Some(Level::Error) => Some(Severity::Error),
        }
    }

    /// What an application advice says of a finding.
    ///
    /// `A13` is published. `A76` and `D76` are in use but in no guide that could be read, so a
    /// partner's options should name its own.
    pub fn reason(&self, code: Code) -> ReasonText {
        let reason = code.entry().reason;
        let (known, text) = match reason {
            Reason::AccountNotFound => ("A76", "ACCOUNT NOT FOUND"),
            Reason::Duplicate => ("D76", "DUPLICATE"),
            Reason::Other => ("A13", "OTHER"),
        };
        let usual = || ReasonText { code: known.into(), text: text.into() };
        self.reasons.get(&reason).cloned().unwrap_or_else(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_names_only_what_differs() {
        let text = "last_day = \"included\"\n[severities]\nUTL-106 = \"off\"\nUTL-102 = \"error\"\n\
            [reasons.duplicate]\ncode = \"DUP\"\ntext = \"SENT BEFORE\"\n";
        let options: BusinessOptions = toml::from_str(text).expect("it can be read");
        assert_eq!(options.last_day, LastDay::Included);
        assert_eq!(options.severity(Code::ZONE_NOT_IN_FORCE), None);
        assert_eq!(options.severity(Code::INTERVALS_MISSING), Some(Severity::Error));
        assert_eq!(options.severity(Code::HOUR_AMBIGUOUS), Some(Severity::Info));
        assert_eq!(options.reason(Code::BILL_NUMBER_REPEATED).code, "DUP");
        assert_eq!(options.reason(Code::USAGE_ACCOUNT_MISSING).code, "A76");
        assert_eq!(options.reason(Code::BILL_TOTAL).code, "A13");
        let written = serde_json::to_string(&options).expect("options are plain data");
        assert_eq!(serde_json::from_str::<BusinessOptions>(&written).ok(), Some(options));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in [
            "last_date = \"included\"",
            "[severities]\nUTL-999 = \"off\"",
            "[severities]\nUTL-101 = \"mild\"",
        ] {
            assert!(toml::from_str::<BusinessOptions>(text).is_err(), "{text}");
        }
    }
}
