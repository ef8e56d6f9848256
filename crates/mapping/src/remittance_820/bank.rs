//! An account at a bank: four elements of `BPR`.

use tieline_model::identifier::AccountNumber;
use tieline_model::payment::{BankAccount, BankId};

use crate::given::Given;

/// Reads the account that begins with element `n`. A number without its kind is left over.
pub(super) fn read(bpr: &Given<'_>, n: usize) -> Option<BankAccount> {
    let account = BankAccount {
        bank: bpr
            .text(n)
            .zip(bpr.text(n + 1))
            .map(|(qualifier, number)| BankId { qualifier, number }),
        kind: bpr.text(n + 2),
        account: bpr.text(n + 3).and_then(|number| AccountNumber::new(number).ok()),
    };
    let is_there = account.bank.is_some() || account.kind.is_some() || account.account.is_some();
    is_there.then_some(account)
}

/// The bank's number behind its kind, and the account's behind its kind.
pub(super) fn elements(account: Option<&BankAccount>) -> [Option<&str>; 4] {
    let Some(BankAccount { bank, kind, account }) = account else { return [None; 4] };
    let (qualifier, number) = match bank {
        Some(bank) => (Some(bank.qualifier.as_str()), Some(bank.number.as_str())),
        None => (None, None),
    };
    [qualifier, number, kind.as_deref(), account.as_ref().map(AccountNumber::as_str)]
}
