//! `file:///FOLDER`: one file for each entry. Survives a restart and needs no server; for one
//! machine.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    Backend, Condition, Down, Found, HEAD, Put, Usage,
    folder::{Folder, StoredFile},
};
use crate::cache::{filter::EntryFilter, key::Key};

/// The cache in a folder.
pub struct File {
    folder: Arc<Folder>,
    max_bytes: u64,
    evictions: AtomicU64,
}

impl File {
    /// Creates the backend; its own folder below `below` is created at the first use. The entries
    /// together may take `max_bytes`, which each sweep enforces.
    pub fn new(below: &Path, prefix: &str, max_bytes: u64) -> Self {
        let folder = Arc::new(Folder::new(below.join(format!("{prefix}-cache"))));
        Self { folder, max_bytes, evictions: AtomicU64::new(0) }
    }

    /// Checks that no other user of the machine can reach the folder.
    ///
    /// # Errors
    /// Returns a sentence about what is wrong.
    pub fn check(&self) -> Result<(), String> {
        self.folder.check()
    }

    /// Runs blocking file operations outside the threads that answer requests.
    async fn on_a_thread<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Down> {
        let folder = self.folder.clone();
        let done = tokio::task::spawn_blocking(move || act(&folder)).await.map_err(Down::because)?;
        done.map_err(Down::because)
    }
}

#[async_trait]
impl Backend for File {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// Longer than for a server, since the disk may be busy.
    fn timeout(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        let names: Vec<String> = keys.iter().map(Key::address).collect();
        self.on_a_thread(move |folder| {
            names.iter().map(|name| Ok(folder.read(name)?.map(Bytes::from))).collect()
        })
        .await
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        let puts = puts.to_vec();
        self.on_a_thread(move |folder| {
            let _lock = folder.lock()?;
            puts.iter().try_for_each(|put| folder.write(&put.key.address(), &put.bytes, put.keep))
        })
        .await
    }

    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        let put = put.clone();
        let wanted = match condition {
            Condition::Absent => None,
            Condition::Unchanged(old) => Some(old.clone()),
        };
        self.on_a_thread(move |folder| {
            let (name, _lock) = (put.key.address(), folder.lock()?);
            let holds = folder.read(&name)?.as_deref() == wanted.as_deref();
            if holds {
                folder.write(&name, &put.bytes, put.keep)?;
            }
            Ok(holds)
        })
        .await
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        let names: Vec<String> = keys.iter().map(Key::address).collect();
        self.on_a_thread(move |folder| {
            let _lock = folder.lock()?;
            names.iter().try_for_each(|name| folder.remove(name))
        })
        .await
    }

    async fn clear(&self) -> Result<(), Down> {
        self.on_a_thread(|folder| {
            let _lock = folder.lock()?;
            folder.entries()?.iter().try_for_each(|file| folder.remove(&file.name))
        })
        .await
    }

    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<Found>>, Down> {
        let filter = filter.clone();
        self.on_a_thread(move |folder| {
            let mut found = Vec::new();
            for file in folder.entries()? {
                // The file may have been deleted since it was listed.
                let Some(head) = folder.read_head(&file.name, HEAD)?.map(Bytes::from) else {
                    continue;
                };
                if filter.matches(&head) {
                    found.push(Found { head, size: file.size, hits: None });
                }
                if found.len() == limit {
                    break;
                }
            }
            Ok(Some(found))
        })
        .await
    }

    async fn usage(&self) -> Result<Usage, Down> {
        let entries = self.on_a_thread(|folder| folder.entries()).await?;
        Ok(Usage {
            entries: Some(entries.len() as u64),
            bytes: Some(entries.iter().map(|file| file.size).sum()),
            max_bytes: Some(self.max_bytes),
            evictions: Some(self.evictions.load(Ordering::Relaxed)),
        })
    }

    async fn sweep(&self) -> Result<(), Down> {
        let max_bytes = self.max_bytes;
        let evicted = self.on_a_thread(move |folder| {
            let _lock = folder.lock()?;
            folder.remove_leftovers()?;
            let now = SystemTime::now();
            let (over, mut left): (Vec<StoredFile>, Vec<StoredFile>) =
                folder.entries()?.into_iter().partition(|file| file.until <= now);
            over.iter().try_for_each(|file| folder.remove(&file.name))?;
            // Evicts first the entries that expire first.
            left.sort_unstable_by_key(|file| std::cmp::Reverse(file.until));
            let (mut bytes, mut evicted) = (left.iter().map(|file| file.size).sum::<u64>(), 0);
            while bytes > max_bytes
                && let Some(file) = left.pop()
            {
                folder.remove(&file.name)?;
                bytes -= file.size;
                evicted += 1;
            }
            Ok(evicted)
        });
        self.evictions.fetch_add(evicted.await?, Ordering::Relaxed);
        Ok(())
    }
}
