//! Reference pages are printed by the program itself.

use std::fmt::Write as _;
use std::process::Command;

use gardefou::rule::schema::{CONFIG, Field, TARGETS};

use crate::support::generated_text;

#[test]
fn rules_page_is_what_the_program_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .args(["rules", "list", "--format", "markdown", "--no-config"])
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(table.contains("rls/policy-to-public"), "{table}");
    let head = "# Built-in rules\n\nPrinted by `gardefou rules list --format markdown`. `gardefou explain RULE` says why each \
                is there and what to do.\n\n";
    generated_text("docs/rules.md", &format!("{head}{table}"));
}

#[test]
fn fields_page_is_the_subject_model() {
    let mut page = String::from(
        "# Fields a rule may use\n\nThe subject model, as rules are checked against it when they are loaded. \
         [Writing rules](writing-rules.md) shows how they are used.\n",
    );
    for target in TARGETS {
        let _ = write!(page, "\n## `{}`: {}\n\n", target.name, target.doc);
        page.push_str(&table(target.name, target.fields));
    }
    page.push_str("\n## `config`: the same for every rule\n\n");
    page.push_str(&table("config", CONFIG));
    generated_text("docs/fields.md", &page);
}

fn table(root: &str, fields: &[Field]) -> String {
    let rows = fields.iter().map(|field| {
        format!("| `{root}.{}` | {} | {} |\n", field.path, field.ty.words(), field.doc.replace('|', "\\|"))
    });
    format!("| field | type | meaning |\n| --- | --- | --- |\n{}", rows.collect::<String>())
}

/// Every relative link of the guides leads somewhere.
#[test]
fn links_lead_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md"), root.join("examples/depot/README.md")];
    pages.extend(std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut seen = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(page.parent().unwrap().join(target).exists(), "{}: {link} leads nowhere", page.display());
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} links were looked at");
}
