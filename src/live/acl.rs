//! Access control lists as the server prints them: `anon=arwd*/postgres`, an empty grantee being everybody.

use rustc_hash::FxHashMap;

use crate::catalog::{Acl, AclEntry, PUBLIC, Privilege};

/// Lists read so far, by what the server printed: tables made by one role mostly have the same.
#[derive(Default)]
pub(super) struct Acls(FxHashMap<Vec<String>, Acl>);

impl Acls {
    /// A list, shared with all that are the same.
    pub(super) fn get(&mut self, items: Option<Vec<String>>) -> Acl {
        let Some(items) = items.filter(|items| !items.is_empty()) else { return Acl::default() };
        if let Some(known) = self.0.get(&items) {
            return known.clone();
        }
        let acl = acl(&items);
        self.0.insert(items, acl.clone());
        acl
    }
}

/// A list; privileges of a server newer than this program are left out.
fn acl(items: &[String]) -> Acl {
    let mut acl = Acl::default();
    for item in items {
        let Some((grantee, rest)) = identifier(item, '=') else { continue };
        let Some((letters, grantor)) = rest.split_once('/') else { continue };
        let grantor = identifier(grantor, '\0').map(|(name, _)| name).unwrap_or_default();
        let mut letters = letters.chars().peekable();
        while let Some(letter) = letters.next() {
            let grantable = letters.next_if_eq(&'*').is_some();
            let Some(privilege) = privilege(letter) else { continue };
            acl.grant(AclEntry {
                grantee: if grantee.is_empty() { PUBLIC.to_owned() } else { grantee.clone() },
                privilege,
                grantable,
                grantor: grantor.clone(),
                at: None,
                by_default: false,
                conditional: false,
            });
        }
    }
    acl
}

/// A role's name, in quotes where it holds more than letters, up to `end`; and what follows `end`.
fn identifier(text: &str, end: char) -> Option<(String, &str)> {
    let (mut name, mut quoted) = (String::new(), false);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if quoted && chars.next_if(|(_, next)| *next == '"').is_some() => name.push('"'),
            '"' => quoted = !quoted,
            c if c == end && !quoted => return Some((name, text.get(at + c.len_utf8()..)?)),
            c => name.push(c),
        }
    }
    (end == '\0').then_some((name, ""))
}

const fn privilege(letter: char) -> Option<Privilege> {
    Some(match letter {
        'r' => Privilege::Select,
        'a' => Privilege::Insert,
        'w' => Privilege::Update,
        'd' => Privilege::Delete,
        'D' => Privilege::Truncate,
        'x' => Privilege::References,
        't' => Privilege::Trigger,
        'm' => Privilege::Maintain,
        'U' => Privilege::Usage,
        'C' => Privilege::Create,
        'X' => Privilege::Execute,
        'c' => Privilege::Connect,
        'T' => Privilege::Temporary,
        's' => Privilege::Set,
        'A' => Privilege::AlterSystem,
        _ => return None,
    })
}
