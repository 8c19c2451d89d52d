//! Reading SQL: every kind of statement, positions, what psql files hold besides statements, and hostile input.

mod hostile;
mod statements;

use gardefou::location::Span;
use gardefou::sql::ast::{SourceMap, StatementKind};
use gardefou::sql::{self, ParsedFile};

/// The statements of `text`, each as the source its span covers.
fn slices<'a>(text: &'a str, file: &ParsedFile) -> Vec<&'a str> {
    file.statements.iter().map(|statement| statement.span.slice(text)).collect()
}

#[test]
fn statements_are_split_as_psql_splits_them() {
    let cases: [(&str, &[&str]); 15] = [
        ("", &[]),
        (";;  ; -- nothing\n;", &[]),
        ("select 1; select 2", &["select 1", "select 2"]),
        ("\u{feff}select 1;\r\nselect 2;\r\n", &["select 1", "select 2"]),
        (
            "select ';' , $$;$$, $a$ ; $$ $a$, E'\\';', \";\" /* ; /* ; */ ; */ -- ;\n; select 2",
            &["select ';' , $$;$$, $a$ ; $$ $a$, E'\\';', \";\"", "select 2"],
        ),
        (
            "create rule r as on insert to t do (select 1; select 2); select 3",
            &["create rule r as on insert to t do (select 1; select 2)", "select 3"],
        ),
        (
            "create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 3",
            &[
                "create function f() returns int begin atomic select 1; select case when true then 2 end; end",
                "select 3",
            ],
        ),
        ("begin; select 1; end; commit", &["begin", "select 1", "end", "commit"]),
        ("\\set ON_ERROR_STOP on\nselect 1;\n  \\echo it's; done\nselect 2;", &["select 1", "select 2"]),
        ("select 1 \\gset\nselect 2\\; select 3;", &["select 1", "select 2", "select 3"]),
        ("copy t from stdin;\na;b\n'\n\\.\nselect 1;", &["copy t from stdin", "select 1"]),
        ("copy stdin from '/tmp/x'; select 1;", &["copy stdin from '/tmp/x'", "select 1"]),
        (
            "select a[1:n], b::text from t where x = :x and y = :'y z';",
            &["select a[1:n], b::text from t where x = :x and y = :'y z'"],
        ),
        ("grant select on :\"t\" to :x; select 1;", &["grant select on :\"t\" to :x", "select 1"]),
        (
            "select * from {{ .Schema }}.t; select 2 from \"{{ index .O \"N\" }}\".u;",
            &["select * from {{ .Schema }}.t", "select 2 from \"{{ index .O \"N\" }}\".u"],
        ),
    ];
    for (text, expected) in cases {
        let file = sql::parse(text);
        assert_eq!(file.errors, [], "{text}");
        assert_eq!(slices(text, &file), expected, "{text}");
    }
}

#[test]
fn a_broken_statement_takes_no_other_along() {
    let cases: [(&str, &[&str], &str); 10] = [
        ("select 1; selec 2; select 3", &["select 1", "select 3"], "selec"),
        ("create table t (a int; select 1;", &["select 1"], ""),
        ("select 1)); select 2;", &["select 2"], ")"),
        ("select 1\ncreate table t (a int); select 2", &["select 2"], ""),
        ("create function f() returns int begin atomic select 1; select 2;", &["select 2"], ""),
        ("select 1 \\x; select 2;", &["select 2"], "\\"),
        ("alter table t add a int, rename b to c; select 2;", &["select 2"], "rename b to c"),
        ("create function f() returns table (position int) return 1; select 2;", &["select 2"], "position"),
        ("select 'a; select 2;", &[], "'a; select 2;"),
        ("select 1; /* select 2;", &["select 1"], "/* select 2;"),
    ];
    for (text, expected, at) in cases {
        let file = sql::parse(text);
        assert_eq!(slices(text, &file), expected, "{text}");
        assert_eq!(file.errors.len(), 1, "{text}: {:?}", file.errors);
        let error = &file.errors[0];
        assert!(error.span.slice(text).starts_with(at), "{text}: {error:?}");
        assert!(error.statement.start <= error.span.start && error.span.end <= error.statement.end, "{text}");
        assert!(!error.message.ends_with('.'), "{}", error.message);
    }
}

#[test]
fn psql_commands_are_recorded() {
    let text = "\\restrict k\n\\i 'a b.sql'\n\\ir sub/c.sql\nselect 1;\n\\if :x\n";
    let file = sql::parse(text);
    let includes: Vec<_> = file.includes.iter().map(|include| (include.path.as_str(), include.relative)).collect();
    assert_eq!(includes, [("a b.sql", false), ("sub/c.sql", true)]);
    let commands: Vec<_> = file.commands.iter().map(|c| (c.name.as_str(), c.arguments.as_str())).collect();
    assert_eq!(commands, [("restrict", "k"), ("if", ":x")]);
    assert_eq!(file.includes[1].span.slice(text), "\\ir sub/c.sql");
}

#[test]
fn psql_variables_are_parameters_and_equal_only_to_themselves() {
    let number = |text: &str| {
        let file = sql::parse(text);
        let [statement] = file.statements.as_slice() else { panic!("{text}: {:?}", file.errors) };
        format!("{:?}", statement.kind).matches("Param(").count()
    };
    assert_eq!(number("select :'aaa' = :'bbb';"), 2);
    let debug = format!("{:?}", sql::parse("select :'aaa', :'bbb', :'aaa';").statements[0].kind);
    let params: Vec<&str> = debug.split("Param(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(params.len(), 3, "{debug}");
    assert_eq!(params[0], params[2]);
    assert_ne!(params[0], params[1]);
}

#[test]
fn copy_data_is_skipped_and_its_missing_end_is_said() {
    let text = "copy public.t (a) from stdin;\n1\tdrop table x;\n\\.\n\nselect 1;";
    let file = sql::parse(text);
    let StatementKind::Copy(copy) = &file.statements[0].kind else { panic!("{:?}", file.statements[0]) };
    assert_eq!(copy.data.map(|span| span.slice(text)), Some("1\tdrop table x;\n"));
    assert_eq!(file.statements.len(), 2);

    let text = "copy t from stdin;\nselect 1;\ndrop table x;\n";
    let file = sql::parse(text);
    assert_eq!(file.statements.len(), 1);
    assert_eq!(file.errors.len(), 1, "nothing behind is read, and that is said");
}

#[test]
fn comments_know_the_statement_they_precede_or_stand_in() {
    let text = "-- head\n/* gardefou: allow x */ select /* in */ 1; -- behind\nselect 2;\n-- tail";
    let file = sql::parse(text);
    let found: Vec<_> = file
        .comments
        .iter()
        .map(|comment| (comment.text.as_str(), comment.statement.map(|span| span.slice(text))))
        .collect();
    let first = "select /* in */ 1";
    assert_eq!(
        found,
        [
            ("head", Some(first)),
            ("gardefou: allow x", Some(first)),
            ("in", Some(first)),
            ("behind", Some("select 2")),
            ("tail", None),
        ]
    );
}

#[test]
fn a_section_counts_from_the_start_of_the_file() {
    let text = "drop table a;\n-- up\ncreate table b (c int);\n-- down\ndrop table b;";
    let start = text.find("create").expect("there");
    let end = text.find("-- down").expect("there");
    let section = Span::new(u32::try_from(start).expect("small"), u32::try_from(end).expect("small"));
    let file = sql::parse_section(text, section);
    assert_eq!(slices(text, &file), ["create table b (c int)"]);
}

#[test]
fn bodies_lead_back_to_the_file_through_every_quoting() {
    let cases = [
        ("do $x$ select 1 + tiefe; $x$", "tiefe"),
        ("do ' select ''a'', tiefe; '", "tiefe"),
        ("do E' select \\'a\\', \\u00e9, tiefe; '", "tiefe"),
        ("do 'select 1,'\n  ' tiefe; '", "tiefe"),
        ("do U&' select \\0061 , !tiefe; '", "tiefe"),
    ];
    for (text, word) in cases {
        let file = sql::parse(text);
        let [statement] = file.statements.as_slice() else { panic!("{text}: {:?}", file.errors) };
        let StatementKind::Do { body, .. } = &statement.kind else { panic!("{text}") };
        let at = u32::try_from(body.text.find(word).expect(text)).expect("small");
        assert_eq!(body.map.span(at, at + 5).slice(text), word, "{text}: {body:?}");
    }
}

#[test]
fn mapped_text_has_positions_in_the_file() {
    let file = "xxxx' select 1; drop table ''q'' ; select 2'";
    let body = " select 1; drop table 'q' ; select 2";
    let map = SourceMap::Pieces(vec![(0, 5), (23, 29), (25, 32)]);
    let parsed = sql::parse_mapped(body, &map);
    assert_eq!(slices(file, &parsed), ["select 1", "select 2"]);
    assert_eq!(parsed.errors.len(), 1);
    assert!(parsed.errors[0].statement.slice(file).starts_with("drop table"));
    let everywhere = Span::new(4, 6);
    let parsed = sql::parse_mapped("select 1; select", &SourceMap::Constant(everywhere));
    assert!(parsed.statements.iter().all(|statement| statement.span == everywhere));
    let psql = sql::parse_mapped("\\set a b\nselect 1", &SourceMap::Verbatim(0));
    assert_eq!(psql.errors.len(), 1, "psql's commands mean nothing in a body");
}

#[test]
fn identifiers_are_folded_as_the_server_folds_them() {
    let long = "x".repeat(70);
    let accented = format!("{}é", "x".repeat(62));
    let cases = [
        ("ÀBC", "Àbc"),
        ("\"A\"\"b\"", "A\"b"),
        ("U&\"d\\0061t\\+000061\"", "data"),
        ("U&\"d!0061t\" UESCAPE '!'", "dat"),
        (long.as_str(), &long[..63]),
        (accented.as_str(), &accented[..62]),
        ("\"\"\"\"", "\""),
    ];
    for (written, expected) in cases {
        let text = format!("drop schema {written}");
        let file = sql::parse(&text);
        let debug = format!("{:?}", file.statements.first().map(|statement| &statement.kind));
        assert!(debug.contains(&format!("name: {expected:?}")), "{written}: {debug} {:?}", file.errors);
    }
}
