//! A pooler such as pgbouncer between the site and PostgreSQL.

use std::sync::Arc;

use members_area::base::{
    config::{self, DatabaseUrl},
    db::Database,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

use crate::support::database::TestDatabase;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Session,
    Transaction,
}

/// Reads a message of PostgreSQL's protocol: its type (which the first one lacks), its length and
/// its content.
async fn message(from: &mut TcpStream, has_kind: bool) -> std::io::Result<Vec<u8>> {
    let mut message = vec![0; if has_kind { 5 } else { 4 }];
    from.read_exact(&mut message).await?;
    let (head, length) =
        (message.len(), message.last_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes)));
    message.resize(head + length as usize - 4, 0);
    from.read_exact(&mut message[head..]).await?;
    Ok(message)
}

/// Forwards answers until the server is ready for the next statement. Returns whether it is outside
/// a transaction then.
async fn answers(server: &mut TcpStream, client: &mut TcpStream) -> std::io::Result<bool> {
    loop {
        let answer = message(server, true).await?;
        client.write_all(&answer).await?;
        if answer[0] == b'Z' {
            return Ok(answer.last() == Some(&b'I'));
        }
    }
}

/// Serves one client. In transaction mode, its server connection is released after each
/// transaction.
async fn serve(
    mut client: TcpStream,
    address: String,
    mode: Mode,
    idle: Arc<Mutex<Vec<TcpStream>>>,
) -> std::io::Result<()> {
    const TLS: [u8; 4] = 80_877_103_u32.to_be_bytes();
    let mut startup = message(&mut client, false).await?;
    if startup[4..] == TLS {
        client.write_all(b"N").await?;
        startup = message(&mut client, false).await?;
    }
    let mut server = TcpStream::connect(address).await?;
    server.write_all(&startup).await?;
    answers(&mut server, &mut client).await?;
    let mut held = Some(server);
    loop {
        if mode == Mode::Transaction {
            idle.lock().await.extend(held.take());
        }
        loop {
            let request = message(&mut client, true).await?;
            let mut server = match held.take() {
                Some(server) => server,
                None => idle.lock().await.pop().expect("a server connection"),
            };
            server.write_all(&request).await?;
            let is_over = match request[0] {
                b'X' => return Ok(()),
                b'Q' | b'S' => answers(&mut server, &mut client).await?,
                _ => false,
            };
            held = Some(server);
            if is_over {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_refused_and_one_in_session_mode_is_used() {
    let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
        return;
    };
    let database = TestDatabase::create().await;
    let address =
        server.rsplit_once('@').map_or(&*server, |(_, rest)| rest).split('/').next().expect("a host");
    for (mode, is_refused) in [(Mode::Session, false), (Mode::Transaction, true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = database.url.replace(address, &listener.local_addr().expect("an address").to_string());
        let target = address.to_owned();
        let pooler = tokio::spawn(async move {
            let idle = Arc::default();
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, target.clone(), mode, Arc::clone(&idle)));
            }
        });
        let settings =
            config::Database { url: DatabaseUrl::new(&url), max_connections: 4, ..Default::default() };
        match Database::connect(&settings).await {
            Ok(connected) => {
                assert!(!is_refused, "in transaction mode");
                connected.migrate().await.expect("it is used");
                connected.close().await;
            }
            Err(refusal) => {
                let text = refusal.to_string();
                assert!(is_refused && text.contains("Set pool_mode = session"), "{text}");
            }
        }
        pooler.abort();
    }
    database.remove().await;
}
