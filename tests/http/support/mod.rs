//! A site for a single test, and its visitors.

pub mod authenticator;
pub mod database;
pub mod log;
pub mod mail;
pub mod page;
pub mod passkey;
pub mod program;
pub mod schema;
pub mod site;
pub mod smtp;
pub mod tls;
pub mod visitor;

pub use page::Page;
pub use site::TestSite;
pub use visitor::Visitor;

/// Waits until something is so, for at most half a minute: less than `sessions.cache_ttl`.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
    }
}

/// How long a test waits for what comes in a moment, unless the machine is busy.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Sends bytes and reads until the connection ends.
pub async fn raw(site: &TestSite, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(site.address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    ended.expect("an end").expect("read");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Satisfies every password rule.
pub const PASSWORD: &str = "correct horse battery";
