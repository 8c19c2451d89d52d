//! Where a history starts: which platform, and the Catalog it has before the first migration.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::state::Fold;
use super::syntax;
use crate::catalog::{Catalog, FunctionKey, Origin};
use crate::coverage::Coverage;
use crate::location::{LineIndex, Span};
use crate::migrations::{DefaultGrants, FoldOptions, Layout, MigrationSet, Platform};
use crate::sql::ast::CreateFunction;

/// The starting point of a fold.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) platform: Platform,
    pub(super) catalog: Catalog,
    pub(super) routines: BTreeMap<FunctionKey, Arc<CreateFunction>>,
}

/// Decides the starting point and says what was assumed.
pub(super) fn choose(set: &MigrationSet, options: &FoldOptions, coverage: &mut Vec<Coverage>) -> Start {
    let platform = options.platform.unwrap_or_else(|| {
        let (platform, why) = detect_platform(set);
        let name = match platform {
            Platform::Postgres => "plain PostgreSQL",
            Platform::Supabase => "Supabase",
        };
        coverage.push(super::assumption(format!("platform taken to be {name}: {why}")));
        platform
    });
    if platform == Platform::Supabase && options.default_grants.is_none() {
        coverage.push(super::assumption(
            "default grants taken to be legacy: new objects in `public` are granted to anon, authenticated and service_role"
                .to_owned(),
        ));
    }
    starting(platform, options.default_grants.unwrap_or_default())
}

/// Which platform the files look written for, and why.
#[must_use]
pub fn detect_platform(set: &MigrationSet) -> (Platform, &'static str) {
    if set.layout == Layout::Supabase {
        return (Platform::Supabase, "the files are in the Supabase CLI's layout");
    }
    if set.files.iter().any(|file| file.path.split('/').any(|part| part == "supabase")) {
        return (Platform::Supabase, "the files are in a `supabase` folder");
    }
    const SIGNS: &[&str] = &[
        "auth.uid()",
        "auth.users",
        "auth.jwt()",
        "auth.role()",
        "storage.objects",
        "storage.buckets",
        "service_role",
    ];
    let text = |file: &crate::migrations::MigrationFile| {
        let lower = file.text.to_ascii_lowercase();
        SIGNS.iter().any(|sign| lower.contains(sign))
            || lower.contains("to authenticated") && lower.contains("create policy")
            || lower.contains("to anon") && lower.contains("create policy")
    };
    // A file that creates the `auth` schema, its users or these roles itself brings its own platform.
    let own = |file: &crate::migrations::MigrationFile| {
        let lower = file.text.to_ascii_lowercase();
        let signs = [
            "create schema auth",
            "create schema if not exists auth",
            "create table auth.users",
            "create table if not exists auth.users",
            "create role service_role",
            "create role anon",
        ];
        signs.iter().any(|sign| lower.contains(sign))
    };
    if set.files.iter().any(text) && !set.files.iter().any(own) {
        return (Platform::Supabase, "the files use its roles or its auth and storage schemas");
    }
    (Platform::Postgres, "the files use nothing of Supabase's")
}

/// The Catalog before the first migration, folded once per process from this project's own SQL.
fn starting(platform: Platform, grants: DefaultGrants) -> Start {
    static POSTGRES: OnceLock<Start> = OnceLock::new();
    static LEGACY: OnceLock<Start> = OnceLock::new();
    static EXPLICIT: OnceLock<Start> = OnceLock::new();
    let cell = match (platform, grants) {
        (Platform::Postgres, _) => &POSTGRES,
        (Platform::Supabase, DefaultGrants::Legacy) => &LEGACY,
        (Platform::Supabase, DefaultGrants::Explicit) => &EXPLICIT,
    };
    cell.get_or_init(|| build(platform, grants)).clone()
}

fn build(platform: Platform, grants: DefaultGrants) -> Start {
    let mut fold = Fold::new(Catalog::default(), Platform::Postgres, Origin::Platform);
    for text in crate::platform::sql(platform, grants) {
        fold.play(text);
    }
    debug_assert!(fold.coverage.is_empty(), "{:?}", fold.coverage);
    Start { platform, catalog: std::mem::take(&mut fold.store).into_catalog(), routines: fold.routines }
}

impl Fold {
    /// Runs the platform's own SQL.
    fn play(&mut self, text: &'static str) {
        self.text = Arc::from(text);
        self.lines = LineIndex::new("platform", text);
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let parsed = syntax::parse_section(text, Span::new(0, end));
        for statement in &parsed.statements {
            let _ = self.run(statement);
        }
        self.notes.clear();
        self.executed.clear();
    }
}
