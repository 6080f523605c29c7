//! How the program starts to listen, how it stops, and which signals do not stop it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::support::{
    database::TestDatabase,
    program::{Serving, program},
};

/// Far more time than stopping takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Clients that open a new connection for every request, until they are told to stop.
struct Load {
    is_over: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    fn on(address: SocketAddr) -> Self {
        let (is_over, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let client = || {
            let (is_over, answers) = (is_over.clone(), answers.clone());
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    if request(address).is_ok() {
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        };
        let clients = (0..6).map(|_| client()).collect();
        Self { is_over, answers, clients }
    }

    fn wait_for(&self, count: usize) {
        while self.answers.load(Ordering::Relaxed) < count {
            std::thread::yield_now();
        }
    }

    fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("no panic");
        }
    }
}

fn request(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")?;
    stream.read_exact(&mut [0])
}

#[tokio::test]
async fn shutdown_completes_while_clients_keep_connecting() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let site = Serving::start(&database, folder.path(), &[]);
    let load = Load::on(site.address);
    load.wait_for(50);
    site.signal("-TERM");
    // The load continues during the shutdown.
    let (status, _) = site.ended_within(LIMIT);
    load.end();
    assert!(status.success(), "{status}");
    database.remove().await;
}

/// Has another command run the program, which comes after its arguments.
fn run_by(command: &[&str], program: &Command) -> Command {
    let mut by = Command::new(command[0]);
    by.args(&command[1..]).arg(program.get_program()).env_clear();
    by.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    by.current_dir(program.get_current_dir().expect("a folder"));
    by
}

#[tokio::test]
async fn sighup_shuts_down_gracefully_and_sigusr_is_ignored() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    // The tests may run under nohup themselves.
    let mut command = run_by(&["env", "--default-signal=HUP"], &program(&database, folder.path()));
    let site = Serving::run(command.arg("serve"), folder.path());
    for signal in ["-USR1", "-USR2"] {
        site.signal(signal);
        assert_eq!(site.visitor().get("/healthz").await.status, 200, "{signal}");
    }
    site.signal("-HUP");
    let (status, console) = site.ended_within(LIMIT);
    assert!(status.success(), "{status}");
    assert!(console.iter().any(|line| line.contains("Shutting down")), "{console:?}");
    database.remove().await;
}

#[tokio::test]
async fn nohup_ignores_sighup() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let shell = ["sh", "-c", "trap '' HUP; exec \"$0\" serve"];
    let site = Serving::run(&mut run_by(&shell, &program(&database, folder.path())), folder.path());
    site.signal("-HUP");
    assert_eq!(site.visitor().get("/healthz").await.status, 200);
    site.signal("-TERM");
    let (status, _) = site.ended_within(LIMIT);
    assert!(status.success(), "{status}");
    database.remove().await;
}

#[tokio::test]
async fn a_proxy_on_this_machine_can_use_a_socket_file() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let socket = folder.path().join("http.sock");
    let address = format!("unix:{}", socket.display());
    let settings = [
        ("MEMBERS_AREA_SERVER__ADDRESS", address.as_str()),
        ("MEMBERS_AREA_SITE__BASE_URL", "http://127.0.0.1:3000"),
    ];
    // The second time, the file is left over from a program that was killed.
    for signal in ["-KILL", "-TERM"] {
        let site = Serving::start(&database, folder.path(), &settings);
        let mode = std::fs::metadata(&socket).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o660, "{mode:o}");
        let mut stream = UnixStream::connect(&socket).expect("connected");
        let request = "GET /accounts/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        site.signal(signal);
        let (status, console) = site.ended_within(LIMIT);
        if signal == "-TERM" {
            assert!(status.success(), "{status}");
            assert!(
                console.iter().any(|line| line.contains("203.0.113.9")),
                "the proxy is believed: {console:?}"
            );
        }
    }
    database.remove().await;
}
