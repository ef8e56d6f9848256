//! What is read of a directory of partners, and what is refused.

use std::path::PathBuf;

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
            ("utility/options.toml", "[common]\naccount = \"11\"\nmeter = \"MT\"\n"),
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
    assert_eq!(of("a"), ("11".to_string(), "SE".to_string()));
    assert_eq!(of("b"), ("11".to_string(), "MT".to_string()));
    assert_eq!(book.options().common.account, "11");
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
            ("utility.toml", "name = \"U\"\n[x12]\nisa = [{ qualifier = \"ZZ\", id = \"US\" }]\n"),
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
    let readme = include_str!("../../../../partners/README.md");
    let examples: Vec<&str> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(example, _)| example))
        .collect();
    let [profile, calendar, authorization, frame, options, business, guide] = examples[..] else {
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
    GuideFile::read("prairie-power/867", "867.guide.toml", guide).expect("the example of a guide");
}
