//! The parts of a request that are measured.

use serde::{Deserialize, Serialize};

use super::named_enum::named_enum;

named_enum! {
    /// What a request spends its time on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Part(name) {
        /// From the arrival until the request was admitted, or refused.
        Guard = "guard" => "Guard",
        /// Waiting for a connection, and for the answers to statements.
        Database = "database" => "Database",
        /// Waiting for the cache, or for another request that computes the same value.
        Cache = "cache" => "Cache",
        /// Waiting for a password to be hashed.
        Hash = "hash" => "Hash",
        /// Making the page, once the request was admitted.
        Render = "render" => "Render",
    }
}
