//! Whether the lab is enabled.

use serde::Deserialize;

use super::{Config, Environment};

/// `[lab]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lab {
    /// Whether `/lab` exists.
    pub enabled: Switch,
}

/// On, off, or as it depends on other settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// As it depends: the lab is on in development, passkeys where the address allows them.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl Config {
    /// Returns whether the lab is enabled.
    pub fn has_lab(&self) -> bool {
        match self.lab.enabled {
            Switch::Auto => self.site.environment == Environment::Development,
            Switch::On => true,
            Switch::Off => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lab_is_open_in_development_or_as_configured() {
        let has_lab = |environment, enabled| {
            let mut config = Config::default();
            (config.site.environment, config.lab.enabled) = (environment, enabled);
            config.has_lab()
        };
        assert!(Config::default().has_lab() && !has_lab(Environment::Production, Switch::Auto));
        for environment in [Environment::Development, Environment::Production] {
            assert!(has_lab(environment, Switch::On) && !has_lab(environment, Switch::Off));
        }
    }
}
