//! The variables that set keys: of the environment, and of `.env`.

use std::{
    ffi::OsString,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use super::super::failure::Failure;
use super::{Config, dotenv};

/// The prefix of this program's variables; section and key follow, joined by two underscores.
const PREFIX: &str = "MEMBERS_AREA_";

/// Names that hosting platforms set by themselves, and the keys they stand for.
const GENERAL: [(&str, [&str; 2]); 2] =
    [("PORT", ["server", "address"]), ("DATABASE_URL", ["database", "url"])];

/// A variable that sets a key.
pub(super) struct Variable {
    /// Where it stands, with its name as it is spelt there.
    place: String,
    name: String,
    pub(super) keys: Vec<String>,
    pub(super) value: String,
    is_of_environment: bool,
}

/// Which variable a key's value comes from.
#[derive(Debug)]
pub struct Origin {
    key: String,
    place: String,
    /// The variable that is used instead of this one.
    instead: Option<String>,
    /// Whether it can be there for another program: it has a general name, or stands in `.env`.
    pub is_shared: bool,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, place, instead, .. } = self;
        match instead {
            None => write!(f, "{key} is set by {place}"),
            Some(other) => write!(f, "{place} is not used: {key} is set by {other}"),
        }
    }
}

/// Returns the variables in the order in which they take effect, so that the last one wins: those
/// of `.env`, then those of the environment, of which the general names come first.
///
/// # Errors
/// A [`Failure`] for a `.env` that cannot be used, for a value that is not UTF-8, and when one
/// place sets a key twice. In the environment, a name of ours and a general one are no such pair:
/// a platform sets its own in any case.
pub(super) fn all(
    dotenv: &Path,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Variable>, Failure> {
    let mut variables: Vec<Variable> = Vec::new();
    for line in dotenv::read(dotenv, |name| keys_of(name).is_some())? {
        let Some(keys) = keys_of(&line.name) else {
            continue;
        };
        let (place, value) =
            (format!("{}, line {}: {}", dotenv.display(), line.number, line.name), line.value);
        let variable = Variable { place, name: line.name, keys, value, is_of_environment: false };
        refuse_twice(&variables, &variable)?;
        variables.push(variable);
    }
    let mut found: Vec<Variable> = Vec::new();
    for (name, value) in environment {
        let name = name.to_string_lossy().into_owned();
        let Some(keys) = keys_of(&name) else {
            continue;
        };
        let place = format!("the environment variable {name}");
        let mut variable = Variable { place, name, keys, value: String::new(), is_of_environment: true };
        variable.value = value.into_string().map_err(|_| variable.failure("is not UTF-8"))?;
        refuse_twice(&found, &variable)?;
        found.push(variable);
    }
    found.sort_by_key(|variable| !variable.is_general());
    variables.extend(found);
    match variables.iter().find(|variable| variable.is_general() && variable.value.trim().is_empty()) {
        Some(empty) => Err(empty.failure("is empty: give it a value, or remove it")),
        None => Ok(variables),
    }
}

/// Returns an error if one of the variables sets the same key.
fn refuse_twice(variables: &[Variable], variable: &Variable) -> Result<(), Failure> {
    let is_order =
        |other: &Variable| variable.is_of_environment && variable.is_general() != other.is_general();
    match variables.iter().find(|other| other.keys == variable.keys && !is_order(other)) {
        Some(other) => Err(variable.failure(&format!("sets the same key as {}", other.name))),
        None => Ok(()),
    }
}

/// Returns the variable that sets this key, `section.key`.
pub(super) fn setting<'a>(variables: &'a [Variable], key: &str) -> Option<&'a Variable> {
    variables.iter().rev().find(|variable| variable.keys.join(".") == key)
}

/// Returns where the values come from that are not the file's.
pub(super) fn origins(variables: &[Variable]) -> Vec<Origin> {
    let origin = |variable: &Variable| {
        let key = variable.keys.join(".");
        let instead = setting(variables, &key).filter(|used| used.place != variable.place);
        Origin {
            instead: instead.map(|used| used.place.clone()),
            key,
            place: variable.place.clone(),
            is_shared: variable.is_general() || !variable.is_of_environment,
        }
    };
    variables.iter().map(origin).collect()
}

fn keys_of(name: &str) -> Option<Vec<String>> {
    if let Some((_, keys)) = GENERAL.iter().find(|(general, _)| *general == name) {
        return Some(keys.map(str::to_owned).to_vec());
    }
    let (prefix, keys) = name.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then(|| keys.to_lowercase().split("__").map(str::to_owned).collect())
}

impl Variable {
    fn is_general(&self) -> bool {
        GENERAL.iter().any(|(name, _)| *name == self.name)
    }

    /// Returns whether it is `PORT`, whose value is only a part of an address.
    pub(super) fn is_port(&self) -> bool {
        self.name == "PORT"
    }

    /// Returns whether an error at `keys` is about this variable. One that sets a part of a plain
    /// value, as `…_LOG__FILE__X` does, makes the value wrong.
    pub(super) fn is_at(&self, keys: &[&str]) -> bool {
        self.keys.iter().zip(keys).all(|(own, key)| own == key) && !keys.is_empty()
    }

    /// Returns an error that names the variable.
    pub(super) fn failure(&self, what: &str) -> Failure {
        Failure::message(format!("{}: {what}", self.place))
    }

    /// Returns the address to listen on with this `PORT`. A platform forwards visitors to it from
    /// another machine, so with the base URL of a public site it is open to the network.
    pub(super) fn address(&self, config: &Config) -> Result<String, Failure> {
        let port = self.value.trim().parse();
        let port = port.map_err(|_| self.failure("must be a port number, from 0 to 65535"))?;
        let configured = &config.server.address;
        let Ok(mut address) = configured.parse::<SocketAddr>() else {
            return if configured.starts_with("unix:") {
                Err(self.failure("contradicts server.address, which is a socket file: remove one of the two"))
            } else {
                Ok(configured.clone())
            };
        };
        address.set_port(port);
        if address.ip().is_loopback() && !config.is_local() {
            address.set_ip(Ipv4Addr::UNSPECIFIED.into());
        }
        Ok(address.to_string())
    }
}
