//! `partner`: trading partners written down, checked, tried and brought into production.

mod as2;
mod check;
mod diff;
mod evidence;
mod frames;
mod guide;
mod list;
mod new;
mod promote;
mod set;
mod show;
mod sign;
mod test;

use std::fs;
use std::path::{Path, PathBuf};

use tieline_partner::profile::{Direction, InterchangeId, Usage};
use tieline_partner::{Partner, PartnerBook, schema};

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::output::write_file;
use crate::partners::unknown_partner;

/// Write down, check, try and promote trading partners
///
/// A partner is a folder of text files; every command here reads them, and `new`, `set`, `sign` and
/// `promote` write them. Nothing is sent, but for the small file with which `test` tries a server.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline partner new lake-country --worksheet lake-country.toml
  tieline partner check --all
  tieline partner set lake-country x12.acknowledge.within \"4 business hours\"
  tieline partner frames lake-country --evidence tests/lake-country")]
pub(crate) struct PartnerCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    New(new::NewArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Set(set::SetArgs),
    Check(check::CheckArgs),
    Diff(diff::DiffArgs),
    Guide(guide::GuideArgs),
    Test(test::TestArgs),
    Frames(frames::FramesArgs),
    Sign(sign::SignArgs),
    Promote(promote::PromoteArgs),
    Schema(SchemaArgs),
}

/// Write the JSON Schema of partner.toml, for editors
#[derive(Debug, clap::Args)]
struct SchemaArgs {
    /// That of utility.toml instead
    #[arg(long)]
    utility: bool,
}

/// Where the partners are.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct DirectoryArg {
    /// The directory of the partners
    #[arg(long, value_name = "DIR", env = "TIELINE_PARTNERS", hide_env_values = true)]
    #[arg(value_hint = clap::ValueHint::DirPath, default_value = "partners")]
    partners: PathBuf,
}

impl DirectoryArg {
    pub(crate) fn path(&self) -> &Path {
        &self.partners
    }

    /// That of a station.
    pub(crate) fn at(partners: PathBuf) -> DirectoryArg {
        DirectoryArg { partners }
    }

    /// All partners; there has to be a directory.
    pub(crate) fn book(&self) -> Result<PartnerBook, Failure> {
        let missing = |error: std::io::Error| Failure::no_partners(&self.partners, &error);
        fs::read_dir(&self.partners).map_err(missing)?;
        PartnerBook::load(&self.partners).map_err(|errors| Failure::partner_files(&errors))
    }

    fn profile_path(&self, id: &str) -> PathBuf {
        self.partners.join(id).join("partner.toml")
    }
}

/// The partner of this id.
pub(crate) fn find<'b>(book: &'b PartnerBook, id: &str) -> Result<&'b Partner, Failure> {
    book.find(id).ok_or_else(|| unknown_partner(id, book))
}

/// Writes a file of a partner, reads all partners again, and takes it back when that is refused.
pub(crate) fn write_checked(
    directory: &DirectoryArg,
    path: &Path,
    text: &str,
) -> anyhow::Result<()> {
    let before = fs::read(path).ok();
    write_file(path, |out| Ok(out.write_all(text.as_bytes())?))?;
    if let Err(refused) = directory.book() {
        match before {
            Some(before) => write_file(path, |out| Ok(out.write_all(&before)?))?,
            None => fs::remove_file(path)?,
        }
        return Err(refused.into());
    }
    Ok(())
}

/// `867 out`, as people say it.
fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

/// `01 0055512340000`.
fn shown_id(id: &InterchangeId) -> String {
    let usage = match id.usage {
        None => "",
        Some(Usage::Test) => " (test)",
        Some(Usage::Production) => " (production)",
    };
    format!("{} {}{usage}", id.qualifier, id.id)
}

pub(crate) fn run(command: &PartnerCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    match &command.step {
        Step::New(args) => new::run(args, console),
        Step::List(args) => list::run(args, console),
        Step::Show(args) => show::run(args, console),
        Step::Set(args) => set::run(args, console),
        Step::Check(args) => check::run(args, console),
        Step::Diff(args) => diff::run(args, console),
        Step::Guide(args) => guide::run(args, console),
        Step::Test(args) => test::run(args, console),
        Step::Frames(args) => frames::run(args, console),
        Step::Sign(args) => sign::run(args, console),
        Step::Promote(args) => promote::run(args, console),
        Step::Schema(args) => {
            let text = if args.utility { schema::utility() } else { schema::partner() };
            console.out.write_all(text.as_bytes())?;
            Ok(exit::ACCEPTED)
        }
    }
}
