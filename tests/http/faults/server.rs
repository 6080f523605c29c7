//! PostgreSQL servers for a single test, and an address that leads to one or the other.

use std::{
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener as Listener, TcpStream},
    sync::watch,
};

pub struct Postgres {
    bin: PathBuf,
    folder: tempfile::TempDir,
    /// PostgreSQL refuses to run as root.
    user: Option<u32>,
    pub port: u16,
}

impl Postgres {
    /// Starts a server on a free port. Returns `None` if the tests run without servers.
    pub fn start() -> Option<Self> {
        let Ok(bin) = std::env::var("TEST_POSTGRES_BIN") else {
            use std::io::Write;
            let _ =
                writeln!(std::io::stderr(), "skipped a case for PostgreSQL: TEST_POSTGRES_BIN is not set");
            return None;
        };
        let server = Self::new(bin.into());
        let data = server.data();
        server.run(
            "initdb",
            &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
        );
        // A crash of the server must lose nothing; one of the machine is not tested here.
        let settings = "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n";
        let file = Path::new(&data).join("postgresql.conf");
        let before = std::fs::read_to_string(&file).expect("its settings");
        std::fs::write(file, before + settings).expect("written");
        server.go();
        Some(server)
    }

    fn new(bin: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let user = rustix::process::geteuid().is_root().then(|| {
            let output = Command::new("id").args(["-u", "postgres"]).output().expect("id runs");
            String::from_utf8_lossy(&output.stdout).trim().parse().expect("a user named postgres")
        });
        if user.is_some() {
            std::os::unix::fs::chown(folder.path(), user, None).expect("its owner");
        }
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("its mode");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        Self { bin, folder, user, port }
    }

    /// Starts a standby of this server, from whose commits on nothing is acknowledged that the
    /// standby does not have.
    pub async fn standby(&self) -> Self {
        let standby = Self::new(self.bin.clone());
        let port = self.port.to_string();
        let copy =
            ["-D", &standby.data(), "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-R", "-c", "fast"];
        standby.run("pg_basebackup", &copy);
        standby.go();
        self.say("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        self.say("SELECT pg_reload_conf()").await;
        let mut connection = AnyConnection::connect(&self.url()).await.expect("PostgreSQL");
        let sql = "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        crate::support::until("the standby follows", async || {
            let (count,): (i64,) = sqlx::query_as(sql).fetch_one(&mut connection).await.expect("a count");
            count == 1
        })
        .await;
        standby
    }

    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    }

    pub fn go(&self) {
        let log = self.folder.path().join("log").display().to_string();
        let port = format!("-p {}", self.port);
        self.run("pg_ctl", &["-D", &self.data(), "-l", &log, "-o", &port, "-w", "-t", "60", "start"]);
    }

    /// Stops it: "fast" ends all connections, "immediate" is a crash.
    pub fn stop(&self, how: &str) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", how, "-w", "stop"]);
    }

    pub fn promote(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "promote"]);
    }

    pub async fn say(&self, sql: &str) {
        let mut connection = AnyConnection::connect(&self.url()).await.expect("PostgreSQL");
        connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, name: &str, arguments: &[&str]) {
        let output = self.try_run(name, arguments);
        assert!(output.status.success(), "{name}: {}", crate::support::program::text(&output));
    }

    fn try_run(&self, name: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.bin.join(name));
        command.args(arguments).current_dir(self.folder.path());
        if let Some(user) = self.user {
            command.uid(user);
        }
        // The server that it starts keeps what it inherits.
        let console = std::fs::File::create(self.folder.path().join("console")).expect("a file");
        command.stdout(console.try_clone().expect("a twin")).stderr(console);
        let status = command.status().unwrap_or_else(|error| panic!("{name}: {error}"));
        let stdout = std::fs::read(self.folder.path().join("console")).unwrap_or_default();
        Output { status, stdout, stderr: Vec::new() }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may have been stopped by the test.
        self.try_run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
    }
}

/// An address that can lead to another server, as the one that moves in a failover.
pub struct Front {
    pub port: u16,
    target: watch::Sender<u16>,
}

impl Front {
    pub async fn of(port_of_server: u16) -> Self {
        let listener = Listener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (target, _) = watch::channel(port_of_server);
        let switch = target.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut moved = switch.subscribe();
                let port = *moved.borrow_and_update();
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => (),
                        _ = moved.changed() => (),
                    }
                });
            }
        });
        Self { port, target }
    }

    /// Ends all connections; new ones lead to this server.
    pub fn move_to(&self, port: u16) {
        self.target.send_replace(port);
    }
}
