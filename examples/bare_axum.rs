//! The baseline of `script/bench`: serves the bytes of one file from memory, with axum alone.
//!
//! `bare_axum FILE ADDRESS [NAME:VALUE…]` answers `GET /` with FILE and these headers. With port 0
//! it takes a free port; the line it prints names it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a script reads what it prints")]

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue},
    routing::get,
    serve::ListenerExt,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, address, headers @ ..] = arguments.as_slice() else {
        eprintln!("usage: bare_axum FILE ADDRESS [NAME:VALUE...]");
        std::process::exit(2);
    };

    let page = Bytes::from(std::fs::read(file)?);
    let headers: HeaderMap = headers.iter().filter_map(|header| read(header)).collect();
    let answer = move || async move { (headers, page) };
    let router = Router::new().route("/", get(answer));

    let listener = TcpListener::bind(address).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    // The site sets TCP_NODELAY too; without it, Nagle's algorithm would be measured.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}

fn read(header: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = header.split_once(':')?;
    Some((name.parse().ok()?, value.trim().parse().ok()?))
}
