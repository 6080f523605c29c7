//! The export of all data about a member.

use serde::{Serialize, Serializer};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio_stream::StreamExt;

use super::super::{
    archive::Archive,
    store::{self, Fields},
};
use crate::{
    activity::{self, ActivityKind},
    auth::sessions::login_context::RecentAuth,
    base::{export_budget::ExportPermit, member::Member, moment::moment},
    shared::error::AppError,
    site::{AppState, RequestContext},
};

/// Bytes of JSON that are compressed together.
const PIECE: usize = 32 * 1024;

const ABOUT: &str = "All that this site has of you, but for what would let somebody into your account: the hash of your password, \
                     the secrets of your second factor, and the hashes of the keys in your browsers and mails. Your picture, \
                     where there is one, is beside this file. Times are in UTC.";

/// A finished export. Its bytes count against the memory limit for exports until it is dropped.
pub struct Packed {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
    _permit: ExportPermit,
}

impl AsRef<[u8]> for Packed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Exports all data about the member as a ZIP file.
///
/// # Errors
/// [`AppError::Busy`] above the limits for exports; [`AppError::SignedOut`] if the account no
/// longer exists; [`AppError::Internal`] if compression fails; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn export(
    context: &RequestContext,
    member: &Member,
    _proof: &RecentAuth,
) -> Result<Packed, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let member_permit = site.exports.member_permit(member.id())?;
    let slot = site.exports.slot()?;
    let archive = Archive::begin(now);
    fill(&archive, site, member).await?;
    let bytes = archive.finish().await?;
    drop(slot);
    let room = site.exports.room_for(bytes.len())?;
    let mut transaction = site.db.begin().await?;
    activity::service::record(
        &mut transaction,
        now,
        member.id(),
        ActivityKind::DataExported,
        "",
        &context.client,
    )
    .await?;
    transaction.commit().await?;
    site.cache.invalidate_member(member.id(), "data exported").await;
    Ok(Packed { bytes, _room: room, _permit: member_permit })
}

async fn fill(archive: &Archive, site: &AppState, member: &Member) -> Result<(), AppError> {
    let mut connection = site.db.read().await?;
    archive.file("account.json").await?;
    let made_at = moment(site.clock.now()).iso;
    let part = store::account();
    let account = store::rows(&mut connection, &part, member.id()).next().await;
    let account = object(&account.ok_or(AppError::SignedOut)??);
    let head = format!(
        "{{\n\"about\": {},\n\"site\": {},\n\"made_at\": {},\n{}: {account}",
        json!(ABOUT),
        json!(site.config.site.name),
        json!(made_at),
        json!(part.name),
    );
    archive.add(head.into_bytes()).await?;
    for part in store::lists(&mut connection, site.db.is_embedded()).await? {
        let mut piece = format!(",\n{}: [", json!(part.name)).into_bytes();
        let mut rows = store::rows(&mut connection, &part, member.id());
        let mut is_first = true;
        while let Some(fields) = rows.next().await {
            piece.extend_from_slice(if is_first { b"\n" } else { b",\n" });
            piece.extend_from_slice(object(&fields?).as_bytes());
            is_first = false;
            if piece.len() >= PIECE {
                archive.add(std::mem::take(&mut piece)).await?;
            }
        }
        drop(rows);
        piece.extend_from_slice(b"]");
        archive.add(piece).await?;
    }
    archive.add(b"\n}\n".to_vec()).await?;
    if let Some((large, small)) = store::picture(&mut connection, member.id()).await? {
        for (name, picture) in [("picture-large.webp", large), ("picture-small.webp", small)] {
            archive.file(name).await?;
            archive.add(picture).await?;
        }
    }
    Ok(())
}

/// Serializes a row as a JSON object, with the fields in their order.
fn object(fields: &Fields) -> String {
    struct Ordered<'a>(&'a Fields);

    impl Serialize for Ordered<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
        }
    }

    // Cannot fail: the values are strings, numbers and booleans.
    serde_json::to_string(&Ordered(fields)).unwrap_or_default()
}
