//! Operations on a member's picture.

use bytes::Bytes;

pub use super::render::Rendered;
use super::{Size, render, store};
use crate::{
    accounts,
    activity::{self, ActivityKind},
    base::{clock::Millis, db::Transaction, id::new_id, member::Member, work_queue::Permit},
    shared::{error::AppError, forms::Field},
    site::{AppState, RequestContext},
};

/// A picture, as it is sent.
pub struct Picture {
    /// Its content type.
    pub kind: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its version, which every new picture changes.
    pub version: i64,
}

/// Stores the file as the member's picture in two sizes; the file itself is not stored.
///
/// # Errors
/// [`AppError::Invalid`] if the file is not a usable picture; [`AppError::Throttled`] after too
/// many changes; [`AppError::Unavailable`] when the database cannot be used.
pub async fn save(
    context: &RequestContext,
    member: &Member,
    admitted: Permit,
    file: Bytes,
) -> Result<(), AppError> {
    context.site.throttle.take(&[accounts::service::profile_limit(&context.site, member)]).await?;
    let rendered = run(&context.site, admitted, file).await?;
    let now = context.site.clock.now();
    let mut transaction = context.site.db.begin().await?;
    put(&mut transaction, member, &rendered, now).await?;
    activity::service::record(
        &mut transaction,
        now,
        member.id(),
        ActivityKind::PictureChanged,
        "",
        &context.client,
    )
    .await?;
    transaction.commit().await?;
    // The header shows it.
    context.site.members.invalidate(member.id());
    context.site.cache.invalidate_member(member.id(), "picture saved").await;
    Ok(())
}

async fn run(site: &AppState, admitted: Permit, file: Bytes) -> Result<Rendered, AppError> {
    let rendered = site.pictures.run(admitted, move || render::render(&file)).await?;
    rendered.map_err(|problem| AppError::invalid(Field::Picture, problem))
}

/// Renders a picture for [`put`].
///
/// # Errors
/// [`AppError::Invalid`] if the file is not a usable picture; [`AppError::Busy`] when too many are
/// rendered.
pub async fn rendered(site: &AppState, file: Bytes) -> Result<Rendered, AppError> {
    run(site, site.pictures.try_acquire()?, file).await
}

/// Stores a rendered picture as the member's, in the caller's transaction.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn put(
    transaction: &mut Transaction,
    member: &Member,
    rendered: &Rendered,
    now: Millis,
) -> Result<(), AppError> {
    store::put(transaction, member.id(), &rendered.large, &rendered.small).await?;
    accounts::service::set_picture_version(transaction, member, Some(new_id(now))).await
}

/// Removes the member's picture. A no-op without one.
///
/// # Errors
/// [`AppError::Throttled`] after too many changes; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn remove(context: &RequestContext, member: &Member) -> Result<(), AppError> {
    context.site.throttle.take(&[accounts::service::profile_limit(&context.site, member)]).await?;
    let now = context.site.clock.now();
    let mut transaction = context.site.db.begin().await?;
    if !store::delete(&mut transaction, member.id()).await? {
        return Ok(());
    }
    accounts::service::set_picture_version(&mut transaction, member, None).await?;
    activity::service::record(
        &mut transaction,
        now,
        member.id(),
        ActivityKind::PictureChanged,
        "removed",
        &context.client,
    )
    .await?;
    transaction.commit().await?;
    context.site.members.invalidate(member.id());
    context.site.cache.invalidate_member(member.id(), "picture removed").await;
    Ok(())
}

/// Returns the member's own picture.
///
/// # Errors
/// [`AppError::NotFound`] without one; [`AppError::Unavailable`] when the database cannot be used.
pub async fn picture(site: &AppState, member: &Member, size: Size) -> Result<Picture, AppError> {
    // The version is read before the picture. If it changes in between, the new picture is cached
    // under the old address, which no page uses any more, and never the old picture under the new
    // address.
    let version =
        accounts::service::profile(site, member).await?.picture_version.ok_or(AppError::NotFound)?;
    let mut connection = site.db.read().await?;
    let bytes = store::find(&mut connection, member.id(), size).await?.ok_or(AppError::NotFound)?;
    Ok(Picture { kind: render::content_type(&bytes), bytes, version })
}
