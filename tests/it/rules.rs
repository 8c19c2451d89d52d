//! Rule files: what they may say, what is refused at load, and that every built-in rule keeps its own promises.

use gardefou::rule;

fn built_in() -> rule::RuleSet {
    rule::built_in().unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("built-in rules do not load:\n{}", lines.join("\n"))
    })
}

#[test]
fn built_in_rules_load() {
    assert!(built_in().iter().count() >= 50, "found {}", built_in().iter().count());
}
