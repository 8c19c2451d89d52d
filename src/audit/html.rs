//! The page: one file that loads nothing, every value escaped by the template engine.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::view::View;

const TEMPLATE: &str = include_str!("report.html");

pub(super) fn render(view: &View) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let page = context! { v => Value::from(Serde(view)), server => view.server() };
    let rendered = environment.render_str(TEMPLATE, page);
    // The template is our own and a test renders it; an error here would be a mistake in it.
    rendered
        .unwrap_or_else(|error| format!("<!doctype html><title>audit</title><p>the page could not be made: {error}"))
}
