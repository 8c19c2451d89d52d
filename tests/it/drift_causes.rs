//! Every mistake the program has a name for: rows computed with it, and the name it gives them.

use gardefou::volumetrics::{
    Base, Density, DensityKind, Group, Hydrometer, Measurement, MethodName, Precision, Pressure, Procedure,
    Temperature, VcfDecimals, zone_778,
};
use serde_json::Value;

use crate::drift::{code, err, folder, json, run};

/// Density at base, VCF, litres at base.
type Results = (f64, f64, f64);

/// One delivery as it was measured.
#[derive(Clone, Copy)]
struct Delivery {
    litres: f64,
    measurement: Measurement,
}

impl Delivery {
    fn by(&self, procedure: &Procedure) -> Results {
        self.with(procedure, self.measurement)
    }

    fn with(&self, procedure: &Procedure, measurement: Measurement) -> Results {
        let done = procedure.correct(&measurement).unwrap();
        self.results(done.density_base.kg_m3(), done.vcf.factor())
    }

    fn results(&self, density: f64, vcf: f64) -> Results {
        (density, vcf, self.litres * vcf)
    }

    fn celsius(&self) -> f64 {
        self.measurement.temperature.celsius()
    }

    fn at(&self, celsius: f64) -> Measurement {
        Measurement { temperature: Temperature::from_celsius(celsius).unwrap(), ..self.measurement }
    }
}

/// Deliveries with observed densities from `from` upwards, 23 to 36 °C.
fn deliveries(from: f64) -> Vec<Delivery> {
    let delivery = |i: i32| {
        let celsius = 23.0 + f64::from(i * 7 % 27) * 0.5;
        let density = Density::from_kg_m3(from + f64::from(i * 5 % 13) * 0.5).unwrap();
        let measurement = Measurement {
            group: Group::Refined,
            density,
            density_kind: DensityKind::Observed,
            temperature: Temperature::from_celsius(celsius).unwrap(),
            pressure: Pressure::ATMOSPHERIC,
            base: Base::C15,
        };
        Delivery { litres: 38_010.0 + f64::from(i * 137 % 3000), measurement }
    };
    (0..24).map(delivery).collect()
}

/// Every fifth row is stored wrong.
fn is_wrong(row: usize) -> bool {
    row % 5 == 3
}

fn five() -> Procedure {
    Procedure { vcf_decimals: VcfDecimals::Five, ..Procedure::default() }
}

const COLUMNS: &str = "id,v,t,d,d15,f,v15\n";

fn line(row: usize, delivery: &Delivery, (density, vcf, litres): Results, decimals: usize) -> String {
    let (volume, celsius, observed) = (delivery.litres, delivery.celsius(), delivery.measurement.density.kg_m3());
    format!("r{row},{volume:.0},{celsius:.1},{observed:.1},{density:.1},{vcf:.decimals$},{litres:.1}\n")
}

fn section(settings: &str) -> String {
    format!(
        "  - name: r\n    csv: rows.csv\n    key: id\n    columns: {{ volume: v, temperature: t, density: d, density15: d15, vcf: f, volume15: v15 }}\n    product: {{ group: refined }}\n{settings}"
    )
}

/// What the program says about rows of which `wrong` made every fifth.
fn causes(
    settings: &str,
    deliveries: &[Delivery],
    decimals: usize,
    right: &Procedure,
    wrong: &dyn Fn(&Delivery, usize) -> Results,
) -> (Vec<(String, String)>, Value) {
    let rows = deliveries.iter().enumerate().map(|(row, delivery)| {
        let results = if is_wrong(row) { wrong(delivery, row) } else { delivery.by(right) };
        line(row, delivery, results, decimals)
    });
    let folder = folder(&section(settings), &(COLUMNS.to_owned() + &rows.collect::<String>()));
    let nodes = "density_kgm3,temperature_c,density15_kgm3,vcf\n820,20,823.6,0.995\n820,40,837.9,0.978\n860,20,863.4,0.996\n860,40,876.8,0.981\n";
    std::fs::write(folder.path().join("grid.csv"), nodes).unwrap();
    let output = run(folder.path(), &["--format", "json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let section = json(&output)["sections"][0].clone();
    let found = section["rows_wrong"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (found.iter().map(|row| (text(&row["key"]), text(&row["cause"]["id"]))).collect(), section)
}

const FIVE: &str = "    method: d1250-1980\n    vcf-decimals: 5\n";

/// The name must be given to every row that is wrong by more than its digits, and no right row be found.
fn expect(name: &str, settings: &str, from: f64, right: &Procedure, wrong: &dyn Fn(&Delivery, usize) -> Results) {
    let deliveries = deliveries(from);
    let (found, section) = causes(settings, &deliveries, 5, right, wrong);
    let shows = |row: &usize| {
        let (stored, right) = (wrong(&deliveries[*row], *row), deliveries[*row].by(right));
        (stored.1 - right.1).abs() > 2e-5 || (stored.0 - right.0).abs() > 0.16
    };
    let clear: Vec<usize> = (0..deliveries.len()).filter(|row| is_wrong(*row)).filter(shows).collect();
    assert!(clear.len() >= 2, "{name}: {clear:?}");
    assert!(clear.iter().all(|row| found.iter().any(|(key, _)| *key == format!("r{row}"))), "{name}: {found:?}");
    for (key, cause) in &found {
        assert!(is_wrong(key[1..].parse().unwrap()), "{name}: a false alarm at {key}");
        assert_eq!(cause, name, "{key}");
    }
    assert_eq!(section["best_cause"]["id"], name, "{}", section["fits"]);
    assert_eq!(section["best_cause"]["rows"], found.len(), "{}", section["fits"]);
}

#[test]
fn wrong_inputs_are_named() {
    let own = five();
    expect("observed-density-as-base", FIVE, 832.0, &own, &|d, _| {
        d.with(&five(), Measurement { density_kind: DensityKind::At(Base::C15), ..d.measurement })
    });
    expect("celsius-read-as-fahrenheit", FIVE, 832.0, &own, &|d, _| d.with(&five(), d.at((d.celsius() - 32.0) / 1.8)));
    expect("fahrenheit-used-as-celsius", FIVE, 742.0, &own, &|d, _| d.with(&five(), d.at(d.celsius() * 1.8 + 32.0)));
    for (name, base) in [("base-20", Base::C20), ("base-60f", Base::F60)] {
        expect(name, FIVE, 832.0, &own, &|d, _| d.with(&five(), Measurement { base, ..d.measurement }));
    }
    for (name, step) in [("values-of-previous-row", -1_isize), ("values-of-next-row", 1)] {
        let all = deliveries(832.0);
        expect(name, FIVE, 832.0, &own, &|d, row| {
            // The last row has none after it.
            all.get(row.checked_add_signed(step).unwrap()).unwrap_or(d).by(&five())
        });
    }
}

#[test]
fn wrong_formulas_are_named() {
    let own = five();
    expect("linear", FIVE, 832.0, &own, &|d, _| {
        let vcf = 1.0 - 0.00065 * (d.celsius() - 15.0);
        d.results(d.measurement.density.kg_m3() / vcf, vcf)
    });
    expect("no-correction", FIVE, 832.0, &own, &|d, _| d.results(d.measurement.density.kg_m3(), 1.0));
    expect("zone-778", FIVE, 767.0, &own, &|d, _| {
        let done = zone_778(&d.measurement).unwrap();
        d.results(done.density_base.kg_m3(), done.vcf.factor())
    });
    let grid = "    method: d1250-1980\n    vcf-decimals: 5\n    grid: grid.csv\n";
    expect("method-grid", grid, 832.0, &own, &|d, _| {
        let nodes = [[(823.6, 0.995), (837.9, 0.978)], [(863.4, 0.996), (876.8, 0.981)]];
        let (across, along) = ((d.measurement.density.kg_m3() - 820.0) / 40.0, (d.celsius() - 20.0) / 20.0);
        let blend = |pick: fn((f64, f64)) -> f64| {
            let at = |row: usize| pick(nodes[row][0]) + (pick(nodes[row][1]) - pick(nodes[row][0])) * along;
            at(0) + (at(1) - at(0)) * across
        };
        d.results(blend(|node| node.0), blend(|node| node.1))
    });
}

#[test]
fn wrong_settings_are_named() {
    let own = five();
    let glass = Procedure { hydrometer: Hydrometer::Glass15, ..five() };
    expect("hydrometer-glass-15", FIVE, 832.0, &own, &|d, _| d.by(&glass));
    let with_glass = "    method: d1250-1980\n    vcf-decimals: 5\n    hydrometer: glass-15\n";
    expect("without-hydrometer", with_glass, 832.0, &glass, &|d, _| d.by(&five()));
    let new = Procedure { method: MethodName::D1250_2004, ..five() };
    // Between 770.5 and 770.9 kg/m³ the two methods take different zones; the rows outside it agree.
    let near = |d: &Delivery| {
        let density = Density::from_kg_m3(770.7 * (1.0 - 0.00117 * (d.celsius() - 15.0))).unwrap();
        Delivery { measurement: Measurement { density, ..d.measurement }, ..*d }
    };
    let edge = deliveries(0.0_f64.max(757.0));
    let (mut named, mut seen) = (0, 0);
    for delivery in edge.iter().map(near) {
        let (old, new) = (delivery.by(&own), delivery.by(&new));
        if (old.1 - new.1).abs() < 2e-5 {
            continue;
        }
        seen += 1;
        // The observed density must be what the row stores: to a tenth.
        let density = (delivery.measurement.density.kg_m3() * 10.0).round() / 10.0;
        let stored = Delivery {
            measurement: Measurement { density: Density::from_kg_m3(density).unwrap(), ..delivery.measurement },
            ..delivery
        };
        let new = Procedure { method: MethodName::D1250_2004, ..five() };
        let rows = COLUMNS.to_owned() + &line(0, &stored, stored.by(&new), 5);
        let folder = folder(&section(FIVE), &rows);
        let report = json(&run(folder.path(), &["--format", "json"]));
        let wrong = report["sections"][0]["rows_wrong"].as_array().unwrap().clone();
        named += wrong.iter().filter(|row| row["cause"]["id"] == "method-2004").count();
    }
    assert!(seen > 10 && named * 10 >= seen * 8, "{named} of {seen}");
}

#[test]
fn rounding_is_named() {
    let own = five();
    for (name, digits) in [("vcf-rounded-3", 3), ("vcf-rounded-4", 4)] {
        let scale = 10_f64.powi(digits);
        let deliveries = deliveries(832.0);
        let rounded = |vcf: f64| (vcf * scale).round() / scale;
        let (found, section) = causes(FIVE, &deliveries, 5, &own, &|d, _| {
            let (density, vcf, _) = d.by(&five());
            (density, vcf, d.litres * rounded(vcf))
        });
        // Rounding does not show where the next digits happen to be noughts.
        let shows = |row: usize| {
            let (_, vcf, _) = deliveries[row].by(&own);
            (vcf - rounded(vcf)).abs() * deliveries[row].litres > 0.4
        };
        let expected: Vec<(String, String)> = (0..deliveries.len())
            .filter(|row| is_wrong(*row) && shows(*row))
            .map(|row| (format!("r{row}"), name.to_owned()))
            .collect();
        assert!(expected.len() >= 3 && found == expected, "{found:?} {expected:?}");
        assert_eq!(section["best_cause"]["id"], name, "{}", section["fits"]);
    }
    // A full factor stored, the volume made with five decimals of it.
    let full = "    method: d1250-1980\n";
    let (found, _) = causes(full, &deliveries(832.0), 8, &Procedure::default(), &|d, _| {
        let (density, vcf, _) = d.by(&Procedure::default());
        (density, vcf, d.litres * (vcf * 1e5).round() / 1e5)
    });
    assert!(found.len() >= 2, "{found:?}");
    let (wrong, named) = (found.len(), found.iter().filter(|(_, cause)| cause == "vcf-rounded-5").count());
    assert!(named * 2 > wrong, "{found:?}");
    // The printed table's cascade where full precision is asked for, and the other way round.
    let table = Procedure { precision: Precision::Table, ..five() };
    for (name, settings, right, wrong) in [
        ("table-precision", FIVE, five(), table.clone()),
        ("full-precision", "    method: d1250-1980\n    precision: table\n    vcf-decimals: 5\n", table, five()),
    ] {
        let (found, _) = causes(settings, &deliveries(832.0), 5, &right, &|d, _| d.by(&wrong));
        assert!(!found.is_empty() && found.iter().all(|(_, cause)| cause == name), "{name}: {found:?}");
    }
}

#[test]
fn what_no_mistake_explains_is_located() {
    let own = five();
    let deliveries = deliveries(832.0);
    for (name, off) in [
        ("volume15-altered", (0.0, 0.0, 53.7)),
        ("vcf-altered", (0.0, -0.00613, -0.00613)),
        ("density15-altered", (0.71, 0.0, 0.0)),
    ] {
        let (found, section) = causes(FIVE, &deliveries, 5, &own, &|d, _| {
            let (density, vcf, _) = d.by(&five());
            let litres = d.litres * (vcf + off.1) + if off.1 == 0.0 { off.2 } else { 0.0 };
            (density + off.0, vcf + off.1, litres)
        });
        assert_eq!(found.len(), (0..deliveries.len()).filter(|row| is_wrong(*row)).count(), "{name}");
        assert!(found.iter().all(|(_, cause)| cause == name), "{name}: {found:?}");
        assert!(section["best_cause"].is_null(), "{}", section["fits"]);
    }
}

/// A value typed wrong leaves the results as they were: which value, and what it should have been.
#[test]
fn an_altered_input_is_named_with_the_value_that_would_fit() {
    let cases = [
        ("31.0,842.5", "density-altered", "single value altered: density (824.5 would give the rest)"),
        ("13.0,824.5", "temperature-altered", "single value altered: temperature (31.0 °C would give the rest)"),
    ];
    for (inputs, id, text) in cases {
        let row = crate::drift::RIGHT.replace("31.0,824.5", inputs);
        let folder = folder(crate::drift::SECTION, &format!("{}{row}", crate::drift::HEADER));
        let report = json(&run(folder.path(), &["--format", "json"]));
        let cause = &report["sections"][0]["rows_wrong"][0]["cause"];
        assert_eq!((cause["id"].as_str(), cause["text"].as_str()), (Some(id), Some(text)));
    }
}

#[test]
fn infer_finds_the_hidden_variant() {
    let ways = [
        ("d1250-1980, precision table, hydrometer glass-15, vcf-decimals 4", 4),
        ("d1250-1980, hydrometer glass-20", 6),
        ("d1250-2004, hydrometer glass-15", 6),
    ];
    for (name, decimals) in ways {
        let mut procedure = Procedure::default();
        for part in name.split(", ") {
            match part.split_once(' ') {
                Some(("precision", value)) => procedure.precision = value.parse().unwrap(),
                Some(("hydrometer", value)) => procedure.hydrometer = value.parse().unwrap(),
                Some((_, value)) => procedure.vcf_decimals = value.parse().unwrap(),
                None => procedure.method = part.parse().unwrap(),
            }
        }
        let all: Vec<Delivery> = [742.0, 801.0, 832.0].into_iter().flat_map(deliveries).collect();
        let rows = all.iter().enumerate().map(|(row, d)| line(row, d, d.by(&procedure), decimals));
        let folder = folder(&section(""), &(COLUMNS.to_owned() + &rows.collect::<String>()));
        let report = json(&run(folder.path(), &["--infer", "--format", "json"]));
        let inference = &report["sections"][0]["inference"];
        let best = &inference["ways"][0];
        assert_eq!((best["way"].as_str(), best["all"].as_u64()), (Some(name), Some(72)), "{inference:#}");
        assert_eq!(
            (best["density15"].as_u64(), best["vcf"].as_u64(), best["volume15"].as_u64()),
            (Some(72), Some(72), Some(72))
        );
        // A way that differs only in digits the factor is not stored with makes other volumes.
        let next = &inference["ways"][1];
        let distance = |way: &Value| (way["all"].as_u64(), way["volume15_own"].as_u64());
        assert!(distance(next) < distance(best), "{name}: {inference:#}");
    }
}
