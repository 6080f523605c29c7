//! The program itself, as an operator runs it.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{Visitor, database::TestDatabase, site::built_files};

pub fn program(database: &TestDatabase, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_members-area"));
    command
        .current_dir(folder)
        .env_clear()
        .env("MEMBERS_AREA_DATABASE__URL", &database.url)
        .env("MEMBERS_AREA_PASSWORDS__MEMORY_KIB", "7168")
        .env("MEMBERS_AREA_PASSWORDS__ITERATIONS", "1")
        .env("MEMBERS_AREA_LOG__FILE", "");
    if !database.is_embedded() {
        command.env("MEMBERS_AREA_SECOND_FACTOR__KEY", super::authenticator::KEY);
    }
    command
}

pub fn run(command: &mut Command) -> Output {
    command.output().expect("the program runs")
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Returns the output of a run that must succeed.
pub fn said(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the errors of a run that must fail.
pub fn refused(command: &mut Command) -> String {
    let output = run(command);
    assert!(!output.status.success(), "{}", text(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The program, serving.
pub struct Serving {
    pub address: SocketAddr,
    /// What it printed until then.
    pub greeting: Vec<String>,
    child: Child,
    console: JoinHandle<Vec<String>>,
}

impl Serving {
    /// Starts `serve` with additional settings.
    pub fn start(database: &TestDatabase, folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = program(database, folder);
        command.arg("serve").envs(settings.iter().copied());
        Self::run(&mut command, folder)
    }

    /// Starts a command that serves, and waits until it prints its address.
    pub fn run(command: &mut Command, folder: &Path) -> Self {
        const ADDRESS: &str = "MEMBERS_AREA_SERVER__ADDRESS";
        if !command.get_envs().any(|(name, _)| name == ADDRESS) {
            command.env(ADDRESS, "127.0.0.1:0");
        }
        Self::run_as_it_is(command, folder)
    }

    /// The same, at the address of the command's own settings.
    pub fn run_as_it_is(command: &mut Command, folder: &Path) -> Self {
        let mut child = command
            .env("MEMBERS_AREA_SERVER__SITE_ROOT", built_files(folder))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it does not serve: {said:?}"));
            let address = line.split_once("Listening on http://").and_then(|(_, rest)| {
                // In a line of JSON, more text follows.
                rest.split(|c: char| !(c.is_ascii_digit() || ".:".contains(c))).next()?.parse().ok()
            });
            said.push(line);
            if let Some(address) = address {
                break address;
            }
        };
        let greeting = said.clone();
        let console = std::thread::spawn(move || said.into_iter().chain(lines).collect());
        Self { address, greeting, child, console }
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end within a time limit. Returns the exit status and the output.
    pub fn ended_within(mut self, limit: Duration) -> (ExitStatus, Vec<String>) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                break status;
            }
            if begun.elapsed() > limit {
                let _ = self.child.kill();
                panic!("it still runs after {limit:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        (status, self.console.join().expect("read"))
    }
}
