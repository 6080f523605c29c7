//! TLS on a free local port in front of a server, with a certificate of a private authority that is
//! good for `localhost` and 127.0.0.1 (`certificates/`).

use std::sync::Arc;

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// The certificate of the authority.
pub const CA_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/certificates/ca.pem");

pub fn server_config() -> Arc<ServerConfig> {
    let chain = CertificateDer::from_pem_slice(include_bytes!("../certificates/server.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../certificates/server.key"));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![chain.expect("a certificate")], key.expect("a key"));
    Arc::new(config.expect("a pair"))
}

/// Listens at this IP address, and passes what it decrypts to the server. Returns the address.
pub async fn in_front_of(server: String, ip: &str, is_postgres: bool) -> String {
    let listener = TcpListener::bind((ip, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, server.clone(), is_postgres));
        }
    });
    address
}

async fn serve(mut client: TcpStream, server: String, is_postgres: bool) -> std::io::Result<()> {
    if is_postgres {
        // The client asks for TLS in the clear, with a message of eight bytes.
        client.read_exact(&mut [0; 8]).await?;
        client.write_all(b"S").await?;
    }
    let mut client = TlsAcceptor::from(server_config()).accept(client).await?;
    let mut server = TcpStream::connect(server).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
