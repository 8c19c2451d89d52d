//! An operator expression as the flat sequence it was written as.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use crate::sql::{cx, lower_type, tree};

/// One piece of an operator expression.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// Anything that is not itself an operator expression.
    Operand(SyntaxNode),
    /// An operator, upper case, single-spaced (`IS NOT`, `->>`, `AT TIME ZONE`, `OPERATOR` resolved), and its end.
    Op(String, u32),
    /// The type after `::`.
    Type(SyntaxNode),
    /// The collation after `COLLATE`.
    Collation(SyntaxNode),
}

/// Whether `node` is an operator applied to something.
pub(super) fn is_operator(node: &SyntaxNode) -> bool {
    match node.kind() {
        K::BIN_EXPR | K::PREFIX_EXPR | K::POSTFIX_EXPR | K::BETWEEN_EXPR | K::COLLATE => true,
        K::CAST_EXPR => tree::child(node, K::COLON_COLON).is_some(),
        _ => false,
    }
}

/// Flattens nested operator expressions, left to right.
pub(super) fn flatten(node: &SyntaxNode) -> Vec<Item> {
    let mut items = Vec::new();
    let mut open = vec![node.children_with_tokens()];
    while let Some(level) = open.last_mut() {
        let Some(element) = level.next() else {
            open.pop();
            continue;
        };
        let end = u32::from(element.text_range().end());
        if let Some(token) = element.as_token() {
            if !token.kind().is_trivia() {
                push_word(&mut items, &token.text().to_uppercase(), end);
            }
        } else if let Some(child) = element.as_node() {
            if is_operator(child) {
                open.push(child.children_with_tokens());
            } else {
                items.push(item(child, end));
            }
        }
    }
    items
}

/// Keyword operators of several tokens arrive token by token in some nodes: `NOT` `BETWEEN`.
fn push_word(items: &mut Vec<Item>, word: &str, end: u32) {
    if word == "BETWEEN"
        && let Some(Item::Op(last, last_end)) = items.last_mut()
        && last == "NOT"
    {
        "NOT BETWEEN".clone_into(last);
        *last_end = end;
        return;
    }
    items.push(Item::Op(word.to_owned(), end));
}

fn item(node: &SyntaxNode, end: u32) -> Item {
    if tree::is_expr(node) || tree::is_query(node) {
        return Item::Operand(node.clone());
    }
    if lower_type::is_type(node) {
        return Item::Type(node.clone());
    }
    match node.kind() {
        K::COLLATION_REF => Item::Collation(node.clone()),
        K::OPERATOR_CALL => Item::Op(operator_call(node), end),
        K::COLON_COLON => Item::Op("::".to_owned(), end),
        K::CUSTOM_OP if cx::text(node) == tree::NOT_STAND_IN => Item::Op("NOT".to_owned(), end),
        K::CUSTOM_OP | K::OP => Item::Op(cx::text(node), end),
        _ => Item::Op(cx::text(node).to_uppercase(), end),
    }
}

/// `OPERATOR(schema.op)` is its operator; a schema other than `pg_catalog` stays in the name.
fn operator_call(node: &SyntaxNode) -> String {
    let Some(op) = tree::child(node, K::OP) else { return cx::text(node) };
    let schema: Vec<String> =
        tree::path_parts(&op).into_iter().filter(|part| !part.is_empty() && part != "pg_catalog").collect();
    let symbol: String = op
        .children_with_tokens()
        .filter(|element| element.kind() != K::PATH_REF && !element.kind().is_trivia())
        .map(|element| element.to_string())
        .collect();
    match schema.first() {
        Some(schema) => format!("OPERATOR({schema}.{symbol})"),
        None => symbol,
    }
}
