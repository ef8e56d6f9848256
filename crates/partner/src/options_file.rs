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

use tieline_mapping::business::BusinessOptions;
use tieline_mapping::options::{Clash, Options};
use toml::de::DeTable;

use crate::file_error::FileError;
use crate::toml_file::{Source, did_you_mean};

/// Reads `business.toml`; whatever it does not name is as usual.
pub(crate) fn read_business(path: &Path) -> Result<BusinessOptions, Vec<FileError>> {
    let source = Source::open(path)?;
    source.parse()?;
    toml::from_str(&source.text).map_err(|error| vec![refused(&source, &error)])
}

/// Reads `options.toml`; whatever it does not name is as in the tables `usual`. The tables of both
/// together are given too.
pub(crate) fn read_over(
    path: &Path,
    usual: &toml::Table,
) -> Result<(Options, toml::Table), Vec<FileError>> {
    read_text(&Source::open(path)?, usual)
}

fn read_text(
    source: &Source,
    usual: &toml::Table,
) -> Result<(Options, toml::Table), Vec<FileError>> {
    let parsed = source.parse()?;
    let wrong = |error: toml::de::Error| vec![refused(source, &error)];
    // Alone, it is refused with its place.
    toml::from_str::<Options>(&source.text).map_err(wrong)?;
    let own = toml::from_str::<toml::Table>(&source.text).map_err(wrong)?;
    let all = laid_over(usual, own);
    let options: Options = all.clone().try_into().map_err(wrong)?;
    match options.clash() {
        None => Ok((options, all)),
        Some(clash) => Err(vec![clashing(source, parsed.get_ref(), &clash)]),
    }
}

/// The error that a code stands for two fields, at the one of them that stands last in the file.
fn clashing(source: &Source, parsed: &DeTable<'_>, clash: &Clash) -> FileError {
    let place = |field: &str| {
        let (section, key) = field.split_once('.')?;
        let section = parsed.get(section)?.get_ref().as_table()?;
        Some(section.get(key)?.span())
    };
    let (one, other) = (place(clash.fields[0]), place(clash.fields[1]));
    let (span, marked, unmarked) = match (one, other) {
        (Some(one), Some(other)) if one.start < other.start => (other, 1, 0),
        (None, Some(other)) => (other, 1, 0),
        (one, _) => (one.unwrap_or(0..0), 0, 1),
    };
    let (marked, unmarked) = (clash.fields[marked], clash.fields[unmarked]);
    let (segment, code) = (clash.segment, &clash.code);
    let message = format!("`{code}` is the {segment}01 of `{unmarked}` too");
    let help = format!(
        "both stand in the same part of a document, so `{marked}` and `{unmarked}` need codes of their own"
    );
    source.error(span, message).with_help(help)
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

    /// What is said of a file of options, over those of another.
    fn clash_of(text: &str, usual: &str) -> String {
        let source = Source { file: "options.toml".to_string(), text: text.to_string() };
        let usual = toml::from_str(usual).expect("the test gives tables");
        match read_text(&source, &usual) {
            Ok(_) => "none".to_string(),
            Err(errors) => errors[0].to_string(),
        }
    }

    #[test]
    fn a_code_of_two_fields_is_refused_at_the_second() {
        let both = "[common]\nservice_point = \"Q9\"\naccount = \"Q9\"\n";
        assert_eq!(
            clash_of(both, ""),
            "error: `Q9` is the REF01 of `common.service_point` too\n \
             --> options.toml:3:11\n  |\n3 | account = \"Q9\"\n  |           ^^^^\n  \
             = help: both stand in the same part of a document, so `common.account` and \
             `common.service_point` need codes of their own"
        );
        for (text, usual, place) in [
            // The usual code of the other field, and one that our own options name.
            ("[common]\naccount = \"Q5\"\n", "", "2:11"),
            ("[common]\nmeter = \"XY\"\n", "[invoice]\nrate = \"XY\"\n", "2:9"),
            ("[usage]\ndials = \"6W\"\n", "", "2:9"),
            ("[common]\nperiod_end = \"150\"\n", "", "2:14"),
            ("usage.channel = \"MG\"\n", "", "1:17"),
        ] {
            let error = clash_of(text, usual);
            assert!(error.contains(&format!("options.toml:{place}\n")), "{text}: {error}");
        }
    }

    #[test]
    fn codes_that_change_places_do_not_clash() {
        let text = "[common]\naccount = \"Q5\"\nservice_point = \"12\"\n";
        assert_eq!(clash_of(text, ""), "none");
        assert_eq!(clash_of("[usage]\ndue = \"150\"\nrole = \"12\"\n", ""), "none");
        assert_eq!(
            clash_of("[common]\nformer_account = \"\"\nsupplier_account = \"\"\n", ""),
            "none"
        );
    }
}
