//! Modules as a drawing: text for Graphviz or Mermaid.

use std::collections::{BTreeMap, BTreeSet};

use super::{Crossing, module_of};
use crate::catalog::{Catalog, Origin, QualifiedName};
use crate::governance::sections::Modules;
use crate::report::escape;

/// Languages of drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Graphviz.
    #[default]
    Dot,
    /// Mermaid, which code hosts draw in Markdown.
    Mermaid,
}

/// A drawing of the modules, their tables and views, and what depends on what between them; directions that are not
/// allowed are red.
#[must_use]
pub fn draw(catalog: &Catalog, modules: &Modules, crossings: &[Crossing], format: Format) -> String {
    let mut members: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for module in modules.members.keys() {
        members.entry(module).or_default();
    }
    let own = catalog.relations.iter().filter(|(_, relation)| relation.provenance.origin != Origin::Platform);
    for (name, _) in own {
        if let Some(module) = module_of(modules, name) {
            members.entry(module).or_default().insert(name.to_string());
        }
    }
    let mut arrows: BTreeMap<(String, String, bool), BTreeSet<String>> = BTreeMap::new();
    for crossing in crossings {
        let end = crossing.path.last().map_or(&crossing.start, |edge| &edge.to);
        let by = crossing.path.first().map(|edge| edge.by.clone()).unwrap_or_default();
        // Ends that are functions are drawn, too.
        for (module, name) in [(&crossing.from, &crossing.start), (&crossing.to, end)] {
            members.entry(module).or_default().insert(name.to_string());
        }
        arrows.entry((printed(&crossing.start), printed(end), crossing.allowed)).or_default().insert(by);
    }
    match format {
        Format::Dot => dot(&members, &arrows),
        Format::Mermaid => mermaid(&members, &arrows),
    }
}

fn printed(name: &QualifiedName) -> String {
    name.to_string()
}

type Members<'a> = BTreeMap<&'a str, BTreeSet<String>>;
type Arrows = BTreeMap<(String, String, bool), BTreeSet<String>>;

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape::line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

fn dot(members: &Members<'_>, arrows: &Arrows) -> String {
    let mut out = "digraph modules {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (at, (module, names)) in members.iter().enumerate() {
        out.push_str(&format!("  subgraph cluster_{at} {{\n    label={};\n", quoted(module)));
        out.extend(names.iter().map(|name| format!("    {};\n", quoted(name))));
        out.push_str("  }\n");
    }
    for ((from, to, allowed), by) in arrows {
        let colour = if *allowed { "" } else { ", color=red, fontcolor=red" };
        let by: Vec<&str> = by.iter().map(String::as_str).collect();
        out.push_str(&format!("  {} -> {} [label={}{colour}];\n", quoted(from), quoted(to), quoted(&by.join(", "))));
    }
    out + "}\n"
}

fn mermaid(members: &Members<'_>, arrows: &Arrows) -> String {
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    let label = |text: &str| escape::line(text).replace('"', "#quot;");
    let mut out = "flowchart LR\n".to_owned();
    for (at, (module, names)) in members.iter().enumerate() {
        out.push_str(&format!("  subgraph m{at}[\"{}\"]\n", label(module)));
        for name in names {
            let id = format!("n{}", ids.len());
            out.push_str(&format!("    {id}[\"{}\"]\n", label(name)));
            ids.insert(name, id);
        }
        out.push_str("  end\n");
    }
    let mut red = Vec::new();
    for (at, ((from, to, allowed), by)) in arrows.iter().enumerate() {
        let (Some(from), Some(to)) = (ids.get(from.as_str()), ids.get(to.as_str())) else { continue };
        let by: Vec<&str> = by.iter().map(String::as_str).collect();
        out.push_str(&format!("  {from} -->|\"{}\"| {to}\n", label(&by.join(", "))));
        if !allowed {
            red.push(at.to_string());
        }
    }
    if !red.is_empty() {
        out.push_str(&format!("  linkStyle {} stroke:red\n", red.join(",")));
    }
    out
}
