//! The listening socket: a TCP port or a Unix socket.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

use crate::base::network::Peer;

/// A listening socket.
pub enum Listener {
    /// TCP, on an address and port.
    Tcp(TcpListener),
    /// A Unix socket file.
    Unix(UnixListener),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl Listener {
    /// Listens on `server.address`: an address and port, or `unix:` and the path of a socket file.
    /// Owner and group may connect to a socket file; one that an earlier process left behind is
    /// replaced.
    ///
    /// # Errors
    /// The system's own, for example when the address is in use.
    pub async fn bind(address: &str) -> io::Result<Self> {
        let Some(path) = address.strip_prefix("unix:").map(Path::new) else {
            return Ok(Self::Tcp(TcpListener::bind(address).await?));
        };
        let is_left_over = path.symlink_metadata().is_ok_and(|file| file.file_type().is_socket())
            && UnixStream::connect(path).await.is_err();
        if is_left_over {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(Self::Unix(listener))
    }

    /// Returns the listening address. A socket file has none: `site.base_url` must be configured
    /// then, and this returns port 0 of the local host.
    ///
    /// # Errors
    /// The system's own.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            Self::Unix(_) => Ok((Ipv4Addr::LOCALHOST, 0).into()),
        }
    }

    /// Accepts the next connection.
    ///
    /// # Errors
    /// The system's own, for example when no file descriptor is free.
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Without this, a response in two parts waits 40 ms for an acknowledgement (Nagle).
                // It fails only for clients that have disconnected.
                let _ = stream.set_nodelay(true);
                Ok((Stream::Tcp(stream), peer.into()))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), Peer::UnixSocket))
            }
        }
    }
}

/// The stream of a connection.
pub enum Stream {
    /// A TCP stream.
    Tcp(TcpStream),
    /// A Unix socket's stream.
    Unix(UnixStream),
}

macro_rules! either {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match $self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            Self::Unix(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.poll_shutdown(cx))
    }
}
