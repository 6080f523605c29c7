//! Settings from variables and `.env`, as the program starts with them.

use std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration};

use crate::support::{
    database::TestDatabase,
    program::{Serving, refused, said},
};

/// What `check` says where no site has been started yet.
const NO_DATABASE: &str = "There is no database yet: `members-area serve` creates it.";

/// The program in this folder, without any setting.
fn bare(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_members-area"));
    command.current_dir(folder).env_clear().args(arguments);
    command
}

#[tokio::test]
async fn the_site_listens_on_the_port_and_uses_the_database_that_a_platform_names() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    // An address in the file, as in the one that is shipped, does not keep PORT from taking effect.
    fs::write(folder.path().join("Leptos.toml"), "[server]\naddress = '127.0.0.1:1'\n").expect("written");
    let mut command = bare(folder.path(), &["serve"]);
    command.env("PORT", "0").env("DATABASE_URL", &database.url);
    let serving = Serving::run_as_it_is(&mut command, folder.path());
    let SocketAddr::V4(address) = serving.address else {
        panic!("{}", serving.address);
    };
    assert!(address.ip().is_loopback() && address.port() > 1, "{address}");
    assert_eq!(serving.visitor().get("/readyz").await.status, 200);
    serving.signal("-TERM");
    let (status, console) = serving.ended_within(Duration::from_secs(60));
    assert!(status.success(), "{console:?}");
    for line in [
        "Settings: database.url is set by the environment variable DATABASE_URL",
        "Settings: server.address is set by the environment variable PORT",
    ] {
        assert!(console.iter().any(|said| said.contains(line)), "{console:?}");
    }
    database.remove().await;
}

#[test]
fn a_later_place_wins_and_check_says_which() {
    let folder = tempfile::tempdir().expect("a folder");
    let dotenv = "# for development\nexport MEMBERS_AREA_SITE__NAME='The Area'\nDATABASE_URL=sqlite://x.db\nPORT=8080\n\
                  MEMBERS_AREA_LOG__KEEP=3 # files\nPOSTGRES_PASSWORD=${SECRET}\n";
    fs::write(folder.path().join(".env"), dotenv).expect("written");
    let mut check = bare(folder.path(), &["check"]);
    let said = said(
        check
            .env("MEMBERS_AREA_LOG__KEEP", "4")
            .env("MEMBERS_AREA_DATABASE__URL", "sqlite://y.db")
            .env("DATABASE_URL", "mysql://a-password@elsewhere/z"),
    );
    let ours = "database.url is set by the environment variable MEMBERS_AREA_DATABASE__URL";
    let expected = [
        "site.name is set by .env, line 2: MEMBERS_AREA_SITE__NAME.",
        &format!(".env, line 3: DATABASE_URL is not used: {ours}."),
        "server.address is set by .env, line 4: PORT.",
        ".env, line 5: MEMBERS_AREA_LOG__KEEP is not used: log.keep is set by the environment variable \
         MEMBERS_AREA_LOG__KEEP.",
        &format!("the environment variable DATABASE_URL is not used: {ours}."),
        &format!("{ours}."),
        "log.keep is set by the environment variable MEMBERS_AREA_LOG__KEEP.",
        "The configuration is valid.",
        NO_DATABASE,
    ];
    for line in expected {
        assert!(said.lines().any(|found| found == line), "{line}\n{said}");
    }
    assert_eq!(said.lines().count(), expected.len(), "{said}");
}

#[test]
fn a_dotenv_file_that_cannot_be_used_stops_the_start_in_one_sentence() {
    for (dotenv, expected) in [
        ("PORT=80\nhunter2", ".env, line 2: is not NAME=VALUE"),
        ("DATABASE_URL=postgres://u:hunter2$x@db/y", ".env, line 1: DATABASE_URL: a value with $,"),
        ("DATABASE_URL='hunter2", ".env, line 1: DATABASE_URL: the closing quote is missing"),
        ("DATABASE_URL=hunter2", ".env, line 1: DATABASE_URL: database.url must be"),
        ("MEMBERS_AREA_DATABASE__ULR=hunter2", ".env, line 1: MEMBERS_AREA_DATABASE__ULR: unknown key"),
        ("PORT=", ".env, line 1: PORT: is empty"),
        ("PORT=1\nPORT=2", ".env, line 2: PORT: sets the same key as PORT"),
        (
            "MEMBERS_AREA_DATABASE__URL=sqlite://hunter2.db\nDATABASE_URL=sqlite://y.db",
            ".env, line 2: DATABASE_URL: sets the same key as MEMBERS_AREA_DATABASE__URL",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(".env"), dotenv).expect("written");
        for arguments in [&["serve"], &["check"]] {
            let error = refused(&mut bare(folder.path(), arguments));
            assert!(error.contains(expected) && error.lines().count() == 1, "{dotenv}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(".env"), b"PORT=\xff").expect("written");
    let error = refused(&mut bare(folder.path(), &["serve"]));
    assert!(error.contains("cannot read .env: ") && error.contains("UTF-8"), "{error}");
    fs::remove_file(folder.path().join(".env")).expect("removed");
    fs::create_dir(folder.path().join(".env")).expect("a folder");
    assert!(refused(&mut bare(folder.path(), &["serve"])).contains("cannot read .env: "));
}

#[test]
fn only_the_dotenv_file_of_the_working_directory_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("below");
    fs::create_dir(&below).expect("a folder");
    for place in [folder.path().join(".env"), below.join(".env.local")] {
        fs::write(place, "not a line").expect("written");
    }
    let expected = format!("The configuration is valid.\n{NO_DATABASE}\n");
    assert_eq!(said(&mut bare(&below, &["check"])), expected);
}
