//! The `access:` section: role → pattern of relations → what must hold.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::access::{Command, Expectation, Verdict};
use crate::location::Location;

/// Role → pattern of relations → what is expected.
pub(super) type Raw = BTreeMap<String, BTreeMap<String, Spanned<Expected>>>;

/// How far a role is to reach.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reach {
    /// Nothing gets through.
    None,
    /// Nothing gets through, by row level security.
    Denied,
    /// Some rows, or by session.
    Rows,
    /// Every row.
    All,
}

/// One word for every command, or a mapping by command.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(untagged)]
pub(super) enum Expected {
    /// The same for every command.
    Every(Reach),
    /// By command.
    By(ByCommand),
}

/// By command; `write` stands for insert, update and delete where they are not named.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct ByCommand {
    /// Rows it sees.
    select: Option<Reach>,
    /// Rows it may add.
    insert: Option<Reach>,
    /// Rows it may change.
    update: Option<Reach>,
    /// Rows it may delete.
    delete: Option<Reach>,
    /// All three ways of writing.
    write: Option<Reach>,
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Expected;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("none, denied, rows, all, or a mapping with select, insert, update, delete, write")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Expected, E> {
                Reach::deserialize(serde::de::value::StrDeserializer::<E>::new(word)).map(Expected::Every)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expected, A::Error> {
                ByCommand::deserialize(MapAccessDeserializer::new(map)).map(Expected::By)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

fn verdict(reach: Reach) -> Verdict {
    match reach {
        Reach::None => Verdict::None,
        Reach::Denied => Verdict::Denied,
        Reach::Rows => Verdict::Rows,
        Reach::All => Verdict::All,
    }
}

impl Expected {
    fn commands(self) -> BTreeMap<Command, Verdict> {
        let by = match self {
            Self::Every(reach) => ByCommand { select: Some(reach), write: Some(reach), ..ByCommand::default() },
            Self::By(by) => by,
        };
        let each = [
            (Command::Select, by.select),
            (Command::Insert, by.insert.or(by.write)),
            (Command::Update, by.update.or(by.write)),
            (Command::Delete, by.delete.or(by.write)),
        ];
        each.into_iter().filter_map(|(command, reach)| Some((command, verdict(reach?)))).collect()
    }
}

/// The section's lines, each with its place.
pub(super) fn contract(raw: Raw, at: &dyn Fn(&serde_saphyr::Location) -> Location) -> Vec<Expectation> {
    let mut lines = Vec::new();
    for (role, relations) in raw {
        for (relation, expected) in relations {
            let at = at(&expected.referenced);
            lines.push(Expectation { role: role.clone(), relation, commands: expected.value.commands(), at });
        }
    }
    lines
}
