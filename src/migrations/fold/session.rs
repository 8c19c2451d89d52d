//! The session: current role, `search_path` and other parameters, transactions and savepoints.

use std::collections::BTreeMap;

use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::ObjectKind;
use crate::catalog::ObjectRef;
use crate::migrations::Platform;
use crate::sql::ast::{RoleSpec, SettingAction, Transaction, quote_ident};

/// What a connection carries from statement to statement.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) role: String,
    pub(super) session_user: String,
    /// `search_path` as set.
    pub(super) search_path: Vec<String>,
    /// Schemas actually searched.
    pub(super) path: Vec<String>,
    pub(super) settings: BTreeMap<String, String>,
    /// What to go back to when the transaction ends, where `SET LOCAL` was used.
    local: Option<Box<Session>>,
}

/// A role every migration starts as.
const OWNER: &str = "postgres";

impl Session {
    pub(super) fn new(platform: Platform) -> Self {
        Self {
            role: OWNER.to_owned(),
            session_user: OWNER.to_owned(),
            search_path: default_path(platform),
            path: Vec::new(),
            settings: BTreeMap::new(),
            local: None,
        }
    }
}

fn default_path(platform: Platform) -> Vec<String> {
    let names: &[&str] = match platform {
        Platform::Postgres => &["$user", "public"],
        Platform::Supabase => &["$user", "public", "extensions"],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// One open transaction or savepoint.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// `None` for the transaction itself.
    name: Option<String>,
    frame: usize,
    session: Session,
}

/// Splits a `search_path` value as `set_config` takes it: comma-separated, folded unless quoted.
pub(super) fn split_path(value: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted, mut was_quoted) = (Vec::new(), String::new(), false, false);
    for c in value.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            ',' if !quoted => names.push(std::mem::take(&mut name)),
            c if quoted => name.push(c),
            c if c.is_whitespace() => {}
            c => name.extend(c.to_lowercase()),
        }
    }
    if !name.is_empty() || was_quoted && names.is_empty() {
        names.push(name);
    }
    names
}

impl Fold {
    /// Starts a file's session afresh: tools reset it, or open a new one, between files.
    pub(super) fn reset_session(&mut self) {
        self.session = Session::new(self.platform);
        self.prepared.clear();
        self.open.clear();
        self.refresh_path();
    }

    /// Works out which schemas are searched.
    pub(super) fn refresh_path(&mut self) {
        let user = self.session.role.as_str();
        let resolved = self.session.search_path.iter().map(|name| if name == "$user" { user } else { name.as_str() });
        let schemas = &self.catalog().schemas;
        // A schema that a role taken on may not use is passed over.
        let taken_on = self.session.role != self.session.session_user;
        let searched = |name: &&str| schemas.get(*name).is_some_and(|schema| !taken_on || self.may_use(schema));
        let path: Vec<String> = resolved.filter(searched).map(str::to_owned).collect();
        self.session.path = path;
    }

    pub(super) fn role_name(&self, role: &RoleSpec) -> String {
        match role {
            RoleSpec::Name(name) => name.clone(),
            RoleSpec::Public => crate::catalog::PUBLIC.to_owned(),
            RoleSpec::CurrentUser => self.session.role.clone(),
            RoleSpec::SessionUser => self.session.session_user.clone(),
        }
    }

    /// A role that has to exist: one never created is assumed.
    pub(super) fn role(&mut self, role: &RoleSpec) -> String {
        let name = self.role_name(role);
        self.assume_role(&name);
        name
    }

    pub(super) fn set(&mut self, local: bool, setting: &SettingAction) -> Effect {
        self.begin_local(local);
        match setting {
            SettingAction::Set { name, values } if name == "search_path" => self.set_search_path(values.clone()),
            SettingAction::Set { name, values } if name == "role" => {
                let role = values.first().filter(|role| *role != "none").cloned();
                self.set_role(role);
            }
            SettingAction::Set { name, values } => {
                self.session.settings.insert(name.clone(), values.join(", "));
            }
            SettingAction::Reset(name) => self.reset(name),
            SettingAction::FromCurrent(_) => {}
        }
        Ok(())
    }

    /// `set_config` and its kin: the value is one text.
    pub(super) fn set_text(&mut self, name: &str, value: &str, local: bool) {
        self.begin_local(local);
        match name {
            "search_path" => self.set_search_path(split_path(value)),
            "role" => self.set_role((value != "none").then(|| value.to_owned())),
            _ => {
                self.session.settings.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn set_search_path(&mut self, values: Vec<String>) {
        // The first schema of a path is where things get created: one the files never made was made elsewhere.
        if let Some(first) =
            values.first().filter(|name| !name.is_empty() && *name != "$user" && !name.starts_with("pg_"))
        {
            let first = first.clone();
            if !self.gone.contains(&Key::Schema(first.clone())) {
                self.assume_schema(&first);
            }
        }
        let shown: Vec<String> = values.iter().map(|name| quote_ident(name)).collect();
        self.session.settings.insert("search_path".to_owned(), shown.join(", "));
        self.session.search_path = values;
        self.refresh_path();
    }

    fn set_role(&mut self, role: Option<String>) {
        self.session.role = role.unwrap_or_else(|| self.session.session_user.clone());
        let name = self.session.role.clone();
        self.assume_role(&name);
        self.refresh_path();
    }

    fn reset(&mut self, name: &str) {
        let fresh = Session::new(self.platform);
        match name {
            "search_path" => self.session.search_path = fresh.search_path,
            "role" => self.session.role = self.session.session_user.clone(),
            "all" => {
                self.session.search_path = fresh.search_path;
                self.session.settings.clear();
            }
            _ => {}
        }
        self.session.settings.remove(name);
        self.refresh_path();
    }

    /// `SET LOCAL` is undone when the transaction ends; a file is one, where it opens none itself.
    fn begin_local(&mut self, local: bool) {
        if local && self.session.local.is_none() {
            self.session.local = Some(Box::new(self.session.clone()));
        }
    }

    pub(super) fn set_role_statement(&mut self, local: bool, role: Option<&str>) -> Effect {
        self.begin_local(local);
        if let Some(role) = role {
            self.name(ObjectRef::new(ObjectKind::Role, role));
        }
        self.set_role(role.map(str::to_owned));
        Ok(())
    }

    pub(super) fn set_session_authorization(&mut self, local: bool, role: Option<&str>) -> Effect {
        self.begin_local(local);
        self.session.session_user = role.unwrap_or(OWNER).to_owned();
        self.set_role(None);
        Ok(())
    }

    fn end_local(&mut self) {
        if let Some(before) = self.session.local.take() {
            self.session = *before;
            self.refresh_path();
        }
    }

    pub(super) fn transaction(&mut self, action: &Transaction) -> Effect {
        match action {
            Transaction::Begin => {
                if self.open.is_empty() {
                    self.push_open(None);
                }
            }
            Transaction::Commit { chain } => {
                if let Some(frame) = self.open.first().map(|open| open.frame) {
                    self.store.release(frame);
                    self.open.clear();
                    self.end_local();
                    if *chain {
                        self.push_open(None);
                    }
                }
            }
            Transaction::Rollback { chain } => {
                if !self.open.is_empty() {
                    self.undo(0);
                    self.open.clear();
                    self.end_local();
                    if *chain {
                        self.push_open(None);
                    }
                }
            }
            Transaction::Savepoint(name) => self.push_open(Some(name.clone())),
            Transaction::Release(name) => {
                if let Some(at) = self.find_open(name) {
                    let frame = self.open.get(at).map_or(usize::MAX, |open| open.frame);
                    self.store.release(frame);
                    self.open.truncate(at);
                }
            }
            Transaction::RollbackTo(name) => {
                if let Some(at) = self.find_open(name) {
                    self.undo(at);
                    self.open.truncate(at);
                    self.push_open(Some(name.clone()));
                }
            }
            Transaction::Other => {}
        }
        Ok(())
    }

    fn push_open(&mut self, name: Option<String>) {
        let frame = self.store.open();
        self.open.push(Open { name, frame, session: self.session.clone() });
    }

    fn find_open(&self, name: &str) -> Option<usize> {
        self.open.iter().rposition(|open| open.name.as_deref() == Some(name))
    }

    /// Goes back to how things were when the transaction or savepoint at `at` was opened.
    fn undo(&mut self, at: usize) {
        let Some(open) = self.open.get(at).cloned() else { return };
        self.store.rollback(open.frame);
        self.session = open.session;
        self.refresh_path();
    }
}
