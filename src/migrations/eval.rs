//! Evaluates SQL expressions and small queries against the folded Catalog, without a database: the system catalogs
//! are virtual relations, and what cannot be known stays unknown wherever it matters.

mod aggregate;
mod cast;
mod compare;
mod definition;
mod expr;
mod format;
mod function;
mod index;
mod join;
mod keywords;
mod names;
mod operators;
mod pattern;
mod privilege;
mod query;
mod relations;
mod row;
mod rows;
mod scalar;
mod sets;
mod text;
mod value;

pub(super) use cast::cast_value;
pub(super) use expr::{Evaluator, World};
pub(crate) use keywords::quote_ident;
pub(super) use names::{Names, parse_name};
pub(super) use row::Presence;
pub(super) use rows::Rows;
pub(super) use value::{Piece, Truth, Unknown, Value};
