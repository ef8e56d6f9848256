//! `partner new`: the folder of a new partner, from flags, a worksheet, or another partner.

use std::fs;
use std::path::{Path, PathBuf};

use tieline_partner::profile::{GuideName, InterchangeId, Profile};
use tieline_partner::worksheet::{Worksheet, WorksheetError};
use tieline_partner::{Partner, PartnerBook, frame};

use super::{DirectoryArg, find, way};
use crate::console::Console;
use crate::failure::Failure;
use crate::output::write_file;
use crate::{exit, reading};

/// Make the folder of a new partner
///
/// Writes `partner.toml` with status draft, and the frames that have to be passed before it goes
/// live. Answers come from a worksheet, from flags, or both; a flag counts more.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline partner new lake-country --worksheet lake-country.toml
  tieline partner new lake-country --isa ZZ:LAKECOUNTRY --set '810 out' --set '820 in'
  tieline partner new river-foods --from sheyenne-foods --isa 12:7015550177")]
pub(crate) struct NewArgs {
    /// What its folder is called: small letters, digits and hyphens
    #[arg(value_name = "ID")]
    id: String,

    /// The answers of the partner: TOML, or CSV with a question and an answer to a line
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    worksheet: Option<PathBuf>,

    /// Take documents, guides and options from this partner; never its ids, contacts or secrets
    #[arg(long, value_name = "OTHER")]
    from: Option<String>,

    /// Its name for people
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Its name in contracts
    #[arg(long, value_name = "NAME")]
    legal_name: Option<String>,

    /// Its employer identification number
    #[arg(long, value_name = "NUMBER")]
    ein: Option<String>,

    /// What it is to us; may be given again
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,

    /// The zone of its clocks
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,

    /// Whom to call: `Name <email> role`; may be given again
    #[arg(long, value_name = "CONTACT")]
    contact: Vec<String>,

    /// Its interchange id, `qualifier:id`; may be given again
    #[arg(long, value_name = "ID")]
    isa: Vec<String>,

    /// Its interchange id for tests, where it has another; may be given again
    #[arg(long, value_name = "ID")]
    test_isa: Vec<String>,

    /// What we exchange: `867 out utility/867-interval`; may be given again
    #[arg(long, value_name = "SET")]
    set: Vec<String>,

    #[command(flatten)]
    directory: DirectoryArg,
}

pub(super) fn run(args: &NewArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    let folder = args.directory.path().join(&args.id);
    if folder.exists() {
        let help = "choose another id, or change it with `tieline partner set`".to_string();
        let message = format!("{} is there already", folder.display());
        return Err(Failure::usage(message, Some(help)).into());
    }
    let other = args.from.as_deref().map(|id| find(&book, id)).transpose()?;
    let sheet = args.answers(other)?;
    let text = sheet.profile(&args.id).map_err(refused)?;
    // What is wrong with an answer is told before anything is written.
    let profile = Profile::read(&args.id, &format!("{}/partner.toml", args.id), &text)
        .map_err(|errors| Failure::partner_files(&errors))?;
    refuse_ids_of_others(&profile, &book)?;
    let written = write_folder(&folder, &text, &profile, other.map(|it| it.profile().id.as_str()));
    let loaded = written.and_then(|()| Ok(args.directory.book()?));
    if let Err(error) = loaded {
        fs::remove_dir_all(&folder)?;
        return Err(error);
    }
    let frames = frame::usual(&profile).len();
    writeln!(console.out, "{}: partner.toml and {frames} frames", folder.display())?;
    console.say(format_args!("next: tieline partner check {}", args.id));
    Ok(exit::ACCEPTED)
}

impl NewArgs {
    fn answers(&self, other: Option<&Partner>) -> anyhow::Result<Worksheet> {
        let mut sheet = match &self.worksheet {
            Some(path) => {
                let bytes = reading::whole(path)?;
                let text = String::from_utf8_lossy(&bytes);
                let is_csv = path.extension().is_some_and(|ending| ending == "csv");
                Worksheet::read(&text, is_csv).map_err(refused)?
            }
            None => Worksheet::default(),
        };
        let single = [
            ("name", &self.name),
            ("legal_name", &self.legal_name),
            ("ein", &self.ein),
            ("zone", &self.zone),
        ];
        for (question, answer) in single {
            if let Some(answer) = answer {
                sheet.answer(question, answer).map_err(refused)?;
            }
        }
        let many = [
            ("roles", &self.role),
            ("contacts", &self.contact),
            ("isa", &self.isa),
            ("test_isa", &self.test_isa),
            ("sets", &self.set),
        ];
        for (question, answers) in many {
            for answer in answers {
                sheet.answer(question, answer).map_err(refused)?;
            }
        }
        if let Some(other) = other.filter(|_| !sheet.has("sets")) {
            for document in &other.profile().documents {
                let guide = match &document.guide {
                    Some(GuideName::File(name) | GuideName::BuiltIn(name)) => name.as_str(),
                    None => "",
                };
                let answer = format!("{} {} {guide}", document.set, way(document.direction));
                sheet.answer("sets", answer.trim()).map_err(refused)?;
            }
            if !sheet.has("version") {
                sheet.answer("version", &other.profile().x12.version).map_err(refused)?;
            }
        }
        Ok(sheet)
    }
}

/// Told before anything is written, and of the new partner: reading the files would tell it of
/// whichever comes later in the alphabet.
fn refuse_ids_of_others(profile: &Profile, book: &PartnerBook) -> Result<(), Failure> {
    let same = |id: &InterchangeId, other: &InterchangeId| {
        (&id.qualifier, &id.id) == (&other.qualifier, &other.id)
    };
    let ours = book.utility().map(|utility| ("ourselves", &utility.x12));
    let others = book.partners().iter().map(|it| (it.profile().id.as_str(), &it.profile().x12));
    for (owner, identity) in ours.into_iter().chain(others) {
        let taken = profile.x12.isa.iter().find(|id| identity.isa.iter().any(|it| same(id, it)));
        if let Some(id) = taken {
            let message = format!("the id {}:{} is that of {owner} already", id.qualifier, id.id);
            let help = "an interchange id belongs to one partner only".to_string();
            return Err(Failure::usage(message, Some(help)));
        }
    }
    Ok(())
}

fn refused(error: WorksheetError) -> Failure {
    Failure::usage(error.message, error.help)
}

fn write_folder(
    folder: &Path,
    text: &str,
    profile: &Profile,
    from: Option<&str>,
) -> anyhow::Result<()> {
    fs::create_dir_all(folder.join("frames"))?;
    let write =
        |path: &Path, text: &str| write_file(path, |out| Ok(out.write_all(text.as_bytes())?));
    write(&folder.join("partner.toml"), text)?;
    for (name, text) in frame::usual(profile) {
        write(&folder.join("frames").join(name), &text)?;
    }
    let Some(from) = from else { return Ok(()) };
    let other = folder.with_file_name(from);
    let named = |file: &str| {
        profile.documents.iter().any(|it| it.guide == Some(GuideName::File(file.to_string())))
    };
    for entry in fs::read_dir(&other)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        if matches!(name, "options.toml" | "business.toml") || named(name) {
            fs::copy(other.join(name), folder.join(name))?;
        }
    }
    Ok(())
}
