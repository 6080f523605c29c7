//! Connections that are no browser's.

use std::time::{Duration, Instant};

use members_area::server::config::Period;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::TestSite;

async fn answer(site: &TestSite, request: &str) -> String {
    let mut stream = TcpStream::connect(site.address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("an end")
        .expect("read");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn one_host_header_is_needed() {
    let site = TestSite::start().await;
    for (headers, status) in [
        ("", "400"),
        ("Host: a\r\nHost: b\r\n", "400"),
        ("Host: anything\r\n", "200"),
    ] {
        let request = format!("GET /accounts/login HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        assert!(
            answer(&site, &request)
                .await
                .starts_with(&format!("HTTP/1.1 {status}")),
            "{headers:?}"
        );
    }
    site.stop().await;
}

#[tokio::test]
async fn silent_slow_and_half_open_connections_are_ended() {
    let site = TestSite::start_with(|config| {
        config.server.request_timeout = Period::millis(200);
        config.server.idle_timeout = Period::millis(400);
    })
    .await;
    for request in [
        "",
        "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST /api/accounts/log_in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nlogin=",
    ] {
        let begun = Instant::now();
        answer(&site, request).await;
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{request:?} held its connection"
        );
    }
    assert_eq!(site.visitor().get("/").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn a_stop_lets_running_requests_finish_and_does_not_wait_for_idle_connections() {
    let site = TestSite::start_with(|config| {
        config.passwords.memory_kib = 64 * 1024;
        config.passwords.iterations = 4;
        config.passwords.slots = 1;
        config.passwords.queue = 0;
    })
    .await;
    let _idle = TcpStream::connect(site.address).await.expect("connected");
    let mut visitor = site.visitor();
    let running = tokio::spawn(async move {
        visitor
            .post("/api/accounts/log_in", &[("login", "x"), ("password", "y")])
            .await
    });
    // It is being computed as soon as there is no room for another.
    let mut other = site.visitor();
    while other
        .post("/api/accounts/log_in", &[("login", "x"), ("password", "y")])
        .await
        .status
        != 503
    {
        assert!(!running.is_finished(), "the hash was too quick for this test");
    }
    let begun = Instant::now();
    site.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "the idle connection held up the stop"
    );
    assert_eq!(running.await.expect("no panic").status, 303);
}
