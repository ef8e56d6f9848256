//! The profile of a partner, `partner.toml`, and of ourselves, `utility.toml`.
//!
//! ```toml
//! id = "prairie-power"                # the folder's name
//! name = "Prairie Power Data Services"
//! status = "live"                     # draft, testing, live or suspended
//!
//! [x12]
//! isa = [{ qualifier = "01", id = "0055512340000" }]
//! gs = ["005551234"]
//! version = "004010"
//!
//! [[documents]]
//! set = "867"
//! direction = "out"                   # in: they send it, out: we do
//! guide = "867.guide.toml"            # a file of the folder, or utility/867-interval
//! schedule = "15 6 * * MON-FRI"
//! ```
//!
//! Everything else is optional; each key with what holds when it is left out is in
//! `docs/partner.schema.json`.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use tieline_model::time::Zone;
use tieline_x12::table::Release;

use crate::calendar::{self, Calendar};
use crate::file_error::FileError;
use crate::schedule::{CatchUp, CronText, HolidayRule, Schedule};
use crate::shape::{Kind, Section, may, must, words};
use crate::toml_file::{Faults, Source, Table};

pub mod acknowledge;
pub mod alert;
pub mod as2;
pub mod contact;
pub mod document;
pub mod drop;
pub mod folder;
pub mod identity;
pub mod mailbox;
pub mod timing;
pub mod watch;

pub use acknowledge::{Acknowledge, AcknowledgmentKind, Resend, ResendNumber, Ta1};
pub use alert::{Alerts, Event, Retention};
pub use as2::{As2, OwnAs2};
pub use contact::{Contact, Role};
pub use document::{Batch, Direction, Document, GuideName};
pub use drop::{After, Complete, Proxy, ProxyKind, Pull, Retry, SftpDrop};
pub use folder::{Export, FileFormat, WatchedFolder};
pub use identity::{AfterSegment, Envelope, Identity, InterchangeId, Separators, Usage};
pub use mailbox::{Login, Mailbox, MailboxKey, MailboxLimits, Network};
pub use timing::{Blackout, clear_of};
pub use watch::{Deadline, Watch};

const STATUSES: [(&str, Status); 4] = [
    ("draft", Status::Draft),
    ("testing", Status::Testing),
    ("live", Status::Live),
    ("suspended", Status::Suspended),
];

/// `partner.toml`.
pub(crate) const PARTNER: Section = Section {
    name: "",
    keys: &[
        must(
            "id",
            Kind::Form("^[a-z0-9][a-z0-9-]{0,39}$"),
            "The name of the folder: small letters, digits and hyphens.",
        ),
        must("name", Kind::Text, "Its name for people."),
        must(
            "status",
            Kind::Words(|| words(&STATUSES)),
            "How far its onboarding is: draft, testing, live or suspended.",
        ),
        may("legal_name", Kind::Text, "Its name in contracts; as `name` when left out."),
        may("ein", Kind::Form("^[0-9]{2}-[0-9]{7}$"), "Its employer identification number."),
        may(
            "roles",
            Kind::ManyWords(|| words(&contact::ROLES)),
            "What it is to us: customer, aggregator, payer, bank, van, consultant, supplier, distributor, other.",
        ),
        may(
            "zone",
            Kind::Text,
            "The IANA zone of its clocks, e.g. America/Chicago; ours when left out.",
        ),
        may(
            "calendar",
            Kind::Text,
            "Its business days: us-federal, us-bank, or a file of the folder calendars; ours when left out.",
        ),
        may("contacts", Kind::Tables(&contact::CONTACT), "Whom to call."),
        must(
            "x12",
            Kind::Table(&identity::X12),
            "How interchanges name it, and how we write them.",
        ),
        may("documents", Kind::Tables(&document::DOCUMENT), "What we exchange."),
        may("mailbox", Kind::Table(&mailbox::MAILBOX), "Its login to our SFTP server."),
        may("as2", Kind::Table(&as2::AS2), "How we exchange with it over AS2."),
        may("drops", Kind::Tables(&drop::DROP), "Its servers that we call."),
        may(
            "folders",
            Kind::Tables(&folder::FOLDER),
            "Folders on our disks that its files come from or go to.",
        ),
        may("watches", Kind::Tables(&watch::WATCH), "Files that are expected, and until when."),
        may("exports", Kind::Tables(&folder::EXPORT), "Where posted documents go to."),
        may("alerts", Kind::Table(&alert::ALERTS), "Who is told when something is late or wrong."),
        may("retention", Kind::Table(&alert::RETENTION), "How long things are kept."),
    ],
};

/// `utility.toml`.
pub(crate) const UTILITY: Section = Section {
    name: "",
    keys: &[
        must("name", Kind::Text, "Our name for people."),
        may("legal_name", Kind::Text, "Our name in contracts; as `name` when left out."),
        may("ein", Kind::Form("^[0-9]{2}-[0-9]{7}$"), "Our employer identification number."),
        may(
            "zone",
            Kind::Text,
            "The IANA zone of our clocks, e.g. America/Chicago; UTC when left out.",
        ),
        may(
            "calendar",
            Kind::Text,
            "Our business days: us-federal, us-bank, or a file of the folder calendars; Monday to Friday when left out.",
        ),
        may("contacts", Kind::Tables(&contact::CONTACT), "Whom partners call."),
        must("x12", Kind::Table(&identity::OWN_X12), "How interchanges name us."),
        may("mailbox", Kind::Table(&OWN_MAILBOX), "Where the mailboxes of our SFTP server are."),
        may("as2", Kind::Table(&as2::OWN_AS2), "Who we are on AS2."),
        may(
            "imports",
            Kind::Tables(&folder::IMPORT),
            "Folders that our own systems put usage and bills into.",
        ),
        may("alerts", Kind::Table(&alert::ALERTS), "Who is told where a partner names nobody."),
        may(
            "retention",
            Kind::Table(&alert::RETENTION),
            "How long what came from our own systems is kept.",
        ),
    ],
};

const OWN_MAILBOX: Section = Section {
    name: "[mailbox]",
    keys: &[must(
        "root",
        Kind::Form("^/"),
        "The folder that holds a folder for each partner, from the root of the file system on.",
    )],
};

/// Who a partner is, and all that is agreed with it but the content of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name of its folder: small letters, digits and hyphens.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// How far its onboarding is.
    pub status: Status,
    /// Its name in contracts, where it is another.
    pub legal_name: Option<String>,
    /// Its employer identification number, `12-3456789`.
    pub ein: Option<String>,
    /// What it is to us.
    pub roles: Vec<Role>,
    /// On whose clocks its schedules go.
    pub zone: Zone,
    /// Its business days.
    pub calendar: Arc<Calendar>,
    /// Whom to call.
    pub contacts: Vec<Contact>,
    /// How its interchanges name it.
    pub x12: Identity,
    /// How we write interchanges for it, and which acknowledgments go to and fro.
    pub envelope: Envelope,
    /// What we exchange, in the order of the file.
    pub documents: Vec<Document>,
    /// Its login to our SFTP server.
    pub mailbox: Option<Mailbox>,
    /// How we exchange with it over AS2.
    pub as2: Option<As2>,
    /// Its servers that we call.
    pub drops: Vec<SftpDrop>,
    /// Folders on our disks that its files come from or go to.
    pub folders: Vec<WatchedFolder>,
    /// Files that are expected.
    pub watches: Vec<Watch>,
    /// Where posted documents go to.
    pub exports: Vec<Export>,
    /// Who is told when something is late or wrong; those of `utility.toml` when none are named.
    pub alerts: Alerts,
    /// How long things are kept.
    pub retention: Retention,
}

/// Ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utility {
    /// Our name for people.
    pub name: String,
    /// Our name in contracts, where it is another.
    pub legal_name: Option<String>,
    /// Our employer identification number.
    pub ein: Option<String>,
    /// The zone of our clocks.
    pub zone: Zone,
    /// Our business days.
    pub calendar: Arc<Calendar>,
    /// Whom partners call.
    pub contacts: Vec<Contact>,
    /// How our interchanges name us.
    pub x12: Identity,
    /// The folder that holds a folder for each partner's mailbox.
    pub mailbox_root: Option<PathBuf>,
    /// Who we are on AS2.
    pub as2: Option<OwnAs2>,
    /// Folders that our own systems put usage and bills into.
    pub imports: Vec<WatchedFolder>,
    /// Who is told where a partner names nobody.
    pub alerts: Alerts,
    /// How long what is of our own house is kept.
    pub retention: Retention,
}

/// How far the onboarding of a partner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Still being written down.
    Draft,
    /// Exchanges test documents.
    Testing,
    /// In production.
    Live,
    /// Exchanges nothing for now.
    Suspended,
}

impl Status {
    /// As files say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Testing => "testing",
            Status::Live => "live",
            Status::Suspended => "suspended",
        }
    }
}

/// What holds where a file says nothing, and the calendars that it can name.
#[derive(Debug, Clone)]
pub(crate) struct Usual {
    pub(crate) zone: Zone,
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) calendars: Vec<Arc<Calendar>>,
    pub(crate) alerts: Alerts,
}

impl Default for Usual {
    fn default() -> Usual {
        Usual {
            zone: Zone::utc(),
            calendar: Arc::new(Calendar::plain()),
            calendars: calendar::built_in().to_vec(),
            alerts: Alerts::default(),
        }
    }
}

impl Usual {
    /// A schedule of this cron text on the usual clocks.
    pub(crate) fn every(&self, cron: &str) -> Schedule {
        Schedule {
            cron: cron.parse::<CronText>().expect("the program's own cron text is sound"),
            zone: self.zone.clone(),
            calendar: Arc::clone(&self.calendar),
            holidays: HolidayRule::Run,
            catch_up: CatchUp::Once,
        }
    }
}

impl Profile {
    /// Reads a `partner.toml` that lies in the folder named `folder`; `file` is what errors call it.
    /// Zone and calendar are UTC and Monday to Friday where it says nothing.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, from top to bottom; only the first fault if it is not
    /// TOML at all.
    pub fn read(folder: &str, file: &str, text: &str) -> Result<Profile, Vec<FileError>> {
        let source = Source { file: file.to_string(), text: text.to_string() };
        read_profile(folder, &source, &Usual::default()).map(|read| read.profile)
    }
}

impl Utility {
    /// Reads a `utility.toml`; `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// As [`Profile::read`].
    pub fn read(file: &str, text: &str) -> Result<Utility, Vec<FileError>> {
        let source = Source { file: file.to_string(), text: text.to_string() };
        read_utility(&source, &Usual::default()).map(|(utility, _)| utility)
    }
}

/// A profile, and where in its file stands what can be wrong beside other files.
pub(crate) struct ProfileFile {
    pub(crate) profile: Profile,
    /// For each id of `x12.isa`.
    pub(crate) isa_places: Vec<Range<usize>>,
    /// For each document, the value of its `guide`.
    pub(crate) guide_places: Vec<Range<usize>>,
    /// The name of the mailbox.
    pub(crate) mailbox_place: Range<usize>,
}

pub(crate) fn read_profile(
    folder: &str,
    source: &Source,
    usual: &Usual,
) -> Result<ProfileFile, Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::whole(&parsed, &PARTNER, &mut faults);

    let id = read_id(&file, folder, &mut faults);
    let name = read_name(&file, &mut faults);
    file.require("status", &mut faults);
    let status = file.word("status", &STATUSES, &mut faults);
    let usual = &read_usual(&file, usual, &mut faults);
    file.require("x12", &mut faults);
    let x12 = file.section("x12", &identity::X12, &mut faults).and_then(|table| {
        let identity = identity::read_identity(&table, &mut faults);
        let release = identity.as_ref().map_or(Release::V004010, |(it, _)| it.release);
        let status = status.unwrap_or(Status::Draft);
        let envelope = identity::read_envelope(&table, release, status, &mut faults);
        let (identity, places) = identity?;
        Some((identity, places, envelope))
    });
    let (documents, guide_places) = document::read_documents(&file, usual, &mut faults);
    let mailbox = file.section("mailbox", &mailbox::MAILBOX, &mut faults);
    let mailbox_place =
        mailbox.as_ref().map_or(0..0, |it| it.value("user").unwrap_or(it.span.clone()));
    let mailbox = mailbox.map(|table| {
        mailbox::read_mailbox(&table, id.as_deref().unwrap_or(folder), usual, &mut faults)
    });
    let legal_name = file.text("legal_name", &mut faults).map(|at| at.value);
    let ein = contact::read_ein(&file, &mut faults);
    let roles = file.many_words("roles", &contact::ROLES, &mut faults).unwrap_or_default();
    let contacts = contact::read_contacts(&file, &mut faults);
    let as2 = file.section("as2", &as2::AS2, &mut faults);
    let as2 = as2.and_then(|table| as2::read_as2(&table, usual, &mut faults));
    let drops = drop::read_drops(&file, usual, &mut faults);
    let folders = folder::read_folders(&file, &mut faults);
    let watches = watch::read_watches(&file, usual, &mut faults);
    let exports = folder::read_exports(&file, usual, &mut faults);
    let alerts = match file.value("alerts") {
        Some(_) => alert::read_alerts(&file, &mut faults),
        None => usual.alerts.clone(),
    };
    let retention = alert::read_retention(&file, &mut faults);

    let read = move || {
        let ((x12, isa_places, envelope), id, name, status) = (x12?, id?, name?, status?);
        let (zone, calendar) = (usual.zone.clone(), Arc::clone(&usual.calendar));
        let profile = Profile {
            id,
            name,
            status,
            legal_name,
            ein,
            roles,
            zone,
            calendar,
            contacts,
            x12,
            envelope,
            documents,
            mailbox,
            as2,
            drops,
            folders,
            watches,
            exports,
            alerts,
            retention,
        };
        Some(ProfileFile { profile, isa_places, guide_places, mailbox_place })
    };
    faults.into_result(read())
}

/// The zone and the calendar of a file, or else what is usual.
fn read_usual(file: &Table<'_>, usual: &Usual, faults: &mut Faults<'_>) -> Usual {
    let zone = timing::read_zone(file, faults);
    let calendar = timing::read_calendar(file, usual, faults);
    let usual = usual.clone();
    Usual {
        zone: zone.unwrap_or(usual.zone),
        calendar: calendar.unwrap_or(usual.calendar),
        ..usual
    }
}

/// Ourselves, and where each of our ids stands.
pub(crate) fn read_utility(
    source: &Source,
    usual: &Usual,
) -> Result<(Utility, Vec<Range<usize>>), Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::whole(&parsed, &UTILITY, &mut faults);
    let name = read_name(&file, &mut faults);
    let usual = read_usual(&file, usual, &mut faults);
    file.require("x12", &mut faults);
    let x12 = file.section("x12", &identity::OWN_X12, &mut faults);
    let x12 = x12.and_then(|table| identity::read_identity(&table, &mut faults));
    let mailbox = file.section("mailbox", &OWN_MAILBOX, &mut faults).and_then(|table| {
        table.require("root", &mut faults);
        table.parsed("root", folder::absolute, &mut faults)
    });
    let legal_name = file.text("legal_name", &mut faults).map(|at| at.value);
    let ein = contact::read_ein(&file, &mut faults);
    let contacts = contact::read_contacts(&file, &mut faults);
    let imports = folder::read_imports(&file, &mut faults);
    let alerts = alert::read_alerts(&file, &mut faults);
    let as2 = file.section("as2", &as2::OWN_AS2, &mut faults);
    let as2 = as2.and_then(|table| as2::read_own_as2(&table, &usual, &mut faults));
    let retention = alert::read_retention(&file, &mut faults);
    let read = move || {
        let (name, (x12, places)) = (name?, x12?);
        let Usual { zone, calendar, .. } = usual;
        let mailbox_root = mailbox.map(|at| at.value);
        let utility = Utility {
            name,
            legal_name,
            ein,
            zone,
            calendar,
            contacts,
            x12,
            mailbox_root,
            as2,
            imports,
            alerts,
            retention,
        };
        Some((utility, places))
    };
    faults.into_result(read())
}

fn read_id(file: &Table<'_>, folder: &str, faults: &mut Faults<'_>) -> Option<String> {
    file.require("id", faults);
    let id = file.text("id", faults)?;
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !id.value.bytes().all(good) || id.value.starts_with('-') || id.value.len() > 40 {
        let message = "`id` must be small letters, digits and hyphens, at most 40";
        faults.at(id.span, message);
    } else if matches!(id.value.as_str(), "utility" | "calendars") {
        faults.at(
            id.span,
            format!("`{}` is a folder of ours; no partner can be called so", id.value),
        );
    } else if id.value != folder {
        let message = format!("`id` must be the name of the folder, {folder}");
        faults.at(id.span, message);
    }
    Some(id.value)
}

fn read_name(file: &Table<'_>, faults: &mut Faults<'_>) -> Option<String> {
    file.require("name", faults);
    file.text("name", faults).map(|name| name.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "prairie-power"
name = "Prairie Power Data"
status = "live"
[x12]
isa = [{ qualifier = "01", id = "0055512340000" }, { qualifier = "ZZ", id = "PPDTEST", usage = "T" }]
gs = ["005551234"]
[[documents]]
set = "867"
direction = "out"
guide = "utility/867-interval"
"#;

    fn refused(text: &str) -> String {
        let errors = Profile::read("prairie-power", "partner.toml", text).expect_err("refused");
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        shown.join("\n")
    }

    #[test]
    fn a_profile_reads() {
        let profile = Profile::read("prairie-power", "partner.toml", GOOD).expect("it is good");
        assert_eq!(profile.status, Status::Live);
        assert_eq!(profile.x12.isa[1].usage, Some(Usage::Test));
        assert_eq!(profile.x12.release, Release::V004010);
        assert_eq!(profile.documents[0].direction, Direction::Out);
    }

    #[test]
    fn the_id_is_the_folders_name() {
        assert_eq!(
            refused(&GOOD.replace("\"prairie-power\"", "\"prairie\"")),
            "error: `id` must be the name of the folder, prairie-power\n \
             --> partner.toml:2:6\n  \
             |\n\
             2 | id = \"prairie\"\n  \
             |      ^^^^^^^^^"
        );
    }

    #[test]
    fn a_misspelt_key_or_value_is_refused_with_a_suggestion() {
        let text = refused(&GOOD.replace("status = \"live\"", "status = \"lvie\""));
        assert!(text.contains("unknown value of `status`, `lvie`"), "{text}");
        assert!(text.contains("did you mean `live`?"), "{text}");
        let text = refused(&GOOD.replace("direction = ", "drection = "));
        assert!(text.contains("unknown key `drection` in [[documents]]"), "{text}");
        assert!(text.contains("did you mean `direction`?"), "{text}");
        assert!(text.contains("[[documents]] has no `direction`"), "{text}");
        let text = refused(&GOOD.replace("867-interval", "867-intervall"));
        assert!(text.contains("did you mean `utility/867-interval`?"), "{text}");
    }

    #[test]
    fn a_secret_is_refused_and_not_shown() {
        let text = refused(&GOOD.replace("gs = ", "as2_passphrase = \"swordfish\"\ngs = "));
        assert!(text.contains("`as2_passphrase` must not stand in this file"), "{text}");
        assert!(!text.contains("swordfish"), "{text}");
    }

    #[test]
    fn ids_fit_into_the_envelope() {
        let text = refused(&GOOD.replace("0055512340000", "0055512340000000"));
        assert!(text.contains("`id` must have 1 to 15 characters"), "{text}");
        let text = refused(&GOOD.replace("qualifier = \"ZZ\"", "qualifier = \"Z\""));
        assert!(text.contains("`qualifier` must have 2 characters"), "{text}");
        let text = refused(&GOOD.replace("gs = [", "version = \"003070\"\ngs = ["));
        assert!(text.contains("must begin with 004010 or 005010"), "{text}");
    }

    #[test]
    fn a_guide_cannot_lie_outside_of_the_folder() {
        let text = refused(&GOOD.replace("utility/867-interval", "../other/867.guide.toml"));
        assert!(text.contains("`guide` must name a file of this folder"), "{text}");
    }

    /// What is told of a profile with these lines at its end.
    fn refused_with(more: &str) -> String {
        refused(&format!("{GOOD}\n{more}\n"))
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let profile = Profile::read("prairie-power", "partner.toml", GOOD).expect("it is good");
        let envelope = &profile.envelope;
        assert_eq!((envelope.usage, envelope.duplicate_window), (Usage::Production, 400));
        assert_eq!(envelope.interchange_version, "00401");
        assert_eq!(envelope.acknowledge, Acknowledge::default());
        assert_eq!(profile.zone, Zone::utc());
        assert!(profile.mailbox.is_none() && profile.drops.is_empty());
        let testing = GOOD.replace("\"live\"", "\"testing\"");
        let profile = Profile::read("prairie-power", "partner.toml", &testing).expect("it is good");
        assert_eq!(profile.envelope.usage, Usage::Test);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let drop = "[[drops]]\nname = \"a\"\nhost = \"a.example\"\nuser = \"u\"\n\
                    host_keys = [\"SHA256:dGhpcyBpcyBhbiBpbnZlbnRlZCBrZXkgb2YgYSBob3Q\"]\n";
        for (more, part) in [
            ("[mailbox]", "has neither `keys` nor a `password`"),
            ("[mailbox]\npassword = \"cred:a\"\nlogin = \"both\"", "asks for a key and a password"),
            ("[mailbox]\npassword = \"cred:a\"\nnetworks = [\"192.0.2.1/24\"]", "bits beyond"),
            ("[mailbox]\npassword = \"cred:a\"\nuser = \"root\"", "and not root"),
            (&format!("{drop}push = \"/in\""), "has neither a `key` nor a `password`"),
            (&format!("{drop}key = \"cred:a\""), "has neither a `push` nor a `pull`"),
            (
                &format!("{drop}key = \"cred:a\"\npush = \"/in\"\nafter = \"delete\""),
                "there is no `pull`",
            ),
            (
                &format!("{drop}key = \"cred:a\"\npull = \"/out\"\nafter = \"move\""),
                "needs an `archive`",
            ),
            (&format!("{drop}key = \"cred:a\"\npull = \"/../x\""), "without .. in it"),
            (&format!("{drop}key = \"cred:a\"\npush = \"/in\"\nport = 70000"), "from 1 to 65535"),
            ("[[watches]]\nname = \"a\"\nby = \"09:00\"", "names neither a `set` nor a `pattern`"),
            ("[[watches]]\nname = \"a\"\nset = \"820\"\nby = \"9\"", "written 09:00"),
            (
                "[[watches]]\nname = \"a\"\nset = \"820\"\nby = \"09:00\"\ndays = \"often\"",
                "names no days",
            ),
            ("[[exports]]\nset = \"820\"\nformat = \"csv\"\nfolder = \"out\"", "begins with /"),
            ("[alerts]\nemail = [\"nobody\"]", "written name@host"),
            ("[alerts]\non = [\"late-fiel\"]", "did you mean `late-file`?"),
            (
                "[[documents]]\nset = \"820\"\ndirection = \"in\"\nschedule = \"0 6 * * *\"",
                "[[watches]]",
            ),
            (
                "[[documents]]\nset = \"810\"\ndirection = \"out\"\nfile_name = \"{set}.edi\"",
                "the same name",
            ),
            (
                "[[documents]]\nset = \"810\"\ndirection = \"out\"\nschedule = \"0 6 * *\"",
                "five fields",
            ),
            ("[x12.separators]\nelement = \"~\"", "the same as another separator"),
            ("[x12.acknowledge]\nwithin = \"soon\"", "a length of time is written"),
        ] {
            let text = refused_with(more);
            assert!(text.contains(part), "{part} is not in:\n{text}");
            assert_eq!(text.matches("error: ").count(), 1, "{text}");
        }
        let zone = GOOD.replace("status", "zone = \"America/Fargo\"\nstatus");
        assert!(refused(&zone).contains("no such time zone"));
        let calendar = GOOD.replace("status", "calendar = \"us-bnak\"\nstatus");
        assert!(refused(&calendar).contains("did you mean `us-bank`?"));
    }

    #[test]
    fn a_secret_in_the_place_of_its_name_is_not_shown() {
        for more in [
            "[mailbox]\npassword = \"swordfish\"",
            "[mailbox]\npassword = { hash = \"swordfish\" }",
            "[mailbox]\npasswort = \"swordfish\"\npassword = \"cred:a\"",
            "[[drops]]\nname = \"a\"\nkey = \"swordfish\"",
            "[alerts]\nwebhook = \"https://hooks.example/swordfish\"",
        ] {
            let text = refused_with(more);
            let shown = text.contains("swordfish") && !text.contains("passwort");
            assert!(!shown, "{text}");
        }
        let text = refused_with("[mailbox]\npassword = \"swordfish\"");
        assert!(text.contains("`password` must name a secret, and never be one"), "{text}");
        assert!(text.contains("write cred:NAME, env:NAME or file:/PATH"), "{text}");
    }

    #[test]
    fn a_file_that_is_expected_has_a_window_and_a_deadline() {
        let more = "[[watches]]\nname = \"payments\"\nset = \"820\"\nby = \"09:00\"\n\
                    late_after = \"30m\"\nzone = \"America/Chicago\"\ncalendar = \"us-bank\"\n";
        let text = format!("{GOOD}\n{more}");
        let profile = Profile::read("prairie-power", "partner.toml", &text).expect("it is good");
        let watch = &profile.watches[0];
        // Friday 22 May 2026; Monday the 25th is Memorial Day.
        let friday: tieline_model::time::Timestamp =
            "2026-05-22T15:00:00Z".parse().expect("a timestamp");
        let deadline = watch.next(friday).expect("there is one");
        let shown = |at| watch.schedule.zone.local(at).to_string();
        assert_eq!(shown(deadline.due), "2026-05-26T09:00:00");
        assert_eq!(shown(deadline.late), "2026-05-26T09:30:00");
        assert_eq!(shown(deadline.opens), "2026-05-22T09:00:00");
    }
}
