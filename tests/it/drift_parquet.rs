//! The example depot from a Parquet file: what the CSV file gives.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::drift::{HEADER, SECTION, causes, code, depot, err, expected, folder, json, out, run};

const SCHEMA: &str = "message deliveries {
    required binary id (UTF8);
    optional int32 date (DATE);
    optional binary citerne (UTF8);
    optional binary produit (UTF8);
    optional int64 densite_observee (DECIMAL(9,1));
    optional double temperature_c;
    optional int32 volume_ambiant;
    optional double densite_15;
    optional int32 vcf (DECIMAL(7,5));
    optional int64 volume_15c (DECIMAL(12,1));
}";

/// Columns of the example, NULL where the text is empty; so many rows per row group.
fn write(path: &std::path::Path, rows: &[csv::StringRecord], per_group: usize) {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = WriterProperties::builder().set_compression(parquet::basic::Compression::SNAPPY).build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    for rows in rows.chunks(per_group) {
        let mut group = writer.next_row_group().unwrap();
        for at in 0..10 {
            let cells: Vec<&str> = rows.iter().map(|row| &row[at]).collect();
            let there: Vec<&str> = cells.iter().copied().filter(|cell| !cell.is_empty()).collect();
            let levels: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
            let levels = (at > 0).then_some(levels.as_slice());
            let scaled = |scale: f64| there.iter().map(move |cell| (cell.parse::<f64>().unwrap() * scale).round());
            let mut column = group.next_column().unwrap().unwrap();
            match at {
                0 | 2 | 3 => {
                    let values: Vec<ByteArray> = there.iter().map(|cell| ByteArray::from(*cell)).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, levels, None).unwrap();
                }
                1 => {
                    let day = |cell: &&str| gardefou::drift::source::day(cell).unwrap();
                    let values: Vec<i32> = there.iter().map(day).collect();
                    column.typed::<Int32Type>().write_batch(&values, levels, None).unwrap();
                }
                5 | 7 => {
                    let values: Vec<f64> = there.iter().map(|cell| cell.parse().unwrap()).collect();
                    column.typed::<DoubleType>().write_batch(&values, levels, None).unwrap();
                }
                6 | 8 => {
                    let values: Vec<i32> = scaled(if at == 8 { 1e5 } else { 1.0 }).map(|v| v as i32).collect();
                    column.typed::<Int32Type>().write_batch(&values, levels, None).unwrap();
                }
                _ => {
                    let values: Vec<i64> = scaled(10.0).map(|v| v as i64).collect();
                    column.typed::<Int64Type>().write_batch(&values, levels, None).unwrap();
                }
            }
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn a_parquet_file_gives_what_the_csv_file_gives() {
    let mut reader = csv::Reader::from_path(depot().join("stored_volumes.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let config = std::fs::read_to_string(depot().join("gardefou.yaml")).unwrap();
    let section = config.split_once("volumetrics:\n").unwrap().1;
    let section = section.replace("csv: stored_volumes.csv", "parquet: rows.parquet");
    let folder = folder(&section, "");
    let path = folder.path().join("rows.parquet");
    for per_group in [7, 58, 1000] {
        write(&path, &rows, per_group);
        let output = run(folder.path(), &["--format", "json"]);
        assert_eq!(code(&output), 1, "{}", err(&output));
        let report = json(&output);
        assert_eq!(causes(&report), expected());
        let file = json(&run(&depot(), &["--format", "json"]));
        for part in ["rows", "months", "groups", "causes", "total", "distribution"] {
            assert_eq!(report["sections"][0][part], file["sections"][0][part], "{part}");
        }
    }
    // A NULL is listed as everywhere else.
    let mut cells: Vec<String> = rows[0].iter().map(str::to_owned).collect();
    cells[8].clear();
    write(&path, &[csv::StringRecord::from(cells), rows[1].clone()], 10);
    let output = run(folder.path(), &[]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("`receptions/R-2026-001` cannot be computed: vcf is NULL"), "{}", out(&output));
    for (section, said) in [
        (section.replace("vcf: vcf", "vcf: vfc"), "there is no column `vfc`; did you mean `vcf`?"),
        (section.replace("vcf: vcf", "vcf: citerne"), "column `citerne` is of type BYTE_ARRAY, not a number"),
        (section.replace("time: date", "time: temperature_c"), "neither date nor timestamp"),
        (section.replace("rows.parquet", "none.parquet"), "none.parquet"),
        (section.replace("rows.parquet", "rows.csv"), "not a Parquet file that can be read"),
    ] {
        std::fs::write(folder.path().join("gardefou.yaml"), format!("volumetrics:\n{section}")).unwrap();
        let output = run(folder.path(), &[]);
        assert_eq!(code(&output), 2, "{said}: {}", out(&output));
        assert!(err(&output).contains(said), "{said}: {}", err(&output));
    }
}

#[test]
fn single_precision_means_its_decimals() {
    let schema = "message m { required int64 id; required float v; required float t; required float d;
        required float d15; required float f; required float v15; }";
    let folder = folder(&SECTION.replace("csv: rows.csv", "parquet: rows.parquet"), HEADER);
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = std::fs::File::create(folder.path().join("rows.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut ids = group.next_column().unwrap().unwrap();
    ids.typed::<Int64Type>().write_batch(&[1, 2], None, None).unwrap();
    ids.close().unwrap();
    for values in [[40160.0; 2], [31.0; 2], [824.5; 2], [835.9; 2], [0.98633; 2], [39611.0, 39661.0_f32]] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<FloatType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    let report = json(&run(folder.path(), &["--format", "json"]));
    assert_eq!(report["sections"][0]["rows"], 2);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["findings"][0]["object"]["name"], "r/2");
}
