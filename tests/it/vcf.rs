//! `gardefou vcf`: the published vectors through the program, units, tables, exit codes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn gardefou(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .arg("vcf")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const HEADER: &str = "id,method,precision,hydrometer,vcf_decimals,group,density_kgm3,density_kind,temperature_c,\
                      pressure_psig,alpha60_per_f,base,volume_l";

/// A published vector as a row of the batch format, with what it should give: density at base, VCF, and how near.
struct Vector {
    row: String,
    density: Option<(f64, f64)>,
    vcf: Option<(f64, f64)>,
    refused: bool,
}

/// The vectors that a straightforward implementation gives, but one that forces a zone no input has.
fn vectors() -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/d1250_vectors.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(Result::unwrap);
    rows.filter(|row| &row[13] == "yes" && &row[0] != "24B04-fx").map(|row| vector(&row)).collect()
}

fn vector(row: &csv::StringRecord) -> Vector {
    let (id, method) = (&row[0], &row[1]);
    let new = method.contains("D1250-04");
    let base = match &row[7] {
        "15C" => "15",
        "20C" => "20",
        _ => "60f",
    };
    let group = match &row[2] {
        "crude" | "lube" => row[2].to_owned(),
        "C" => "alpha".to_owned(),
        _ => "refined".to_owned(),
    };
    let observed = (!row[3].is_empty() && !method.contains("base->obs")).then(|| row[3].to_owned());
    // Rows that state API gravity in their note.
    let stated = match id {
        "6A04-fx" | "6A04-fx-p" => (141.5 / 161.5 * 999.016).to_string(),
        "6A80-35-100" => (141.5 / 166.5 * 999.012).to_string(),
        _ if row[10].is_empty() => row[5].to_owned(),
        _ => row[10].to_owned(),
    };
    let (density, kind) = match observed {
        Some(observed) => (observed, "observed".to_owned()),
        None => (stated, format!("at-{base}")),
    };
    let has = |word: &str| method.contains(word);
    let cells = [
        id,
        if new { "d1250-2004" } else { "d1250-1980" },
        if has("step") || has("table") { "table" } else { "full" },
        if has("hydrometer") { "glass-15" } else { "none" },
        if has("4dp") { "4" } else { "computational" },
        &group,
        &density,
        &kind,
        &row[4],
        &row[8],
        &row[9],
        base,
        "1000",
    ];
    let number = |at: usize| row[at].parse::<f64>().ok();
    let half = |value: f64| {
        let digits = format!("{value}").split_once('.').map_or(0, |(_, digits)| digits.len());
        0.5 * 10f64.powi(-(digits as i32)) + 1e-12
    };
    let standard = id.starts_with("04-");
    let vcf = number(6).map(|value| {
        let near = match id {
            "04-11.1.7.1-E5" | "04-11.1.7.3-E7" => 1e-8,
            _ if standard => 1e-11,
            _ if method == "D1250-80 54B full" => 5e-6 + 1e-12,
            _ => half(value),
        };
        (value, near)
    });
    let density = number(10).or(number(5)).map(|value| {
        let near = match id {
            "5B80-avgrav" => 0.25,
            _ if standard => 1e-8,
            _ => half(value),
        };
        (value, near)
    });
    Vector { row: cells.join(","), density, vcf, refused: id.ends_with("-ERR") }
}

#[test]
fn published_vectors_through_a_csv_file() {
    let vectors = vectors();
    let input = std::iter::once(HEADER).chain(vectors.iter().map(|v| v.row.as_str())).collect::<Vec<_>>().join("\n");
    let output = gardefou(&["--csv", "-"], &input);
    // The standard's error cases are among them.
    assert_eq!(code(&output), 1, "{}", err(&output));
    let text = out(&output);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(columns.join(","), format!("{HEADER},density15_kgm3,vcf,volume15_l,status"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), vectors.len()), (193, 193));
    let mut refused = 0;
    for (row, vector) in rows.iter().zip(&vectors) {
        let (id, status) = (&row[0], &row[16]);
        if vector.refused {
            assert!(status.starts_with("error: ") && row[13].is_empty() && row[14].is_empty(), "{id}: {status}");
            refused += 1;
            continue;
        }
        assert!(status == "ok" || status.starts_with("ok: "), "{id}: {status}");
        let (density, vcf, volume): (f64, f64, f64) =
            (row[13].parse().unwrap(), row[14].parse().unwrap(), row[15].parse().unwrap());
        assert_eq!(volume, 1000.0 * vcf, "{id}");
        for (name, value, expected) in [("density", density, vector.density), ("vcf", vcf, vector.vcf)] {
            if let Some((expected, near)) = expected {
                assert!((value - expected).abs() <= near, "{id}: {name} {value} against {expected}");
            }
        }
    }
    assert_eq!(refused, 8);
}

#[test]
fn rows_take_what_they_do_not_say_from_the_command_line() {
    let input = "id,density_kgm3,temperature_c,method,note\na,837.3,29.7,,x\nb,837.3,29.7,d1250-2004,y\nc,,29.7,,z\n";
    let output =
        gardefou(&["--csv", "-", "--hydrometer", "glass-15", "--precision", "full", "--volume", "39296"], input);
    insta::assert_snapshot!(out(&output), @r"
    id,density_kgm3,temperature_c,method,note,density15_kgm3,vcf,volume15_l,status
    a,837.3,29.7,,x,847.440899037011,0.9876951787174769,38812.46974288197,ok
    b,837.3,29.7,d1250-2004,y,847.4420666454222,0.9876938178659797,38812.41626686154,ok
    c,,29.7,,z,,,,error: density_kgm3 is missing
    ");
    assert_eq!((code(&output), err(&output).as_str()), (1, "1 row of 3 could not be computed\n"));
    let all = gardefou(&["--csv", "-"], "density_kgm3,temperature_c\n840,20\n");
    assert_eq!(code(&all), 0, "{}", err(&all));
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    // (arguments, input, what standard error says)
    let cases: &[(&[&str], &str, &str)] = &[
        (&["--density", "0.837", "--temperature", "20"], "", "looks like g/cm³"),
        (&["--density", "83.7", "--temperature", "20"], "", "shifted decimal point"),
        (&["--density", "837g/cm3", "--temperature", "20"], "", "looks like kg/m³ already"),
        (&["--density", "837,3", "--temperature", "20"], "", "write a decimal point"),
        (&["--density", "NaN", "--temperature", "20"], "", "not a finite number"),
        (&["--density", "837", "--temperature", "20K"], "", "unknown unit `k`"),
        (&["--density", "837", "--temperature", "200"], "", "outside -50 to 150 °C"),
        (&["--density", "837"], "", "--temperature is missing"),
        (&["--density", "837", "--temperature", "20", "--group", "alpha"], "", "needs the coefficient"),
        (&["--density", "837", "--temperature", "20", "--method", "d1250-1982"], "", "write d1250-1980 or d1250-2004"),
        (&["--density", "837", "--temperature", "20", "--method", "grid"], "", "without its table"),
        (&["--density", "837", "--temperature", "20", "--method", "d1250-2004", "--precision", "table"], "", "`table`"),
        (&["--csv", "-"], "density_kgm3,temperature_c\n840\n", "line 2: 1 fields where the header has 2"),
        (&["--csv", "-"], "density_kgm3,temprature_c\n840,20\n", "did you mean `temperature_c`?"),
        (&["--csv", "-"], "density_kgm3,temperature_c\n", "no rows"),
        (&["--csv", "nowhere.csv"], "", "nowhere.csv cannot be read"),
        (&["--table", "--from", "820", "--to", "860", "--step", "0", "--temps", "10:40:5"], "", "is no range"),
        (&["--table", "--from", "500", "--to", "860", "--step", "20", "--temps", "10:40:5"], "", "density 500 kg/m³"),
    ];
    for (arguments, input, said) in cases {
        let output = gardefou(arguments, input);
        let error = err(&output);
        assert_eq!(code(&output), 2, "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{arguments:?}: {error}");
    }
}

#[test]
fn units_are_one_quantity_written_differently() {
    let vcf = |arguments: &[&str]| -> serde_json::Value {
        let output = gardefou(&[arguments, &["--format", "json"]].concat(), "");
        assert_eq!(code(&output), 0, "{}", err(&output));
        serde_json::from_str(&out(&output)).unwrap()
    };
    let plain = vcf(&["--density", "837.5", "--temperature", "30", "--volume", "39296"]);
    let other = vcf(&["--density", "0.8375 g/cm³", "--temperature", "86 °F", "--volume", "39.296m3"]);
    assert_eq!(plain, other);
    assert_eq!(plain["zone"], "fuel");
    let keys: Vec<&str> = plain.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["density15_kgm3", "method", "notes", "vcf", "volume15_l", "zone"]);
    let printed = out(&gardefou(&["--density", "837.5", "--temperature", "30", "--format", "json"], ""));
    let order = ["density15_kgm3", "\"vcf\"", "volume15_l", "method", "zone", "notes"];
    let places: Vec<usize> = order.iter().map(|key| printed.find(key).unwrap()).collect();
    assert!(places.is_sorted(), "{printed}");
}

#[test]
fn explain_shows_the_way_to_the_result() {
    let output = gardefou(
        &["--density", "792", "--temperature", "31", "--precision", "table", "--hydrometer", "glass-15", "--explain"],
        "",
    );
    insta::assert_snapshot!(out(&output), @r"
      density_rounded_kgm3     792
      temperature_rounded      31
      hydrometer_factor        0.99962688
      density_corrected_kgm3   791.7
      density_base_kgm3        803.6
      density_row_kgm3         803.5
      dt                       16
      alpha                    0.0009209
      vcf_6                    0.985202
      vcf                      0.9852
    density at base  803.600 kg/m³
    VCF              0.985200
    zone             jet
    method           d1250-1980, precision table, hydrometer glass-15
    ");
}

#[test]
fn a_table_written_is_a_grid_read() {
    let folder = tempfile::tempdir().unwrap();
    let grid = folder.path().join("grid.csv");
    let grid = grid.to_str().unwrap();
    let written =
        gardefou(&["--table", "--from", "820", "--to", "860", "--step", "5", "--temps", "10:40:5", "-o", grid], "");
    assert_eq!(code(&written), 0, "{}", err(&written));
    assert_eq!(std::fs::read_to_string(grid).unwrap().lines().count(), 1 + 9 * 7);
    let at = |density: &str, celsius: &str, method: &[&str]| -> serde_json::Value {
        let arguments = [&["--density", density, "--temperature", celsius, "--format", "json"], method].concat();
        let output = gardefou(&arguments, "");
        serde_json::from_str(&out(&output)).unwrap_or_else(|_| err(&output).into())
    };
    let grid_method = ["--method", "grid", "--grid", grid];
    for (density, celsius) in [("820", "10"), ("840", "25"), ("837.3", "29.7"), ("860", "40")] {
        let (own, table) = (at(density, celsius, &[]), at(density, celsius, &grid_method));
        let off = own["vcf"].as_f64().unwrap() - table["vcf"].as_f64().unwrap();
        // The specification's figure for a grid of unrounded nodes.
        assert!(off.abs() <= 1.7e-5, "{density} at {celsius}: {off:e}");
    }
    assert!(at("819.9", "20", &grid_method).as_str().unwrap().contains("outside 820 to 860"));
    let holed = std::fs::read_to_string(grid)
        .unwrap()
        .lines()
        .filter(|l| !l.starts_with("840,25,"))
        .collect::<Vec<_>>()
        .join("\n");
    std::fs::write(grid, holed).unwrap();
    assert!(at("840", "25", &grid_method).as_str().unwrap().contains("hole at density 840 kg/m³, 25 °C"));
}
