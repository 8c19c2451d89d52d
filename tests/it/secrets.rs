//! Secrets in SQL: what is found, what is left alone, and that the value never leaves.

use gardefou::check::secrets::find;

/// A token put together here, so that no scanner takes this file for a leak.
fn jwt(payload: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut encoded = String::new();
    for chunk in payload.as_bytes().chunks(3) {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..=chunk.len() {
            encoded.push(char::from(alphabet[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    format!("{}.{encoded}.{}", "eyJhbGciOiJIUzI1NiJ9", "c2lnbmF0dXJlLW5vdC1yZWFs")
}

#[test]
fn finds_secrets_by_what_they_are() {
    let service = jwt(r#"{"iss":"supabase","role":"service_role","exp":1}"#);
    let anon = jwt(r#"{"iss":"supabase","role":"anon","exp":1}"#);
    let random = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6";
    let cases: Vec<(String, Vec<&str>)> = vec![
        (
            format!("select net.http_post(headers := '{{\"Authorization\": \"Bearer {service}\"}}');"),
            vec!["service role key"],
        ),
        (format!("select '{anon}';"), vec![]),
        ("create role reporting login password 'not-a-real-one';".into(), vec!["role password"]),
        ("ALTER USER app WITH ENCRYPTED PASSWORD 'not-a-real-one';".into(), vec!["role password"]),
        ("do $$ begin create role x login password 'not-a-real-one'; end $$;".into(), vec!["role password"]),
        ("create role reporting login password :'pw';".into(), vec![]),
        ("create role reporting login password null; select 'x';".into(), vec![]),
        ("create table users (password text default 'changeme');".into(), vec![]),
        ("insert into help values ('your password ''must'' be long');".into(), vec![]),
        (format!("select '{}{random}';", "sk_live_"), vec!["Stripe secret key"]),
        (format!("select '{}{}';", "sk_live_", "x".repeat(24)), vec![]),
        (format!("select '{}IOSFODNN7EXAMPL2';", "AKIA"), vec!["AWS access key"]),
        (format!("select '{}{random}';", "ghp_"), vec!["GitHub token"]),
        (format!("select '{}{random}';", "sb_secret_"), vec!["Supabase secret key"]),
        (format!("select '{}{random}';", "sbp_"), vec!["Supabase access token"]),
        (format!("select '{}{random}';", "xoxb-"), vec!["Slack token"]),
        (format!("select '-----BEGIN RSA {} KEY-----';", "PRIVATE"), vec!["private key"]),
        ("select '-----BEGIN PUBLIC KEY-----';".into(), vec![]),
        ("create table re_order_confirmation_message_2024 (id int);".into(), vec![]),
        ("select 'é', '日本語のとても長い文字列ですよこれは';".into(), vec![]),
    ];
    for (sql, kinds) in cases {
        let found = find(&sql);
        assert_eq!(found.iter().map(|secret| secret.kind).collect::<Vec<_>>(), kinds, "{sql}");
        assert!(found.iter().all(|secret| !secret.span.slice(&sql).is_empty()), "{sql}");
    }
}
