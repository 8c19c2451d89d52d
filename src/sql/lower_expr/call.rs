//! Calls, and the constructs SQL spells with their own keywords: as the plain calls they stand for.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::Low;
use super::atom::dotted;
use crate::sql::ast::{Call, CallArg, Expr, ExprKind, Name};
use crate::sql::{cx, tree};

impl Low<'_> {
    pub(super) fn call(self, node: &SyntaxNode) -> Expr {
        let Some(first) = node.children().next() else { return self.other(node) };
        if let Some(kind) = self.keyword_call(&first) {
            return self.at(node, kind);
        }
        match (dotted(&first), tree::child(node, K::ARG_LIST)) {
            (Some(parts), Some(list)) => {
                let call = self.plain_call(tree::name_of(parts), node, &list);
                self.at(node, ExprKind::Call(Box::new(call)))
            }
            _ => self.other(node),
        }
    }

    pub(in crate::sql) fn plain_call(self, name: Name, node: &SyntaxNode, list: &SyntaxNode) -> Call {
        let args: Vec<SyntaxNode> = tree::children_of(list, K::ARG).collect();
        let mut order_by: Vec<Expr> = args.iter().flat_map(|arg| self.order_by(arg)).collect();
        if let Some(within) = tree::child(node, K::WITHIN_CLAUSE) {
            order_by.extend(self.order_by(&within));
        }
        let filter = tree::child(node, K::FILTER_CLAUSE);
        let over = tree::child(node, K::OVER_CLAUSE);
        Call {
            name,
            args: args.iter().filter_map(|arg| self.arg(arg)).collect(),
            star: tree::has_token(list, K::STAR),
            distinct: tree::child(list, K::DISTINCT).is_some(),
            filter: filter.and_then(|clause| self.child_expr(&clause)),
            order_by,
            window: over.as_ref().map(|clause| self.inside(clause)).unwrap_or_default(),
            over: over.is_some(),
        }
    }

    fn arg(self, node: &SyntaxNode) -> Option<CallArg> {
        let variadic = tree::has_token(node, K::VARIADIC_KW);
        if let Some(named) = tree::child(node, K::NAMED_ARG) {
            let name = tree::child(&named, K::PARAM_NAME_REF).map(|name| cx::ident(&name));
            return Some(CallArg { name, variadic, value: self.child_expr(&named)? });
        }
        let value = node.children().find(|child| tree::is_expr(child) || tree::is_query(child))?;
        Some(CallArg { name: None, variadic, value: self.expr(&value) })
    }

    /// The expressions of the `ORDER BY` clause that is a child of `node`.
    pub(in crate::sql) fn order_by(self, node: &SyntaxNode) -> Vec<Expr> {
        let clause = tree::child(node, K::ORDER_BY_CLAUSE);
        let list = clause.and_then(|clause| tree::child(&clause, K::SORT_BY_LIST));
        let items = list.iter().flat_map(|list| tree::children_of(list, K::SORT_BY));
        items.filter_map(|item| self.child_expr(&item)).collect()
    }

    /// `x op ANY/SOME/ALL (right)`: whether it is `ALL`, and the right side.
    pub(super) fn quantifier(self, node: &SyntaxNode) -> Option<(bool, Expr)> {
        let inner = (node.kind() == K::CALL_EXPR).then(|| node.children().next()).flatten()?;
        if !matches!(inner.kind(), K::ANY_FN | K::SOME_FN | K::ALL_FN) {
            return None;
        }
        let right = inner.children().find(|child| tree::is_expr(child) || tree::is_query(child))?;
        let right = match tree::enclosed_query(&right) {
            Some(query) => self.at(&right, ExprKind::Subquery(Box::new(self.query(&query)))),
            None => self.expr(&right),
        };
        Some((inner.kind() == K::ALL_FN, right))
    }

    fn keyword_call(self, node: &SyntaxNode) -> Option<ExprKind> {
        Some(match node.kind() {
            K::EXISTS_FN => {
                ExprKind::Exists(Box::new(self.query(&node.children().find_map(|child| tree::enclosed_query(&child))?)))
            }
            K::EXTRACT_FN => self.extract(node)?,
            K::SUBSTRING_FN => self.substring(node),
            K::POSITION_FN => {
                let mut args = self.exprs(node);
                args.reverse();
                call("position", args)
            }
            K::OVERLAY_FN => call("overlay", self.inside(node)),
            K::TRIM_FN => self.trim(node),
            K::COLLATION_FOR_FN => call("pg_collation_for", self.exprs(node)),
            K::NAME_REF | K::FIELD_EXPR => return None,
            _ if tree::is_expr(node) => return None,
            _ => ExprKind::Other { text: cx::text(node), inner: self.inside(node) },
        })
    }

    /// `extract(field from x)` with its field as a string.
    fn extract(self, node: &SyntaxNode) -> Option<ExprKind> {
        let field =
            node.children().find(|child| matches!(child.kind(), K::EXTRACT_FIELD_NAME | K::EXTRACT_FIELD_LITERAL))?;
        let word = field.descendants().find_map(|inner| cx::string(&inner)).unwrap_or_else(|| cx::text(&field));
        let value = self.child_expr(node)?;
        let word = self.at(&field, ExprKind::String(word.to_lowercase()));
        Some(call("extract", vec![word, value]))
    }

    /// `substring(x for n)` starts at 1.
    fn substring(self, node: &SyntaxNode) -> ExprKind {
        let mut args = self.inside(node);
        let form = node.children().next();
        if let Some(form) = form.filter(|form| form.kind() == K::SUBSTRING_FOR_FROM) {
            match args.len() {
                2 => args.insert(1, self.at(&form, ExprKind::Number("1".to_owned()))),
                3 => args.swap(1, 2),
                _ => {}
            }
        }
        call("substring", args)
    }

    /// `trim([both] [chars] from x)` as `btrim(x, chars)`.
    fn trim(self, node: &SyntaxNode) -> ExprKind {
        let has = |kind| tree::child(node, kind).is_some();
        let name = match (has(K::TRIM_LEADING), has(K::TRIM_TRAILING)) {
            (true, _) => "ltrim",
            (_, true) => "rtrim",
            _ => "btrim",
        };
        let mut args = self.inside(node);
        if has(K::TRIM_EXPR_FROM) && args.len() > 1 {
            args.rotate_left(1);
        }
        call(name, args)
    }
}

fn call(name: &str, values: Vec<Expr>) -> ExprKind {
    let args = values.into_iter().map(|value| CallArg { name: None, variadic: false, value }).collect();
    ExprKind::Call(Box::new(Call {
        name: Name::bare(name),
        args,
        star: false,
        distinct: false,
        filter: None,
        order_by: Vec::new(),
        over: false,
        window: Vec::new(),
    }))
}
