//! The file with the key that seals secrets, readable by this user only.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::base::{
    backup::{Partial, rename},
    config::SealingKey,
    failure::Failure,
};

/// Returns the keys in the file, or none if there is no such file.
///
/// # Errors
/// When the file cannot be read, or has something else in it than keys.
pub fn read(path: &Path) -> Result<Vec<[u8; 32]>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Failure::start(&format!("read the key of second factors {}", path.display()), error));
        }
    };
    SealingKey::new(text).keys().filter(|keys| !keys.is_empty()).ok_or_else(|| {
        let name = path.display();
        Failure::message(format!(
            "{name} (second_factor.key_file) must hold a key of 32 bytes in base64: restore it from your copy"
        ))
    })
}

/// Creates the file with a new key, unless it exists by now.
///
/// # Errors
/// When the file cannot be written.
pub fn create(path: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::start(&format!("write {} (second_factor.key_file)", path.display()), error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let partial = written(path, &[rand::random()])?;
    // A link replaces nothing, and whoever reads the file finds all of it.
    match fs::hard_link(&partial.0, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
        _ => Ok(()),
    }
}

/// Replaces the content of the file.
///
/// # Errors
/// When the file cannot be written; it is then unchanged.
pub fn replace(path: &Path, keys: &[[u8; 32]]) -> Result<(), Failure> {
    rename(&written(path, keys)?.0, path)
}

/// Writes a file with another name beside it.
fn written(path: &Path, keys: &[[u8; 32]]) -> Result<Partial, Failure> {
    let partial = Partial::beside(path)?;
    let text: String = keys.iter().map(|key| BASE64_STANDARD.encode(key) + "\n").collect();
    fs::OpenOptions::new()
        .write(true)
        .open(&partial.0)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| Failure::start(&format!("write beside {}", path.display()), error))?;
    Ok(partial)
}
