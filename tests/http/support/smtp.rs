//! A mail server on a free port of this machine, which does what a test tells it to.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
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
    /// No answer, until it is in another mood.
    Silent,
}

struct State {
    mood: Mood,
    taken: Vec<Vec<u8>>,
    /// Passwords that were given, right or wrong.
    logins: usize,
}

#[derive(Clone)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
pub struct SmtpServer {
    pub address: SocketAddr,
    shared: Shared,
}

impl SmtpServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = State { mood: Mood::Taking, taken: Vec::new(), logins: 0 };
        let server = Self { address, shared: Shared(Arc::new((Mutex::new(state), Condvar::new()))) };
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
        self.shared.state().mood = mood;
        self.shared.0.1.notify_all();
    }

    pub fn taken(&self) -> Vec<Vec<u8>> {
        self.shared.state().taken.clone()
    }

    pub fn logins(&self) -> usize {
        self.shared.state().logins
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut builder = SessionBuilder::new("mail.test");
        builder.enable_auth(AuthMechanism::Plain).insecure_enable_plaintext_auth();
        let visit = Visit { shared: self.shared.clone(), data: Vec::new() };
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
    shared: Shared,
    data: Vec<u8>,
}

impl Handler for Visit {
    fn rcpt(&mut self, _to: &str) -> Response {
        let (_, changed) = &*self.shared.0;
        let waited = changed.wait_while(self.shared.state(), |state| state.mood == Mood::Silent);
        match waited.unwrap_or_else(PoisonError::into_inner).mood {
            Mood::Taking | Mood::Silent => OK,
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
        self.shared.state().taken.push(data);
        OK
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        self.shared.state().logins += 1;
        if (user, password) == ("post", "s3cret") { AUTH_OK } else { INVALID_CREDENTIALS }
    }
}
