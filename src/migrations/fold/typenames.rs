//! Type names: built-in ones bare, all others qualified with the schema they are found in.

use super::state::Fold;
use crate::catalog::ObjectKind;
use crate::sql::ast::{Name, TypeName};

/// One-word built-in types by the names `format_type` gives them.
const BUILTIN: &[&str] = &[
    "aclitem",
    "any",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anycompatiblemultirange",
    "anycompatiblenonarray",
    "anycompatiblerange",
    "anyelement",
    "anyenum",
    "anymultirange",
    "anynonarray",
    "anyrange",
    "bigint",
    "bit",
    "boolean",
    "box",
    "bytea",
    "character",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "gtsvector",
    "inet",
    "int2vector",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "integer",
    "internal",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_snapshot",
    "point",
    "polygon",
    "real",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "smallint",
    "text",
    "tid",
    "trigger",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "uuid",
    "void",
    "xid",
    "xid8",
    "xml",
];

/// Internal names that SQL may also use, with what `format_type` prints.
const ALIASES: &[(&str, &str)] = &[
    ("bool", "boolean"),
    ("bpchar", "character"),
    ("char", "character"),
    ("dec", "numeric"),
    ("decimal", "numeric"),
    ("float", "double precision"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("time", "time without time zone"),
    ("timetz", "time with time zone"),
    ("varbit", "bit varying"),
    ("varchar", "character varying"),
];

/// Types that come with extensions.
const OF_EXTENSIONS: &[(&str, &[&str])] = &[
    ("citext", &["citext"]),
    ("cube", &["cube"]),
    ("hstore", &["hstore"]),
    ("ltree", &["ltree", "lquery", "ltxtquery"]),
    ("postgis", &["geometry", "geography", "box2d", "box3d", "raster"]),
    ("vector", &["vector", "halfvec", "sparsevec"]),
    ("seg", &["seg"]),
    ("isn", &["ean13", "isbn", "isbn13", "issn", "upc"]),
    ("pg_jsonschema", &[]),
];

/// The types an extension brings.
pub(super) fn of_extension(extension: &str) -> &'static [&'static str] {
    OF_EXTENSIONS.iter().find(|(name, _)| *name == extension).map_or(&[], |(_, types)| types)
}

fn builtin(name: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, formal)| *formal);
    alias.or_else(|| BUILTIN.binary_search(&name).ok().and_then(|at| BUILTIN.get(at).copied()))
}

impl Fold {
    pub(super) fn resolve_type(&self, ty: &TypeName) -> TypeName {
        if ty.percent {
            return self.percent_type(ty);
        }
        let mut resolved = ty.clone();
        resolved.name = self.type_name(&ty.name, &mut resolved.array_dims);
        resolved.array_dims = resolved.array_dims.min(1);
        // `character` alone is `character(1)`; the same name as a cast target keeps no length either way.
        if resolved.name.schema.is_none()
            && resolved.name.name == "character"
            && ty.modifiers.is_empty()
            && ty.name.name != "bpchar"
        {
            resolved.modifiers = vec!["1".to_owned()];
        }
        resolved
    }

    fn type_name(&self, name: &Name, array_dims: &mut u8) -> Name {
        if name.schema.is_none() {
            if name.name.contains(' ') {
                return name.clone();
            }
            if let Some(formal) = builtin(&name.name) {
                return Name::bare(formal);
            }
            if let Some(element) = name.name.strip_prefix('_').and_then(builtin) {
                *array_dims = 1;
                return Name::bare(element);
            }
        }
        if let Some(found) = self.find_type(name).or_else(|| self.find_relation(name)) {
            return Name::qualified(found.schema, found.name);
        }
        let guess = self.guess(name);
        Name::qualified(guess.schema, guess.name)
    }

    /// `table.column%TYPE` becomes the column's type, where that is known.
    fn percent_type(&self, ty: &TypeName) -> TypeName {
        let Some(table) = &ty.name.schema else { return ty.clone() };
        let relation =
            self.find_relation(&Name::bare(table.clone())).and_then(|name| self.catalog().relations.get(&name));
        let column = relation.and_then(|relation| relation.column(&ty.name.name)).and_then(|c| c.ty.get());
        match column {
            Some(text) => plain(text, ty.array_dims),
            None => ty.clone(),
        }
    }

    pub(super) fn kind_of_type(&self, name: &Name) -> ObjectKind {
        let found = self.find_type(name).and_then(|name| self.catalog().types.get(&name));
        let domain = found.is_some_and(|ty| matches!(ty.kind, crate::catalog::TypeKind::Domain { .. }));
        if domain { ObjectKind::Domain } else { ObjectKind::Type }
    }
}

/// A type whose printed form is `text`, which is not to be resolved again.
fn plain(text: &str, dims: u8) -> TypeName {
    let (text, own) = text.strip_suffix("[]").map_or((text, 0), |element| (element, 1));
    let base = text.split('(').next().unwrap_or(text);
    let name = match base.split_once('.') {
        Some((schema, name)) => Name::qualified(schema, name),
        None => Name::bare(base),
    };
    TypeName { name, modifiers: Vec::new(), array_dims: own.max(dims), setof: false, percent: false }
}
