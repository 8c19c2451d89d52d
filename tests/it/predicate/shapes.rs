//! What expressions look like.

use gardefou::catalog::QualifiedName;
use gardefou::predicate::{Analyser, Options, Shape};
use gardefou::sql;

use super::{catalogs, items};

fn shape(text: &str) -> Shape {
    let expr = sql::parse_expr(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let [catalog, _] = catalogs();
    Analyser::new(&catalog, Options::default()).shape(&expr, &items())
}

fn words<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn columns_and_tables() {
    let cases: [(&str, &str, &str, &str); 12] = [
        ("owner = auth.uid()", "owner", "", ""),
        ("items.owner = auth.uid() and public.items.id > 0", "id owner", "", ""),
        ("proprietaire = auth.uid()", "", "proprietaire", ""),
        ("items.proprietaire is null", "", "items.proprietaire", ""),
        (
            "exists (select 1 from membres m where m.item_id = id and m.user_id = auth.uid())",
            "id",
            "",
            "public.membres",
        ),
        ("exists (select 1 from membres where item_id = tag_id)", "", "tag_id", "public.membres"),
        ("exists (select 1 from membres where item_id = items.id)", "id", "", "public.membres"),
        ("exists (select 1 from dossiers d where d.item = item_id and d.x = id)", "", "", "public.dossiers"),
        ("id in (with mine as (select item_id from membres) select item_id from mine)", "id", "", "public.membres"),
        ("id in (select n from unnest(array[1]) n)", "id", "", ""),
        ("items is not null", "", "", ""),
        ("auth.uid() in (select id from auth.users where email is not null)", "", "", "auth.users"),
    ];
    for (text, columns, missing, tables) in cases {
        let shape = shape(text);
        let read: Vec<String> = shape.tables.iter().map(QualifiedName::to_string).collect();
        let found = (words(&shape.columns), words(&shape.missing_columns), words(&read));
        assert_eq!(found, (columns.to_owned(), missing.to_owned(), tables.to_owned()), "{text}");
    }
    assert!(shape("items is not null").whole_row);
    let users = shape("exists (select 1 from auth.users u where u.id = auth.uid())");
    assert_eq!(users.auth_users.map(|span| span.start), Some(22));
}

#[test]
fn calls() {
    let cases: [(&str, &str, &str, &str); 8] = [
        ("owner = auth.uid()", "auth.uid", "auth.uid", ""),
        ("owner = (select auth.uid())", "auth.uid", "", ""),
        ("owner = (select (auth.jwt() ->> 'sub')::uuid)", "auth.jwt", "", ""),
        ("owner in (select user_id from membres where user_id = auth.uid())", "auth.uid", "auth.uid", ""),
        ("tag = current_setting('app.tag')", "current_setting", "current_setting", ""),
        ("app_is_admin() and lower(tag) = 'x'", "lower public.app_is_admin", "", "app_is_admin"),
        ("(select app_is_admin())", "public.app_is_admin", "", ""),
        ("app_branches(tag)", "public.app_branches", "", ""),
    ];
    for (text, functions, auth, helpers) in cases {
        let shape = shape(text);
        let sites = |sites: &[gardefou::predicate::CallSite]| {
            words(&sites.iter().map(|site| site.name.clone()).collect::<Vec<_>>())
        };
        let found = (words(&shape.functions), sites(&shape.unwrapped_auth_calls), sites(&shape.unwrapped_helper_calls));
        assert_eq!(found, (functions.to_owned(), auth.to_owned(), helpers.to_owned()), "{text}");
    }
}

#[test]
fn idioms() {
    let yes = [
        "auth.jwt() -> 'user_metadata' ->> 'role' = 'admin'",
        "(auth.jwt() #>> '{user_metadata,role}') = 'admin'",
        "(auth.jwt() #>> array['user_metadata', 'role']) = 'admin'",
        "(current_setting('request.jwt.claims', true)::jsonb -> 'user_metadata' ->> 'role') = 'admin'",
        "jsonb_extract_path_text(auth.jwt(), 'user_metadata', 'role') = 'admin'",
        "((select auth.jwt()) -> 'user_metadata' ->> 'role') = 'admin'",
        "exists (select 1 from auth.users u where u.id = auth.uid() and u.raw_user_meta_data ->> 'role' = 'admin')",
        "(auth.jwt() -> 'user_metadata')['role'] = '1'",
    ];
    for text in yes {
        assert!(shape(text).user_metadata.is_some(), "{text}");
    }
    for text in [
        "auth.jwt() -> 'app_metadata' ->> 'role' = 'admin'",
        "data -> 'user_metadata' is null",
        "tag = 'user_metadata'",
    ] {
        assert!(shape(text).user_metadata.is_none(), "{text}");
    }
    let inverted = [
        ("auth.uid() is null or owner = auth.uid()", true),
        ("owner = auth.uid() or (select auth.uid()) is null", true),
        ("auth.uid() is null and active", true),
        ("(auth.jwt() ->> 'sub') is null", true),
        ("not app_returning()", true),
        ("auth.role() = 'anon' or owner = auth.uid()", false),
        ("auth.uid() is not null or owner is null", false),
        ("true", false),
    ];
    for (text, expected) in inverted {
        assert_eq!(shape(text).auth_inverted.is_some(), expected, "{text}");
    }
    let signed_in = [
        ("auth.uid() is not null", true),
        ("auth.role() = 'authenticated'", true),
        ("app_returning()", true),
        ("auth.uid() is not null and owner is not null", false),
        ("auth.uid() = owner", false),
        ("true", false),
    ];
    for (text, expected) in signed_in {
        assert_eq!(shape(text).signed_in_only, expected, "{text}");
    }
    let constant = [
        ("true", Some(Some(true))),
        ("id = id", Some(Some(true))),
        ("1 = 2", Some(Some(false))),
        ("null", Some(None)),
        ("owner = null", Some(None)),
        ("auth.uid() = auth.uid()", None),
        ("active", None),
    ];
    for (text, expected) in constant {
        assert_eq!(shape(text).constant, expected, "{text}");
    }
}

/// Thousands of policies must not be felt.
#[test]
fn fast() {
    let texts = [
        "owner = auth.uid()",
        "app_is_admin() or owner = (select auth.uid())",
        "exists (select 1 from membres m where m.item_id = items.id and m.user_id = auth.uid())",
        "auth.role() = 'authenticated' and status in ('a', 'b')",
    ];
    let exprs: Vec<_> = texts.iter().map(|text| sql::parse_expr(text).expect("an expression")).collect();
    let [catalog, _] = catalogs();
    let analyser = Analyser::new(&catalog, Options::default());
    let role = gardefou::predicate::RoleContext::anon();
    let start = std::time::Instant::now();
    for at in 0..4000 {
        let _ = analyser.analyse(&exprs[at % exprs.len()], &items(), &role);
    }
    let took = start.elapsed();
    println!("4000 analyses took {took:?}");
    assert!(took.as_secs() < 5, "4000 analyses took {took:?}");
}

/// Whatever is written, an answer comes, and soon.
#[test]
fn hostile() {
    let deep = format!("{}active{}", "coalesce(".repeat(60), ", flag)".repeat(60));
    let wide: Vec<String> =
        (0..3000).map(|at| format!("(qty = {at} and tag <> 't{at}' and owner is not null)")).collect();
    let parity: Vec<String> = (0..40).map(|at| format!("(data ->> 'k{at}' = 'x')")).collect();
    let nested =
        format!("{}active{}", "exists (select 1 from membres where item_id = id and ".repeat(30), ")".repeat(30));
    for text in [deep, wide.join(" or "), parity.join(" = "), parity.join(" or "), nested] {
        let expr = sql::parse_expr(&text).expect("an expression");
        let [catalog, _] = catalogs();
        let start = std::time::Instant::now();
        let _ = Analyser::new(&catalog, Options::default()).analyse(
            &expr,
            &items(),
            &gardefou::predicate::RoleContext::anyone(),
        );
        assert!(start.elapsed().as_secs() < 10, "{}… took {:?}", &text[..60], start.elapsed());
    }
}
