//! Connections that no browser makes.

use std::time::{Duration, Instant};

use members_area::base::config::{Config, Period};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestSite, log, raw};

#[tokio::test]
async fn exactly_one_host_header_is_required() {
    let site = TestSite::start().await;
    for (headers, status) in [("", "400"), ("Host: a\r\nHost: b\r\n", "400"), ("Host: anything\r\n", "200")] {
        let request = format!("GET /accounts/login HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        assert!(raw(&site, &request).await.starts_with(&format!("HTTP/1.1 {status}")), "{headers:?}");
    }
    site.stop().await;
}

fn short_limits(config: &mut Config) {
    config.server.request_timeout = Period::millis(200);
    config.server.idle_timeout = Period::millis(400);
}

#[tokio::test]
async fn silent_slow_and_half_open_connections_are_ended() {
    let site = TestSite::start_with(short_limits).await;
    for request in [
        "",
        "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        // Silent after its response, and with a body that is never read.
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx",
        "POST /api/accounts/log_in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nlogin=",
    ] {
        let begun = Instant::now();
        raw(&site, request).await;
        assert!(begun.elapsed() < Duration::from_secs(10), "{request:?} held its connection");
    }
    assert_eq!(site.visitor().get("/").await.status, 200);
    site.stop().await;
}

/// The connection is never silent: only the limit on the whole head ends it.
#[tokio::test]
async fn a_slow_request_head_is_cut_off() {
    let site = TestSite::start_with(short_limits).await;
    let mut slow = TcpStream::connect(site.address).await.expect("connected");
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("sent");
    let begun = Instant::now();
    while slow.write_all(b"x").await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it held its connection");
        // Sets the pace: one byte after each response to another client.
        site.visitor().get("/healthz").await;
    }
    site.stop().await;
}

/// With a limit of one connection, the next visitor is served when that one is closed.
#[tokio::test]
async fn a_client_that_does_not_read_the_answer_is_disconnected() {
    let site = TestSite::start_with(|config| {
        short_limits(config);
        config.server.max_connections = 1;
        let big = std::fs::File::create(config.server.site_root.join("big.bin")).expect("a file");
        // More than the system's socket buffers hold.
        big.set_len(1 << 26).expect("a size");
    })
    .await;
    let mut deaf = TcpStream::connect(site.address).await.expect("connected");
    deaf.write_all(b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    assert_eq!(site.visitor().get("/healthz").await.status, 200);
    drop(deaf);
    site.stop().await;
}

/// Three kinds of connection that wait for their client, many more than the limit.
#[tokio::test]
async fn idle_connections_do_not_block_new_clients() {
    let site = TestSite::start_with(|config| {
        config.server.max_connections = 80;
        let big = std::fs::File::create(config.server.site_root.join("big.bin")).expect("a file");
        big.set_len(1 << 26).expect("a size");
    })
    .await;
    for request in [
        "",
        "GET / HT",
        "POST /api/accounts/log_in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 100\r\n\r\nlogin=",
        "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut held = Vec::new();
        for _ in 0..100 {
            let mut stream = TcpStream::connect(site.address).await.expect("connected");
            // An evicted connection is reset at any point.
            let _ = stream.write_all(request.as_bytes()).await;
            held.push(stream);
        }
        let begun = Instant::now();
        // If it is reset, try again as a person would: among so many from one address, it can be
        // the one that is evicted.
        loop {
            let answer = site.visitor().request(reqwest::Method::GET, "/accounts/login").send().await;
            if let Ok(answer) = answer {
                assert_eq!(answer.status(), 200, "{request:?}");
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(15), "{request:?} keeps a visitor out");
        }
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{request:?} kept a visitor out: {:?}",
            begun.elapsed()
        );
    }
    site.stop().await;
}

/// A client that is reading a response sends nothing, but is not idle.
#[tokio::test]
async fn a_slow_but_steady_reader_gets_the_whole_answer() {
    const IDLE: Duration = Duration::from_secs(1);
    const BYTES: usize = 1 << 26;
    let site = TestSite::start_with(|config| {
        config.server.request_timeout = Period::millis(500);
        config.server.idle_timeout = Period::seconds(IDLE.as_secs());
        let big = std::fs::File::create(config.server.site_root.join("big.bin")).expect("a file");
        big.set_len(BYTES as u64).expect("a size");
    })
    .await;
    let mut reader = TcpStream::connect(site.address).await.expect("connected");
    let request = b"GET /big.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    reader.write_all(request).await.expect("sent");
    let (begun, mut piece, mut received) = (Instant::now(), vec![0; 1 << 16], 0);
    loop {
        // Reads in proportion to the time, so that the last byte comes after both limits.
        let due = begun.elapsed().as_secs_f64() / (IDLE * 5 / 2).as_secs_f64();
        if (received as f64) < due * BYTES as f64 {
            match reader.read(&mut piece).await {
                Ok(0) => break,
                read => received += read.unwrap_or_else(|error| panic!("{error} after {received} bytes")),
            }
        } else {
            site.visitor().get("/healthz").await;
        }
    }
    assert!(received > BYTES && begun.elapsed() > IDLE * 2, "{received} after {:?}", begun.elapsed());
    site.stop().await;
}

#[tokio::test]
async fn a_stop_lets_running_requests_finish_and_does_not_wait_for_idle_connections() {
    let site = TestSite::start_with(|config| {
        config.passwords.memory_kib = 64 * 1024;
        config.passwords.iterations = 32;
        config.passwords.slots = 1;
        config.passwords.queue = 0;
    })
    .await;
    let _idle = TcpStream::connect(site.address).await.expect("connected");
    let running = site.busy_login("nobody").await;
    let begun = Instant::now();
    site.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(15), "the idle connection held up the stop");
    // Here the request would go on after the site has stopped; in a program, the process would end.
    let log = log::length();
    let answer = running.await.expect("no panic");
    assert_eq!((answer.status, answer.header("connection")), (303, "close"));
    assert!(log::contains_until(log, answer.request_id()), "it was still running when the site had stopped");
}

/// sqlx's `begin` on SQLite, dropped half-way, leaves an open transaction on the only connection
/// that writes.
#[tokio::test]
async fn disconnecting_clients_do_not_block_writes() {
    let site = TestSite::start().await;
    let member = site.member("ada").await;
    for round in 0..300 {
        let after = Duration::from_micros(100 + 37 * (round % 60));
        member.abandon("/api/accounts/log_out", &[], after).await;
    }
    site.signed_up("bob").await;
    let mut later = site.visitor();
    assert_eq!(later.log_in("bob").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn an_abandoned_logout_still_logs_out() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    for round in 0..20 {
        let mut member = site.visitor();
        member.log_in("ada").await;
        assert!(member.is_signed_in().await);
        member.abandon("/api/accounts/log_out", &[], Duration::from_micros(200 * (round + 1))).await;
        // Whatever the outcome, the row and the cache must agree, once a reader of the row has
        // heard that it was deleted.
        let rows = || site.database.number("SELECT COUNT(*) FROM sessions");
        let (begun, mut before, mut agreed) = (Instant::now(), rows().await, 0);
        while agreed < 5 {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "round {round}: {before} rows, and memory differs"
            );
            let signed_in = member.is_signed_in().await;
            let after = rows().await;
            agreed += usize::from(before == after && signed_in == (after > 0));
            before = after;
        }
        member.log_out().await;
    }
    site.stop().await;
}

#[tokio::test]
async fn an_abandoned_request_is_logged() {
    let site = TestSite::start_with(|config| {
        config.passwords.memory_kib = 64 * 1024;
        config.passwords.iterations = 4;
    })
    .await;
    let address = "/api/accounts/log_in";
    // The whole request is sent before the connection closes, so however busy the machine is, the
    // server has read it before it notices.
    let (form, mut hasty) =
        ("login=x&password=y", TcpStream::connect(site.address).await.expect("connected"));
    let head = format!(
        "POST {address} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    hasty.write_all(format!("{head}{form}").as_bytes()).await.expect("sent");
    drop(hasty);
    log::until("499", |line| line["status"] == 499 && line["route"] == address).await;
    site.stop().await;
}
