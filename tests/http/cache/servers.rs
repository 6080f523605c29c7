//! Servers for a single test, which it can stop, pause and start again.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

pub struct Server {
    kind: &'static str,
    port: u16,
    child: Option<Child>,
    /// Where Redis keeps its snapshot.
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server on a free port. Returns `None` if the tests run without servers.
    pub fn start(kind: &'static str) -> Option<Self> {
        let variable = format!("TEST_{}_URL", kind.to_uppercase());
        if std::env::var(&variable).is_err() {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "skipped a case for {kind}: {variable} is not set");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Self { kind, port, child: None, folder };
        server.go();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.kind, self.port)
    }

    /// Starts it, without data unless Redis has a snapshot.
    pub fn go(&mut self) {
        let port = self.port.to_string();
        let mut command = match self.kind {
            "redis" => {
                let mut command = Command::new("redis-server");
                command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
                command.arg("--dir").arg(self.folder.path());
                command
            }
            _ => {
                let mut command = Command::new("memcached");
                // Without this option it does not run as root.
                command.args(["-l", "127.0.0.1", "-p", &port, "-U", "0", "-u", "root"]);
                command
            }
        };
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{} does not start: {error}", self.kind)));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < crate::support::PATIENCE, "{} does not answer", self.kind);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a command to Redis.
    pub fn tell(&self, command: &str) {
        let client = redis::Client::open(self.url()).expect("an address");
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().expect("a word"));
        for word in words {
            command.arg(word);
        }
        command.query::<()>(&mut client.get_connection().expect("connected")).expect("done");
    }

    /// From now on, connections are refused.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // SIGKILL also ends a paused process.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// From now on it accepts connections but does not answer.
    /// Returns when it has stopped: until then it may answer once more.
    pub fn pause(&self) {
        let child = self.signal(Signal::STOP);
        waitpid(Some(child), WaitOptions::UNTRACED).expect("its state");
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) -> Pid {
        let child = Pid::from_child(self.child.as_ref().expect("it runs"));
        kill_process(child, signal).expect("it runs");
        child
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
