//! 814.

use tieline_mapping::enrollment_814::{self, authorization};
use tieline_mapping::error::MappingError;
use tieline_mapping::options::{Options, ReleasedData};
use tieline_model::authorization::DataKind;
use tieline_model::common::*;
use tieline_model::identifier::MeterNumber;
use tieline_model::provenance::Provenance;
use tieline_model::request::*;
use tieline_model::residue::Residue;
use tieline_model::time::date;
use tieline_sample::Kind;

use crate::document::{lines, pair, segments};
use crate::mapping::Mapping;
use crate::shared::random::Random;

const ENROLLMENT: Mapping<ServiceRequest> =
    Mapping { kind: Kind::AccountSetup, read: enrollment_814::read, write: enrollment_814::write };

#[test]
fn samples_are_written_as_they_were_read() {
    ENROLLMENT.assert_samples(3);
}

#[test]
fn what_the_recipe_makes_is_written_as_it_was_read() {
    ENROLLMENT.assert_recipes(|request| {
        !request.residue.is_empty()
            || request.parties.iter().any(|party| !party.residue.is_empty())
            || request.items.iter().any(|item| !item.residue.is_empty())
    });
}

impl Random {
    fn meter(&mut self) -> MeterNumber {
        MeterNumber::new(self.text()).expect("a number")
    }

    fn days(&mut self) -> Vec<Event> {
        let kinds =
            [(EventKind::Start, "092"), (EventKind::End, "093"), (EventKind::Effective, "152")];
        self.some(3, |random| Event { kind: random.coded(&kinds), stamp: random.stamp() })
    }

    fn grounds(&mut self) -> Vec<Reference> {
        let kinds = [(ReferenceKind::Authorization, "BB"), (ReferenceKind::RejectReason, "7G")];
        self.some(2, |random| Reference {
            kind: random.coded(&kinds),
            value: random.maybe(Random::text),
            text: Some(random.text()),
        })
    }

    pub(crate) fn stated_amount(&mut self) -> StatedAmount {
        let kinds = [(AmountKind::Instalment, "MP"), (AmountKind::Balance, "T4")];
        StatedAmount { kind: self.coded(&kinds), amount: self.number() }
    }

    fn item(&mut self) -> RequestItem {
        let kinds = [(ServiceKind::Electric, "EL"), (ServiceKind::Other, "GAS")];
        let actions = [(RequestAction::Accept, "WQ"), (RequestAction::Other, "15")];
        let changes = [(RequestChange::Add, "021"), (RequestChange::Other, "030")];
        RequestItem {
            number: self.maybe(Random::text),
            services: self.some(15, |random| RequestedService {
                qualifier: "SH".into(),
                kind: random.coded(&kinds),
            }),
            action: self.maybe(|random| random.coded(&actions)),
            change: self.maybe(|random| random.coded(&changes)),
            account: self.maybe(Random::account),
            former_account: self.maybe(Random::account),
            supplier_account: self.maybe(Random::account),
            meter: self.maybe(Random::meter),
            references: self.grounds(),
            events: self.days(),
            amounts: self.some(2, Random::stated_amount),
            meters: self.some(2, |random| RequestedMeter {
                role: "MQ".into(),
                meter: random.maybe(Random::meter),
                references: random.grounds(),
                events: random.days(),
                ..RequestedMeter::default()
            }),
            ..RequestItem::default()
        }
    }

    fn request(&mut self) -> ServiceRequest {
        let purposes = [(RequestPurpose::Request, "13"), (RequestPurpose::Other, "22")];
        ServiceRequest {
            purpose: self.coded(&purposes),
            number: self.text(),
            made: self.stamp(),
            answers: self.maybe(Random::text),
            parties: self.some(2, Random::party),
            items: self.some(3, Random::item),
            provenance: Provenance::default(),
            residue: Residue::default(),
        }
    }
}

#[test]
fn a_request_that_was_written_is_read_as_it_was() {
    ENROLLMENT.assert_generated(Random::request);
}

const ASKED: &str = "
    BGN*13*E1*20260402*0910*CD**T*2
    N1*8S*PRAIRIE RIVERS*9*0055500010000
    N1*AG*LAKE COUNTRY ENERGY DATA*9*0069988770001
    N1*FE*RED CEDAR
    N3*BOX 1
    DTM*007*20260501
    LIN*1*SH*EL*SH*HI*ZZ
    ASI*7*029*A13
    REF*ZZ*1
    REF*MG*88400217
    REF*12*4410055010*X
    REF*1P*ABN
    REF*BB*2026-00417
    DTM*093*20270401
    DTM*092*20260402
    CUR*PR*USD
    AMT*MP*90.00*C
    NM1*MQ*3*METER*****93*88400218
    N3*DOCK 2
    REF*NH*300
    NM1*MQ*1
    LIN*2*SH*EL*SH*CE
    ASI*7*021
    REF*12*4410055010
    REF*BB*2026-00417
    DTM*092*20260402
    DTM*093*20270401
";

#[test]
fn a_document_with_all_that_is_unusual_is_written_as_it_was_read() {
    let document = segments(ASKED);
    let request = ENROLLMENT.read(&document).expect("it can be read");
    assert_eq!(lines(&ENROLLMENT.write(&request)), lines(&document));
    let places = |residue: &Residue| residue.places().map(|it| it.to_string()).collect::<Vec<_>>();
    assert_eq!(places(&request.residue), ["BGN[1]/BGN07", "BGN[1]/BGN08"]);
    assert_eq!(places(&request.parties[2].residue), ["DTM[1]"]);
    let item = &request.items[0];
    let wanted =
        ["CUR[1]", "REF[1]", "AMT[1]/AMT03", "ASI[1]/ASI03", "LIN[1]/LIN06", "REF[3]/REF03"];
    assert_eq!(places(&item.residue), wanted);
    assert_eq!(places(&item.meters[0].residue), ["N3[1]", "NM1[1]/NM103"]);
    assert_eq!(places(&item.meters[1].residue), ["NM1[1]/NM102"]);
    assert_eq!(item.services.len(), 2);
    assert!(request.items[1].residue.is_empty());
}

fn changed(change: impl FnOnce(&mut ServiceRequest)) -> Vec<(String, String)> {
    ENROLLMENT.changed(&segments(ASKED), change)
}

#[test]
fn one_field_changes_its_elements_and_nothing_else() {
    let found = changed(|request| request.purpose.meaning = RequestPurpose::Response);
    assert_eq!(found, pair("BGN*13*E1*20260402*0910*CD**T*2", "BGN*11*E1*20260402*0910*CD**T*2"));
    let found = changed(|request| {
        let action = request.items[0].action.as_mut();
        action.expect("it has one").meaning = RequestAction::Accept;
    });
    assert_eq!(found, pair("ASI*7*029*A13", "ASI*WQ*029*A13"));
    let found = changed(|request| request.items[0].account = "7".to_string().try_into().ok());
    assert_eq!(found, pair("REF*12*4410055010*X", "REF*12*7*X"));
    let found = changed(|request| {
        request.items[0].services[1].kind.meaning = ServiceKind::HistoricalUsage;
    });
    assert_eq!(found, pair("LIN*1*SH*EL*SH*HI*ZZ", "LIN*1*SH*EL*SH*HU*ZZ"));
    let found = changed(|request| {
        request.items[0].meters[0].meter = "7".to_string().try_into().ok();
    });
    assert_eq!(found, pair("NM1*MQ*3*METER*****93*88400218", "NM1*MQ*3*METER*****93*7"));
    let found = changed(|request| request.items[0].events[0].stamp.date = date(2027, 5, 1));
    assert_eq!(found, pair("DTM*093*20270401", "DTM*093*20270501"));
    let found = changed(|request| request.items[0].amounts[0].amount = "9".parse().expect("9"));
    assert_eq!(found, pair("AMT*MP*90.00*C", "AMT*MP*9*C"));
}

#[test]
fn a_request_tells_of_the_authorization() {
    let mut options = Options::default();
    let mut request = ENROLLMENT.read(&segments(ASKED)).expect("it can be read");
    let found = authorization(&request, &request.items[0], &options).expect("all is there");
    assert_eq!((found.id(), found.grantee()), ("2026-00417", "0069988770001"));
    assert_eq!(found.data(), [DataKind::Intervals]);
    let meters: Vec<&str> = found.meters().iter().map(MeterNumber::as_str).collect();
    assert_eq!(meters, ["88400217", "88400218"]);
    let (start, end) = (found.duration().start(), found.duration().end());
    assert_eq!(
        (start, end, found.signed()),
        (date(2026, 4, 2), date(2027, 4, 1), date(2026, 4, 2))
    );

    // What a supply releases is agreed with the partner; nothing is by default.
    assert_eq!(authorization(&request, &request.items[1], &options), None);
    let data = vec![DataKind::Intervals, DataKind::Usage, DataKind::Usage];
    options.enrollment.released.push(ReleasedData { service: ServiceKind::Supply, data });
    let found = authorization(&request, &request.items[1], &options).expect("all is there");
    assert_eq!(
        (found.data(), found.meters()),
        ([DataKind::Usage, DataKind::Intervals].as_slice(), [].as_slice())
    );

    request.items[0].action = Some(RequestAction::Reject.into());
    assert_eq!(authorization(&request, &request.items[0], &options), None);
    request.items[0].action = None;
    request.items[0].change = Some(RequestChange::Drop.into());
    assert_eq!(authorization(&request, &request.items[0], &options), None);
    request.items[1].references.clear();
    assert_eq!(authorization(&request, &request.items[1], &options), None);
}

#[test]
fn a_line_has_room_for_fifteen_services() {
    let mut request = ENROLLMENT.read(&segments(ASKED)).expect("it can be read");
    let one = request.items[1].services[0].clone();
    request.items[1].services = vec![one; 16];
    let error = enrollment_814::write(&request, &Options::default());
    assert!(matches!(error, Err(MappingError::NoPlace { .. })), "{error:?}");
}
