//! Everything that is not an operator: constants, columns, `CASE`, arrays, rows, subscripts.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::Low;
use crate::sql::ast::{Expr, ExprKind};
use crate::sql::{cx, lower_type, tree};

/// Keywords that are values, and what each is called in the syntax tree.
const KEYWORDS: [(K, &str); 12] = [
    (K::CURRENT_USER_KW, "current_user"),
    (K::CURRENT_ROLE_KW, "current_user"),
    (K::USER_KW, "current_user"),
    (K::SESSION_USER_KW, "session_user"),
    (K::SYSTEM_USER_KW, "system_user"),
    (K::CURRENT_DATE_KW, "current_date"),
    (K::CURRENT_TIME_KW, "current_time"),
    (K::CURRENT_TIMESTAMP_KW, "current_timestamp"),
    (K::LOCALTIME_KW, "localtime"),
    (K::LOCALTIMESTAMP_KW, "localtimestamp"),
    (K::CURRENT_CATALOG_KW, "current_catalog"),
    (K::CURRENT_SCHEMA_KW, "current_schema"),
];

impl Low<'_> {
    pub(super) fn atom(self, node: &SyntaxNode) -> Expr {
        let kind = match node.kind() {
            K::PAREN_EXPR => return self.paren(node),
            kind if tree::is_query(node) || kind == K::PAREN_SELECT => ExprKind::Subquery(Box::new(self.query(node))),
            K::LITERAL => literal(node),
            K::NON_STANDARD_PARAM => ExprKind::Param(cx::text(node)),
            K::NAME_REF => name_ref(node),
            K::FIELD_EXPR => self.field(node),
            K::CALL_EXPR => return self.call(node),
            K::CAST_EXPR => return self.cast(node),
            K::CASE_EXPR => self.case(node),
            K::ARRAY_EXPR => self.array(node),
            K::TUPLE_EXPR => ExprKind::Row(self.exprs(node)),
            K::INDEX_EXPR => return self.index(node),
            K::SLICE_EXPR => return self.slice(node),
            _ => return self.other(node),
        };
        self.at(node, kind)
    }

    fn paren(self, node: &SyntaxNode) -> Expr {
        if let Some(query) = tree::enclosed_query(node) {
            let query = self.query(&query);
            return self.at(node, ExprKind::Subquery(Box::new(query)));
        }
        match self.child_expr(node) {
            Some(inner) => inner,
            None => self.other(node),
        }
    }

    /// A dotted name is a column, anything else with a field a composite's field.
    fn field(self, node: &SyntaxNode) -> ExprKind {
        let star = tree::has_token(node, K::STAR);
        if let Some(mut parts) = dotted(node) {
            if star {
                return ExprKind::Star(Some(tree::name_of(parts)));
            }
            if parts.len() > 3 {
                parts.drain(..parts.len() - 3);
            }
            return ExprKind::Column(parts);
        }
        let mut children = tree::exprs(node);
        let base = children.next().map(|base| self.expr(&base));
        let field = match (star, children.last()) {
            (false, Some(name)) => cx::ident(&name),
            _ => "*".to_owned(),
        };
        match base {
            Some(expr) => ExprKind::Field { expr: Box::new(expr), field },
            None => ExprKind::Other { text: cx::text(node), inner: Vec::new() },
        }
    }

    /// `cast(x as t)`, `treat(x as t)`, `t 'literal'`; `x::t` is an operator.
    fn cast(self, node: &SyntaxNode) -> Expr {
        let value = self.child_expr(node);
        let ty = node.children().find(lower_type::is_type).map(|ty| lower_type::of_node(&ty));
        match (value, ty) {
            (Some(expr), Some(ty)) => self.at(node, ExprKind::Cast { expr: Box::new(expr), ty }),
            _ => self.other(node),
        }
    }

    fn case(self, node: &SyntaxNode) -> ExprKind {
        let arms = tree::child(node, K::WHEN_CLAUSE_LIST);
        let whens = arms.iter().flat_map(|list| tree::children_of(list, K::WHEN_CLAUSE)).filter_map(|arm| {
            let mut parts = self.exprs(&arm).into_iter();
            Some((parts.next()?, parts.next()?))
        });
        ExprKind::Case {
            operand: self.child_expr(node).map(Box::new),
            whens: whens.collect(),
            otherwise: tree::child(node, K::ELSE_CLAUSE).and_then(|arm| self.child_expr(&arm)).map(Box::new),
        }
    }

    fn array(self, node: &SyntaxNode) -> ExprKind {
        match node.children().find(tree::is_query) {
            Some(query) => ExprKind::ArrayQuery(Box::new(self.query(&query))),
            None => ExprKind::Array(self.exprs(node)),
        }
    }

    fn index(self, node: &SyntaxNode) -> Expr {
        let mut parts = self.exprs(node).into_iter();
        match (parts.next(), parts.next()) {
            (Some(expr), Some(index)) => {
                self.at(node, ExprKind::Index { expr: Box::new(expr), index: Box::new(index) })
            }
            _ => self.other(node),
        }
    }

    fn slice(self, node: &SyntaxNode) -> Expr {
        let colon = tree::tokens(node).find(|token| token.kind() == K::COLON).map(|token| token.text_range().start());
        let mut children = tree::exprs(node);
        let (Some(base), Some(colon)) = (children.next(), colon) else { return self.other(node) };
        let (mut low, mut high) = (None, None);
        for bound in children {
            let side = if bound.text_range().start() < colon { &mut low } else { &mut high };
            *side = Some(Box::new(self.expr(&bound)));
        }
        self.at(node, ExprKind::Slice { expr: Box::new(self.expr(&base)), low, high })
    }
}

/// The parts of a dotted name without calls or parentheses in it; a final `*` is not among them.
pub(super) fn dotted(node: &SyntaxNode) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut at = node.clone();
    while at.kind() == K::FIELD_EXPR {
        let mut children = at.children();
        let base = children.next()?;
        names.extend(children.next().map(|name| cx::ident(&name)));
        at = base;
    }
    if at.kind() != K::NAME_REF {
        return None;
    }
    names.push(cx::ident(&at));
    names.reverse();
    Some(names)
}

fn name_ref(node: &SyntaxNode) -> ExprKind {
    let kind = tree::tokens(node).next().map(|token| token.kind());
    match KEYWORDS.iter().find(|(keyword, _)| Some(*keyword) == kind) {
        Some((_, word)) => ExprKind::Keyword(word),
        None => ExprKind::Column(vec![cx::ident(node)]),
    }
}

fn literal(node: &SyntaxNode) -> ExprKind {
    let Some(token) = tree::tokens(node).next() else {
        return ExprKind::Other { text: cx::text(node), inner: Vec::new() };
    };
    match token.kind() {
        K::NULL_KW => ExprKind::Null,
        K::TRUE_KW => ExprKind::Bool(true),
        K::FALSE_KW => ExprKind::Bool(false),
        K::DEFAULT_KW => ExprKind::Default,
        K::INT_NUMBER | K::NUMERIC_NUMBER => ExprKind::Number(token.text().to_ascii_lowercase()),
        K::POSITIONAL_PARAM => ExprKind::Param(token.text().to_owned()),
        K::BIT_STRING | K::BYTE_STRING => ExprKind::Bits(cx::text(node)),
        _ => match cx::string(node) {
            Some(text) => ExprKind::String(text),
            None => ExprKind::Other { text: cx::text(node), inner: Vec::new() },
        },
    }
}
