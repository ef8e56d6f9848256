//! Which guide a document is judged by: the one named, or that of the partner it is from or for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tieline_mapping::business::BusinessOptions;
use tieline_mapping::naming::Side;
use tieline_mapping::options::Options;
use tieline_model::pricing::Schedules;
use tieline_partner::profile::{Direction, Identity, InterchangeId, Usage};
use tieline_partner::{GuideFile, Partner, PartnerBook, RateBook, builtin, did_you_mean};
use tieline_x12::check::Plans;
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::table::Release;

use crate::failure::Failure;

/// Where partners are looked for when no directory is named.
const DIRECTORY: &str = "partners";

/// Where our rates are below it.
const RATES: &str = "utility/rates";

/// The name of the bare standard.
const BASE: &str = "base";

/// What documents are judged by.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PartnerArgs {
    /// Judge by the guides of this partner; without it, the ids of the ISA name the partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,

    /// The directory of the partners; `partners` when there is one here
    #[arg(long, value_name = "DIR", env = "TIELINE_PARTNERS", hide_env_values = true)]
    #[arg(value_hint = clap::ValueHint::DirPath)]
    partners: Option<PathBuf>,

    /// Judge by this guide: a built-in one such as utility/867-interval, a .guide.toml file, or
    /// `base` for the standard alone
    #[arg(long, value_name = "NAME", conflicts_with = "partner")]
    #[arg(value_hint = clap::ValueHint::FilePath)]
    guide: Option<String>,
}

impl PartnerArgs {
    /// The guides of one partner of a directory.
    pub(crate) fn of(partner: &str, directory: &Path) -> PartnerArgs {
        let partners = Some(directory.to_path_buf());
        PartnerArgs { partner: Some(partner.to_string()), partners, guide: None }
    }

    /// Reads what is needed of the partners and guides.
    pub(crate) fn load(&self) -> Result<Guides, Failure> {
        let choice = match (&self.guide, &self.partner) {
            (Some(guide), _) if guide == BASE => Choice::Standard,
            (Some(guide), _) => Choice::Guide(Box::new(named_guide(guide)?)),
            (None, Some(id)) => {
                let book = self.book()?;
                if book.find(id).is_none() {
                    return Err(unknown_partner(id, &book));
                }
                Choice::Partner(id.clone(), book)
            }
            (None, None) => Choice::Isa(self.book()?),
        };
        Ok(Guides { choice, schedules: None, usual: Arc::default(), plans: Mutex::default() })
    }

    /// The same, and what we charge, to judge our own bills by it.
    pub(crate) fn load_with_rates(&self) -> Result<Guides, Failure> {
        let mut guides = self.load()?;
        let rates = self.directory().join(RATES);
        if matches!(guides.choice, Choice::Partner(..) | Choice::Isa(_)) && rates.is_dir() {
            let book = RateBook::load(&rates).map_err(|errors| Failure::partner_files(&errors))?;
            guides.schedules = Some(Arc::new(book.to_compare()));
        }
        Ok(guides)
    }

    fn book(&self) -> Result<PartnerBook, Failure> {
        let directory = self.directory();
        if self.named_directory().is_some() {
            let shown = directory.display().to_string();
            std::fs::read_dir(directory).map_err(|e| Failure::no_input(&shown, &e))?;
        }
        PartnerBook::load(directory).map_err(|errors| Failure::partner_files(&errors))
    }

    fn directory(&self) -> &Path {
        self.named_directory().unwrap_or(Path::new(DIRECTORY))
    }

    fn named_directory(&self) -> Option<&Path> {
        self.partners.as_deref().filter(|directory| !directory.as_os_str().is_empty())
    }
}

/// A built-in guide, or one read from a file.
fn named_guide(name: &str) -> Result<GuideFile, Failure> {
    if let Some(built_in) = builtin::find(name) {
        return Ok(built_in.clone());
    }
    if !name.ends_with(".toml") {
        let known: Vec<&str> = builtin::all().iter().map(|file| &file.guide.name[..]).collect();
        let help = did_you_mean(name, &known).unwrap_or_else(|| {
            format!("built in are {}; or name a .guide.toml file", known.join(", "))
        });
        return Err(Failure::usage(format!("there is no guide `{name}`"), Some(help)));
    }
    let path = Path::new(name);
    let opened = std::fs::File::open(path);
    opened.map_err(|error| Failure::no_input(name, &error))?;
    let file = GuideFile::open(&guide_name(path), path)
        .map_err(|errors| Failure::partner_files(&errors))?;
    file.plan(file.guide.release).map_err(|errors| Failure::partner_files(&errors))?;
    Ok(file)
}

/// The name a guide file has as a partner's: `prairie-power/867`.
fn guide_name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().display().to_string();
    let stem = file.strip_suffix(".toml").unwrap_or(&file);
    let stem = stem.strip_suffix(".guide").unwrap_or(stem);
    match path.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{stem}", folder.display()),
        None => stem.to_string(),
    }
}

/// There is no such partner; perhaps one of nearly that name.
pub(crate) fn unknown_partner(id: &str, book: &PartnerBook) -> Failure {
    let known: Vec<&str> =
        book.partners().iter().map(|partner| partner.profile().id.as_str()).collect();
    let help = match known[..] {
        [] => "name their directory with --partners DIR".to_string(),
        _ => did_you_mean(id, &known).unwrap_or_else(|| format!("there are {}", known.join(", "))),
    };
    Failure::usage(format!("there is no partner `{id}`"), Some(help))
}

/// The plans that documents are judged by.
#[derive(Debug)]
pub(crate) struct Guides {
    choice: Choice,
    /// What we charge, where that was read.
    schedules: Option<Arc<Schedules>>,
    /// The codes and habits where there are no partners.
    usual: Arc<Options>,
    /// The named guide's plan in each release, made once.
    plans: Mutex<HashMap<Release, Option<Arc<Plan>>>>,
}

#[derive(Debug)]
enum Choice {
    /// The standard alone.
    Standard,
    /// This guide, for the set it is about.
    Guide(Box<GuideFile>),
    /// This partner's guides.
    Partner(String, PartnerBook),
    /// The guides of the partner that the `ISA` names.
    Isa(PartnerBook),
}

impl Guides {
    /// A guide's plan of its set in a release. A guide from a file speaks of its own release only;
    /// those that are built in hold in both.
    fn of_guide(&self, file: &GuideFile, release: Release) -> Option<Arc<Plan>> {
        let is_built_in = builtin::find(&file.guide.name).is_some();
        if release != file.guide.release && !is_built_in {
            return None;
        }
        let mut plans = self.plans.lock().ok()?;
        plans.entry(release).or_insert_with(|| file.plan(release).ok().map(Arc::new)).clone()
    }
}

impl Guides {
    /// What to say of a file that no guide judged though one was asked for.
    pub(crate) fn unused(&self) -> Option<String> {
        match &self.choice {
            Choice::Guide(file) => Some(format!(
                "judged by the standard alone: {} is for the {}",
                file.guide.name, file.guide.set
            )),
            Choice::Partner(id, _) => {
                Some(format!("judged by the standard alone: {id} has no guide for what is in it"))
            }
            Choice::Standard | Choice::Isa(_) => None,
        }
    }

    /// The codes and habits of the partner that was named, or of the one an interchange is from or
    /// for; our own if there is none.
    pub(crate) fn options(&self, sides: Option<Sides<'_>>) -> Arc<Options> {
        if let Some(partner) = self.trading(sides) {
            return Arc::clone(partner.options());
        }
        match &self.choice {
            Choice::Standard | Choice::Guide(_) => Arc::clone(&self.usual),
            Choice::Partner(_, book) | Choice::Isa(book) => Arc::clone(book.options()),
        }
    }

    /// What is agreed beyond the standard with that partner; what is usual when there is none.
    pub(crate) fn business(&self, sides: Option<Sides<'_>>) -> BusinessOptions {
        self.trading(sides).map(|partner| partner.business().clone()).unwrap_or_default()
    }

    /// The schedules that the bills of an interchange are compared with: ours, if it is from us.
    pub(crate) fn schedules(&self, (sender, _): Sides<'_>) -> Option<Arc<Schedules>> {
        match &self.choice {
            Choice::Partner(_, book) | Choice::Isa(book) if book.is_utility(sender) => {
                self.schedules.clone()
            }
            _ => None,
        }
    }

    fn trading(&self, sides: Option<Sides<'_>>) -> Option<&Partner> {
        match &self.choice {
            Choice::Standard | Choice::Guide(_) => None,
            Choice::Partner(id, book) => book.find(id),
            Choice::Isa(book) => {
                let (sender, receiver) = sides?;
                book.find_by_isa(sender, receiver).map(|(partner, _)| partner)
            }
        }
    }

    /// Ourselves and the partner that was named, by name and id.
    pub(crate) fn sides(&self) -> Option<(Side<'_>, Side<'_>)> {
        let Choice::Partner(id, book) = &self.choice else { return None };
        let (us, them) = (book.utility()?, book.find(id)?.profile());
        Some((side(&us.name, &us.x12)?, side(&them.name, &them.x12)?))
    }

    /// Ourselves and the partner of an interchange, by name and id.
    pub(crate) fn sides_of(&self, sides: Sides<'_>) -> Option<(Side<'_>, Side<'_>)> {
        let (Choice::Partner(_, book) | Choice::Isa(book)) = &self.choice else { return None };
        let (us, them) = (book.utility()?, self.trading(Some(sides))?.profile());
        Some((side(&us.name, &us.x12)?, side(&them.name, &them.x12)?))
    }

    /// Who sends a set to whom when a partner is named: its `ISA` ids for tests where it has them.
    pub(crate) fn parties(&self, set: &str) -> Option<(Party, Party)> {
        let Choice::Partner(id, book) = &self.choice else { return None };
        let partner = book.find(id)?.profile();
        let (ours, theirs) = (party(&book.utility()?.x12)?, party(&partner.x12)?);
        let document = partner.documents.iter().find(|document| document.set == set);
        match document.map(|document| document.direction) {
            Some(Direction::In) => Some((theirs, ours)),
            _ => Some((ours, theirs)),
        }
    }
}

/// The sender and the receiver of an interchange, each by qualifier and id.
pub(crate) type Sides<'s> = ((&'s [u8], &'s [u8]), (&'s [u8], &'s [u8]));

/// How interchanges and groups name one side.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    /// `ISA05` or `ISA07`.
    pub(crate) qualifier: String,
    /// `ISA06` or `ISA08`.
    pub(crate) id: String,
    /// `GS02` or `GS03`.
    pub(crate) application: String,
}

/// A name and the id for production.
fn side<'s>(name: &'s str, identity: &'s Identity) -> Option<Side<'s>> {
    let is_test = |id: &&InterchangeId| id.usage == Some(Usage::Test);
    let id = identity.isa.iter().find(|id| !is_test(id)).or(identity.isa.first())?;
    Some(Side { name, qualifier: &id.qualifier, id: &id.id })
}

/// The id to use for tests; the one for production where there is no other.
fn party(identity: &Identity) -> Option<Party> {
    let for_tests = identity.isa.iter().find(|id| id.usage == Some(Usage::Test));
    let id = for_tests.or(identity.isa.first())?;
    Some(Party {
        qualifier: id.qualifier.clone(),
        id: id.id.clone(),
        application: identity.gs.first().unwrap_or(&id.id).clone(),
    })
}

impl Plans for Guides {
    fn plan(&self, header: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        let by_isa = |book: &PartnerBook| {
            let (partner, direction) = book.find_by_isa(header.sender(), header.receiver())?;
            partner.plan(set, release, direction).cloned()
        };
        let guided = match &self.choice {
            Choice::Standard => None,
            Choice::Guide(file) if file.guide.set.as_bytes() == set => self.of_guide(file, release),
            Choice::Guide(_) => None,
            Choice::Partner(id, book) => book.find(id).and_then(|partner| {
                let found = book.find_by_isa(header.sender(), header.receiver());
                let direction = match found {
                    Some((found, direction)) if found.profile().id == *id => direction,
                    _ => Direction::In,
                };
                partner.plan(set, release, direction).cloned()
            }),
            Choice::Isa(book) => by_isa(book),
        };
        guided.or_else(|| Plan::standard(release, set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit;

    fn repository_partners() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners")
    }

    fn refused(args: &PartnerArgs) -> Failure {
        args.load().expect_err("refused")
    }

    #[test]
    fn unknown_names_are_usage_errors_with_a_suggestion() {
        let partners = Some(repository_partners());
        let partner = Some("prairie-pwer".to_string());
        let failure = refused(&PartnerArgs { partner, partners, guide: None });
        assert_eq!(failure.code, exit::USAGE);
        assert_eq!(failure.help.as_deref(), Some("did you mean `prairie-power`?"));

        let guide = Some("utility/867-intervall".to_string());
        let failure = refused(&PartnerArgs { guide, ..PartnerArgs::default() });
        assert_eq!(failure.code, exit::USAGE);
        assert_eq!(failure.help.as_deref(), Some("did you mean `utility/867-interval`?"));
    }

    #[test]
    fn a_directory_or_file_that_is_not_there_is_no_input() {
        let partners = Some(PathBuf::from("/nowhere/partners"));
        let failure = refused(&PartnerArgs { partners, ..PartnerArgs::default() });
        assert_eq!(failure.code, exit::NO_INPUT);
        let guide = Some("nowhere.guide.toml".to_string());
        let failure = refused(&PartnerArgs { guide, ..PartnerArgs::default() });
        assert_eq!(failure.code, exit::NO_INPUT);
    }

    #[test]
    fn a_guide_file_is_named_as_its_partner_names_it() {
        let name = |path: &str| guide_name(Path::new(path));
        assert_eq!(name("partners/prairie-power/867.guide.toml"), "prairie-power/867");
        assert_eq!(name("867.guide.toml"), "867");
        assert_eq!(name("other.toml"), "other");
    }
}
