//! The questions of `createsuperuser` and `changepassword` at a terminal.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::ffi::OsStrExt,
    process::{Child, Command},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::support::{PASSWORD, TestSite, database::TestDatabase, program::program};

/// A program at a terminal, and the terminal's output so far.
struct Terminal {
    screen: File,
    /// The program's side, to read the terminal's settings.
    inside: File,
    child: Child,
    /// Output, from a thread that blocks on it.
    coming: Receiver<String>,
    shown: String,
}

impl Terminal {
    fn start(command: &mut Command) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&screen).expect("granted");
        unlockpt(&screen).expect("unlocked");
        let name = ptsname(&screen, Vec::new()).expect("a name");
        let path = std::path::Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
        let inside = OpenOptions::new().read(true).write(true).open(path).expect("the other side");
        let side = || inside.try_clone().expect("another");
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("the program runs");
        let (screen, (send, coming)) = (File::from(screen), channel());
        let mut reader = screen.try_clone().expect("another");
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let _ = send.send(String::from_utf8_lossy(&buffer[..count]).into_owned());
            }
        });
        Self { screen, inside, child, coming, shown: String::new() }
    }

    /// Reads until the terminal shows this text, after what was waited for before.
    fn until(&mut self, text: &str) {
        const TIMEOUT: Duration = Duration::from_secs(60);
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return;
            }
            let more = self.coming.recv_timeout(TIMEOUT);
            self.shown += &more.unwrap_or_else(|_| panic!("no {text:?} after {:?}", self.shown));
        }
    }

    fn type_in(&mut self, line: &str) {
        writeln!(self.screen, "{line}").expect("typed");
    }

    fn shows_what_is_typed(&self) -> bool {
        tcgetattr(&self.inside).expect("its settings").local_modes.contains(LocalModes::ECHO)
    }

    fn ends_well(mut self) -> bool {
        self.child.wait().expect("it ends").success()
    }
}

#[tokio::test]
async fn an_invalid_username_is_asked_for_again_at_once() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut terminal = Terminal::start(program(&site.database, folder.path()).arg("createsuperuser"));
    for (name, said) in
        [("two words", "Enter a valid username."), ("", "required"), ("ADA", "already exists")]
    {
        terminal.until("Username: ");
        terminal.type_in(name);
        terminal.until(said);
    }
    terminal.until("Username: ");
    terminal.type_in("root");
    terminal.until("Email address: ");
    terminal.type_in("nowhere");
    terminal.until("Email address: ");
    terminal.type_in("root@example.com");
    for question in ["Password: ", "Password (again): "] {
        terminal.until(question);
        assert!(!terminal.shows_what_is_typed(), "whoever answers at once is not seen");
        terminal.type_in(PASSWORD);
    }
    terminal.until("Superuser created successfully.");
    assert!(terminal.shows_what_is_typed(), "as it was before");
    assert!(!terminal.shown.contains(PASSWORD) && terminal.ends_well());
    assert_eq!(site.visitor().log_in("root").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn changepassword_allows_three_attempts_and_defaults_to_the_current_user() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    let folder = tempfile::tempdir().expect("a folder");
    let change = || {
        let mut command = program(&site.database, folder.path());
        command.arg("changepassword").env("LOGNAME", "ada");
        Terminal::start(&mut command)
    };
    let mut terminal = change();
    terminal.until("Changing password for user 'ada'");
    for (first, second, said) in [
        ("another good one", "another good on", "do not match"),
        ("short", "short", "too short"),
        ("12345678", "12345678", "after 3 attempts"),
    ] {
        terminal.until("Password: ");
        terminal.type_in(first);
        terminal.until("Password (again): ");
        terminal.type_in(second);
        terminal.until(said);
    }
    assert!(!terminal.ends_well());
    let mut terminal = change();
    for question in ["Password: ", "Password (again): "] {
        terminal.until(question);
        terminal.type_in("another good one");
    }
    // The note about a running site.
    terminal.until("all their sessions were ended. A running site applies this within 2 seconds");
    assert!(terminal.ends_well());
    assert_eq!(site.visitor().log_in_with("ada", "another good one").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn changepassword_without_any_username_is_an_error() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let said = crate::support::program::refused(program(&database, folder.path()).arg("changepassword"));
    assert!(said.contains("name the account"), "{said}");
    let mut named = program(&database, folder.path());
    let said = crate::support::program::refused(named.arg("changepassword").env("LOGNAME", "nobody"));
    assert!(said.contains("there is no user 'nobody'"), "{said}");
    database.remove().await;
}
