//! What several modules of the suite share.

pub mod pg;
pub mod project;

use std::path::Path;

use gardefou::exposure::Configured;

/// Both lists of a check are the user's own: nothing about exposure is taken from the database.
pub const CONFIGURED: Configured = Configured { schemas: true, roles: true };

/// Compares a generated JSON file with the committed one; `GARDEFOU_UPDATE=1` rewrites it.
pub fn generated(path: &str, value: &serde_json::Value) {
    generated_text(path, &(serde_json::to_string_pretty(value).unwrap() + "\n"));
}

/// Compares a generated file with the committed one; `GARDEFOU_UPDATE=1` rewrites it.
pub fn generated_text(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("GARDEFOU_UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == text, "{path} is out of date: run the tests once with GARDEFOU_UPDATE=1");
}
