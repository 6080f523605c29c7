//! A member's time zone.

use super::{super::store, profile::profile_limit};
use crate::{
    activity::{self, ActivityKind},
    base::{
        member::Member,
        time_zone::{UTC, known},
    },
    shared::error::AppError,
    site::RequestContext,
};

/// Changes the time zone in which pages show times to the member where no scripts run. Does nothing
/// when it is the same.
///
/// # Errors
/// [`AppError::BadRequest`] for an unknown zone; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of changes; [`AppError::Unavailable`] when
/// the database cannot be used.
pub async fn save_time_zone(context: &RequestContext, member: &Member, typed: &str) -> Result<(), AppError> {
    member.in_person()?;
    let name = match typed {
        // A missing field counts as an empty one: nothing was chosen.
        "" | UTC => None,
        name => Some(known(name).ok_or(AppError::BadRequest)?),
    };
    let (site, now, id) = (&context.site, context.site.clock.now(), member.id());
    site.throttle.take(&[profile_limit(site, member)]).await?;
    let mut transaction = site.db.begin().await?;
    let old = store::profile(&mut transaction, id).await?.ok_or(AppError::SignedOut)?;
    if old.time_zone == name {
        return Ok(());
    }
    store::set_time_zone(&mut transaction, id, name.as_deref()).await?;
    let (kind, detail) = (ActivityKind::TimeZoneChanged, name.as_deref().unwrap_or(UTC));
    activity::service::record(&mut transaction, now, id, kind, detail, &context.client).await?;
    transaction.commit().await?;
    site.members.invalidate(id);
    site.cache.invalidate_member(id, "time zone changed").await;
    Ok(())
}
