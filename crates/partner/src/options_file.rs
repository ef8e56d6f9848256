//! `options.toml` and `business.toml`: a partner's codes and habits, and what is agreed with it beyond
//! the standard, where they are not the usual ones.
//!
//! ```toml
//! [common.parties]
//! utility = ["SE"]        # the N101 of ourselves in this partner's documents
//!
//! [usage.stamping]
//! edge = "end"
//! midnight = "hour24"
//! ```

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::file_error::FileError;
use crate::toml_file::{Source, did_you_mean};

/// Reads such a file; whatever it does not name is as usual.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Vec<FileError>> {
    Ok(read_over(path, &toml::Table::new())?.0)
}

/// Reads such a file; whatever it does not name is as in the tables `usual`. The tables of both
/// together are given too.
pub(crate) fn read_over<T: DeserializeOwned>(
    path: &Path,
    usual: &toml::Table,
) -> Result<(T, toml::Table), Vec<FileError>> {
    let source = Source::open(path)?;
    source.parse()?;
    let wrong = |error: toml::de::Error| vec![refused(&source, &error)];
    // Alone, it is refused with its place.
    toml::from_str::<T>(&source.text).map_err(wrong)?;
    let own = toml::from_str::<toml::Table>(&source.text).map_err(wrong)?;
    let all = laid_over(usual, own);
    Ok((all.clone().try_into().map_err(wrong)?, all))
}

/// The options of a section are laid over one by one; a table among them takes the place of the
/// whole table.
fn laid_over(usual: &toml::Table, own: toml::Table) -> toml::Table {
    let mut all = usual.clone();
    for (name, value) in own {
        match (all.get_mut(&name), value) {
            (Some(toml::Value::Table(section)), toml::Value::Table(own)) => section.extend(own),
            (_, value) => _ = all.insert(name, value),
        }
    }
    all
}

/// The error with its place; a key that is nearly right gets a suggestion.
fn refused(source: &Source, error: &toml::de::Error) -> FileError {
    let message = error.message();
    let span = error.span().unwrap_or(0..0);
    let Some((what, known)) = message.split_once(", expected ") else {
        return source.error(span, message);
    };
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let word = what.split('`').nth(1).unwrap_or_default();
    let help = did_you_mean(word, &known).unwrap_or_else(|| match known.is_empty() {
        true => message.to_string(),
        false => format!("known here: {}", known.join(", ")),
    });
    source.error(span, what.replace("unknown field", "unknown key")).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_mapping::options::Options;

    fn error_of(text: &str) -> String {
        let source = Source { file: "options.toml".to_string(), text: text.to_string() };
        let error = toml::from_str::<Options>(text).expect_err("it is refused");
        refused(&source, &error).to_string()
    }

    #[test]
    fn a_misspelt_key_is_marked_and_mended() {
        assert_eq!(
            error_of("[common]\nacount = \"12\"\n"),
            "error: unknown key `acount`\n \
             --> options.toml:2:1\n  |\n2 | acount = \"12\"\n  | ^^^^^^\n  \
             = help: did you mean `account`?"
        );
    }

    #[test]
    fn a_code_with_two_meanings_is_refused_with_its_table() {
        let error = error_of("[common.parties]\nutility = [\"8S\"]\ncustomer = [\"8S\"]\n");
        assert!(error.contains("code 8S has two meanings"), "{error}");
        assert!(error.contains("options.toml:1:"), "{error}");
    }
}
