//! A table read in blocks of columns gives exactly what the same rows give one by one from a file.

use std::fmt::Write as _;

use gardefou::volumetrics::{Base, Density, DensityKind, Group, Measurement, Pressure, Procedure, Temperature};
use serde_json::Value;

use crate::drift::{code, err, folder, json, run};
use crate::support::pg;

/// More than are looked at first, and more than one block.
const ROWS: u32 = 11_000;

const COLUMNS: &str = "columns: { volume: v, temperature: t, density: d, density15: d15, vcf: f, volume15: v15 }\n    product: { column: p, groups: { go: refined, ess: refined, brut: crude, huile: lube } }\n    group-by: [c, p]\n    time: at\n";

/// Mostly right rows under `procedure`, with every kind of other row among them.
fn rows(procedure: &Procedure) -> String {
    let mut text = "id,at,c,p,v,t,d,d15,f,v15\n".to_owned();
    let mut state = 7_u64;
    let mut random = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    for id in 0..ROWS {
        let (product, group, low) = [
            ("go", Group::Refined, 8200),
            ("ess", Group::Refined, 7350),
            ("brut", Group::Crude, 8500),
            ("huile", Group::Lube, 8800),
        ][random(4) as usize];
        let (volume, celsius) = (5000 + random(40_000), 18.0 + random(200) as f64 / 10.0);
        let density = (low + random(300)) as f64 / 10.0;
        let measurement = Measurement {
            group,
            density: Density::from_kg_m3(density).unwrap(),
            density_kind: DensityKind::Observed,
            temperature: Temperature::from_celsius(celsius).unwrap(),
            pressure: Pressure::ATMOSPHERIC,
            base: Base::C15,
        };
        let Ok(done) = procedure.correct(&measurement) else { continue };
        let factor = format!("{:.5}", done.vcf.factor()).parse::<f64>().unwrap();
        let (mut factor_shown, mut product_shown, mut density_shown) =
            (format!("{factor:.5}"), product, format!("{density:.1}"));
        let (mut day, mut litres) = (format!("2026-0{}-{:02}", 1 + id / 2000, 1 + id % 28), volume as f64 * factor);
        match id % 401 {
            17 => litres += 50.0,
            50 => factor_shown = format!("{:.5}", factor + 0.001),
            51 => factor_shown = String::new(),
            100 => density_shown = "0.84".to_owned(),
            150 => product_shown = "vin",
            200 => product_shown = "",
            250 => day = String::new(),
            300 => (factor_shown, litres) = ("1.00000".to_owned(), volume as f64),
            _ => {}
        }
        let tank = if id % 389 == 0 { String::new() } else { (id % 7).to_string() };
        let density15 = done.density_base.kg_m3();
        writeln!(
            text,
            "{id},{day},{tank},{product_shown},{volume},{celsius:.1},{density_shown},{density15:.1},{factor_shown},{litres:.1}"
        )
        .unwrap();
    }
    text
}

/// All that does not say where the rows came from.
fn figures(report: &Value) -> Value {
    let mut section = report["sections"][0].clone();
    section["source"] = Value::Null;
    for list in ["rows_wrong", "worst"] {
        for row in section[list].as_array_mut().unwrap() {
            row["line"] = Value::Null;
        }
    }
    section
}

fn compare(settings: &str, procedure: &Procedure, types: &str) {
    let Some((url, mut client)) = pg::fresh() else { return };
    let rows = rows(procedure);
    client.batch_execute(&format!("create table public.r ({types})")).unwrap();
    let mut copy = client.copy_in("copy public.r from stdin with (format csv, header)").unwrap();
    std::io::Write::write_all(&mut copy, rows.as_bytes()).unwrap();
    copy.finish().unwrap();
    let section = |source: &str| format!("  - name: r\n    {source}\n    key: id\n    {COLUMNS}{settings}");
    let file = folder(&section("csv: rows.csv"), &rows);
    let table = folder(&section("table: public.r"), "");
    let from_file = run(file.path(), &["--format", "json"]);
    let from_table = run(table.path(), &["--format", "json", "--database-url", &url]);
    assert_eq!((code(&from_file), code(&from_table)), (1, 1), "{}{}", err(&from_file), err(&from_table));
    let (from_file, from_table) = (json(&from_file), json(&from_table));
    assert!(from_file["sections"][0]["rows"].as_u64().unwrap() > 9_000);
    let right = from_file["sections"][0]["total"]["rows"].as_u64().unwrap();
    assert!(from_file["sections"][0]["total"]["wrong"].as_u64().unwrap() * 20 < right, "mostly right");
    assert_eq!(figures(&from_file), figures(&from_table));
    let messages = |report: &Value| -> std::collections::BTreeSet<String> {
        let findings = report["findings"].as_array().unwrap().iter();
        // They are sorted by place, and only those of a file have lines.
        findings.map(|finding| finding["message"].to_string()).collect()
    };
    assert_eq!(messages(&from_file), messages(&from_table));
}

const NUMERIC: &str = "id int, at date, c int, p text, v numeric(10,0), t numeric(5,1), d numeric(6,2), d15 numeric(6,1), f numeric(7,5), v15 numeric(12,1)";
const FLOATS: &str =
    "id text, at timestamp, c text, p varchar, v bigint, t real, d float8, d15 real, f float8, v15 float8";

#[test]
fn the_1980_method() {
    let procedure = Procedure { vcf_decimals: gardefou::volumetrics::VcfDecimals::Five, ..Procedure::default() };
    compare("    method: d1250-1980\n    vcf-decimals: 5\n", &procedure, NUMERIC);
    compare("    method: d1250-1980\n    vcf-decimals: 5\n", &procedure, FLOATS);
}

#[test]
fn the_printed_tables_with_a_glass_hydrometer() {
    let procedure = Procedure {
        precision: gardefou::volumetrics::Precision::Table,
        hydrometer: gardefou::volumetrics::Hydrometer::Glass15,
        ..Procedure::default()
    };
    compare("    method: d1250-1980\n    precision: table\n    hydrometer: glass-15\n", &procedure, NUMERIC);
}

#[test]
fn the_2004_method_with_a_glass_hydrometer_and_units() {
    let procedure = Procedure {
        method: gardefou::volumetrics::MethodName::D1250_2004,
        hydrometer: gardefou::volumetrics::Hydrometer::Glass20,
        vcf_decimals: gardefou::volumetrics::VcfDecimals::Five,
        ..Procedure::default()
    };
    let settings = "    method: d1250-2004\n    hydrometer: glass-20\n    vcf-decimals: 5\n";
    compare(settings, &procedure, NUMERIC);
}
