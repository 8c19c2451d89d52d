//! What may stand in files, tables and sections: read rightly or refused in one line, never passed over.

use crate::drift::{HEADER, RIGHT, SECTION, code, err, folder, json, out, run};

/// The same row, 50 L off.
const WRONG: &str = "b,40160,31.0,824.5,835.9,0.98633,39661.0\n";

fn found(section: &str, rows: &str) -> Vec<String> {
    let folder = folder(section, rows);
    let output = run(folder.path(), &["--format", "json"]);
    assert!(code(&output) < 2, "{}", err(&output));
    let report = json(&output);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(code(&output), i32::from(!findings.is_empty()));
    findings.iter().map(|finding| finding["object"]["name"].as_str().unwrap().to_owned()).collect()
}

fn refused(section: &str, rows: &str, said: &str) {
    let folder = folder(section, rows);
    let output = run(folder.path(), &[]);
    let error = err(&output);
    assert_eq!(code(&output), 2, "{said}: {}{error}", out(&output));
    assert!(error.contains(said), "{said}: {error}");
    assert_eq!(out(&output), "", "{said}");
}

#[test]
fn files_as_programs_write_them() {
    let plain = format!("{HEADER}{RIGHT}{WRONG}");
    let quoted: String = plain
        .lines()
        .map(|line| line.split(',').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",") + "\r\n")
        .collect();
    for (name, rows) in [
        ("byte order mark", format!("\u{feff}{plain}")),
        ("byte order mark before a quote", format!("\u{feff}{quoted}")),
        ("carriage returns", plain.replace('\n', "\r\n")),
        ("quotes", quoted.clone()),
        ("spaces", plain.replace(',', " , ")),
        ("blank lines", plain.replace('\n', "\n\n")),
        ("no last newline", plain.trim_end().to_owned()),
        ("exponents", plain.replace("0.98633", "9.8633e-1")),
        ("columns nobody asked for", plain.replace('\n', ",\"a \"\"b\"\", c\nd\"\n")),
    ] {
        assert_eq!(found(SECTION, &rows), ["r/b"], "{name}");
    }
}

#[test]
fn what_would_swallow_rows_is_refused() {
    // In each of these a lenient reader finds one right row and misses the wrong one.
    let header = HEADER.replace('\n', ",note\n");
    let (right, wrong) = (RIGHT.trim_end(), WRONG.trim_end());
    let open = format!("{header}{right},\"never closed\n{wrong},x\n");
    refused(SECTION, &open, "rows.csv: line 2: a quote that opens here is never closed");
    let closed_later = format!("{header}{right},\"note\n{wrong},\"x\"\n");
    refused(SECTION, &closed_later, "line 3: text after a closing quote");
    refused(SECTION, &format!("{header}{right},5\" hose\n"), "line 2: a quote inside a field that is not quoted");
    let semicolons = format!("{HEADER}{RIGHT}").replace(',', ";").replace('.', ",");
    refused(SECTION, &semicolons, "the columns are separated by semicolons");
    refused(SECTION, &format!("{HEADER}{RIGHT}").replace(',', "\t"), "the columns are separated by tabs");
    let twice = format!("{}{}", HEADER.replace("v15", "v15,v15"), RIGHT.replace("39611.0", "39611.0,1"));
    refused(SECTION, &twice, "column `v15` stands twice");
}

#[test]
fn a_decimal_comma_is_listed_not_guessed() {
    let rows = format!("{HEADER}{RIGHT}c,40160,31.0,\"824,5\",835.9,0.98633,39611.0\n");
    let folder = folder(SECTION, &rows);
    let output = run(folder.path(), &[]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("density is `824,5`, no number"), "{}", out(&output));
}

#[test]
fn a_section_that_can_find_nothing_is_refused() {
    let rows = format!("{HEADER}{RIGHT}{WRONG}");
    let with = |columns: &str| {
        format!(
            "  - {{ name: r, csv: rows.csv, key: id, columns: {{ {columns} }}, product: {{ group: refined }}, method: d1250-1980 }}\n"
        )
    };
    for columns in [
        "volume: v, vcf: f",
        "vcf: f, volume15: v15",
        "density: d, density15: d15",
        "temperature: t, density15: d15",
        "temperature: t, density: d, volume15: v15",
        "temperature: t, density: d, volume: v",
        "volume15: v15",
    ] {
        refused(&with(columns), &rows, "has nothing to compare");
    }
    // V × VCF needs neither method nor product.
    let triple = "  - { name: r, csv: rows.csv, key: id, columns: { volume: v, vcf: f, volume15: v15 } }\n";
    assert_eq!(found(triple, &rows), ["r/b"]);
}

#[test]
fn limits_that_would_let_everything_pass_are_refused() {
    let rows = format!("{HEADER}{RIGHT}{WRONG}");
    for (setting, said) in [
        ("tolerance: { volume15: .nan }", "non-finite float"),
        ("tolerance: { vcf: .inf }", "non-finite float"),
        ("tolerance: { density15: -1 }", "`tolerance`: density15 must be"),
        ("rounding: { volume15: -1 }", "`rounding`: volume15 must be"),
        ("rounding: { vcf: 0 }", "`rounding`: vcf must be"),
        ("price: .nan", "`price` is no number"),
        ("precision: tables", "`precision`"),
        ("method: d1250-2004\n    precision: table", "`table`"),
        ("method: grid", "its table"),
        ("csv: other.csv\n    table: public.x", "more than one source"),
    ] {
        let section = SECTION.replace("    method: d1250-1980\n", "");
        let section = if setting.starts_with("csv") { section.replace("    csv: rows.csv\n", "") } else { section };
        refused(&format!("{section}    {setting}\n"), &rows, said);
    }
    // What is explicit is exact: 50 L are inside 50, outside 49.
    let with = |litres: &str| format!("{SECTION}    tolerance: {{ volume15: {litres}, vcf: 1, density15: 1 }}\n");
    let small = "b,40160,31.0,824.5,835.9,0.98633,39611.8\n";
    let rows = format!("{HEADER}{RIGHT}{small}");
    assert_eq!(found(&with("0.99"), &rows), Vec::<String>::new());
    assert_eq!(found(&with("0.5"), &rows), ["r/b"]);
}

#[test]
fn a_column_of_ones_is_no_coarse_rounding() {
    // Stored as 1, the factor has no decimals: half a stored unit would be 0.5.
    let section = SECTION.replace("density15: d15, ", "");
    let rows = "id,v,t,d,f,v15\na,40160,31.0,824.5,1,40160\nb,40160,22.0,824.5,1,40160\n";
    assert_eq!(found(&section, rows), ["r/a", "r/b"]);
}

#[test]
fn two_rows_of_one_key_are_two_findings() {
    let rows = format!("{HEADER}{RIGHT}{WRONG}{}", WRONG.replace("39661", "39711"));
    assert_eq!(found(SECTION, &rows), ["r/b", "r/b (line 4)"]);
    let waived = format!(
        "{SECTION}waivers:\n  - {{ rule: volumetrics/volume-mismatch, object: r/b, reason: known, until: 2999-12-31 }}\n"
    );
    let folder = folder(&waived, &rows);
    let output = run(folder.path(), &[]);
    assert_eq!(code(&output), 1, "the second row is not waived: {}", out(&output));
    assert!(out(&output).contains("stand more than once"), "{}", out(&output));
}

#[test]
fn rows_beyond_the_list_still_fail_the_run() {
    // More rows that cannot be computed than are listed, that rule switched off, and one wrong row behind them.
    let bad: String = (0..10_050).map(|i| format!("x{i},40160,31.0,824.5,835.9,,39611.0\n")).collect();
    let rows = format!("{HEADER}{bad}{WRONG}");
    let off = format!("{SECTION}rules:\n  volumetrics/not-computable: off\n");
    assert_eq!(found(&off, &rows), ["r/b"]);
    let many: String = (0..10_050).map(|i| WRONG.replace("b,", &format!("x{i},"))).collect();
    let waived = format!(
        "{SECTION}waivers:\n  - {{ rule: volumetrics/volume-mismatch, object: \"r/x*\", reason: known, until: 2999-12-31 }}\n"
    );
    let folder = folder(&waived, &format!("{HEADER}{RIGHT}{many}"));
    let output = run(folder.path(), &[]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(out(&output).contains("50 more rows are wrong"), "{}", out(&output));
}

#[test]
fn mixed_products_and_unreadable_days() {
    let section = SECTION
        .replace(
            "product: { group: refined }",
            "product: { column: p, groups: { GO: refined, BRUT: crude, HUILE: lube } }",
        )
        .replace("    key: id\n", "    key: id\n    time: day\n    group-by: [p]\n");
    let header = HEADER.replace('\n', ",p,day\n");
    let rows = [
        "go,40160,31.0,824.5,835.9,0.98633,39611.0,GO,2026-01-05\n",
        // The same numbers are wrong for crude oil and lubricants.
        "brut,40160,31.0,824.5,835.9,0.98633,39611.0,BRUT,2026-02-05\n",
        "huile,40160,31.0,824.5,835.9,0.98633,39611.0,HUILE,05/03/2026\n",
        "vin,40160,31.0,824.5,835.9,0.98633,39611.0,VIN,2026-02-05\n",
        "rien,40160,31.0,824.5,835.9,0.98633,39611.0,,2026-02-05\n",
    ];
    let folder = folder(&section, &(header + &rows.concat()));
    let output = run(folder.path(), &["--format", "json"]);
    let report = json(&output);
    let section = &report["sections"][0];
    let keys: Vec<&str> =
        section["rows_wrong"].as_array().unwrap().iter().filter_map(|row| row["key"].as_str()).collect();
    assert_eq!(keys, ["brut", "huile", "vin", "rien"]);
    assert_eq!((section["not_computable"].as_u64(), section["undated"].as_u64()), (Some(2), Some(1)));
    assert_eq!(section["groups"]["BRUT"]["wrong"], 1);
    let text = out(&run(folder.path(), &[]));
    assert!(text.contains("1 row without a readable day") && text.contains("product `VIN` has no group"), "{text}");
}

#[test]
#[cfg(not(feature = "parquet"))]
fn a_build_without_parquet_says_so() {
    refused(&SECTION.replace("csv: rows.csv", "parquet: rows.parquet"), "", "build with `--features parquet`");
}
