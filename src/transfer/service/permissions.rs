//! The importer's part for permissions that this program does not know: they are imported, and each
//! is reported once.

use super::{super::report::ReportRow, importer::Importer};
use crate::{base::permission_hint::probably_meant, shared::permission::Permission};

impl Importer {
    pub(super) fn report_unknown(&mut self, permissions: &[String]) {
        for name in permissions {
            if Permission::from_codename(name).is_none() && self.unknown_permissions.insert(name.clone()) {
                let meant = probably_meant(name)
                    .map(|meant| format!("; did you mean {}?", meant.codename()))
                    .unwrap_or_default();
                self.report.tell(&ReportRow {
                    kind: "permission",
                    key: String::new(),
                    name: name.clone(),
                    is_refused: false,
                    reason: format!("unknown to this program: kept, without effect{meant}"),
                });
            }
        }
    }
}
