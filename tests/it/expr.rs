//! Expressions and queries as lowered: shapes, positions, depth, and what no input may do.

use gardefou::sql::ast::{Expr, ExprKind, Name, QueryBody, StatementKind};
use gardefou::sql::{Surroundings, canonical, canonical_in, canonical_query, parse, parse_expr, parse_query, walk};
use proptest::prelude::*;

/// The debug form without its spans.
fn shape(value: &impl std::fmt::Debug) -> String {
    let printed = format!("{value:?}");
    let mut parts = printed.split("span: Span { ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once("}, ").map_or("", |(_, rest)| rest));
    }
    out
}

const EXPRESSIONS: &[&str] = &[
    "a",
    "a.b",
    "s.t.c",
    "db.s.t.c",
    "\"Aa\".b",
    "t.*",
    "(t).f",
    "(t).*",
    "f(x).y",
    "s.f(1, b => 2, variadic c)",
    "count(*)",
    "count(distinct x) filter (where y)",
    "string_agg(x, ',' order by y)",
    "percentile_cont(0.5) within group (order by z)",
    "sum(x) over (partition by y order by z)",
    "extract(epoch from x)",
    "substring(x from 2 for 3)",
    "substring(x for 3)",
    "position('a' in x)",
    "trim(leading 'x' from y)",
    "overlay(a placing b from 1)",
    "x::int",
    "x::varchar(10)",
    "cast(x as numeric(10))",
    "x::timestamptz(3)",
    "x::time with time zone",
    "x::float(10)::float",
    "x::int[][]",
    "x::char",
    "x::\"char\"",
    "x::interval day to second",
    "x::pg_catalog.int4",
    "x::public.citext",
    "date '2024-01-01'",
    "interval '1 day'",
    "-1",
    "- 1::int",
    "- - x",
    "not not x",
    "a and b and (c and d) or e",
    "a = b and not c or d is null",
    "a -> 'b' -> 'c' ->> 'd'",
    "a || b || c",
    "a - b - c",
    "a ^ b ^ c",
    "a + b * c - d",
    "a = b is null",
    "a is null = b",
    "a is not distinct from b || c",
    "a isnull or b notnull",
    "x in (1, 2)",
    "x in ((select 1))",
    "(a, b) in ((1, 2))",
    "x = any (array[1])",
    "x <> all (select 1)",
    "x like 'a' || '%' escape '!'",
    "x not ilike all (array['a'])",
    "x !~~ 'a'",
    "x::int between 1 and 2 and y",
    "a + 1 not between b and c or not d",
    "a at time zone 'utc' < b",
    "x operator(pg_catalog.=) y",
    "x operator(s.<->) y",
    "case when a then b else c end",
    "case a when 1 then 2 end",
    "row(1, 2)",
    "(1, 2)",
    "row()",
    "array(select 1)",
    "x[1][2:3]",
    "x[:2]",
    "x collate \"C\"",
    "current_user",
    "current_timestamp(3)",
    "user = 'a'",
    "E'a\\n' || U&'\\0041' || $$x$$ || 'y''z'",
    "B'01'",
    "$1",
    "exists (select 1)",
    "xmlelement(name a, b)",
    "count(*) from t where x",
];

#[test]
fn expressions_have_the_shapes_postgresql_gives_them() {
    let lines: Vec<String> = EXPRESSIONS
        .iter()
        .map(|text| match parse_expr(text) {
            Ok(expr) => format!("{text}\n    {}\n    {}", canonical(&expr), shape(&expr.kind)),
            Err(error) => format!("{text}\n    ERROR {}", error.message),
        })
        .collect();
    insta::with_settings!({snapshot_path => "../../snapshots/sql", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("expressions", lines.join("\n"));
    });
}

#[test]
fn operators_written_without_parentheses_nest_as_postgresql_nests_them() {
    let pairs = [
        ("a -> 'b' -> 'c'", "(a -> 'b') -> 'c'"),
        ("a || b || c", "(a || b) || c"),
        ("a is null = b", "(a is null) = b"),
        ("a = b is null", "(a = b) is null"),
        ("not a = b", "not (a = b)"),
        ("a or b and c", "a or (b and c)"),
        ("a + b between c and d", "(a + b) between c and d"),
        ("a between b and c and d", "(a between b and c) and d"),
        ("a::int between 1 and 2 or b", "((a::int) between 1 and 2) or b"),
        ("a like b || c", "a like (b || c)"),
        ("a || b in ('x')", "(a || b) in ('x')"),
        ("- a ^ b", "(- a) ^ b"),
        ("a ->> 'x' = 'y' and b", "((a ->> 'x') = 'y') and b"),
        ("a is distinct from b = c", "a is distinct from (b = c)"),
        ("a at time zone 'x' + b", "(a at time zone 'x') + b"),
    ];
    for (bare, nested) in pairs {
        let kind = |text| shape(&parse_expr(text).expect("an expression").kind);
        assert_eq!(kind(bare), kind(nested), "{bare}");
    }
}

#[test]
fn every_expression_knows_where_it_stands() {
    let text = "  a.b + f( x ) > 10 and not (y is null) or z in ('q')";
    let expr = parse_expr(text).expect("an expression");
    let mut seen = Vec::new();
    walk::walk(&expr, |node| {
        if let walk::Node::Expr(inner) = node {
            seen.push(inner.span.slice(text).to_owned());
        }
        true
    });
    let expected = [
        "a.b + f( x ) > 10 and not (y is null) or z in ('q')",
        "a.b + f( x ) > 10 and not (y is null)",
        "a.b + f( x ) > 10",
        "a.b + f( x )",
        "a.b",
        "f( x )",
        "x",
        "10",
        "not (y is null)",
        "(y is null)",
        "y",
        "z in ('q')",
        "z",
        "'q'",
    ];
    assert_eq!(seen, expected);
}

const QUERY: &str = "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5),
     gone as (delete from log where old returning id)
select distinct on (a) q.a as x, count(*)
from only public.src q(a, b) join other o using (id)
     left join lateral (select * from deep where deep.k = q.a) d on true,
     generate_series(1, 3) with ordinality as g(i, j), rows from (f(1), g(2))
where exists (table s.tt) and q.a in (values (1), (2))
group by rollup (q.a), q.b having count(*) > 1 window w as (partition by q.b)
order by 1 limit 3 offset 1 for update";

#[test]
fn a_query_is_lowered_whole() {
    let query = parse_query(QUERY).expect("a query");
    let reads: Vec<String> = walk::relations(&query).into_iter().map(Name::to_string).collect();
    assert_eq!(
        reads,
        ["deep", "other", "src", "tt"].map(|name| match name {
            "src" => "public.src".to_owned(),
            "tt" => "s.tt".to_owned(),
            name => name.to_owned(),
        })
    );
    let writes: Vec<String> = walk::written(&query).into_iter().map(Name::to_string).collect();
    assert_eq!(writes, ["log"]);
    insta::with_settings!({snapshot_path => "../../snapshots/sql", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("query", canonical_query(&query));
    });
}

#[test]
fn a_name_of_a_common_table_expression_is_a_relation_outside_its_scope() {
    let reads = |text: &str| -> Vec<String> {
        walk::relations(&parse_query(text).expect("a query")).into_iter().map(Name::to_string).collect()
    };
    assert_eq!(reads("with t as (select * from t) select * from t"), ["t"]);
    assert_eq!(reads("with recursive t as (select * from t) select * from t"), Vec::<String>::new());
    assert_eq!(reads("select * from (with t as (select 1) select * from t) a, t"), ["t"]);
    assert_eq!(reads("with a as (select 1), b as (select * from a) select * from b, public.a"), ["public.a"]);
}

#[test]
fn data_modification_is_lowered_whole() {
    let text = "insert into s.t as x (a, b) select 1, y from src on conflict (a) do update set b = excluded.b, (c, d) = (1, default) returning a;
update t set a = (select max(z) from other), (b, c) = (select 1, 2 from third) from u where u.id = t.id;
delete from t using v where v.id = t.id;
merge into t using w on t.id = w.id when matched then update set a = w.a when not matched then insert (a, b) values (w.a, 2);
copy (select q from r) to stdout;
copy t (a) from program 'x';";
    let file = parse(text);
    assert_eq!(file.errors, []);
    let outline: Vec<String> = file.statements.iter().map(|statement| shape(&statement.kind)).collect();
    insta::with_settings!({snapshot_path => "../../snapshots/sql", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("data_modification", outline.join("\n"));
    });
}

#[test]
fn long_unions_stay_shallow_and_lose_nothing() {
    let text = (0..300).map(|n| format!("select a from t{n}")).collect::<Vec<_>>().join(" union all ");
    let query = parse_query(&text).expect("a query");
    assert_eq!(walk::relations(&query).len(), 300);
    let mut depth = 0;
    let mut at = &query;
    while let QueryBody::Set { left, .. } = &at.body {
        depth += 1;
        at = left;
    }
    assert!(depth < 12, "{depth} deep");
}

#[test]
fn deep_input_is_refused_or_read_but_never_overflows() {
    let cases = [
        "(".repeat(20_000) + "a" + &")".repeat(20_000),
        "not ".repeat(20_000) + "a",
        "- ".repeat(20_000) + "1",
        vec!["a"; 20_000].join(" || "),
        vec!["a"; 20_000].join(" and "),
        "f(".repeat(5_000) + "a" + &")".repeat(5_000),
        "a".to_owned() + &"::int".repeat(5_000),
        "case when a then ".repeat(3_000) + "b" + &" end".repeat(3_000),
        "(select ".repeat(3_000) + "1" + &")".repeat(3_000),
        "a".to_owned() + &".b".repeat(5_000),
        "a".to_owned() + &"[1]".repeat(5_000),
    ];
    for case in &cases {
        if let Ok(expr) = parse_expr(case) {
            assert!(!canonical(&expr).is_empty());
        }
    }
}

#[test]
fn a_chain_of_a_hundred_operands_is_kept_as_operators() {
    let expr = parse_expr(&vec!["a"; 100].join(" || ")).expect("an expression");
    assert!(matches!(expr.kind, ExprKind::Binary { .. }));
    assert_eq!(walk::columns(&expr).len(), 100);
    let expr = parse_expr(&vec!["a"; 100].join(" and ")).expect("an expression");
    assert!(matches!(&expr.kind, ExprKind::And(parts) if parts.len() == 100));
}

#[test]
fn the_own_relation_is_left_out() {
    let table = Name::qualified("public", "items");
    let spelled = |text: &str| {
        let expr: Expr = parse_expr(text).expect("an expression");
        canonical_in(&expr, Surroundings { relation: Some(&table), columns: None, ..Surroundings::default() })
    };
    assert_eq!(spelled("items.user_id = auth.uid()"), "user_id = auth.uid()");
    assert_eq!(spelled("public.items.user_id = auth.uid()"), "user_id = auth.uid()");
    assert_eq!(spelled("other.user_id = auth.uid()"), "other.user_id = auth.uid()");
}

#[test]
fn positions_in_a_function_body_are_positions_in_the_file() {
    let text = "create function f() returns int language sql as $$ select a from b $$;";
    let file = parse(text);
    let StatementKind::CreateFunction(function) = &file.statements[0].kind else { panic!("a function") };
    let gardefou::sql::ast::FunctionBody::Text(body) = &function.body else { panic!("a text body") };
    let inner = gardefou::sql::parse_sql_body(body);
    assert_eq!(inner.statements[0].span.slice(text), "select a from b");
}

/// Words that make trouble in any order.
const SOUP: &[&str] = &[
    "a",
    "b.c",
    "1",
    "'x'",
    "null",
    "true",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "::",
    "int",
    "text[]",
    "and",
    "or",
    "not",
    "in",
    "is",
    "like",
    "ilike",
    "between",
    "symmetric",
    "escape",
    "similar to",
    "any",
    "all",
    "array",
    "row",
    "case",
    "when",
    "then",
    "else",
    "end",
    "select",
    "from",
    "where",
    "union",
    "exists",
    "=",
    "<>",
    "->",
    "->>",
    "||",
    "-",
    "+",
    "*",
    "/",
    "^",
    "@>",
    "!",
    "distinct from",
    "at time zone",
    "collate",
    "\"C\"",
    "cast",
    "as",
    "extract",
    "epoch",
    "substring",
    "for",
    "filter",
    "over",
    "order by",
    "limit",
    "values",
    "with",
    "operator(",
    "$1",
    ":x",
    "interval",
    "default",
    "variadic",
    "=>",
    ":",
    "e'\\'",
    "current_user",
    "json",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_soup_of_tokens_panics(words in prop::collection::vec(prop::sample::select(SOUP), 1..14)) {
        let text = words.join(" ");
        if let Ok(expr) = parse_expr(&text) {
            let once = canonical(&expr);
            if let Ok(again) = parse_expr(&once) {
                prop_assert_eq!(canonical(&again), once, "{}", text);
            }
        }
    }

    #[test]
    fn a_canonical_spelling_parses_to_itself(text in expression(4)) {
        let expr = parse_expr(&text).expect("a well-formed expression");
        let once = canonical(&expr);
        let again = parse_expr(&once).unwrap_or_else(|error| panic!("{text}\n{once}\n{}", error.message));
        prop_assert_eq!(canonical(&again), once, "{}", text);
    }
}

/// Well-formed expressions.
fn expression(depth: u32) -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "t.b",
        "1",
        "-2",
        "1.5",
        "'x'",
        "'it''s'",
        "null",
        "true",
        "current_user",
        "auth.uid()",
        "now()",
        "$1",
        "'2024-01-01'::date",
        "'1 month'::interval",
        "x::text",
        "(select auth.uid())",
        "array['a', 'b']",
        "\"Q w\"",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(depth, 24, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), prop::sample::select(vec!["=", "<>", "<", "||", "->>", "+", "-", "*", "and", "or", "@>"]))
                .prop_map(|((left, right), op)| format!("({left}) {op} ({right})")),
            inner.clone().prop_map(|x| format!("not ({x})")),
            inner.clone().prop_map(|x| format!("({x}) is not null")),
            inner.clone().prop_map(|x| format!("({x})::int")),
            pair.clone().prop_map(|(x, y)| format!("({x}) in ({y}, 'k', c)")),
            pair.clone().prop_map(|(x, y)| format!("({x}) not in ({y}, 2, 3)")),
            (pair.clone(), inner.clone()).prop_map(|((x, y), z)| format!("({x}) between ({y}) and ({z})")),
            pair.clone().prop_map(|(x, y)| format!("({x}) not like ({y})")),
            pair.clone().prop_map(|(x, y)| format!("coalesce({x}, {y})")),
            pair.clone().prop_map(|(x, y)| format!("case when {x} then {y} end")),
            pair.clone().prop_map(|(x, y)| format!("exists (select 1 from m where {x} and m.k = {y})")),
            inner.clone().prop_map(|x| format!("({x}) = any (tags)")),
            inner.prop_map(|x| format!("(select {x} from m join n on m.i = n.i limit 1)")),
        ]
    })
}
