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
use tokio::sync::Mutex;

use super::{
    Backend, Condition, Down, HEAD, Put, ScannedEntry, Usage,
    folder::{Folder, StoredFile},
};
use crate::cache::{filter::EntryFilter, key::Key};

/// The cache in a folder.
pub struct File {
    folder: Arc<Folder>,
    /// Held by the one write that runs.
    writing: Arc<Mutex<()>>,
    max_bytes: u64,
    evictions: AtomicU64,
}

impl File {
    /// Creates the backend; its own folder below `below` is created at the first use. The entries
    /// together may take `max_bytes`, which each sweep enforces.
    pub fn new(below: &Path, prefix: &str, max_bytes: u64) -> Self {
        let folder = Arc::new(Folder::new(below.join(format!("{prefix}-cache"))));
        Self { folder, writing: Arc::default(), max_bytes, evictions: AtomicU64::new(0) }
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

    /// Runs file operations that write, one after the other and under the folder's lock. They wait
    /// here and not for the lock, which threads take in no order: of a crowd some would wait until
    /// they gave up, and reads would find no thread meanwhile.
    async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Down> {
        let writing = self.writing.clone().lock_owned().await;
        self.on_a_thread(move |folder| {
            let (_writing, _lock) = (writing, folder.lock()?);
            act(folder)
        })
        .await
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
        self.write(move |folder| {
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
        self.write(move |folder| {
            let name = put.key.address();
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
        self.write(move |folder| names.iter().try_for_each(|name| folder.remove(name))).await
    }

    async fn clear(&self) -> Result<(), Down> {
        self.write(|folder| folder.entries()?.iter().try_for_each(|file| folder.remove(&file.name))).await
    }

    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<ScannedEntry>>, Down> {
        let filter = filter.clone();
        self.on_a_thread(move |folder| {
            let mut found = Vec::new();
            for file in folder.entries()? {
                // The file may have been deleted since it was listed.
                let Some(head) = folder.read_head(&file.name, HEAD)?.map(Bytes::from) else {
                    continue;
                };
                if filter.matches(&head) {
                    found.push(ScannedEntry { head, size: file.size, hits: None });
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
        let evicted = self.write(move |folder| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::key::Scope;

    /// With two threads for files and a lock that another process holds.
    #[test]
    fn a_crowd_of_writes_leaves_threads_for_reads_and_none_gives_up() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.max_blocking_threads(2).enable_all();
        runtime.build().expect("a runtime").block_on(async {
            let below = tempfile::tempdir().expect("a folder");
            let file = Arc::new(File::new(below.path(), "test", 1 << 20));
            let key = Key::new("test", Scope::Public, "name", 1, &[]);
            let other_process = file.folder.lock().expect("the lock");
            let writes: Vec<_> = (0..10)
                .map(|_| {
                    let (file, keys) = (file.clone(), [key.clone()]);
                    tokio::spawn(async move { file.delete_many(&keys).await })
                })
                .collect();
            tokio::task::yield_now().await;
            assert_eq!(file.get_many(&[key]).await.expect("a read while they wait"), [None]);
            drop(other_process);
            for write in writes {
                write.await.expect("no panic").expect("no write gave up");
            }
        });
    }
}
