//! Random expressions over the same schema: whatever is claimed of them, the server must not contradict.

use gardefou::predicate::{Analyser, Options, Verdict};
use gardefou::sql;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{SESSIONS, catalogs, context, contradicts, count, database, items};

fn one_of(words: &'static [&'static str]) -> BoxedStrategy<String> {
    proptest::sample::select(words).prop_map(str::to_owned).boxed()
}

fn text() -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "tag",
        "status",
        "'a'",
        "'b'",
        "'x'",
        "''",
        "null::text",
        "kind::text",
        "auth.role()",
        "auth.email()",
        "(auth.jwt() ->> 'role')",
        "(auth.jwt() -> 'app_metadata' ->> 'role')",
        "(data ->> 'a')",
        "app_current_role()",
        "(select auth.role())",
        "current_user::text",
        "current_setting('request.jwt.claim.role', true)",
        "(select max(role) from profils where user_id = auth.uid())",
        "(select role from profils where user_id = owner)",
    ]);
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("coalesce({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("nullif({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("greatest({a}, {b})")),
            inner.clone().prop_map(|a| format!("lower({a})")),
            inner.clone().prop_map(|a| format!("concat({a}, null)")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("case when active then {a} else {b} end")),
        ]
    })
    .boxed()
}

fn number() -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "id",
        "qty",
        "0",
        "1",
        "2",
        "1.5",
        "-1",
        "null::integer",
        "length(tag)",
        "length(status)",
        "(select count(*) from membres)::integer",
        "(select count(*) from profils where user_id = auth.uid())::integer",
        "(select min(item_id) from membres where user_id = auth.uid())",
        "(select qty limit 0)",
    ]);
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("nullif({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("coalesce({a}, {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("least({a}, {b})")),
        ]
    })
    .boxed()
}

fn user() -> BoxedStrategy<String> {
    one_of(&[
        "owner",
        "auth.uid()",
        "(select auth.uid())",
        "null::uuid",
        "'11111111-1111-1111-1111-111111111111'::uuid",
        "(auth.jwt() ->> 'sub')::uuid",
        "coalesce(owner, auth.uid())",
        "nullif(current_setting('request.jwt.claim.sub', true), '')::uuid",
        "(select user_id from profils where role = 'admin')",
        "(select user_id from membres where item_id = id limit 1)",
    ])
}

fn atom() -> BoxedStrategy<String> {
    let op = || one_of(&["=", "<>", "<", "<=", ">", ">="]);
    let is = || one_of(&["is null", "is not null"]);
    prop_oneof![
        4 => one_of(&[
            "true", "false", "null::boolean", "active", "flag", "app_is_admin()", "app_has_profile()", "app_found()",
            "app_variable()", "app_branches(tag)", "app_branches('public')", "app_strict(status)", "app_same(owner)",
            "kind = 'publie'", "kind in ('brouillon', 'publie')", "tag like '%'", "status like 'a%'",
            "exists (select 1 from membres m where m.item_id = items.id and m.user_id = auth.uid())",
            "exists (select 1 from profils where user_id = auth.uid())",
            "exists (select 1 from membres m left join profils p on p.user_id = m.user_id where p.role is null)",
            "exists (select 1 from profils p right join membres m on p.user_id = auth.uid() where p.admin and m.role is null)",
            "exists (select count(*) from membres where false)", "exists (select 1 where qty > 1 limit 1)",
            "id in (select app_my_items())", "(data -> 'user_metadata') is not null", "data ? 'a'",
            "(select admin from profils where user_id = auth.uid())", "items is null", "auth.jwt() ? 'sub'",
        ]),
        2 => (text(), op(), text()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (number(), op(), number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (user(), one_of(&["=", "<>", "is distinct from", "is not distinct from"]), user()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (text(), is()).prop_map(|(a, is)| format!("{a} {is}")),
        1 => (number(), is()).prop_map(|(a, is)| format!("{a} {is}")),
        1 => (user(), is()).prop_map(|(a, is)| format!("{a} {is}")),
        1 => (text(), one_of(&["in", "not in"]), text(), text()).prop_map(|(a, op, b, c)| format!("{a} {op} ({b}, {c})")),
        1 => (number(), one_of(&["between", "not between", "between symmetric"]), number(), number()).prop_map(|(a, op, b, c)| format!("{a} {op} {b} and {c}")),
        1 => (number(), one_of(&["in", "not in", "= any", "<> all", "> all", "<= any"]), one_of(&[
            "select item_id from membres", "select item_id from membres where user_id = auth.uid()", "select item_id from membres where false",
            "select null::integer from membres", "select 1", "select 1 where flag", "select item_id from membres union select qty",
            "values (1), (null)", "select item_id from membres except select 1",
        ])).prop_map(|(a, op, query)| format!("{a} {op} ({query})")),
        1 => (user(), one_of(&["in", "not in"]), one_of(&["select user_id from membres", "select user_id from profils where user_id = owner", "select auth.uid()"])).prop_map(|(a, op, query)| format!("{a} {op} ({query})")),
        1 => (text(), one_of(&["= any", "<> all"]), text(), text()).prop_map(|(a, op, b, c)| format!("{a} {op} (array[{b}, {c}])")),
        1 => (number(), user(), number(), user()).prop_map(|(a, b, c, d)| format!("({a}, {b}) = ({c}, {d})")),
        1 => (number(), user(), is()).prop_map(|(a, b, is)| format!("({a}, {b}) {is}")),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<String> {
    atom()
        .prop_recursive(4, 14, 3, |inner| {
            prop_oneof![
                3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
                3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
                2 => inner.clone().prop_map(|a| format!("not ({a})")),
                1 => inner.clone().prop_map(|a| format!("({a}) or not ({a})")),
                1 => (inner.clone(), one_of(&["is true", "is not true", "is false", "is not false", "is unknown", "is not unknown", "is null"])).prop_map(|(a, is)| format!("({a}) {is}")),
                1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("coalesce({a}, {b})")),
                1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("nullif({a}, {b})")),
                1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) = ({b})")),
                1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) is distinct from ({b})")),
                1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("case when {a} then {b} else {c} end")),
                1 => inner.clone().prop_map(|a| format!("(select {a})")),
                1 => inner.clone().prop_map(|a| format!("exists (select 1 where {a})")),
                1 => inner.clone().prop_map(|a| format!("exists (select 1 from membres m where m.role is null and ({a}))")),
                1 => inner.prop_map(|a| format!("(select bool_and({a}) from membres where role = 'owner')")),
            ]
        })
        .boxed()
}

/// Expressions, the same ones every time.
fn expressions(n: usize) -> Vec<String> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = condition();
    (0..n).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

#[test]
fn postgres_contradicts_no_verdict() {
    let n = std::env::var("GARDEFOU_TEST_EXPRESSIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let Some(mut client) = database() else { return };
    let texts = expressions(n);
    let parsed: Vec<_> =
        texts.iter().map(|text| sql::parse_expr(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))).collect();
    let mut wrong = Vec::new();
    let mut constant = [(0, 0); 2];
    // Of verdicts that claim nothing: whether the server finds the same truth for every row of every session.
    let mut undecided = std::collections::BTreeMap::new();
    for session in SESSIONS {
        let counts = count(&mut client, session, &texts);
        for (which, catalog) in catalogs().iter().enumerate() {
            let analyser = Analyser::new(catalog, Options::default());
            for ((text, expr), counted) in texts.iter().zip(&parsed).zip(&counts) {
                let found = analyser.analyse(expr, &items(), &context(session.0));
                if contradicts(found.verdict, *counted) {
                    wrong.push(format!(
                        "{}\n  {text}\n  {}, but (rows, true) = {counted:?}: {}",
                        session.1,
                        found.verdict.word(),
                        found.reason
                    ));
                }
                let decided = matches!(found.verdict, Verdict::Always | Verdict::Never);
                constant[which].0 += usize::from(decided);
                constant[which].1 += usize::from(counted.is_some());
                if let (false, 0, Some((all, some))) = (decided, which, counted) {
                    let seen: &mut std::collections::BTreeSet<i8> = undecided.entry((session.0, text)).or_default();
                    seen.insert(if some == all {
                        1
                    } else if *some == 0 {
                        0
                    } else {
                        2
                    });
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} contradictions\n{}", wrong.len(), wrong.join("\n"));
    for (decided, ran) in constant {
        assert!(
            decided * 10 > n * SESSIONS.len(),
            "too few verdicts to mean anything: {decided} of {}",
            n * SESSIONS.len()
        );
        assert!(ran * 2 > n * SESSIONS.len(), "too few expressions run without an error: {ran}");
    }
    let same = |seen: &&std::collections::BTreeSet<i8>| seen.len() == 1 && !seen.contains(&2);
    let constant: Vec<_> = undecided.iter().filter(|(_, seen)| same(seen)).map(|(key, _)| *key).collect();
    println!("{} undecided, {} of them constant on this server", undecided.len(), constant.len());
    if std::env::var_os("GARDEFOU_TEST_SHOW").is_some() {
        for (role, text) in constant.iter().filter(|(_, text)| text.len() < 120) {
            println!("{role}: {text}");
        }
    }
}
