//! Every statement of the sources is one that its database understands.
//!
//! A build needs no database, so it is looked at here: each text in the sources that is a whole
//! statement is prepared on a database with our tables.

use std::fs;
use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr, SqliteConnection};
use tieline_store::{Options, open::open_with, testing};

/// The texts in the sources of a folder that begin as a statement does, and do not go on elsewhere.
fn statements(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("it can be read").path();
        let source = fs::read_to_string(&path).expect("it is text");
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n");
        for text in code.split('"').skip(1).step_by(2) {
            let word = text.split(' ').next().unwrap_or_default();
            let begins = ["select", "insert", "update", "delete", "with"].contains(&word);
            if begins && text.contains(' ') && !text.ends_with([' ', '(']) {
                let name = path.file_name().expect("it has a name").to_string_lossy();
                found.push((name.into_owned(), text.replace("{most}", "1")));
            }
        }
    }
    assert!(found.len() > 70, "{} statements were found", found.len());
    found
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(test)
}

#[test]
fn sqlite_understands_every_statement() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("store.db");
    let address = format!("sqlite:{}", path.display());
    run(async {
        open_with(&address, Options::default()).await.expect("the store opens");
        let mut connection = SqliteConnection::connect(&address).await.expect("it connects");
        let mut faults = Vec::new();
        for (file, sql) in statements("sqlite") {
            let prepared = connection.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await;
            faults.extend(prepared.err().map(|error| format!("{file}: {sql}: {error}")));
        }
        assert!(faults.is_empty(), "{faults:#?}");
    });
}

#[test]
fn postgres_understands_every_statement() {
    let Some(address) = testing::postgres() else { return };
    run(async {
        open_with(&address, Options::default()).await.expect("the store opens");
        let mut connection = PgConnection::connect(&address).await.expect("it connects");
        let mut faults = Vec::new();
        for (file, sql) in statements("postgres") {
            let prepared = connection.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await;
            faults.extend(prepared.err().map(|error| format!("{file}: {sql}: {error}")));
        }
        assert!(faults.is_empty(), "{faults:#?}");
    });
}
