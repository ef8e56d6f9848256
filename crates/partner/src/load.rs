//! The partner book: every partner's folder, read and checked together.
//!
//! ```text
//! partners/
//!   utility.toml              ourselves
//!   utility/options.toml      our own codes and habits
//!   utility/rates/            what we charge: the rate book, which is read apart
//!   calendars/office.toml     business days, beside those that are built in
//!   prairie-power/
//!     partner.toml            who they are, and what we exchange
//!     867.guide.toml          what they ask of an 867
//!     options.toml            their codes and habits, where they are not the usual ones
//!     business.toml           what they agree to beyond the standard, where it is not the usual
//!     authorizations/         what customers allow them to see, a file each
//!     frames/                 what has to be tried before they go live, and who signed
//! ```
//!
//! Other files, a `README.md` for one, may lie beside these; another `.toml` is taken for a misspelt name
//! and refused.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use tieline_mapping::business::BusinessOptions;
use tieline_mapping::options::Options;
use tieline_model::authorization::{Authorization, DataKind, Inquiry, Refusal};
use tieline_model::identifier::AccountNumber;
use tieline_model::time::{Date, Timestamp, Zone};
use tieline_smime::certificate::CertificateError;
use tieline_smime::{Certificate, Pinned, PinnedCertificates};
use tieline_x12::guide::Guide;
use tieline_x12::plan::Plan;
use tieline_x12::table::Release;

use crate::authorization::{self, Expiry};
use crate::builtin;
use crate::calendar::Calendar;
use crate::file_error::FileError;
use crate::frame::{self, Frame, SIGNATURES_FILE, Signature};
use crate::guide_file::GuideFile;
use crate::options_file;
use crate::profile::as2::{As2, CertificateFile, CertificateUse, OwnKey};
use crate::profile::{
    Direction, GuideName, Identity, InterchangeId, Profile, ProfileFile, Utility,
};
use crate::profile::{Usual, read_profile, read_utility};
use crate::toml_file::{Source, did_you_mean};

/// Whom we trade with, and who we are.
#[derive(Debug, Clone, Default)]
pub struct PartnerBook {
    utility: Option<Utility>,
    /// The codes and habits that hold where a partner has no others.
    options: Arc<Options>,
    /// For each of our AS2 keys.
    own_certificates: Vec<Certificate>,
    partners: Vec<Partner>,
}

/// One partner: its profile and its guides.
#[derive(Debug, Clone)]
pub struct Partner {
    profile: Profile,
    /// For each document of the profile.
    guides: Vec<Option<Agreed>>,
    options: Arc<Options>,
    business: BusinessOptions,
    authorizations: Vec<Authorization>,
    /// The places of the authorizations that name an account.
    of_account: BTreeMap<AccountNumber, Vec<usize>>,
    frames: Vec<Frame>,
    signatures: Vec<Signature>,
    /// For each certificate of its AS2 section, none if it has no such section.
    certificates: Vec<Certificate>,
    /// The roots of its HTTPS server, as PEM.
    roots: Option<Vec<u8>>,
    /// What we show to its HTTPS server, as PEM.
    client: Option<Vec<u8>>,
}

/// A guide that fits the standard, and what it comes to.
#[derive(Debug, Clone)]
struct Agreed {
    file: GuideFile,
    plan: Arc<Plan>,
}

impl PartnerBook {
    /// Reads a directory of partners. One that does not exist is an empty book.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in any file, sorted by file and line.
    pub fn load(directory: &Path) -> Result<PartnerBook, Vec<FileError>> {
        let mut reading = Reading::default();
        match fs::metadata(directory) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            _ => reading.directory(directory),
        }
        reading.finish()
    }

    /// Ourselves, when `utility.toml` says who that is.
    pub fn utility(&self) -> Option<&Utility> {
        self.utility.as_ref()
    }

    /// Our own codes and habits, which hold where a partner has no others.
    pub fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// Our AS2 keys in the order of `utility.toml`, each with its certificate; none if we are not on AS2.
    pub fn own_certificates(&self) -> impl Iterator<Item = (&OwnKey, &Certificate)> {
        let keys = self.utility.iter().filter_map(|it| it.as2.as_ref()).flat_map(|it| &it.keys);
        keys.zip(&self.own_certificates)
    }

    /// Our own AS2 certificates that end, as seen on a day. The next to end comes first. One that a
    /// later one of ours has replaced by then is not among them.
    pub fn own_expiries(&self, on: Date) -> Vec<Expiry> {
        let Some(utility) = &self.utility else { return Vec::new() };
        let mut expiries = Vec::new();
        for (key, certificate) in self.own_certificates() {
            let what = format!("our AS2 certificate {}", key.certificate);
            let last = last_day(&utility.zone, certificate, None);
            let follows = |other: &OwnKey| {
                let first = other.from.map(|from| utility.zone.local(from).date());
                other.from > key.from && first.is_some_and(|first| first <= on)
            };
            if !self.own_certificates().any(|(other, _)| follows(other)) {
                expiries.extend(last.map(|last| Expiry::of(what, last, on)));
            }
        }
        expiries.sort_by_key(|expiry| expiry.last_day);
        expiries
    }

    /// Every partner, in the order of their ids.
    pub fn partners(&self) -> &[Partner] {
        &self.partners
    }

    /// The partner with this id.
    pub fn find(&self, id: &str) -> Option<&Partner> {
        self.partners.iter().find(|partner| partner.profile.id == id)
    }

    /// Whether a partner may see something of an account; the authorization that says so.
    ///
    /// # Errors
    ///
    /// The reason; [`Refusal::Grantee`] when there is no such partner or it has no authorization.
    pub fn may_see(&self, inquiry: &Inquiry<'_>) -> Result<&Authorization, Refusal> {
        let partner = self.find(inquiry.by).ok_or(Refusal::Grantee)?;
        partner.may_see(inquiry)
    }

    /// The partner of an interchange and the way that goes: its sender, or else its receiver.
    ///
    /// Each side is a qualifier and an id as the `ISA` has them; spaces around them do not count.
    /// Ourselves are never a partner.
    pub fn find_by_isa(
        &self,
        sender: (&[u8], &[u8]),
        receiver: (&[u8], &[u8]),
    ) -> Option<(&Partner, Direction)> {
        [(sender, Direction::In), (receiver, Direction::Out)].into_iter().find_map(
            |(side, direction)| {
                let is_it = |partner: &&Partner| names(&partner.profile.x12, side);
                self.partners.iter().find(is_it).map(|partner| (partner, direction))
            },
        )
    }

    /// Whether a side of an interchange is ourselves, by qualifier and id as the `ISA` has them.
    pub fn is_utility(&self, side: (&[u8], &[u8])) -> bool {
        self.utility.as_ref().is_some_and(|utility| names(&utility.x12, side))
    }
}

/// The certificates of a partner as messages are judged by them.
fn pinned(as2: Option<&As2>, certificates: &[Certificate]) -> Result<(), CertificateError> {
    let files = as2.iter().flat_map(|it| &it.certificates);
    let signing = files.zip(certificates).filter(|(it, _)| it.uses.contains(&CertificateUse::Sign));
    PinnedCertificates::new(signing.map(|(_, it)| Pinned::always(it.clone())).collect()).map(drop)
}

/// Whether one of the ids of an identity is that of a side; spaces around it do not count.
fn names(identity: &Identity, (qualifier, id): (&[u8], &[u8])) -> bool {
    let (qualifier, id) = (qualifier.trim_ascii(), id.trim_ascii());
    identity.isa.iter().any(|isa| isa.qualifier.as_bytes() == qualifier && isa.id.as_bytes() == id)
}

impl Partner {
    /// Who it is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Its codes and habits.
    pub fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// Which business findings are looked for, by which conventions, and how bad they are:
    /// `business.toml`, or what is usual.
    pub fn business(&self) -> &BusinessOptions {
        &self.business
    }

    /// What customers allow it to see.
    pub fn authorizations(&self) -> &[Authorization] {
        &self.authorizations
    }

    /// Whether it may see something of an account; the authorization that says so.
    ///
    /// # Errors
    ///
    /// The reason that is nearest to a permission; [`Refusal::Grantee`] when it has no authorization.
    pub fn may_see(&self, inquiry: &Inquiry<'_>) -> Result<&Authorization, Refusal> {
        match self.of_account.get(inquiry.account) {
            Some(places) => {
                let some = places.iter().filter_map(|place| self.authorizations.get(*place));
                authorization::may_see(some, inquiry)
            }
            None => authorization::may_see(self.authorizations.first(), inquiry),
        }
    }

    /// The sets that we are to send it and that nothing goes out as, because no authorization in force
    /// on a day names accounts for them. That holds for a customer's own accounts too: nothing else
    /// says which they are.
    pub fn waits_for_authorization(&self, on: Date) -> Vec<&str> {
        let is_allowed = |data: &[DataKind]| {
            self.authorizations.iter().any(|it| {
                it.duration().contains(on)
                    && it.revoked().is_none_or(|revoked| on < revoked)
                    && it.data().iter().any(|kind| data.contains(kind))
            })
        };
        let out = self.profile.documents.iter();
        let out = out.filter(|it| it.enabled && it.direction == Direction::Out);
        out.map(|it| it.set.as_str())
            .filter(|set| match *set {
                "810" => !is_allowed(&[DataKind::Bills]),
                "867" => !is_allowed(&[DataKind::Usage, DataKind::Intervals]),
                _ => false,
            })
            .collect()
    }

    /// What has to be tried before it goes live, in its order.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Who signed which frame, the latest last.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Its AS2 certificates in the order of its profile; none if it is not on AS2.
    pub fn certificates(&self) -> impl Iterator<Item = (&CertificateFile, &Certificate)> {
        let files = self.profile.as2.iter().flat_map(|it| &it.certificates);
        files.zip(&self.certificates)
    }

    /// What its HTTPS server is known by, as PEM; `None` when that is up to the system.
    pub fn roots(&self) -> Option<&[u8]> {
        self.roots.as_deref()
    }

    /// The certificate that we show to its HTTPS server, with its chain, as PEM; `None` when we show none.
    pub fn client_certificate(&self) -> Option<&[u8]> {
        self.client.as_deref()
    }

    /// Everything of it that ends, as seen on a day: authorizations that were not taken back, keys
    /// of its mailbox, its certificates, and ours for its HTTPS server where the key is RSA. The next to end comes first.
    pub fn expiries(&self, on: Date) -> Vec<Expiry> {
        let held = self.authorizations.iter().filter(|it| it.revoked().is_none());
        let mut expiries: Vec<Expiry> = held
            .map(|it| Expiry::of(format!("authorization {}", it.id()), it.duration().end(), on))
            .collect();
        let keys = self.profile.mailbox.iter().flat_map(|mailbox| &mailbox.keys);
        for (n, key) in keys.enumerate() {
            let last = key.until.map(|until| self.profile.zone.local(until).date());
            let last = last.and_then(|date| date.yesterday().ok());
            expiries
                .extend(last.map(|last| Expiry::of(format!("mailbox key {}", n + 1), last, on)));
        }
        for (file, certificate) in self.certificates() {
            let last = last_day(&self.profile.zone, certificate, file.until);
            let what = format!("AS2 certificate {}", file.file);
            expiries.extend(last.map(|last| Expiry::of(what, last, on)));
        }
        let client =
            self.profile.as2.as_ref().and_then(|it| it.client.as_ref()).zip(self.client.as_ref());
        if let Some((named, pem)) = client
            && let Ok(chain) = Certificate::from_file(pem)
            && let Some(own) = chain.first()
        {
            let what = format!("our HTTPS certificate {}", named.certificate);
            let last = last_day(&self.profile.zone, own, None);
            expiries.extend(last.map(|last| Expiry::of(what, last, on)));
        }
        expiries.sort_by_key(|expiry| expiry.last_day);
        expiries
    }

    /// Whether everything in its folder says the same as before.
    pub(crate) fn says_the_same(&self, other: &Partner) -> bool {
        let guides = |partner: &Partner| -> Vec<Option<String>> {
            let text = |agreed: &Agreed| agreed.file.text().to_string();
            partner.guides.iter().map(|guide| guide.as_ref().map(text)).collect()
        };
        self.profile == other.profile
            && guides(self) == guides(other)
            && self.options == other.options
            && self.business == other.business
            && self.authorizations == other.authorizations
            && self.frames == other.frames
            && self.signatures == other.signatures
            && self.certificates == other.certificates
            && self.roots == other.roots
            && self.client == other.client
    }

    /// What it asks of a set in a release, beyond the standard; where it has several guides for it, of
    /// both directions, the first.
    pub fn guide(&self, set: &str, release: Release) -> Option<&Guide> {
        self.guide_file(set, release).map(|file| &file.guide)
    }

    /// The same with the text it was read from.
    pub fn guide_file(&self, set: &str, release: Release) -> Option<&GuideFile> {
        self.guide_files().find(|file| file.guide.set == set && file.guide.release == release)
    }

    /// All its guides, in the order of its documents.
    pub fn guide_files(&self) -> impl Iterator<Item = &GuideFile> {
        self.guides.iter().flatten().map(|agreed| &agreed.file)
    }

    /// What a set that goes this way is checked against, when a guide says more than the standard;
    /// the guide of the other way where there is none for this one.
    pub fn plan(&self, set: &[u8], release: Release, direction: Direction) -> Option<&Arc<Plan>> {
        let fits = |agreed: &Agreed| {
            agreed.file.guide.set.as_bytes() == set && agreed.file.guide.release == release
        };
        let all = || self.profile.documents.iter().zip(&self.guides);
        let this_way = all().filter(|(document, _)| document.direction == direction);
        this_way
            .chain(all())
            .filter_map(|(_, agreed)| agreed.as_ref())
            .find(|agreed| fits(agreed))
            .map(|agreed| &agreed.plan)
    }
}

/// The last day on which a certificate holds in full.
fn last_day(zone: &Zone, certificate: &Certificate, until: Option<Timestamp>) -> Option<Date> {
    let end = Timestamp::from_second(certificate.valid().1).ok()?;
    let end = until.map_or(end, |until| until.min(end));
    zone.local(end).date().yesterday().ok()
}

impl Agreed {
    fn new(file: GuideFile) -> Result<Agreed, Vec<FileError>> {
        let plan = Arc::new(file.plan(file.guide.release)?);
        Ok(Agreed { file, plan })
    }
}

/// A book in the making.
#[derive(Default)]
struct Reading {
    book: PartnerBook,
    /// Our own options, as tables.
    usual_options: toml::Table,
    /// Our own zone and calendar, and all calendars.
    usual: Usual,
    /// Every interchange id so far, and whose it is.
    ids: Vec<(InterchangeId, String)>,
    /// The names that mailboxes are logged in to with, and whose they are.
    users: Vec<(String, String)>,
    errors: Vec<FileError>,
}

impl Reading {
    fn finish(mut self) -> Result<PartnerBook, Vec<FileError>> {
        if self.errors.is_empty() {
            return Ok(self.book);
        }
        self.errors.sort_by(|a, b| a.order().cmp(&b.order()));
        Err(self.errors)
    }

    fn directory(&mut self, directory: &Path) {
        let names = self.names(directory);
        if directory.join("calendars").is_dir() {
            self.calendars(&directory.join("calendars"));
        }
        if names.iter().any(|name| name == "utility.toml") {
            self.utility(&directory.join("utility.toml"));
        }
        if directory.join("utility").is_dir() {
            self.own_folder(&directory.join("utility"));
        }
        for name in names {
            let path = directory.join(&name);
            if matches!(name.as_str(), "utility.toml" | "utility" | "calendars")
                || name.starts_with('.')
            {
                continue;
            }
            if path.is_dir() {
                self.partner(&name, &path);
            } else if name.ends_with(".toml") {
                self.unexpected(&path, &name, &["utility.toml"]);
            }
        }
    }

    /// Business days that partners can name.
    fn calendars(&mut self, folder: &Path) {
        for name in self.names(folder) {
            let path = folder.join(&name);
            let Some(stem) = name.strip_suffix(".toml").filter(|_| !name.starts_with('.')) else {
                continue;
            };
            if self.usual.calendars.iter().any(|other| other.name() == stem) {
                let shown = path.display().to_string();
                let error = FileError::whole(&shown, "there is a calendar of this name built in");
                self.errors.push(error.with_help("give the file another name"));
                continue;
            }
            match Calendar::open(stem, &path) {
                Ok(calendar) => self.usual.calendars.push(Arc::new(calendar)),
                Err(errors) => self.errors.extend(errors),
            }
        }
    }

    /// The names in a directory, sorted.
    fn names(&mut self, directory: &Path) -> Vec<String> {
        let shown = directory.display().to_string();
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(e) => {
                self.errors.push(FileError::whole(&shown, format!("cannot be read: {e}")));
                return Vec::new();
            }
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry.map(|entry| entry.file_name().into_string()) {
                Ok(Ok(name)) => names.push(name),
                Ok(Err(name)) => {
                    let message = format!("{} is not a name in UTF-8", name.display());
                    self.errors.push(FileError::whole(&shown, message));
                }
                Err(e) => {
                    self.errors.push(FileError::whole(&shown, format!("cannot be read: {e}")));
                }
            }
        }
        names.sort();
        names
    }

    fn unexpected(&mut self, path: &Path, name: &str, known: &[&str]) {
        let error = FileError::whole(&path.display().to_string(), "is no file of a partner");
        let help = did_you_mean(name, known)
            .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
        self.errors.push(error.with_help(help));
    }

    /// Our own folder is no partner: it holds our options, and the rate book, which is read apart.
    fn own_folder(&mut self, folder: &Path) {
        for name in self.names(folder) {
            if name == "options.toml" {
                match options_file::read_over(&folder.join(&name), &toml::Table::new()) {
                    Ok((read, tables)) => {
                        (self.book.options, self.usual_options) = (Arc::new(read), tables);
                    }
                    Err(errors) => self.errors.extend(errors),
                }
            } else if name.ends_with(".toml") && !name.starts_with('.') {
                let path = folder.join(&name).display().to_string();
                let error = FileError::whole(&path, "is no file of ours");
                let help = "utility.toml lies beside this folder, and rates in its folder `rates`";
                self.errors.push(error.with_help(help));
            }
        }
    }

    fn open(&mut self, path: &Path) -> Option<Source> {
        Source::open(path).map_err(|errors| self.errors.extend(errors)).ok()
    }

    fn utility(&mut self, path: &Path) {
        let Some(source) = self.open(path) else { return };
        match read_utility(&source, &self.usual) {
            Ok((utility, places)) => {
                self.usual.zone = utility.zone.clone();
                self.usual.calendar = Arc::clone(&utility.calendar);
                self.usual.alerts = utility.alerts.clone();
                self.claim(&utility.x12.isa, "ourselves", &source, &places);
                let folder = path.with_file_name("utility");
                let keys = utility.as2.iter().flat_map(|it| &it.keys);
                let files: Vec<String> = keys.map(|key| key.certificate.clone()).collect();
                self.book.own_certificates = self.certificates(&folder, &files);
                self.book.utility = Some(utility);
            }
            Err(errors) => self.errors.extend(errors),
        }
    }

    /// Notes whose the ids are, and refuses one that is another's already.
    fn claim(
        &mut self,
        ids: &[InterchangeId],
        owner: &str,
        source: &Source,
        places: &[Range<usize>],
    ) {
        for (id, place) in ids.iter().zip(places) {
            let same = |(other, whose): &&(InterchangeId, String)| {
                whose != owner && (&other.qualifier, &other.id) == (&id.qualifier, &id.id)
            };
            if let Some((_, whose)) = self.ids.iter().find(same) {
                let message = format!("this id is that of {whose} already");
                self.errors.push(source.error(place.clone(), message));
            }
            self.ids.push((id.clone(), owner.to_string()));
        }
    }

    fn partner(&mut self, id: &str, folder: &Path) {
        let names = self.names(folder);
        if !names.iter().any(|name| name == "partner.toml") {
            let error = FileError::whole(&folder.display().to_string(), "has no partner.toml");
            self.errors.push(error);
        }
        let mut guides = Vec::new();
        let mut broken = Vec::new();
        let mut profile = None;
        let mut options = Arc::clone(&self.book.options);
        let mut business = BusinessOptions::default();
        for name in names {
            let path = folder.join(&name);
            if name == "partner.toml" {
                let Some(source) = self.open(&path) else { continue };
                match read_profile(id, &source, &self.usual) {
                    Ok(read) => profile = Some((read, source)),
                    Err(errors) => self.errors.extend(errors),
                }
            } else if name == "business.toml" {
                match options_file::read_business(&path) {
                    Ok(read) => business = read,
                    Err(errors) => self.errors.extend(errors),
                }
            } else if let Some(stem) = name.strip_suffix(".guide.toml") {
                match self.guide(&format!("{id}/{stem}"), &path) {
                    Some(guide) => guides.push((name, guide)),
                    None => broken.push(name),
                }
            } else if name == "options.toml" {
                match options_file::read_over(&path, &self.usual_options) {
                    Ok((read, _)) => options = Arc::new(read),
                    Err(errors) => self.errors.extend(errors),
                }
            } else if name.ends_with(".toml") && !name.starts_with('.') {
                let known = ["partner.toml", "options.toml", "business.toml", "867.guide.toml"];
                self.unexpected(&path, &name, &known);
            }
        }
        let authorizations = self.authorizations(id, &folder.join("authorizations"));
        let (frames, signatures) = self.frames(&folder.join("frames"));
        let Some((read, source)) = profile else { return };
        self.claim(&read.profile.x12.isa, id, &source, &read.isa_places);
        if let Some(mailbox) = &read.profile.mailbox {
            if let Some((_, whose)) = self.users.iter().find(|(user, _)| *user == mailbox.user) {
                let message = format!("this name is that of {whose} already");
                self.errors.push(source.error(read.mailbox_place.clone(), message));
            }
            self.users.push((mailbox.user.clone(), id.to_string()));
        }
        let chosen = self.choose_guides(&read, &source, &guides, &broken);
        for (name, guide) in &guides {
            let named = |guide: &Option<GuideName>| matches!(guide, Some(GuideName::File(file)) if file == name);
            if !read.profile.documents.iter().any(|document| named(&document.guide)) {
                let error =
                    FileError::whole(guide.file.file(), "no document of partner.toml names it");
                self.errors.push(error.with_help("add it to [[documents]], or take it away"));
            }
        }
        let as2 = read.profile.as2.as_ref();
        let files: Vec<String> =
            as2.iter().flat_map(|it| &it.certificates).map(|it| it.file.clone()).collect();
        let certificates = self.certificates(folder, &files);
        if let Err(error) = pinned(as2, &certificates) {
            let shown = folder.join("partner.toml").display().to_string();
            self.errors.push(FileError::whole(&shown, format!("[as2] certificates: {error}")));
        }
        let roots = as2.and_then(|it| it.roots.as_ref());
        let roots = roots.and_then(|file| self.bytes(&folder.join(file)));
        let client = as2.and_then(|it| it.client.as_ref());
        let client = client.and_then(|it| self.bytes(&folder.join(&it.certificate)));
        self.claim_as2(&read.profile, &source);
        let mut of_account: BTreeMap<AccountNumber, Vec<usize>> = BTreeMap::new();
        for (place, authorization) in authorizations.iter().enumerate() {
            for account in authorization.accounts() {
                of_account.entry(account.clone()).or_default().push(place);
            }
        }
        self.book.partners.push(Partner {
            of_account,
            certificates,
            roots,
            client,
            profile: read.profile,
            guides: chosen,
            options,
            business,
            authorizations,
            frames,
            signatures,
        });
    }

    /// The certificates in these files of a folder, one in each.
    fn certificates(&mut self, folder: &Path, files: &[String]) -> Vec<Certificate> {
        let mut found = Vec::new();
        for file in files {
            let path = folder.join(file);
            let Some(bytes) = self.bytes(&path) else { continue };
            let wrong = match Certificate::from_file(&bytes) {
                Ok(mut read) if read.len() == 1 => {
                    found.extend(read.pop());
                    continue;
                }
                Ok(_) => "there are several certificates in the file".to_string(),
                Err(error) => error.to_string(),
            };
            let error = FileError::whole(&path.display().to_string(), wrong);
            self.errors.push(error.with_help(
                "give one certificate with an RSA key, as PEM or DER; `tieline cert import` makes it of others",
            ));
        }
        found
    }

    /// The bytes of a small file.
    fn bytes(&mut self, path: &Path) -> Option<Vec<u8>> {
        match fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let shown = path.display().to_string();
                self.errors.push(FileError::whole(&shown, format!("cannot be read: {error}")));
                None
            }
        }
    }

    /// Notes whose an AS2 name is, towards which of ours, and refuses one that is another's already.
    fn claim_as2(&mut self, profile: &Profile, source: &Source) {
        let Some(as2) = &profile.as2 else { return };
        let own = self.book.utility.as_ref().and_then(|utility| utility.as2.as_ref());
        if own.is_none() {
            let message =
                "[as2]: utility.toml has no [as2], which says who we are and has our keys";
            self.errors.push(FileError::whole(&source.file, message));
        }
        let same = |other: &&Partner| other.profile.as2.as_ref().is_some_and(|it| it.id == as2.id);
        if let Some(other) = self.book.partners.iter().find(same) {
            let message = format!("[as2]: the AS2 name is that of {} already", other.profile.id);
            self.errors.push(FileError::whole(&source.file, message));
        }
    }

    /// The names of the TOML files of a folder without their ending; none when there is no folder.
    fn stems(&mut self, folder: &Path) -> Vec<String> {
        if !folder.is_dir() {
            return Vec::new();
        }
        let names = self.names(folder).into_iter().filter(|name| !name.starts_with('.'));
        names.filter_map(|name| name.strip_suffix(".toml").map(str::to_string)).collect()
    }

    fn authorizations(&mut self, partner: &str, folder: &Path) -> Vec<Authorization> {
        let mut found = Vec::new();
        for stem in self.stems(folder) {
            let path = folder.join(format!("{stem}.toml"));
            match authorization::open(partner, &stem, &path) {
                Ok(authorization) => found.push(authorization),
                Err(errors) => self.errors.extend(errors),
            }
        }
        found
    }

    fn frames(&mut self, folder: &Path) -> (Vec<Frame>, Vec<Signature>) {
        let (mut frames, mut signatures): (Vec<Frame>, _) = (Vec::new(), Vec::new());
        let mut stems = self.stems(folder);
        // `10-` comes after `9-`.
        stems.sort_by_key(|stem| {
            let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
            (stem[..digits].parse::<u32>().unwrap_or(u32::MAX), stem.clone())
        });
        for stem in stems {
            let path = folder.join(format!("{stem}.toml"));
            if path.file_name().is_some_and(|name| name == SIGNATURES_FILE) {
                match frame::open_signatures(&path) {
                    Ok(read) => signatures = read,
                    Err(errors) => self.errors.extend(errors),
                }
                continue;
            }
            match Frame::open(&stem, &path) {
                Ok(frame) => {
                    let before = |need: &&String| !frames.iter().any(|it| it.id == **need);
                    if let Some(need) = frame.needs.iter().find(before) {
                        let message = format!("there is no frame `{need}` before this one");
                        let known: Vec<&str> = frames.iter().map(|it| it.id.as_str()).collect();
                        let error = FileError::whole(&path.display().to_string(), message);
                        self.errors.push(FileError { help: did_you_mean(need, &known), ..error });
                    }
                    frames.push(frame);
                }
                Err(errors) => self.errors.extend(errors),
            }
        }
        (frames, signatures)
    }

    fn guide(&mut self, name: &str, path: &Path) -> Option<Agreed> {
        GuideFile::open(name, path)
            .and_then(Agreed::new)
            .map_err(|errors| self.errors.extend(errors))
            .ok()
    }

    /// The guide of each document, out of the folder's or the built-in ones.
    fn choose_guides(
        &mut self,
        read: &ProfileFile,
        source: &Source,
        guides: &[(String, Agreed)],
        broken: &[String],
    ) -> Vec<Option<Agreed>> {
        let mut chosen = Vec::new();
        let profile = &read.profile;
        for (document, place) in profile.documents.iter().zip(&read.guide_places) {
            let mut refuse = |error: FileError| self.errors.push(error);
            let guide = match &document.guide {
                None => None,
                Some(GuideName::BuiltIn(name)) => {
                    builtin::find(name).and_then(|file| Agreed::new(file.clone()).ok())
                }
                Some(GuideName::File(file)) => {
                    let found = guides.iter().find(|(name, _)| name == file);
                    if found.is_none() && !broken.contains(file) {
                        let error = source.error(place.clone(), "there is no such file");
                        let names: Vec<&str> = guides.iter().map(|(name, _)| &name[..]).collect();
                        refuse(FileError { help: did_you_mean(file, &names), ..error });
                    }
                    found.map(|(_, guide)| guide.clone())
                }
            };
            if let Some(Agreed { file: GuideFile { guide, .. }, .. }) = &guide {
                if guide.set != document.set {
                    let message = format!("this guide is for the {}", guide.set);
                    refuse(source.error(place.clone(), message));
                } else if guide.release != profile.x12.release {
                    let (is, wanted) = (guide.release, profile.x12.release);
                    let message = format!("this guide is for {is}, and the partner uses {wanted}");
                    let help = format!("write a guide file that says `release = \"{wanted}\"`");
                    refuse(source.error(place.clone(), message).with_help(help));
                }
            }
            chosen.push(guide);
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tieline_smime::{PrivateKey, pem};

    use super::*;

    /// A directory of its own for one test, with these files in it.
    fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("tieline-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for (file, text) in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("writable");
            fs::write(path, text).expect("writable");
        }
        root
    }

    /// The errors of a book of these files, without the directory's own name.
    fn refused(name: &str, files: &[(&str, &str)]) -> String {
        let root = directory(name, files);
        let errors = PartnerBook::load(&root).expect_err("refused");
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        fs::remove_dir_all(&root).expect("it was made above");
        shown.join("\n").replace(&format!("{}/", root.display()), "")
    }

    fn profile(id: &str, isa: &str) -> String {
        format!(
            "id = \"{id}\"\nname = \"N\"\nstatus = \"live\"\n\
             [x12]\nisa = [{{ qualifier = \"ZZ\", id = \"{isa}\" }}]\n"
        )
    }

    fn document(guide: &str) -> String {
        format!("[[documents]]\nset = \"867\"\ndirection = \"in\"\nguide = \"{guide}\"\n")
    }

    /// A certificate as a partner gives it; there is one for each serial number.
    fn certificate(key: &PrivateKey, serial: u8) -> String {
        let valid = (1_767_225_600, 1_798_761_600); // 2026
        let made = Certificate::self_signed(key, "Otter Valley", &[serial; 16], valid);
        pem::write("CERTIFICATE", made.expect("the key can sign").der())
    }

    const OURSELVES: &str = "name = \"N\"\nx12.isa = [{ qualifier = \"ZZ\", id = \"US\" }]\n\
        [as2]\nid = \"PRAIRIERIVERS\"\nkeys = [{ certificate = \"a.cer\", key = \"cred:as2\" }]\n";

    #[test]
    fn a_partner_on_as2_has_its_certificates() {
        let key = PrivateKey::generate(2048).expect("a key can be made");
        let (one, two) = (certificate(&key, 1), certificate(&key, 2));
        let as2 = "[as2]\nid = \"Otter Valley\"\nurl = \"https://otter.example/as2\"\ncertificates = [\
            { file = \"1.cer\", until = 2026-07-01 }, { file = \"2.cer\", use = [\"sign\"] }]\n\
            send.encrypt = \"aes256-gcm\"\nreceive.digests = [\"sha1\", \"sha256\"]\n\
            client = { certificate = \"client.pem\", key = \"cred:otter-tls\" }\n";
        let text = profile("otter-valley", "OTTER") + as2;
        let root = directory(
            "as2",
            &[
                ("utility.toml", OURSELVES),
                ("utility/a.cer", &one),
                ("otter-valley/partner.toml", &text),
                ("otter-valley/1.cer", &one),
                ("otter-valley/2.cer", &two),
                ("otter-valley/client.pem", &two),
            ],
        );
        let book = PartnerBook::load(&root).expect("it is good");
        fs::remove_dir_all(&root).expect("it was made above");
        assert_eq!(book.own_certificates().count(), 1);
        let partner = book.find("otter-valley").expect("it is there");
        let read = partner.profile().as2.as_ref().expect("it is on AS2");
        assert_eq!(read.send.encrypt.map(|it| it.name()), Some("aes256-gcm"));
        assert_eq!((read.receive.digests.len(), read.receive.ciphers.len()), (2, 5));
        let names: Vec<Option<&str>> =
            partner.certificates().map(|(_, it)| it.common_name()).collect();
        assert_eq!(names, [Some("Otter Valley"); 2]);
        let ends = partner.expiries("2026-06-20".parse().expect("a date"));
        let ends: Vec<String> =
            ends.iter().map(|it| format!("{} {}", it.what, it.last_day)).collect();
        assert_eq!(
            ends,
            [
                "AS2 certificate 1.cer 2026-06-30",
                "AS2 certificate 2.cer 2026-12-31",
                "our HTTPS certificate client.pem 2026-12-31"
            ]
        );
        assert_eq!(partner.client_certificate(), Some(two.as_bytes()));
    }

    #[test]
    fn what_is_wrong_on_as2_is_told() {
        let as2 = |rest: &str| profile("otter-valley", "OTTER") + "[as2]\n" + rest;
        let wrong = |text: String, file: &str| {
            let files = [
                ("otter-valley/partner.toml", text.as_str()),
                ("otter-valley/a.cer", file),
                ("utility.toml", "name = \"N\"\nx12.isa = [{ qualifier = \"ZZ\", id = \"US\" }]"),
            ];
            refused("as2-wrong", &files)
        };
        let text = wrong(as2("id = \"O\"\ncertificates = [{ file = \"a.cer\" }]"), "nothing");
        assert!(text.contains("--> otter-valley/a.cer"), "{text}");
        assert!(text.contains("utility.toml has no [as2]"), "{text}");
        for (line, told) in [
            ("id = \"a\\\"b\"", "an AS2 name has 1 to 128"),
            ("id = \"O\"\nurl = \"https://me:you@otter.example/\"", "use [as2.login]"),
            ("id = \"O\"\nurl = \"otter.example\"", "give an address such as"),
            ("id = \"O\"\nsend.sign = \"sha1\"", "unknown value of `sign`"),
            ("id = \"O\"\nsend.encrypt = \"3des-cbc\"", "unknown value of `encrypt`"),
            ("id = \"O\"\ncertificates = [{ file = \"../a.cer\" }]", "lies in the folder"),
            ("id = \"O\"\nsend = { receipt = \"none\", receipt_later = true }", "no receipt that"),
        ] {
            let text = wrong(as2(line), "");
            assert!(text.contains(told), "{line}: {text}");
        }
    }

    #[test]
    fn the_partners_of_this_repository_load() {
        let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners");
        let book = match PartnerBook::load(&partners) {
            Ok(book) => book,
            Err(errors) => {
                let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
                panic!("{}", shown.join("\n\n"));
            }
        };
        let utility = book.utility().expect("utility.toml is there");
        assert_eq!(utility.name, "Prairie Rivers Electric Cooperative");
        assert_eq!(book.partners().len(), 4);
        let prairie = book.find("prairie-power").expect("it is there");
        let guide = prairie.guide("867", Release::V004010).expect("it has one");
        assert_eq!(guide.name, "prairie-power/867");
        assert!(prairie.guide("867", Release::V005010).is_none());
        let coteau = book.find("coteau-compute").expect("it is there");
        let guide = coteau.guide("867", Release::V005010).expect("it has one");
        assert!(guide.options.hour_24);
    }

    #[test]
    fn a_partner_is_found_by_the_ids_of_an_interchange() {
        let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners");
        let book = PartnerBook::load(&partners).expect("it is good");
        let us: (&[u8], &[u8]) = (b"01", b"0055500010000  ");
        let bank: (&[u8], &[u8]) = (b"ZZ", b"REDRIVERBANK   ");
        let food: (&[u8], &[u8]) = (b"12", b"7015550142     ");
        let found = |sender, receiver| {
            book.find_by_isa(sender, receiver)
                .map(|(partner, direction)| (partner.profile().id.as_str(), direction))
        };
        assert_eq!(found(bank, us), Some(("redriver-bank", Direction::In)));
        assert_eq!(found(us, food), Some(("sheyenne-foods", Direction::Out)));
        assert_eq!(found(bank, food), Some(("redriver-bank", Direction::In)));
        assert_eq!(found(us, us), None);
        assert_eq!(found((b"01", b"REDRIVERBANK"), us), None);
    }

    #[test]
    fn a_partner_s_options_are_laid_over_our_own() {
        let root = directory(
            "options",
            &[
                ("utility/options.toml", "[common]\naccount = \"10\"\nmeter = \"MX\"\n"),
                ("a/options.toml", "[common]\nmeter = \"SE\"\n"),
                ("a/partner.toml", &profile("a", "A")),
                ("b/partner.toml", &profile("b", "B")),
            ],
        );
        let book = PartnerBook::load(&root).expect("it is good");
        let of = |id: &str| {
            let options = book.find(id).expect("it is there").options();
            (options.common.account.clone(), options.common.meter.clone())
        };
        assert_eq!(of("a"), ("10".to_string(), "SE".to_string()));
        assert_eq!(of("b"), ("10".to_string(), "MX".to_string()));
        assert_eq!(book.options().common.account, "10");
        fs::remove_dir_all(&root).expect("it was made above");
    }

    #[test]
    fn a_partner_has_business_conventions_of_its_own() {
        let root = directory(
            "business",
            &[
                ("a/business.toml", "last_day = \"included\"\n"),
                ("a/partner.toml", &profile("a", "A")),
                ("b/partner.toml", &profile("b", "B")),
            ],
        );
        let book = PartnerBook::load(&root).expect("it is good");
        let of = |id: &str| book.find(id).expect("it is there").business().clone();
        assert_eq!(of("b"), BusinessOptions::default());
        assert_ne!(of("a"), BusinessOptions::default());
        fs::remove_dir_all(&root).expect("it was made above");
    }

    #[test]
    fn no_directory_is_an_empty_book_and_a_file_is_an_error() {
        let root = directory("nothing", &[("file", "")]);
        let book = PartnerBook::load(&root.join("absent")).expect("an empty book");
        assert!(book.partners().is_empty() && book.utility().is_none());
        let errors = PartnerBook::load(&root.join("file")).expect_err("refused");
        assert!(errors[0].message.starts_with("cannot be read: "), "{}", errors[0]);
        fs::remove_dir_all(&root).expect("it was made above");
    }

    #[test]
    fn our_own_folder_is_no_partner() {
        let files = [("utility/rates/100.toml", "not read here"), ("utility/notes.txt", "")];
        let root = directory("own", &files);
        let book = PartnerBook::load(&root).expect("nothing is wrong with partners");
        assert!(book.partners().is_empty());
        fs::remove_dir_all(&root).expect("it was made above");
        let text = refused("own-file", &[("utility/partner.toml", "id = \"utility\"\n")]);
        assert!(text.contains("is no file of ours\n --> utility/partner.toml"), "{text}");
    }

    #[test]
    fn every_bad_file_is_reported() {
        let text = refused(
            "every",
            &[
                ("utilty.toml", ""),
                ("a/partner.toml", "id = \"b\"\n"),
                ("b/867.guide.toml", "set = 867\n"),
                ("b/partner.toml", &(profile("b", "B") + &document("867.guide.toml"))),
                ("c/notes.txt", "nothing to see"),
                ("d/partner.toml", "id = "),
                ("e/business.toml", "[severities]\nUTL-999 = \"off\"\n"),
                ("e/partner.toml", &profile("e", "E")),
                ("f/business.toml", "last_date = \"included\"\n"),
                ("f/partner.toml", &profile("f", "F")),
            ],
        );
        for part in [
            " --> utilty.toml",
            "did you mean `utility.toml`?",
            "`id` must be the name of the folder, a",
            " --> b/867.guide.toml:1:7",
            "`set` must be a string, not a whole number",
            "has no partner.toml\n --> c",
            " --> d/partner.toml:1:6",
            " --> e/business.toml:2:1",
            "there is no such business finding",
            " --> f/business.toml:1:1",
            "unknown key `last_date`",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        assert!(!text.contains("there is no such file"), "{text}");
    }

    #[test]
    fn an_id_belongs_to_one_partner() {
        let text = refused(
            "ids",
            &[
                (
                    "utility.toml",
                    "name = \"U\"\n[x12]\nisa = [{ qualifier = \"ZZ\", id = \"US\" }]\n",
                ),
                ("a/partner.toml", &profile("a", "SAME")),
                ("b/partner.toml", &profile("b", "SAME")),
                ("c/partner.toml", &profile("c", "US")),
            ],
        );
        assert!(text.contains("this id is that of a already\n --> b/partner.toml:5:8"), "{text}");
        assert!(text.contains("this id is that of ourselves already\n --> c/partner"), "{text}");
    }

    #[test]
    fn a_document_and_its_guide_go_together() {
        let guide = "set = \"867\"\nrelease = \"005010\"\n";
        let text = refused(
            "guides",
            &[
                ("a/partner.toml", &(profile("a", "A") + &document("867.guid.guide.toml"))),
                ("a/867.guide.toml", "set = \"867\"\n"),
                ("b/partner.toml", &(profile("b", "B") + &document("utility/820-remittance"))),
                ("c/partner.toml", &(profile("c", "C") + &document("867.guide.toml"))),
                ("c/867.guide.toml", guide),
            ],
        );
        for part in [
            "there is no such file\n --> a/partner.toml:9:9",
            "did you mean `867.guide.toml`?",
            "no document of partner.toml names it\n --> a/867.guide.toml",
            "this guide is for the 820\n --> b/partner.toml:9:9",
            "this guide is for 005010, and the partner uses 004010\n --> c/partner.toml",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }

    #[test]
    fn a_guide_that_does_not_fit_the_standard_is_refused() {
        let guide = "set = \"867\"\n[[row]]\nat = \"PTD/REG\"\nusage = \"must\"\n";
        let text = refused(
            "fit",
            &[
                ("a/partner.toml", &(profile("a", "A") + &document("867.guide.toml"))),
                ("a/867.guide.toml", guide),
            ],
        );
        assert_eq!(
            text,
            "error: there is no REG in loop PTD\n \
             --> a/867.guide.toml:3:6\n  \
             |\n\
             3 | at = \"PTD/REG\"\n  \
             |      ^^^^^^^^^\n  \
             = help: did you mean `REF`?"
        );
    }

    #[test]
    fn each_direction_has_its_own_guide() {
        let both = document("out.guide.toml").replace("\"in\"", "\"out\"")
            + &document("in.guide.toml")
            + "[[documents]]\nset = \"824\"\ndirection = \"in\"\nguide = \"utility/824-advice\"\n";
        let root = directory(
            "direction",
            &[
                ("a/partner.toml", &(profile("a", "A") + &both)),
                ("a/in.guide.toml", "set = \"867\"\n"),
                ("a/out.guide.toml", "set = \"867\"\n"),
            ],
        );
        let book = PartnerBook::load(&root).expect("it is good");
        fs::remove_dir_all(&root).expect("it was made above");
        let partner = book.find("a").expect("it is there");
        let name = |set: &[u8], release, direction| {
            partner.plan(set, release, direction).and_then(|plan| plan.guide())
        };
        assert_eq!(name(b"867", Release::V004010, Direction::In), Some("a/in"));
        assert_eq!(name(b"867", Release::V004010, Direction::Out), Some("a/out"));
        assert_eq!(name(b"824", Release::V004010, Direction::Out), Some("utility/824-advice"));
        assert_eq!(name(b"867", Release::V005010, Direction::In), None);
        assert_eq!(name(b"810", Release::V004010, Direction::In), None);
    }

    #[test]
    fn a_file_larger_than_a_mebibyte_is_refused() {
        let text = refused("large", &[("a/partner.toml", &"# \n".repeat(400_000))]);
        assert_eq!(text, "error: is larger than 1 MiB\n --> a/partner.toml");
    }

    #[test]
    fn the_examples_of_the_readme_read() {
        let readme = include_str!("../../../partners/README.md");
        let examples: Vec<&str> = readme
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split_once("```").map(|(example, _)| example))
            .collect();
        let [profile, calendar, authorization, frame, options, business, guide] = examples[..]
        else {
            panic!("seven are expected")
        };
        Calendar::read("office", "office.toml", calendar).expect("the example of a calendar");
        Frame::read("2-867", "2-867.toml", frame).expect("the example of a frame");
        let root = directory("example", &[("A-2026-014.toml", authorization)]);
        authorization::open("prairie-power", "A-2026-014", &root.join("A-2026-014.toml"))
            .expect("the example of an authorization");
        fs::remove_dir_all(&root).expect("it was made above");
        toml::from_str::<Options>(options).expect("the example of options");
        toml::from_str::<BusinessOptions>(business).expect("the example of business options");
        Profile::read("prairie-power", "partner.toml", profile).expect("the example of a profile");
        GuideFile::read("prairie-power/867", "867.guide.toml", guide)
            .expect("the example of a guide");
    }
}
