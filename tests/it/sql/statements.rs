//! One statement of every kind, and what is made of it.

use gardefou::sql;

/// `Debug` output without what is absent: fields that are `None`, `false`, empty or zero, and positions.
fn compact(debug: &str) -> String {
    let mut text = debug.to_owned();
    while let Some(start) = text.find("span: Span {") {
        let end = text[start..].find('}').map_or(text.len(), |end| start + end + 1);
        text.replace_range(start..end, "span: None");
    }
    for absent in ["None", "false", "[]", "0", "\"\""] {
        for (ending, keep) in [(", ", ""), (" }", " }")] {
            let pattern = format!(": {absent}{ending}");
            let mut from = 0;
            while let Some(at) = text[from..].find(&pattern).map(|at| from + at) {
                let name = text[..at].rfind([' ', '{']).map_or(0, |space| space + 1);
                text.replace_range(name..at + pattern.len(), keep);
                from = name;
            }
        }
    }
    text.replace(", }", " }").replace("{ }", "{}").replace("{  }", "{}").replace(",  }", " }")
}

fn lowered(source: &str) -> String {
    let mut lines = String::new();
    for line in source.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let file = sql::parse(line);
        lines.push_str(line);
        for statement in &file.statements {
            lines.push_str(&format!("\n    {}", compact(&format!("{:?}", statement.kind))));
        }
        for error in &file.errors {
            lines.push_str(&format!("\n    ERROR {}: {}", error.span.start, error.message));
        }
        lines.push('\n');
    }
    lines
}

macro_rules! snapshot {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            let source = include_str!(concat!(stringify!($name), ".sql"));
            let text = lowered(source);
            assert!(!text.contains("\n    ERROR "), "every statement here is PostgreSQL: {text}");
            insta::with_settings!({
                snapshot_path => "../../../snapshots/sql",
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, { insta::assert_snapshot!(stringify!($name), text) });
        }
    )* };
}

snapshot! { tables relations storage routines policies types roles privileges objects rest }
