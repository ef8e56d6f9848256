//! Authorizations: who may see which data of which account, from when until when.
//!
//! A third party sees nothing of an account without the customer's written authorization, and
//! nothing outside of it. Whoever releases data asks [`Authorization::allows`] first, with the date
//! of the day: there is no clock here.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::identifier::{AccountNumber, MeterNumber};
use crate::period::Period;

/// A customer's written permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "AuthorizationRecord")]
pub struct Authorization {
    id: String,
    grantee: String,
    accounts: Vec<AccountNumber>,
    /// The places of the accounts, in the order of their numbers: one may name a whole territory.
    #[serde(skip)]
    sorted: Vec<usize>,
    meters: Vec<MeterNumber>,
    data: Vec<DataKind>,
    duration: Period,
    history_from: Option<Date>,
    signed: Date,
    evidence: Option<String>,
    revoked: Option<Date>,
}

/// What an authorization can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Totals of a billing period, and readings.
    Usage,
    /// Intervals.
    Intervals,
    /// Bills.
    Bills,
    /// Payments.
    Payments,
    /// Names, addresses, rates and meters.
    AccountDetails,
}

/// What an authorization says, before it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuthorizationRecord {
    /// Its number.
    pub id: String,
    /// Who may see: the id of a trading partner.
    pub grantee: String,
    /// Of which accounts; at least one.
    pub accounts: Vec<AccountNumber>,
    /// Of which meters; all of the accounts' when none is named.
    pub meters: Vec<MeterNumber>,
    /// Which data; at least one kind.
    pub data: Vec<DataKind>,
    /// From the first until the last day on which data may be released.
    pub duration: Period,
    /// The earliest day the data may be about; the first day of the duration if there is none.
    pub history_from: Option<Date>,
    /// When the customer signed.
    pub signed: Date,
    /// Where the signed paper is.
    pub evidence: Option<String>,
    /// The first day on which it no longer holds, if the customer took it back.
    pub revoked: Option<Date>,
}

/// Why something is no authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// It has no number.
    #[error("an authorization has a number")]
    NoId,
    /// It names nobody.
    #[error("an authorization names who may see")]
    NoGrantee,
    /// It names no account.
    #[error("an authorization names at least one account")]
    NoAccount,
    /// It names no data.
    #[error("an authorization names the data")]
    NoData,
    /// It was signed after it ended.
    #[error("the authorization was signed after its last day")]
    SignedTooLate,
}

/// Somebody wants to see something.
#[derive(Debug, Clone, Copy)]
pub struct Inquiry<'i> {
    /// Who: the id of a trading partner.
    pub by: &'i str,
    /// Of which account.
    pub account: &'i AccountNumber,
    /// Of which meter; `None` for data of the account as a whole.
    pub meter: Option<&'i MeterNumber>,
    /// Which data.
    pub data: DataKind,
    /// What the data is about.
    pub about: Period,
    /// The day on which it is released.
    pub on: Date,
}

/// Why an authorization does not allow something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is for somebody else.
    #[error("the authorization is for another partner")]
    Grantee,
    /// It does not name the account.
    #[error("the authorization does not name the account")]
    Account,
    /// It does not name the meter, or names some and the whole account was asked for.
    #[error("the authorization does not name the meter")]
    Meter,
    /// It does not name the data.
    #[error("the authorization does not name this kind of data")]
    Data,
    /// It does not hold yet.
    #[error("the authorization is not yet in force")]
    NotYet,
    /// It no longer holds.
    #[error("the authorization has ended")]
    Ended,
    /// The customer took it back.
    #[error("the authorization was revoked")]
    Revoked,
    /// The data is about a time before the one it names.
    #[error("the authorization does not reach back that far")]
    TooOld,
    /// The data is about a time after its end.
    #[error("the data is about a time after the authorization's end")]
    TooNew,
}

impl Authorization {
    /// Checks what an authorization says.
    ///
    /// # Errors
    ///
    /// [`AuthorizationError`], the first one found.
    pub fn new(record: AuthorizationRecord) -> Result<Authorization, AuthorizationError> {
        let is_missing = |text: &str| text.trim().is_empty();
        if is_missing(&record.id) {
            return Err(AuthorizationError::NoId);
        }
        if is_missing(&record.grantee) {
            return Err(AuthorizationError::NoGrantee);
        }
        if record.accounts.is_empty() {
            return Err(AuthorizationError::NoAccount);
        }
        if record.data.is_empty() {
            return Err(AuthorizationError::NoData);
        }
        if record.signed > record.duration.end() {
            return Err(AuthorizationError::SignedTooLate);
        }
        let AuthorizationRecord { id, grantee, accounts, meters, data, duration, .. } = record;
        let AuthorizationRecord { history_from, signed, evidence, revoked, .. } = record;
        let mut sorted: Vec<usize> = (0..accounts.len()).collect();
        sorted.sort_by_key(|place| accounts[*place].as_str());
        Ok(Authorization {
            id,
            grantee,
            accounts,
            sorted,
            meters,
            data,
            duration,
            history_from,
            signed,
            evidence,
            revoked,
        })
    }

    /// Whether it allows somebody to see something.
    ///
    /// # Errors
    ///
    /// [`Refusal`], the first reason found.
    pub fn allows(&self, inquiry: &Inquiry<'_>) -> Result<(), Refusal> {
        let refuse = |wrong: bool, why: Refusal| if wrong { Err(why) } else { Ok(()) };
        refuse(inquiry.by != self.grantee, Refusal::Grantee)?;
        refuse(!self.names(inquiry.account), Refusal::Account)?;
        let named = inquiry.meter.is_some_and(|meter| self.meters.contains(meter));
        refuse(!self.meters.is_empty() && !named, Refusal::Meter)?;
        refuse(!self.data.contains(&inquiry.data), Refusal::Data)?;
        let begin = self.duration.start().max(self.signed);
        refuse(inquiry.on < begin, Refusal::NotYet)?;
        refuse(self.revoked.is_some_and(|revoked| inquiry.on >= revoked), Refusal::Revoked)?;
        refuse(inquiry.on > self.duration.end(), Refusal::Ended)?;
        let earliest = self.history_from.unwrap_or(self.duration.start());
        refuse(inquiry.about.start() < earliest, Refusal::TooOld)?;
        refuse(inquiry.about.end() > self.duration.end(), Refusal::TooNew)
    }

    /// Takes it back from a day on.
    pub fn revoke(&mut self, from: Date) {
        self.revoked = Some(self.revoked.map_or(from, |before| before.min(from)));
    }

    /// Its number.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who may see: the id of a trading partner.
    pub fn grantee(&self) -> &str {
        &self.grantee
    }

    fn names(&self, account: &AccountNumber) -> bool {
        let text = account.as_str();
        self.sorted.binary_search_by_key(&text, |place| self.accounts[*place].as_str()).is_ok()
    }

    /// Of which accounts.
    pub fn accounts(&self) -> &[AccountNumber] {
        &self.accounts
    }

    /// Of which meters; all of the accounts' when none is named.
    pub fn meters(&self) -> &[MeterNumber] {
        &self.meters
    }

    /// Which data.
    pub fn data(&self) -> &[DataKind] {
        &self.data
    }

    /// From the first until the last day on which data may be released.
    pub fn duration(&self) -> Period {
        self.duration
    }

    /// The earliest day the data may be about, where it is not the first of the duration.
    pub fn history_from(&self) -> Option<Date> {
        self.history_from
    }

    /// When the customer signed.
    pub fn signed(&self) -> Date {
        self.signed
    }

    /// Where the signed paper is.
    pub fn evidence(&self) -> Option<&str> {
        self.evidence.as_deref()
    }

    /// The first day on which it no longer holds, if the customer took it back.
    pub fn revoked(&self) -> Option<Date> {
        self.revoked
    }
}

impl TryFrom<AuthorizationRecord> for Authorization {
    type Error = AuthorizationError;

    fn try_from(record: AuthorizationRecord) -> Result<Authorization, AuthorizationError> {
        Authorization::new(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::date;

    fn account(text: &str) -> AccountNumber {
        AccountNumber::new(text).expect("the test gives a number")
    }

    fn meter(text: &str) -> MeterNumber {
        MeterNumber::new(text).expect("the test gives a number")
    }

    fn period(start: Date, end: Date) -> Period {
        Period::new(start, end).expect("in order")
    }

    fn record() -> AuthorizationRecord {
        AuthorizationRecord {
            id: "A-1".to_string(),
            grantee: "lake-country".to_string(),
            accounts: vec![account("0004217790")],
            meters: vec![meter("77120034")],
            data: vec![DataKind::Intervals, DataKind::Usage],
            duration: period(date(2026, 4, 1), date(2027, 3, 31)),
            history_from: Some(date(2025, 1, 1)),
            signed: date(2026, 3, 20),
            evidence: None,
            revoked: None,
        }
    }

    #[test]
    fn nothing_is_seen_outside_of_it() {
        let mut allowed = Authorization::new(record()).expect("an authorization");
        let (own, other, measured) = (account("0004217790"), account("0001"), meter("77120034"));
        let march = period(date(2026, 3, 1), date(2026, 3, 31));
        let asked = Inquiry {
            by: "lake-country",
            account: &own,
            meter: Some(&measured),
            data: DataKind::Intervals,
            about: march,
            on: date(2026, 4, 2),
        };
        assert_eq!(allowed.allows(&asked), Ok(()));
        let (first, last) = (date(2026, 4, 1), date(2027, 3, 31));
        assert_eq!(allowed.allows(&Inquiry { on: first, ..asked }), Ok(()));
        assert_eq!(allowed.allows(&Inquiry { on: last, ..asked }), Ok(()));
        let old = period(date(2024, 12, 31), date(2025, 1, 31));
        let new = period(date(2027, 3, 1), date(2027, 4, 1));
        for (inquiry, refusal) in [
            (Inquiry { by: "prairie-power", ..asked }, Refusal::Grantee),
            (Inquiry { account: &other, ..asked }, Refusal::Account),
            (Inquiry { meter: None, ..asked }, Refusal::Meter),
            (Inquiry { data: DataKind::Bills, ..asked }, Refusal::Data),
            (Inquiry { on: date(2026, 3, 31), ..asked }, Refusal::NotYet),
            (Inquiry { on: date(2027, 4, 1), ..asked }, Refusal::Ended),
            (Inquiry { about: old, ..asked }, Refusal::TooOld),
            (Inquiry { about: new, ..asked }, Refusal::TooNew),
        ] {
            assert_eq!(allowed.allows(&inquiry), Err(refusal));
        }
        allowed.revoke(date(2026, 6, 1));
        allowed.revoke(date(2026, 7, 1));
        assert_eq!(allowed.allows(&Inquiry { on: date(2026, 5, 31), ..asked }), Ok(()));
        let after = Inquiry { on: date(2026, 6, 1), ..asked };
        assert_eq!(allowed.allows(&after), Err(Refusal::Revoked));
    }

    #[test]
    fn it_names_data_scope_and_duration() {
        type Change = fn(&mut AuthorizationRecord);
        let wrong: [(Change, AuthorizationError); 5] = [
            (|record| record.id.clear(), AuthorizationError::NoId),
            (|record| record.grantee = " ".to_string(), AuthorizationError::NoGrantee),
            (|record| record.accounts.clear(), AuthorizationError::NoAccount),
            (|record| record.data.clear(), AuthorizationError::NoData),
            (|record| record.signed = date(2027, 4, 1), AuthorizationError::SignedTooLate),
        ];
        for (change, error) in wrong {
            let mut record = record();
            change(&mut record);
            assert_eq!(Authorization::new(record.clone()), Err(error));
            let json = serde_json::to_string(&record).expect("plain data");
            assert!(serde_json::from_str::<Authorization>(&json).is_err());
        }
    }
}
