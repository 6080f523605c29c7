//! Hears announcements on a connection of its own, by LISTEN.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Error, Executor, Row,
    any::AnyConnectOptions,
    postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions},
};
use tokio::time::{Instant, timeout_at};

use super::{Changes, write::CHANNEL};

/// A connection that listens.
pub(super) struct Listener {
    listener: PgListener,
    /// This process, as announcements name it.
    own: String,
    heard: Changes,
    is_lost: bool,
    /// How many others were listening when this one began.
    pub others: i64,
}

impl Listener {
    /// Connects and begins to listen.
    pub async fn connect(options: &AnyConnectOptions, instance: i64) -> Result<Self, Error> {
        const TIMEOUT: Duration = Duration::from_secs(5);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(TIMEOUT)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_with(PgConnectOptions::try_from(options)?)
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        // A new connection has missed something, and is made by the caller.
        listener.eager_reconnect(false);
        // Also the connection's name, in pg_stat_activity.
        let named = format!("SELECT set_config('application_name', {CHANNEL}, false)");
        let row = listener.fetch_one(AssertSqlSafe(named)).await?;
        listener.listen(&row.try_get::<String, _>(0)?).await?;
        let others = listener
            .fetch_one(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
                 AND application_name = current_setting('application_name')",
            )
            .await?
            .try_get(0)?;
        let own = instance.to_string();
        Ok(Self { listener, own, heard: Changes::default(), is_lost: false, others })
    }

    /// Returns what others have announced since the last call. The answer to a query shows that the
    /// connection works, and PostgreSQL sends what was announced before it.
    pub async fn read(&mut self) -> Result<Changes, Error> {
        if self.is_lost {
            return Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into());
        }
        self.listener.execute("SELECT 1").await?;
        while let Some(notification) = self.listener.next_buffered() {
            self.hear(&notification);
        }
        Ok(std::mem::take(&mut self.heard))
    }

    /// Waits for an announcement of another process, for at most this time.
    pub async fn wait(&mut self, longest: Duration) {
        let until = Instant::now() + longest;
        while self.heard.is_empty() && !self.is_lost {
            match timeout_at(until, self.listener.try_recv()).await {
                Ok(Ok(Some(notification))) => self.hear(&notification),
                Ok(Ok(None) | Err(_)) => self.is_lost = true,
                Err(_) => return,
            }
        }
    }

    fn hear(&mut self, notification: &PgNotification) {
        match notification.payload().split_once(' ') {
            Some((instance, _)) if instance == self.own => {}
            Some((_, text)) => self.heard.read(text),
            None => self.heard = Changes::everything(),
        }
    }
}
