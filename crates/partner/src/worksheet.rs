//! The worksheet of a new partner: the answers from which its folder is made.
//!
//! As TOML, or as CSV with a question and an answer to a line; where a question takes several answers it
//! may stand again, or they follow in further columns.
//!
//! ```toml
//! name = "Lake Country Foods"
//! legal_name = "Lake Country Foods, Inc."
//! ein = "12-3456789"
//! roles = ["customer"]
//! isa = ["ZZ:LAKECOUNTRY"]              # qualifier:id
//! test_isa = ["ZZ:LAKECOUNTRYT"]
//! sets = ["810 out", "867 out utility/867-monthly", "820 in"]
//! contacts = ["Jo Lund <edi@lakecountry.example> technical"]
//! ```

use std::collections::BTreeMap;

use crate::builtin;
use crate::frame::quoted;
use crate::toml_file::did_you_mean;

/// The questions, whether several answers can be given, and what is asked.
pub const QUESTIONS: [(&str, bool, &str); 17] = [
    ("name", false, "its name for people"),
    ("legal_name", false, "its name in contracts"),
    ("ein", false, "employer identification number, 12-3456789"),
    ("roles", true, "customer, aggregator, payer, bank, van, consultant, supplier, distributor"),
    ("zone", false, "the zone of its clocks, e.g. America/Chicago"),
    ("contacts", true, "Name <email> role"),
    ("isa", true, "ISA ids for production, qualifier:id"),
    ("test_isa", true, "ISA ids for tests, qualifier:id"),
    ("gs", true, "GS ids"),
    ("version", false, "004010 or 005010"),
    ("sets", true, "set, direction and perhaps a guide: 867 out utility/867-interval"),
    ("keys", true, "its public keys for our SFTP server"),
    ("networks", true, "the networks it calls from"),
    ("host", false, "its SFTP server, when we call it"),
    ("user", false, "who we are there"),
    ("host_keys", true, "the keys its server is known by, SHA256:..."),
    ("folders", true, "the folders there, push:/in and pull:/out"),
];

/// The answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worksheet {
    answers: BTreeMap<&'static str, Vec<String>>,
}

/// Why a worksheet is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorksheetError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl std::error::Error for WorksheetError {}

impl std::fmt::Display for WorksheetError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The columns of a line of CSV; a separator in quotation marks is none.
fn columns(line: &str) -> Vec<&str> {
    let mut is_quoted = false;
    line.split(|c: char| {
        is_quoted ^= c == '"';
        !is_quoted && matches!(c, ',' | ';')
    })
    .collect()
}

fn wrong(message: impl Into<String>, help: Option<String>) -> WorksheetError {
    WorksheetError { message: message.into(), help }
}

impl Worksheet {
    /// Reads a worksheet of TOML, or of CSV.
    ///
    /// # Errors
    ///
    /// [`WorksheetError`], the first one found.
    pub fn read(text: &str, is_csv: bool) -> Result<Worksheet, WorksheetError> {
        let mut sheet = Worksheet::default();
        if is_csv {
            for (n, line) in text.lines().enumerate() {
                let line = line.trim_start_matches('\u{feff}').trim();
                let Some((question, answer)) = line.split_once([',', ';']) else { continue };
                let plain = |cell: &str| cell.trim().trim_matches('"').trim().to_string();
                let question = plain(question);
                if question.is_empty() || (n == 0 && question == "question") {
                    continue;
                }
                let takes_many = QUESTIONS.iter().any(|(name, many, _)| *name == question && *many);
                let answers = match takes_many {
                    true => columns(answer),
                    false => vec![answer.trim_end_matches([',', ';'])],
                };
                for answer in answers.into_iter().map(plain).filter(|it| !it.is_empty()) {
                    sheet.answer(&question, &answer)?;
                }
            }
            return Ok(sheet);
        }
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            wrong(format!("this is not TOML: {}", error.message()), None)
        })?;
        for (question, value) in &table {
            match value {
                toml::Value::String(answer) => sheet.answer(question, answer)?,
                toml::Value::Array(answers) => {
                    for answer in answers {
                        let answer = answer.as_str();
                        let wrong =
                            || wrong(format!("`{question}` must be texts in brackets"), None);
                        sheet.answer(question, answer.ok_or_else(wrong)?)?;
                    }
                }
                _ => return Err(wrong(format!("`{question}` must be a text"), None)),
            }
        }
        Ok(sheet)
    }

    /// Adds an answer; one to a question that takes one answer takes the place of another.
    ///
    /// # Errors
    ///
    /// [`WorksheetError`] when there is no such question.
    pub fn answer(&mut self, question: &str, answer: &str) -> Result<(), WorksheetError> {
        let known = QUESTIONS.iter().find(|(name, _, _)| *name == question);
        let Some((name, many, _)) = known else {
            let names: Vec<&str> = QUESTIONS.iter().map(|(name, _, _)| *name).collect();
            let help = did_you_mean(question, &names)
                .unwrap_or_else(|| format!("there are {}", names.join(", ")));
            return Err(wrong(format!("a worksheet has no question `{question}`"), Some(help)));
        };
        let answers = self.answers.entry(name).or_default();
        if !many {
            answers.clear();
        }
        answers.push(answer.to_string());
        Ok(())
    }

    /// Whether a question has an answer.
    pub fn has(&self, question: &str) -> bool {
        self.answers.contains_key(question)
    }

    fn one(&self, question: &str) -> Option<&str> {
        self.all(question).first().map(String::as_str)
    }

    fn all(&self, question: &str) -> &[String] {
        self.answers.get(question).map_or(&[], Vec::as_slice)
    }

    /// The `partner.toml` of a partner with this id. Whether its values are good is for reading to say.
    ///
    /// # Errors
    ///
    /// [`WorksheetError`] when an answer has not the form that is asked for, or ids are missing.
    pub fn profile(&self, id: &str) -> Result<String, WorksheetError> {
        self.refuse_unused()?;
        let name = self.one("name").unwrap_or(id);
        let mut text =
            format!("id = {}\nname = {}\nstatus = \"draft\"\n", quoted(id), quoted(name));
        for key in ["legal_name", "ein"] {
            if let Some(answer) = self.one(key) {
                text += &format!("{key} = {}\n", quoted(answer));
            }
        }
        text += &list("roles", self.all("roles"));
        if let Some(zone) = self.one("zone") {
            text += &format!("zone = {}\n", quoted(zone));
        }
        if self.has("contacts") {
            text += "contacts = [\n";
            for contact in self.all("contacts") {
                text += &format!("    {},\n", contact_of(contact)?);
            }
            text += "]\n";
        }
        text += &self.x12()?;
        for set in self.all("sets") {
            text += &document(set)?;
        }
        if self.has("keys") {
            text += "\n[mailbox]\nkeys = [\n";
            for key in self.all("keys") {
                text += &format!("    {{ key = {} }},\n", quoted(key));
            }
            text += "]\n";
            text += &list("networks", self.all("networks"));
        }
        if let Some(host) = self.one("host") {
            text += &self.drop(id, host)?;
        }
        Ok(text)
    }

    /// An answer is never left out in silence: what has no place without another one is refused.
    fn refuse_unused(&self) -> Result<(), WorksheetError> {
        for (question, needs) in
            [("networks", "keys"), ("user", "host"), ("host_keys", "host"), ("folders", "host")]
        {
            if self.has(question) && !self.has(needs) {
                let help = format!("answer `{needs}` too, or leave `{question}` out for now");
                let message = format!("`{question}` says nothing without `{needs}`");
                return Err(wrong(message, Some(help)));
            }
        }
        Ok(())
    }

    fn x12(&self) -> Result<String, WorksheetError> {
        if !self.has("isa") && !self.has("test_isa") {
            let help = "give isa = [\"ZZ:THEIRID\"], or --isa ZZ:THEIRID".to_string();
            return Err(wrong("the partner has no interchange id", Some(help)));
        }
        let mut text = "\n[x12]\nisa = [\n".to_string();
        // One id without another for tests is for both.
        let usage = if self.has("test_isa") { ", usage = \"P\"" } else { "" };
        for (question, usage) in [("isa", usage), ("test_isa", ", usage = \"T\"")] {
            for id in self.all(question) {
                let (qualifier, id) = id.split_once(':').ok_or_else(|| {
                    wrong(format!("`{question}` is written qualifier:id, e.g. ZZ:THEIRID"), None)
                })?;
                let (qualifier, id) = (quoted(qualifier.trim()), quoted(id.trim()));
                text += &format!("    {{ qualifier = {qualifier}, id = {id}{usage} }},\n");
            }
        }
        text += "]\n";
        text += &list("gs", self.all("gs"));
        text += &format!("version = {}\n", quoted(self.one("version").unwrap_or("004010")));
        Ok(text)
    }

    fn drop(&self, id: &str, host: &str) -> Result<String, WorksheetError> {
        let user = self.one("user").unwrap_or("tieline");
        let mut text = format!(
            "\n[[drops]]\nname = \"sftp\"\nhost = {}\nuser = {}\n",
            quoted(host),
            quoted(user)
        );
        text += &list("host_keys", self.all("host_keys"));
        text += &format!(
            "key = \"cred:{id}-sftp\"          # the name of our private key, kept elsewhere\n"
        );
        for folder in self.all("folders") {
            match folder.split_once(':') {
                Some((way @ ("push" | "pull"), path)) => {
                    text += &format!("{way} = {}\n", quoted(path));
                }
                _ => return Err(wrong("`folders` is written push:/in or pull:/out", None)),
            }
        }
        Ok(text)
    }
}

/// `key = ["a", "b"]`, or nothing.
fn list(key: &str, answers: &[String]) -> String {
    let answers: Vec<String> = answers.iter().map(|answer| quoted(answer)).collect();
    if answers.is_empty() { String::new() } else { format!("{key} = [{}]\n", answers.join(", ")) }
}

/// `Jo Lund <edi@example.com> technical`.
fn contact_of(answer: &str) -> Result<String, WorksheetError> {
    let (name, rest) = answer.split_once('<').unwrap_or((answer, ""));
    let (email, role) = rest.split_once('>').unwrap_or((rest, ""));
    if name.trim().is_empty() {
        return Err(wrong("a contact is written Name <email> role", None));
    }
    let mut text = format!("{{ name = {}", quoted(name.trim()));
    for (key, value) in [("email", email.trim()), ("role", role.trim())] {
        if !value.is_empty() {
            text += &format!(", {key} = {}", quoted(value));
        }
    }
    Ok(text + " }")
}

/// `867 out utility/867-interval`; without a guide the built-in one of the set, if there is just one.
fn document(answer: &str) -> Result<String, WorksheetError> {
    let words: Vec<&str> = answer.split([' ', ':']).filter(|word| !word.is_empty()).collect();
    let (set, direction, guide) = match words[..] {
        [set, direction] => (set, direction, usual_guide(set)),
        [set, direction, guide] => (set, direction, Some(guide.to_string())),
        _ => {
            let help = "e.g. 867 out, or 867 out utility/867-interval".to_string();
            return Err(wrong("a set is written with its direction", Some(help)));
        }
    };
    let mut text =
        format!("\n[[documents]]\nset = {}\ndirection = {}\n", quoted(set), quoted(direction));
    if let Some(guide) = guide {
        text += &format!("guide = {}\n", quoted(&guide));
    }
    Ok(text)
}

fn usual_guide(set: &str) -> Option<String> {
    let mut of_set = builtin::all().iter().filter(|file| file.guide.set == set);
    match (of_set.next(), of_set.next()) {
        (Some(only), None) => Some(only.guide.name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Direction, GuideName, Profile};

    #[test]
    fn both_kinds_of_worksheet_give_the_same_profile() {
        let toml = "name = \"Lake Country \\\"Foods\\\"\"\nroles = [\"customer\", \"payer\"]\n\
                    isa = [\"ZZ:LAKECOUNTRY\"]\ntest_isa = [\"ZZ:LAKECOUNTRYT\"]\n\
                    sets = [\"810 out\", \"867 out utility/867-monthly\"]\n\
                    contacts = [\"Jo Lund <edi@lakecountry.example> technical\"]\n";
        let csv = "question,answer\nname,Lake Country \"Foods\nroles,customer\nroles,payer\n\
                   isa,ZZ:LAKECOUNTRY\ntest_isa,ZZ:LAKECOUNTRYT\nsets,810 out\n\
                   sets,867 out utility/867-monthly\nhost,\n\
                   contacts,Jo Lund <edi@lakecountry.example> technical\n";
        let of = |text: &str, is_csv| {
            let sheet = Worksheet::read(text, is_csv).expect("a worksheet");
            sheet.profile("lake-country").expect("all is there")
        };
        let text = of(toml, false);
        assert_eq!(
            text.replace("\\\"", "\""),
            of(csv, true).replace("\"Foods", "\"Foods\"").replace("\\\"", "\"")
        );
        let profile = Profile::read("lake-country", "partner.toml", &text).expect("it is good");
        assert_eq!((profile.x12.isa.len(), profile.roles.len()), (2, 2));
        assert_eq!(
            profile.documents[0].guide,
            Some(GuideName::BuiltIn("utility/810-commercial".to_string()))
        );
        assert_eq!(profile.documents[1].direction, Direction::Out);
        assert_eq!(profile.contacts[0].role.as_deref(), Some("technical"));
    }

    #[test]
    fn a_spreadsheet_may_have_several_answers_in_columns() {
        let csv = "question;answer;;\nname;Moose Mills, Inc.;;\nisa;ZZ:MOOSE;;\n\
                   sets;810 out;820 in;\ncontacts;\"Elk; Ann <ann@moose.example> business\";;\n";
        let sheet = Worksheet::read(csv, true).expect("a worksheet");
        assert_eq!(sheet.all("name"), ["Moose Mills, Inc."]);
        assert_eq!(sheet.all("sets"), ["810 out", "820 in"]);
        assert_eq!(sheet.all("contacts"), ["Elk; Ann <ann@moose.example> business"]);
    }

    #[test]
    fn no_answer_is_left_out_in_silence() {
        let sheet = "isa = [\"ZZ:MOOSE\"]\nnetworks = [\"192.0.2.0/24\"]\n";
        let sheet = Worksheet::read(sheet, false).expect("a worksheet");
        let error = sheet.profile("moose").expect_err("it would be open to every network");
        assert_eq!(error.message, "`networks` says nothing without `keys`");
        assert!(error.help.is_some_and(|help| help.contains("answer `keys` too")));
    }

    #[test]
    fn a_question_that_is_not_asked_is_told() {
        let error = Worksheet::read("leagl_name = \"x\"\n", false).expect_err("refused");
        assert_eq!(error.help.as_deref(), Some("did you mean `legal_name`?"));
        let sheet = Worksheet::read("name = \"x\"\n", false).expect("a worksheet");
        assert!(sheet.profile("x").is_err(), "it has no id");
    }
}
