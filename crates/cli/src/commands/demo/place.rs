//! Where the demonstration happens: a folder of its own, which goes away with it unless it is kept.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tieline_smime::Identity;

use super::bank;
use crate::exit;
use crate::failure::Failure;

/// Our profile.
const UTILITY: &str = include_str!("partners/utility.toml");
/// The partners: the id of each, its profile, and what the customer lets it see. `@KEY@` stands for its
/// public key, `@ACCOUNTS@` for the customer's accounts.
const PARTNERS: [(&str, &str, &str); 2] = [
    (
        super::story::AGGREGATOR,
        include_str!("partners/prairie-power.toml"),
        include_str!("partners/prairie-power.authorization.toml"),
    ),
    (
        super::story::CUSTOMER,
        include_str!("partners/sheyenne-foods.toml"),
        include_str!("partners/sheyenne-foods.authorization.toml"),
    ),
];

/// The bank, which is on AS2; `@URL@` stands for the address of its server.
const BANK: &str = include_str!("partners/redriver-bank.toml");

/// The folder of one demonstration.
pub(super) struct Place {
    root: PathBuf,
    is_kept: bool,
}

impl Place {
    /// The folder to keep, or one that goes away. Nobody else can look into it.
    pub(super) fn new(keep: Option<&Path>) -> Result<Place, Failure> {
        let root = match keep {
            Some(folder) => folder.to_path_buf(),
            None => std::env::temp_dir().join(format!("tieline-demo-{}", std::process::id())),
        };
        let wrong = |error: io::Error| {
            let message = format!("{}: the folder cannot be used: {error}", root.display());
            Failure { code: exit::UNWRITABLE, message, help: None }
        };
        let mut is_new = DirBuilder::new();
        is_new.mode(0o700);
        match is_new.create(&root) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && keep.is_some() => {
                if fs::read_dir(&root).map_err(wrong)?.next().is_some() {
                    let help = "name a folder that is new or empty".to_string();
                    let message = format!("{}: something is in this folder", root.display());
                    return Err(Failure::usage(message, Some(help)));
                }
            }
            made => made.map_err(wrong)?,
        }
        // A store is found again from wherever its address is read.
        let root = root.canonicalize().map_err(wrong)?;
        Ok(Place { root, is_kept: keep.is_some() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Where the store is.
    pub(super) fn store(&self) -> String {
        format!("sqlite:{}", self.root.join("tieline.db").display())
    }

    /// The mailboxes of our SFTP server.
    pub(super) fn mailboxes(&self) -> PathBuf {
        self.root.join("mailboxes")
    }

    /// What a partner has on its own side.
    pub(super) fn side_of(&self, partner: &str) -> PathBuf {
        self.root.join("at-partners").join(partner)
    }

    /// Writes the folder of partners, who log in with these keys and may see these accounts, and says
    /// where it is.
    pub(super) fn write_partners(
        &self,
        key_of: impl Fn(&str) -> String,
        accounts: &[String],
    ) -> io::Result<PathBuf> {
        let folder = self.root.join("partners");
        fs::create_dir(&folder)?;
        fs::write(folder.join("utility.toml"), UTILITY)?;
        for (id, profile, authorization) in PARTNERS {
            let own = folder.join(id);
            fs::create_dir_all(own.join("authorizations"))?;
            fs::write(own.join("partner.toml"), profile.replace("@KEY@", &key_of(id)))?;
            // A list of digits in quotes is the same in Rust and in TOML.
            let authorization = authorization.replace("@ACCOUNTS@", &format!("{accounts:?}"));
            fs::write(own.join("authorizations/A-2026-001.toml"), authorization)?;
        }
        Ok(folder)
    }

    /// Puts us on AS2 with a key of ours, and writes the folder of the bank, whose server is there.
    pub(super) fn write_as2(
        &self,
        partners: &Path,
        ours: &Identity,
        bank: &Identity,
        url: &str,
    ) -> anyhow::Result<()> {
        let key_path = self.root.join("as2.key");
        let mut file = fs::File::options();
        let mut file = file.write(true).create_new(true).mode(0o600).open(&key_path)?;
        file.write_all(ours.key().to_pem()?.as_bytes())?;
        let key = format!("file:{}", key_path.display());
        let us = bank::US;
        let as2 = format!(
            "\n[as2]\nid = {us:?}\nkeys = [{{ certificate = \"as2.cer\", key = {key:?} }}]\n"
        );
        fs::write(partners.join("utility.toml"), format!("{UTILITY}{as2}"))?;
        let profile = BANK.replace("@URL@", url);
        for (folder, identity) in [("utility", ours), (super::story::BANK, bank)] {
            fs::create_dir(partners.join(folder))?;
            fs::write(partners.join(folder).join("as2.cer"), bank::certificate(identity))?;
        }
        fs::write(partners.join(super::story::BANK).join("partner.toml"), profile)?;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}
