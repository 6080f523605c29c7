//! The command `rekey`.

use crate::{
    accounts::service::factors,
    base::{config::Config, console, failure::Failure},
    site::AppState,
};

/// Runs `rekey`: puts a new key in front of the old one, seals all secrets with it, then drops the
/// old one.
///
/// # Errors
/// A [`Failure`] when there is no key, or it or the database cannot be written. The old key is then
/// still there.
pub async fn rekey(config: Config) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let done = replace(&site).await;
    site.db.close().await;
    done
}

async fn replace(site: &AppState) -> Result<(), Failure> {
    let reseal = async || {
        let sealed = factors::reseal_all(site).await;
        match sealed.map_err(|error| Failure::start("seal the secrets again", error))? {
            (count, 0) => Ok(count),
            (count, lost) => Err(Failure::message(format!(
                "{count} secret(s) were sealed with the new key, but the key of {lost} more is not here: add it to \
                 the keys, or reset these members' second factors with `members-area user second-factor`, then \
                 run this again"
            ))),
        }
    };
    site.seal.begin_rekey()?;
    let mut count = reseal().await?;
    site.seal.finish_rekey()?;
    // What a running site has sealed with the old key meanwhile.
    count += reseal().await?;
    match site.seal.file() {
        Some(file) => console::print(format_args!(
            "{count} secret(s) were sealed with a new key, which is in {}. Replace your copy of it.",
            file.display()
        )),
        None => console::print(format_args!(
            "{count} secret(s) were sealed with the first key of second_factor.key. The others can go from it."
        )),
    }
    Ok(())
}
