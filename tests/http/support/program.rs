//! The program itself, as an operator runs it.

use std::{
    path::Path,
    process::{Command, Output},
};

use super::database::TestDatabase;

pub fn program(database: &TestDatabase, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_members-area"));
    command
        .current_dir(folder)
        .env_clear()
        .env("MEMBERS_AREA_DATABASE__URL", &database.url)
        .env("MEMBERS_AREA_PASSWORDS__MEMORY_KIB", "7168")
        .env("MEMBERS_AREA_PASSWORDS__ITERATIONS", "1")
        .env("MEMBERS_AREA_LOG__FILE", "");
    command
}

pub fn run(command: &mut Command) -> Output {
    command.output().expect("the program runs")
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What a run says that has to succeed.
pub fn said(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a run says that has to fail.
pub fn refused(command: &mut Command) -> String {
    let output = run(command);
    assert!(!output.status.success(), "{}", text(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}
