//! The verbs on a member's picture.

use bytes::Bytes;

use super::{
    Size,
    render::{self, Rendered},
    store,
};
use crate::{
    accounts,
    activity::{self, Kind},
    base::{id::new_id, member::Member, work_queue::Permit},
    shared::{
        error::AppError,
        forms::{Field, FormErrors},
    },
    site::{AppState, RequestContext},
};

/// A picture as it is sent.
pub struct Picture {
    /// Its content type.
    pub kind: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Changes with it.
    pub version: i64,
}

/// Makes the file the member's picture; of the file itself nothing is kept.
///
/// # Errors
/// A refused file, too many changes, or an outage.
pub async fn save(
    visit: &RequestContext,
    member: &Member,
    admitted: Permit,
    file: Bytes,
) -> Result<(), AppError> {
    visit.site.throttle.take(&[accounts::service::profile_limit(&visit.site, member)]).await?;
    let rendered = visit.site.pictures.run(admitted, move || render::render(&file)).await?;
    let Rendered { large, small } =
        rendered.map_err(|problem| AppError::Invalid(FormErrors::one(Field::Picture, problem)))?;
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    store::put(&mut transaction, member.id(), &large, &small).await?;
    accounts::service::set_picture_version(&mut transaction, member, Some(new_id(now))).await?;
    activity::service::record(&mut transaction, now, member.id(), Kind::PictureChanged, "", &visit.client)
        .await?;
    transaction.commit().await?;
    visit.site.cache.invalidate_member(member.id(), "picture saved").await;
    Ok(())
}

/// Removes the member's picture; nothing happens where there is none.
///
/// # Errors
/// Too many changes, or an outage.
pub async fn remove(visit: &RequestContext, member: &Member) -> Result<(), AppError> {
    visit.site.throttle.take(&[accounts::service::profile_limit(&visit.site, member)]).await?;
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    if !store::delete(&mut transaction, member.id()).await? {
        return Ok(());
    }
    accounts::service::set_picture_version(&mut transaction, member, None).await?;
    activity::service::record(
        &mut transaction,
        now,
        member.id(),
        Kind::PictureChanged,
        "removed",
        &visit.client,
    )
    .await?;
    transaction.commit().await?;
    visit.site.cache.invalidate_member(member.id(), "picture removed").await;
    Ok(())
}

/// The member's own picture.
///
/// # Errors
/// [`AppError::NotFound`] where there is none, or an outage.
pub async fn picture(site: &AppState, member: &Member, size: Size) -> Result<Picture, AppError> {
    // The version before the picture: were it changed in between, the new one would be kept under the old address, which no page
    // names any more, and never an old one under the new.
    let version =
        accounts::service::profile(site, member).await?.picture_version.ok_or(AppError::NotFound)?;
    let mut connection = site.db.read().await?;
    let bytes = store::find(&mut connection, member.id(), size).await?.ok_or(AppError::NotFound)?;
    Ok(Picture { kind: render::content_type(&bytes), bytes, version })
}
