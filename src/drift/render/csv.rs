//! One line per finding, for a spreadsheet.

use super::super::run::DriftReport;
use super::rows;
use crate::finding::{Severity, State};

const COLUMNS: [&str; 18] = [
    "section",
    "key",
    "rule",
    "severity",
    "state",
    "cause",
    "explanation",
    "volume_l",
    "temperature_c",
    "density_kgm3",
    "density15_stored",
    "density15_computed",
    "vcf_stored",
    "vcf_computed",
    "volume15_stored",
    "volume15_computed",
    "residual_l",
    "message",
];

pub(super) fn render(report: &DriftReport) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let _ = writer.write_record(COLUMNS);
    for (finding, row) in rows(report) {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let state = match finding.state {
            State::New => "new",
            State::Baselined => "baselined",
            State::Suppressed => "suppressed",
            State::Waived => "waived",
        };
        let mut record = vec![String::new(); 2];
        record.extend([finding.rule.clone(), severity.to_owned(), state.to_owned()]);
        match row {
            Some((outcome, wrong)) => {
                record.splice(0..2, [outcome.name.clone(), wrong.key.clone()]);
                record.extend([wrong.cause.id.to_string(), wrong.cause.text.clone()]);
                let (stored, computed) = (&wrong.stored, wrong.computed.as_ref());
                record.extend([stored.volume, stored.celsius, stored.density, stored.density15].map(number));
                record.push(number(computed.map(|done| done.density15)));
                record.push(number(stored.vcf));
                record.push(number(computed.map(|done| done.vcf)));
                record.push(number(stored.volume15));
                record.push(number(computed.and_then(|done| done.volume15)));
                record.push(number(wrong.residuals.litres));
            }
            None => record.resize(COLUMNS.len() - 1, String::new()),
        }
        record.push(finding.message.clone());
        let _ = writer.write_record(&record);
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
