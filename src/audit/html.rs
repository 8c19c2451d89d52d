//! The page: one file that loads nothing, every value escaped by the template engine.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::view::View;
use crate::access::Table;
use crate::access::render::{Bounds, HEAT_MAP_STYLE, heat_map};

const TEMPLATE: &str = include_str!("report.html");

/// A page stays readable: the rest is counted there.
const MAP: Bounds = Bounds { relations: 200, roles: 8 };

/// Who can reach what, as a fragment of the page.
pub(super) fn map(access: &Table) -> String {
    heat_map(access, MAP)
}

pub(super) fn render(view: &View, map: &str) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // The one thing that is markup already: its renderer escapes what it shows.
    let map = Value::from_safe_string(map.to_owned());
    let map_style = Value::from_safe_string(HEAT_MAP_STYLE.to_owned());
    let page = context! { v => Value::from(Serde(view)), server => view.server(), map, map_style };
    let rendered = environment.render_str(TEMPLATE, page);
    // The template is our own and a test renders it; an error here would be a mistake in it.
    rendered
        .unwrap_or_else(|error| format!("<!doctype html><title>audit</title><p>the page could not be made: {error}"))
}
