//! The results of an examination.

use std::{collections::BTreeSet, fmt};

use super::{
    canary::Role,
    detect_leaks::{Answer, What},
    probe::Probe,
};

/// A problem that was found. Names the address and the kind of data but never the data itself,
/// because reports are passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The address.
    pub address: String,
    /// The role that sent the request.
    pub asker: Role,
    /// The problem.
    pub what: What,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, asker, what } = self;
        write!(f, "{address}, requested by {asker}: {what}")
    }
}

/// The requests that were sent, and what they found.
#[derive(Clone, Debug, Default)]
pub struct DoctorReport {
    /// The number of requests.
    pub requests: usize,
    /// The number of answers from the page cache.
    pub from_page_cache: usize,
    /// The routes that were probed.
    pub routes: BTreeSet<String>,
    /// The problems, each once per address and role.
    pub findings: Vec<Finding>,
}

impl DoctorReport {
    pub(super) fn add(&mut self, probe: &Probe, asker: Role, answer: &Answer, found: Vec<What>) {
        self.requests += 1;
        self.from_page_cache += usize::from(answer.is_from_page_cache());
        self.routes.insert(probe.route.clone());
        for what in found {
            self.find(Finding { address: probe.address.clone(), asker, what });
        }
    }

    pub(super) fn find(&mut self, new: Finding) {
        let is_known = |known: &Finding| {
            known.address == new.address && known.asker == new.asker && known.what.is_like(&new.what)
        };
        if !self.findings.iter().any(is_known) {
            self.findings.push(new);
        }
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (requests, routes, visitors) = (self.requests, self.routes.len(), Role::ALL.len());
        write!(f, "{requests} requests over {routes} routes as {visitors} visitors: ")?;
        match self.findings.len() {
            0 => write!(f, "no finding"),
            count => write!(f, "{count} finding(s)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CanaryKind, LeakPosition};
    use super::*;

    #[test]
    fn each_finding_is_reported_once() {
        let finding = |asker, byte| {
            let what = What::Shows(Role::FirstMember, CanaryKind::Username, LeakPosition::Body(byte));
            Finding { address: "/x".into(), asker, what }
        };
        let mut report = DoctorReport::default();
        for (asker, byte) in [(Role::Staff, 7), (Role::Staff, 9), (Role::Anonymous, 7)] {
            report.find(finding(asker, byte));
        }
        assert_eq!(report.findings, [finding(Role::Staff, 7), finding(Role::Anonymous, 7)]);
        assert_eq!(report.to_string(), "0 requests over 0 routes as 5 visitors: 2 finding(s)");
        assert_eq!(
            report.findings[0].to_string(),
            "/x, requested by staff: shows the username of the first member, at byte 7"
        );
    }
}
