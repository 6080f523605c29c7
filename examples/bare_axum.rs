//! The yardstick of `script/bench`: the bytes of one file from memory, through axum and nothing else.
//!
//! `bare_axum FILE ADDRESS` answers `GET /` with FILE; with port 0 the line it prints tells the port.

use axum::{Router, body::Bytes, http::header::CONTENT_TYPE, routing::get, serve::ListenerExt};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, address] = arguments.as_slice() else {
        eprintln!("usage: bare_axum FILE ADDRESS");
        std::process::exit(2);
    };

    let page = Bytes::from(std::fs::read(file)?);
    let answer = move || async move { ([(CONTENT_TYPE, "text/html; charset=utf-8")], page) };
    let router = Router::new().route("/", get(answer));

    let listener = TcpListener::bind(address).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    // As the site does; otherwise Nagle's algorithm would be measured.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}
