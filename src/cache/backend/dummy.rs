//! `dummy://`: stores nothing. For development, where each request should render its page, and for
//! tests.

use async_trait::async_trait;
use bytes::Bytes;

use super::{Backend, Condition, Down, Put, ScannedEntry, Usage};
use crate::cache::{filter::EntryFilter, key::Key};

/// A backend whose reads always miss.
#[derive(Clone, Copy, Debug)]
pub struct Dummy;

#[async_trait]
impl Backend for Dummy {
    fn kind(&self) -> &'static str {
        "dummy"
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        Ok(vec![None; keys.len()])
    }

    async fn put_many(&self, _puts: &[Put]) -> Result<(), Down> {
        Ok(())
    }

    /// Answers as if the entry had been stored and evicted at once.
    async fn put_if(&self, _put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        Ok(matches!(condition, Condition::Absent))
    }

    async fn delete_many(&self, _keys: &[Key]) -> Result<(), Down> {
        Ok(())
    }

    async fn clear(&self) -> Result<(), Down> {
        Ok(())
    }

    async fn scan(&self, _sieve: &EntryFilter, _limit: usize) -> Result<Option<Vec<ScannedEntry>>, Down> {
        Ok(Some(Vec::new()))
    }

    async fn usage(&self) -> Result<Usage, Down> {
        Ok(Usage { entries: Some(0), bytes: Some(0), ..Usage::default() })
    }
}
