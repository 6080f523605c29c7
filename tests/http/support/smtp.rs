//! A mail server on a free local port that behaves as a test tells it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use mailin::{
    Action, AuthMechanism, Handler, Response, SessionBuilder,
    response::{AUTH_OK, INVALID_CREDENTIALS, NO_MAILBOX, NO_SERVICE, OK},
};

/// How it answers a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Taking,
    /// 421: a temporary failure.
    Busy,
    /// 550: a permanent failure.
    Unknown,
    /// No answer, until the mood changes.
    Silent,
    /// No answer for mails to this address; others are accepted.
    SilentFor(&'static str),
}

struct State {
    mood: Mood,
    taken: Vec<Vec<u8>>,
    /// The number of password attempts, right or wrong.
    logins: usize,
    /// The names that clients gave in EHLO.
    names: Vec<String>,
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
        let state = State { mood: Mood::Taking, taken: Vec::new(), logins: 0, names: Vec::new() };
        let server = Self { address, shared: Shared(Arc::new((Mutex::new(state), Condvar::new()))) };
        let for_thread = server.clone();
        // The thread ends with the process; it holds nothing but the port.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = for_thread.clone();
                std::thread::spawn(move || server.serve(stream.try_clone().expect("a twin"), stream));
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

    pub fn names(&self) -> Vec<String> {
        self.shared.state().names.clone()
    }

    fn serve(&self, reader: impl Read, mut stream: impl Write) {
        let mut builder = SessionBuilder::new("mail.test");
        builder.enable_auth(AuthMechanism::Plain).insecure_enable_plaintext_auth();
        let visit = RequestContext { shared: self.shared.clone(), data: Vec::new() };
        let mut session = builder.build(self.address.ip(), visit);
        let mut reader = BufReader::new(reader);
        let mut answer = session.greeting();
        loop {
            if answer.action != Action::NoReply {
                let bytes = answer.buffer().expect("bytes");
                if stream.write_all(&bytes).and_then(|()| stream.flush()).is_err()
                    || answer.action == Action::Close
                {
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

struct RequestContext {
    shared: Shared,
    data: Vec<u8>,
}

impl Handler for RequestContext {
    fn helo(&mut self, _: IpAddr, name: &str) -> Response {
        self.shared.state().names.push(name.to_owned());
        OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        let (_, changed) = &*self.shared.0;
        let to = to.trim_matches(['<', '>']);
        let is_silent = |state: &mut State| match state.mood {
            Mood::SilentFor(address) => address == to,
            mood => mood == Mood::Silent,
        };
        let waited = changed.wait_while(self.shared.state(), is_silent);
        match waited.unwrap_or_else(PoisonError::into_inner).mood {
            Mood::Taking | Mood::Silent | Mood::SilentFor(_) => OK,
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
