//! Finds secrets written into SQL. Only the kind and the place are kept, never the value.

use crate::location::Span;

/// A secret: what it looks like and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// In words: `service role key`.
    pub kind: &'static str,
    /// Where.
    pub span: Span,
}

/// Tokens known by their prefix: kind, prefix, least number of characters after it.
const PREFIXES: &[(&str, &str, usize)] = &[
    ("Stripe secret key", "sk_live_", 16),
    ("Stripe restricted key", "rk_live_", 16),
    ("AWS access key", "AKIA", 16),
    ("GitHub token", "ghp_", 30),
    ("GitHub token", "gho_", 30),
    ("GitHub token", "ghs_", 30),
    ("GitHub token", "github_pat_", 30),
    ("Slack token", "xoxb-", 16),
    ("Slack token", "xoxp-", 16),
    ("Slack token", "xoxa-", 16),
    ("Slack token", "xapp-", 16),
    ("Supabase access token", "sbp_", 30),
    ("Supabase secret key", "sb_secret_", 16),
    ("OpenAI key", "sk-proj-", 20),
    ("Anthropic key", "sk-ant-", 20),
    ("SendGrid key", "SG.", 40),
    ("Google API key", "AIza", 35),
];

/// All secrets in a text, in order.
#[must_use]
pub fn find(text: &str) -> Vec<Secret> {
    let mut found = private_keys(text);
    for (start, token) in tokens(text) {
        if let Some(kind) = kind_of(token) {
            found.push(secret(kind, start, token.len()));
        }
    }
    found.extend(passwords(text));
    found.sort_by_key(|secret| secret.span);
    found.dedup_by_key(|secret| secret.span);
    found
}

fn secret(kind: &'static str, start: usize, length: usize) -> Secret {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Secret { kind, span: Span::new(place(start), place(start + length)) }
}

/// Runs of the characters keys are made of, long enough to be one.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(|byte| !is_token(*byte)) {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(|byte| is_token(*byte)) {
            at += 1;
        }
        (at > start).then(|| (start, text.get(start..at).unwrap_or("")))
    })
    .filter(|(_, token)| token.len() >= 20)
}

fn kind_of(token: &str) -> Option<&'static str> {
    if token.starts_with("eyJ") {
        return jwt_kind(token);
    }
    let fits = |prefix: &str, least: usize| {
        token.strip_prefix(prefix).is_some_and(|rest| rest.len() >= least && looks_random(rest))
    };
    PREFIXES.iter().find(|(_, prefix, least)| fits(prefix, *least)).map(|(kind, ..)| *kind)
}

/// Placeholders (`sk_live_xxxxxxxx`, `sbp_your_token_here_please`) are no secrets: a key mixes digits and letters.
fn looks_random(rest: &str) -> bool {
    let distinct: std::collections::BTreeSet<u8> = rest.bytes().collect();
    distinct.len() >= 8
        && rest.bytes().any(|byte| byte.is_ascii_digit())
        && rest.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A JSON Web Token is a secret where its payload says `service_role`; the anonymous key is public by design.
fn jwt_kind(token: &str) -> Option<&'static str> {
    let mut parts = token.split('.');
    let (_header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if signature.len() < 20 {
        return None;
    }
    let payload: serde_json::Value = serde_json::from_slice(&base64url(payload)?).ok()?;
    match payload.get("role").and_then(serde_json::Value::as_str) {
        Some("service_role") => Some("service role key"),
        Some("supabase_admin" | "postgres") => Some("administrator token"),
        _ => None,
    }
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut held) = (Vec::with_capacity(text.len() * 3 / 4), 0u32, 0u32);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).unwrap_or_default());
        }
    }
    Some(out)
}

fn private_keys(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    for (start, dashes) in text.match_indices("-----BEGIN ") {
        let rest = text.get(start + dashes.len()..).unwrap_or("");
        let header = rest.split("-----").next().unwrap_or("");
        if header.len() < 40 && header.ends_with("PRIVATE KEY") {
            found.push(secret("private key", start, dashes.len() + header.len() + 5));
        }
    }
    found
}

/// `password '…'` in `CREATE/ALTER ROLE | USER | GROUP`; a hash or an empty password is none the less a credential,
/// a psql variable or parameter is not a literal and so not here.
fn passwords(text: &str) -> Vec<Secret> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, word) in lower.match_indices("password") {
        let after = lower.get(at + word.len()..).unwrap_or("");
        let literal = after.trim_start();
        let quote = at + word.len() + (after.len() - literal.len());
        if !literal.starts_with('\'') || !in_role_statement(&lower, at) {
            continue;
        }
        let length = literal.get(1..).and_then(|rest| rest.find('\'')).map_or(1, |end| end + 2);
        if length > 2 {
            found.push(secret("role password", quote, length));
        }
    }
    found
}

/// Whether the statement around a byte begins with `create` or `alter` `role`, `user` or `group`.
fn in_role_statement(lower: &str, at: usize) -> bool {
    // Role options take a line or two; looking back no further keeps large files linear.
    let window = lower.floor_char_boundary(at.saturating_sub(500));
    let before = lower.get(window..at).unwrap_or("");
    let start = before.rfind(';').map_or(0, |semicolon| semicolon + 1);
    let words: Vec<&str> = before.get(start..).unwrap_or("").split_whitespace().collect();
    let verb = |pair: &[&str]| matches!(pair, ["create" | "alter", "role" | "user" | "group"]);
    words.windows(2).any(verb) && !lower.get(at.saturating_sub(1)..at).is_some_and(|c| c == "_" || c == "\"")
}
