//! A folder with a gateway in it, and the program run there.

#![allow(dead_code)]

pub(crate) mod as2;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What the program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The result as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|_| panic!("no JSON: {}{}", self.out, self.err))
    }
}

/// A folder of one test.
pub(crate) struct Station {
    pub(crate) folder: TempDir,
}

impl Station {
    /// With the partners of the repository.
    pub(crate) fn new() -> Station {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(&repository("partners"), &folder.path().join("partners"));
        Station { folder }
    }

    /// With all that a month of the demonstration leaves: a store, two partners, their mailboxes.
    pub(crate) fn after_the_demonstration() -> Station {
        let station = Station { folder: tempfile::tempdir().expect("a temporary folder") };
        let said = station.run(&["demo", "--keep", "month", "--quiet"]);
        assert_eq!(said.code, 0, "{}", said.err);
        for name in ["tieline.db", "partners", "mailboxes", "tieline.db.payloads"] {
            let from = station.path("month").join(name);
            if from.exists() {
                fs::rename(from, station.path(name)).expect("it is ours");
            }
        }
        station.write("tieline.toml", "store = \"sqlite:tieline.db\"\nmailboxes = \"mailboxes\"\n");
        station
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    /// The program, in this folder and without settings from elsewhere.
    pub(crate) fn tieline(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("NO_COLOR", "1").env("USER", "berg");
        for name in ["STORE", "PARTNERS", "MAILBOXES", "CONFIG", "SFTP", "AS2"] {
            command.env_remove(format!("TIELINE_{name}"));
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.tieline(arguments))
    }

    /// Serves, without SFTP, until something is so.
    pub(crate) fn serve_until(&self, is_so: impl Fn() -> bool) {
        let mut serve = self.tieline(&["serve"]);
        let mut child = serve.stderr(Stdio::null()).spawn().expect("tieline starts");
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not become so");
            std::thread::sleep(Duration::from_millis(100));
        }
        let told = Command::new("kill").arg(child.id().to_string()).status();
        assert!(told.expect("kill is installed").success());
        assert!(child.wait().expect("it ends").success());
    }

    /// Runs what must succeed; what it wrote.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        said.out
    }
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().expect("tieline runs");
    Said {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("the folder can be listed");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).expect("a file can be copied")),
        }
    }
}
