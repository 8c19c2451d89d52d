//! Who asks: what a session's user, settings and token claims are known to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::QualifiedName;

/// A session as far as it is known. Build one with the constructors and change what differs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleContext {
    /// How reports call it.
    pub name: String,
    /// `current_user`; `None` is unknown.
    pub current_user: Option<String>,
    /// `session_user`; `None` is unknown.
    pub session_user: Option<String>,
    /// The token's claims where the platform has them (`auth.uid()`, `auth.jwt()`, `request.jwt.claims`); `None` on
    /// plain PostgreSQL, where `auth.*` are functions like any other.
    pub claims: Option<Claims>,
    /// What `current_setting` says, by lower-case name.
    pub settings: BTreeMap<String, Setting>,
    /// What it says of every other custom setting.
    pub other_settings: Setting,
    /// Relations that show no row to whoever evaluates the expression.
    pub hidden: BTreeSet<QualifiedName>,
    /// Nor to the functions it calls, but those that run with their owner's rights.
    pub hidden_from_calls: bool,
}

/// A token's claims.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Claims {
    /// There may be no token at all: then every claim is NULL.
    pub optional: bool,
    /// What is known of single claims.
    pub known: BTreeMap<String, Claim>,
    /// Claims not listed may be there; otherwise they are absent.
    pub open: bool,
}

impl Claims {
    /// What is known of the claim `name`.
    #[must_use]
    pub fn claim(&self, name: &str) -> &Claim {
        match self.known.get(name) {
            Some(claim) => claim,
            None if self.open => &Claim::Unknown,
            None => &Claim::Absent,
        }
    }
}

/// One claim of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Claim {
    /// This string.
    Text(String),
    /// Some non-null value.
    Present,
    /// Not there, so NULL.
    Absent,
    /// There or not.
    Unknown,
}

/// A custom setting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Setting {
    /// Never set in the session: NULL or, once it was set in an earlier transaction, the empty string.
    Unset,
    /// This text.
    Value(String),
    /// Not known.
    Unknown,
}

impl RoleContext {
    /// Supabase's `anon`: a token that says nothing but its role.
    #[must_use]
    pub fn anon() -> Self {
        Self::supabase("anon", api_key_claims("anon"))
    }

    /// Supabase's `authenticated`: some signed-in user.
    #[must_use]
    pub fn authenticated() -> Self {
        let known = [("role", Claim::Text("authenticated".to_owned())), ("sub", Claim::Present)];
        Self::supabase("authenticated", Claims { optional: false, known: owned(known), open: true })
    }

    /// Supabase's `service_role` (which bypasses row security anyway).
    #[must_use]
    pub fn service_role() -> Self {
        Self::supabase("service_role", api_key_claims("service_role"))
    }

    /// A role of a plain PostgreSQL server.
    #[must_use]
    pub fn postgres(role: impl Into<String>) -> Self {
        let role = role.into();
        Self {
            name: role.clone(),
            current_user: Some(role),
            session_user: None,
            claims: None,
            settings: BTreeMap::new(),
            other_settings: Setting::Unknown,
            hidden: BTreeSet::new(),
            hidden_from_calls: false,
        }
    }

    /// Whoever asks, with a token or without: nothing is known.
    #[must_use]
    pub fn anyone() -> Self {
        Self {
            name: "anyone".to_owned(),
            current_user: None,
            session_user: None,
            claims: Some(Claims { optional: true, known: BTreeMap::new(), open: true }),
            settings: BTreeMap::new(),
            other_settings: Setting::Unknown,
            hidden: BTreeSet::new(),
            hidden_from_calls: false,
        }
    }

    /// A role the API switches to with these claims.
    #[must_use]
    pub fn supabase(role: &str, claims: Claims) -> Self {
        Self { claims: Some(claims), session_user: Some("authenticator".to_owned()), ..Self::postgres(role) }
    }
}

/// An API key's claims: its role, what every key carries, and nothing about a user.
fn api_key_claims(role: &str) -> Claims {
    let known = [
        ("role", Claim::Text(role.to_owned())),
        ("iss", Claim::Unknown),
        ("ref", Claim::Unknown),
        ("iat", Claim::Unknown),
        ("exp", Claim::Unknown),
    ];
    Claims { optional: false, known: owned(known), open: false }
}

fn owned<const N: usize>(claims: [(&str, Claim); N]) -> BTreeMap<String, Claim> {
    claims.into_iter().map(|(name, claim)| (name.to_owned(), claim)).collect()
}
