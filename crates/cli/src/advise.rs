//! Application advices (824) for the sets of a file that keep the standard and in which something is wrong
//! beyond it.

use std::sync::Arc;

use tieline_mapping::business::{self, BusinessFinding, BusinessOptions, Severity};
use tieline_mapping::options::Options;
use tieline_mapping::{advice_824, document, naming};
use tieline_model::advice::Advice;
use tieline_model::identifier::AccountNumber;
use tieline_model::record::Record;
use tieline_model::stamp::Stamp;
use tieline_model::usage::UsageReport;
use tieline_x12::compose::{self, Set};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::finding::Finding;
use tieline_x12::header::Header;
use tieline_x12::observer::{InterchangeOutcome, Observer, Scene, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;
use tieline_x12::table::Release;
use tieline_x12::tree::Tree;

use crate::business::Business;
use crate::exit;
use crate::failure::Failure;
use crate::partners::Guides;

/// What the advices of a file are sent with.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    /// Today, CCYYMMDD, and now, HHMM.
    pub(crate) date: String,
    pub(crate) time: String,
    /// The same as a stamp.
    pub(crate) made: Stamp,
    /// `ISA13` of the first interchange; each further one has a number that is greater by two.
    pub(crate) control_number: u32,
}

/// Hears a file and writes an interchange of advices for each of its interchanges that needs one.
pub(crate) struct Advisor<'g> {
    guides: &'g Guides,
    sending: Sending,
    business: Business<'g>,
    options: Arc<Options>,
    agreed: BusinessOptions,
    header: Option<Arc<Header>>,
    group: GroupRead,
    open: Option<Open>,
    ready: Vec<u8>,
    count: Count,
    failed: Option<Failure>,
}

/// What came of a file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    /// Interchanges of advices.
    pub(crate) interchanges: u32,
    /// Sets that are rejected.
    pub(crate) rejected: u32,
    /// Sets that no advice can answer, because they have no number or nobody to send it to.
    pub(crate) unanswered: u32,
}

/// The group that is being read: who sends it to whom, its number and its version.
#[derive(Debug, Default)]
struct GroupRead {
    sender: String,
    receiver: String,
    number: String,
    version: String,
}

/// The interchange in the writing, and how many advices are in it.
struct Open {
    writer: compose::Writer,
    control_number: u32,
    sets: u32,
}

impl<'g> Advisor<'g> {
    /// One that judges by what the partners of these guides agree to.
    pub(crate) fn new(guides: &'g Guides, sending: Sending) -> Advisor<'g> {
        Advisor {
            guides,
            sending,
            business: Business::new(guides),
            options: guides.options(None),
            agreed: BusinessOptions::default(),
            header: None,
            group: GroupRead::default(),
            open: None,
            ready: Vec::new(),
            count: Count::default(),
            failed: None,
        }
    }

    /// What has been written so far and was not taken yet.
    pub(crate) fn take(&mut self) -> Result<Vec<u8>, Failure> {
        match self.failed.take() {
            Some(failure) => Err(failure),
            None => Ok(std::mem::take(&mut self.ready)),
        }
    }

    /// What came of the file.
    pub(crate) fn count(&self) -> Count {
        self.count
    }

    /// Writes the advice that answers a set.
    fn advise(&mut self, number: &str, account: Option<&AccountNumber>, set: &Judged) {
        let is_error = |finding: &BusinessFinding| finding.severity == Severity::Error;
        self.count.rejected += u32::from(set.found.iter().any(is_error));
        if number.is_empty() || !self.begin() {
            self.count.unanswered += 1;
            return;
        }
        let Some(open) = &mut self.open else { return };
        open.sets += 1;
        let (date, control_number, sets) = (&self.sending.date, open.control_number, open.sets);
        let parties = self.header.as_deref().and_then(|header| {
            let (us, them) = self.guides.sides_of((header.sender(), header.receiver()))?;
            Some(naming::parties(&set.code, us, them, &self.options))
        });
        let head = advice_824::Head {
            number: format!("{date}A{control_number:09}{sets:04}"),
            made: self.sending.made.clone(),
            parties: parties.unwrap_or_default(),
        };
        let answered = advice_824::Answered {
            set_code: &set.code,
            number,
            group: Some(self.group.number.as_str()).filter(|number| !number.is_empty()),
            set: Some(&set.control_number),
            account,
        };
        let advice = business::advice(head, &answered, &set.found, &self.options, &self.agreed);
        let written = advice.map_err(|error| error.to_string()).and_then(|advice| {
            write(&mut open.writer, &advice, sets, &self.options).map_err(|error| error.to_string())
        });
        if let Err(why) = written {
            let message = format!(
                "the advice for set {number_of} cannot be written: {why}",
                number_of = set.number
            );
            self.fail(message);
        }
    }

    /// Opens the interchange and its group unless they are; `false` if there is nobody to send it to.
    fn begin(&mut self) -> bool {
        if self.open.is_some() {
            return true;
        }
        let Some(header) = self.header.clone() else { return false };
        let side = |(qualifier, id): (&[u8], &[u8])| (text(qualifier), text(id));
        let (from, to) = (side(header.receiver()), side(header.sender()));
        if from.1.is_empty() || to.1.is_empty() {
            return false;
        }
        let control_number =
            self.sending.control_number.saturating_add(2 * self.count.interchanges);
        let release = Release::of_version(self.group.version.as_bytes()).or(header.release());
        let release = release.unwrap_or(Release::V004010);
        let Sending { date, time, .. } = &self.sending;
        let interchange = compose::Interchange {
            authorization: None,
            sender: from,
            receiver: to,
            date: date[2..].to_string(),
            time: time.clone(),
            release,
            control_number,
            acknowledgment_requested: false,
            usage: if header.is_test() { 'T' } else { 'P' },
            acknowledgments: Vec::new(),
            groups: Vec::new(),
        };
        let group = compose::Group {
            functional_id: "AG".to_string(),
            sender: self.group.receiver.clone(),
            receiver: self.group.sender.clone(),
            date: date.clone(),
            time: time.clone(),
            control_number,
            control_digits: 1,
            agency: None,
            version: release.to_string(),
            sets: Vec::new(),
        };
        let line_end = header.delimiters().line_end;
        let delimiters = Delimiters { line_end, ..Delimiters::default() };
        let opened = compose::Writer::open(&interchange, &delimiters).and_then(|mut writer| {
            writer.group(&group)?;
            Ok(writer)
        });
        match opened {
            Ok(writer) => self.open = Some(Open { writer, control_number, sets: 0 }),
            Err(error) => self.fail(format!("no advice can be written: {error}")),
        }
        self.count.interchanges += 1;
        true
    }

    fn fail(&mut self, message: String) {
        self.failed.get_or_insert(Failure { code: exit::FINDINGS, message, help: None });
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        match open.writer.finish() {
            Ok(bytes) => self.ready.extend(bytes),
            Err(error) => self.fail(format!("no advice can be written: {error}")),
        }
    }
}

/// A set in which something was found.
struct Judged {
    code: String,
    control_number: String,
    /// The set, counted through the file.
    number: u64,
    found: Vec<BusinessFinding>,
}

fn write(
    writer: &mut compose::Writer,
    advice: &Advice,
    number: u32,
    options: &Options,
) -> Result<(), tieline_mapping::error::MappingError> {
    let set = Set {
        code: "824".to_string(),
        control_number: format!("{number:04}"),
        convention: None,
        segments: Vec::new(),
    };
    writer.set_with(&set, |body| advice_824::compose(advice, options, body))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_string()
}

/// Where the number of a document stands that cannot be read otherwise.
const NUMBERS: [(&str, &str); 3] = [("867", "BPT"), ("810", "BIG"), ("820", "TRN")];

/// The number of a document, and the account it is about.
fn names(root: Tree<'_>, code: &str, options: &Options) -> (String, Option<AccountNumber>) {
    let read = document::read(root, options).ok();
    let known = match read {
        Some(Record::UsageReport(report)) => {
            let UsageReport { number, account, .. } = *report;
            number.map(|number| (number, account))
        }
        Some(Record::Bill(bill)) => Some((bill.number, bill.account)),
        Some(Record::Payment(payment)) => payment.trace.map(|trace| (trace.number, None)),
        _ => None,
    };
    known.unwrap_or_else(|| {
        let segment = NUMBERS.iter().find(|(set, _)| *set == code).map(|(_, segment)| *segment);
        let found = segment.and_then(|id| root.all(id).next());
        (found.map(|segment| text(segment.element(2))).unwrap_or_default(), None)
    })
}

impl Observer for Advisor<'_> {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.business.hear(&finding);
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        self.close();
        self.business.interchange(header);
        let sides = Some((header.sender(), header.receiver()));
        (self.options, self.agreed) = (self.guides.options(sides), self.guides.business(sides));
        self.header = Some(Arc::clone(header));
        self.group = GroupRead::default();
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        self.business.envelope(segment);
        if segment.id().as_bytes() == b"GS" {
            let [sender, receiver, number, version] =
                [2, 3, 6, 8].map(|n| text(segment.element(n)));
            self.group = GroupRead { sender, receiver, number, version };
        }
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.business.begin(segment, plan);
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.business.segment(segment, row);
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        let Some((tree, found)) = self.business.judge(outcome) else { return };
        let is_told = found.iter().any(|finding| finding.severity > Severity::Info);
        // What the acknowledgment rejects is answered by that.
        if !is_told || outcome.errors > 0 || self.failed.is_some() {
            return;
        }
        let (code, control_number) = (text(&outcome.code), text(&outcome.control_number));
        let root = tree.root(self.business.bytes());
        let (number, account) = names(root, &code, &self.options);
        let set = Judged { code, control_number, number: outcome.number, found };
        self.advise(&number, account.as_ref(), &set);
    }

    fn interchange_end(&mut self, _: &InterchangeOutcome) {
        self.close();
    }
}
