//! The command `healthcheck`, against the program itself and against servers that are not healthy.

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::UnixListener,
    path::Path,
    process::Command,
    time::Duration,
};

use crate::support::{
    database::TestDatabase,
    program::{Serving, refused, said},
};

fn healthcheck(folder: &Path, address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_members-area"));
    command
        .current_dir(folder)
        .env_clear()
        .env("MEMBERS_AREA_SERVER__ADDRESS", address)
        .env("MEMBERS_AREA_SITE__BASE_URL", "http://localhost")
        .arg("healthcheck")
        .args(arguments);
    command
}

/// Answers one request in a thread, and returns what was asked.
fn answer(mut stream: impl Read + Write, answer: &str) -> String {
    let mut request = [0; 1024];
    let length = stream.read(&mut request).expect("a request");
    stream.write_all(answer.as_bytes()).expect("answered");
    String::from_utf8_lossy(&request[..length]).into_owned()
}

#[tokio::test]
async fn healthcheck_asks_the_running_site() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let site = Serving::start(&database, folder.path(), &[]);
    let address = site.address.to_string();
    assert_eq!(said(&mut healthcheck(folder.path(), &address, &[])), "ok\n");
    let ready = said(&mut healthcheck(folder.path(), &address, &["--ready"]));
    assert!(ready.starts_with("ready\ndatabase: ok\n"), "{ready}");
    // Where a site that listens everywhere is asked.
    let everywhere = format!("0.0.0.0:{}", site.address.port());
    assert_eq!(said(&mut healthcheck(folder.path(), &everywhere, &[])), "ok\n");
    site.signal("-TERM");
    assert!(site.ended_within(Duration::from_secs(60)).0.success());
    database.remove().await;
}

#[test]
fn healthcheck_asks_a_socket_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join("http.sock")).expect("a socket");
    let site = std::thread::spawn(move || {
        answer(listener.accept().expect("a connection").0, "HTTP/1.1 200 OK\r\n\r\nready\n")
    });
    assert_eq!(said(&mut healthcheck(folder.path(), "unix:http.sock", &["--ready"])), "ready\n");
    assert!(site.join().expect("answered").starts_with("GET /readyz HTTP/1.1\r\n"));
}

#[test]
fn healthcheck_fails_with_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let fails = |address: &str, arguments: &[&str], sentence: &str| {
        let error = refused(&mut healthcheck(folder.path(), address, arguments));
        assert!(error.contains(sentence), "{error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    };
    for (says, sentence) in [
        (
            "HTTP/1.1 503 Service Unavailable\r\n\r\nnot ready\ndatabase: down, cannot be read or written\n",
            "is not healthy: 503, not ready; database: down, cannot be read or written",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", "is no website"),
        ("", "is no website"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let site = std::thread::spawn(move || answer(listener.accept().expect("a connection").0, says));
        fails(&address, &[], sentence);
        site.join().expect("answered");
    }
    fails("unix:nowhere.sock", &[], "cannot ask the site on unix:nowhere.sock (server.address): ");
    fails("127.0.0.1:0", &[], "so set a port");
    // Connections are accepted by the system, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("its address").to_string();
    fails(&address, &["--timeout", "50ms"], "did not answer within 50ms");
    let error = refused(&mut healthcheck(folder.path(), &address, &["--timeout", "soon"]));
    assert!(error.contains("invalid value 'soon' for '--timeout"), "{error}");
}
