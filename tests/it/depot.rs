//! The example depot: `check` finds what its README says, at the place it says, and nothing else.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

#[test]
fn the_example_has_exactly_its_known_mistakes() {
    let output = Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["check", "examples/depot", "--format", "json"])
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or("-").to_owned();
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let file = text(finding, "/location/file").rsplit('/').next().unwrap_or("-").to_owned();
        let line = format!(
            "{}:{} {} {}",
            file.split('_').next().unwrap_or("-"),
            finding["location"]["line"],
            text(finding, "/object/name"),
            text(finding, "/state"),
        );
        lines.entry(text(finding, "/rule")).or_default().push(line);
    }
    let page: String = lines.iter().map(|(rule, lines)| format!("{rule}\n  {}\n", lines.join("\n  "))).collect();
    insta::with_settings!({snapshot_path => "../../snapshots/depot", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("findings", page);
    });
}
