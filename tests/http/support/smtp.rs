//! A mail server on a free port of this machine, which does what a test tells it to.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
};

use mailin::{
    Action, AuthMechanism, Handler, Response, SessionBuilder,
    response::{AUTH_OK, INVALID_CREDENTIALS, NO_MAILBOX, NO_SERVICE, OK},
};

/// What it does with a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Taking,
    /// 421: later, perhaps.
    Busy,
    /// 550: never.
    Unknown,
}

struct State {
    mood: Mood,
    taken: Vec<Vec<u8>>,
}

#[derive(Clone)]
pub struct SmtpServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl SmtpServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server =
            Self { address, state: Arc::new(Mutex::new(State { mood: Mood::Taking, taken: Vec::new() })) };
        let for_thread = server.clone();
        // Ends with the process; it holds nothing but this port.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = for_thread.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        server
    }

    pub fn set(&self, mood: Mood) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).mood = mood;
    }

    pub fn taken(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).taken.clone()
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut builder = SessionBuilder::new("mail.test");
        builder.enable_auth(AuthMechanism::Plain).insecure_enable_plaintext_auth();
        let visit = Visit { state: self.state.clone(), data: Vec::new() };
        let mut session = builder.build(stream.peer_addr().expect("an address").ip(), visit);
        let mut reader = BufReader::new(stream.try_clone().expect("a twin"));
        let mut answer = session.greeting();
        loop {
            if answer.action != Action::NoReply {
                let bytes = answer.buffer().expect("bytes");
                if stream.write_all(&bytes).is_err() || answer.action == Action::Close {
                    return;
                }
            }
            let mut line = Vec::new();
            if !matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
                return;
            }
            answer = session.process(&line);
        }
    }
}

struct Visit {
    state: Arc<Mutex<State>>,
    data: Vec<u8>,
}

impl Handler for Visit {
    fn rcpt(&mut self, _to: &str) -> Response {
        match self.state.lock().unwrap_or_else(PoisonError::into_inner).mood {
            Mood::Taking => OK,
            Mood::Busy => NO_SERVICE,
            Mood::Unknown => NO_MAILBOX,
        }
    }

    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.data.extend(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let data = std::mem::take(&mut self.data);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).taken.push(data);
        OK
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        if (user, password) == ("post", "s3cret") { AUTH_OK } else { INVALID_CREDENTIALS }
    }
}
