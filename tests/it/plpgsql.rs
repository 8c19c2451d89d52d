//! PL/pgSQL bodies: every statement kind, positions, and what is found behind what is not understood.

use gardefou::location::Span;
use gardefou::sql::ast::{Block, BodyText, FunctionBody, PlKind, PlStatement, SourceMap, StatementKind};
use gardefou::sql::{SyntaxError, parse, parse_plpgsql, walk};

fn body(text: &str) -> (Block, Vec<SyntaxError>) {
    let span = Span::new(0, u32::try_from(text.len()).expect("a short text"));
    parse_plpgsql(&BodyText { text: text.to_owned(), span, map: SourceMap::Verbatim(0) })
}

/// One line a statement: its kind, and the first line of its text.
fn outline(text: &str, block: &Block) -> String {
    let mut out = String::new();
    for declaration in &block.declarations {
        let ty = declaration.ty.as_ref().map(ToString::to_string).unwrap_or_default();
        let value = declaration.value.as_ref().map(|value| value.span.slice(text)).unwrap_or_default();
        let cursor = declaration.cursor.as_ref().map(|query| query.span.slice(text)).unwrap_or_default();
        out.push_str(&format!("declare {} | {ty} | {value} | {cursor}\n", declaration.name));
    }
    walk::walk(block, |node| {
        if let walk::Node::Pl(statement) = node {
            let first = statement.span.slice(text).lines().next().unwrap_or_default().to_owned();
            out.push_str(&format!("{:<14} {first} {}\n", kind(statement), detail(text, statement)));
        }
        true
    });
    out
}

fn kind(statement: &PlStatement) -> String {
    let printed = format!("{:?}", statement.kind);
    printed.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn detail(text: &str, statement: &PlStatement) -> String {
    match &statement.kind {
        PlKind::Assign { target, value } => format!("| {target} <- {}", value.span.slice(text)),
        PlKind::Execute { command, into, using } => {
            format!("| {} into {into:?} using {}", command.span.slice(text), using.len())
        }
        PlKind::ForQuery { variables, .. }
        | PlKind::ForExecute { variables, .. }
        | PlKind::Foreach { variables, .. } => {
            format!("| {variables:?}")
        }
        PlKind::ForRange { variable, reverse, step, .. } => format!("| {variable} {reverse} {}", step.is_some()),
        PlKind::Raise { level, args } => format!("| {level} {}", args.len()),
        PlKind::Sql(inner) => match &inner.kind {
            StatementKind::Dml(dml) => format!("| into {:?}", dml.into),
            StatementKind::Select(query) => match &query.body {
                gardefou::sql::ast::QueryBody::Select(select) => format!("| into {:?}", select.into),
                _ => String::new(),
            },
            _ => String::new(),
        },
        _ => String::new(),
    }
}

const EVERYTHING: &str = include_str!("plpgsql/everything.sql");

#[test]
fn every_statement_is_read() {
    let (block, errors) = body(EVERYTHING);
    assert_eq!(errors, []);
    insta::with_settings!({snapshot_path => "../../snapshots/sql", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("plpgsql_everything", outline(EVERYTHING, &block));
    });
    let conditions: Vec<_> = block.exceptions.iter().map(|arm| arm.conditions.clone()).collect();
    assert_eq!(conditions, [vec!["unique_violation", "42710"], vec!["others"]]);
}

#[test]
fn what_is_not_understood_costs_nothing_behind_it() {
    let text = "begin
  create gibberish from nowhere;
  create policy p on t using (true);
  if a b c then alter table t enable row level security; end if;
  perform (select;
  drop table u;
end";
    let (block, errors) = body(text);
    assert_eq!(errors.len(), 3, "{errors:?}");
    let kinds: Vec<String> = block.body.iter().map(kind).collect();
    assert_eq!(kinds, ["Unparsed", "Sql", "If", "Perform", "Sql"]);
    let mut found = Vec::new();
    walk::walk(&block, |node| {
        if let walk::Node::Statement(statement) = node {
            found.push(statement.span.slice(text).to_owned());
        }
        true
    });
    let expected = ["create policy p on t using (true)", "alter table t enable row level security", "drop table u"];
    assert_eq!(found, expected);
}

#[test]
fn a_body_that_breaks_off_says_so() {
    for text in ["", "begin", "begin if a then", "declare x int", "begin loop end", "select 1", "begin end; more"] {
        let (_, errors) = body(text);
        assert!(!errors.is_empty(), "{text:?} is no whole body");
    }
}

#[test]
fn positions_lead_through_quotes_back_to_the_file() {
    let text = "create function f() returns void language plpgsql as '
begin
  if x = ''a'' then
    create policy \"p\" on t using (role = ''b'' and y);
  end if;
end';";
    let file = parse(text);
    let StatementKind::CreateFunction(function) = &file.statements[0].kind else { panic!("a function") };
    let FunctionBody::Text(inner) = &function.body else { panic!("a text body") };
    let (block, errors) = parse_plpgsql(inner);
    assert_eq!(errors, []);
    let mut found = Vec::new();
    walk::walk(&block, |node| {
        match node {
            walk::Node::Statement(statement) => found.push(statement.span.slice(text).to_owned()),
            walk::Node::Expr(expr) => found.push(expr.span.slice(text).to_owned()),
            _ => {}
        }
        true
    });
    // A doubled quote is decoded from its second half.
    let expected = [
        "x = ''a''",
        "x",
        "'a''",
        "create policy \"p\" on t using (role = ''b'' and y)",
        "role = ''b'' and y",
        "role = ''b''",
        "role",
        "'b''",
        "y",
    ];
    assert_eq!(found, expected);
}

#[test]
fn deep_bodies_do_not_overflow() {
    let deep = "begin ".repeat(5_000) + &"end; ".repeat(5_000);
    let (_, errors) = body(&deep);
    assert!(!errors.is_empty());
    let ifs = "begin ".to_owned() + &"if a then ".repeat(5_000) + &"end if; ".repeat(5_000) + "end";
    let (_, errors) = body(&ifs);
    assert!(!errors.is_empty());
}

#[test]
fn no_soup_of_words_panics() {
    const SOUP: &[&str] = &[
        "begin",
        "end",
        "if",
        "then",
        "else",
        "elsif",
        "loop",
        "for",
        "in",
        "select",
        "into",
        "x",
        ":=",
        "=",
        ";",
        "(",
        ")",
        "[",
        "]",
        "case",
        "when",
        "exception",
        "declare",
        "return",
        "query",
        "execute",
        "using",
        "raise",
        "'a'",
        "<<",
        ">>",
        "..",
        ",",
        "perform",
        "create",
        "function",
        "atomic",
        "foreach",
        "array",
        "while",
        "exit",
        "$$",
        "#",
        "open",
        "cursor",
        "%",
        "type",
        ".",
        "1",
        "$1",
        "null",
        "get",
        "diagnostics",
        "strict",
        "--",
        "/*",
        "'",
    ];
    let soup = proptest::collection::vec(proptest::sample::select(SOUP), 0..30);
    let config = proptest::test_runner::Config { cases: 400, failure_persistence: None, ..Default::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&soup, |words| {
        body(&words.join(" "));
        Ok(())
    });
    outcome.expect("no panic");
}
