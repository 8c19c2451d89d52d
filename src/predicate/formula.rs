//! Three-valued formulas over unknowns, kept once each, and the search through everything the unknowns may be.

mod search;

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::decimal::Decimal;
pub(super) use search::Outcomes;

/// SQL's truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Tri {
    False,
    True,
    Null,
}

impl Tri {
    pub(super) const fn of(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

/// What something depends on: a set of sources (bits into the evaluation's list), and the levels of the subqueries
/// whose rows it reads (bit 0 is the outermost subquery; the policy's own row is none).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub(super) struct Deps {
    pub(super) bits: u64,
    pub(super) levels: u32,
}

impl Deps {
    pub(super) fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, levels: self.levels | other.levels }
    }
}

/// A formula, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node(u32);

/// An unknown, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Var(u32);

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum CmpOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl CmpOp {
    pub(super) fn parse(op: &str) -> Option<Self> {
        Some(match op {
            "=" => Self::Eq,
            "<>" => Self::Ne,
            "<" => Self::Lt,
            "<=" => Self::Le,
            ">" => Self::Gt,
            ">=" => Self::Ge,
            _ => return None,
        })
    }

    /// The comparison with its sides exchanged.
    pub(super) const fn flip(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }

    pub(super) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }
}

/// A value an unknown is compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Point {
    Text(String),
    Number(Decimal),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Const(Tri),
    /// A two-valued unknown.
    Var(Var),
    /// Comparison of a [`Domain::Cell`] with one of its points.
    Cell(Var, CmpOp, Point),
    /// Comparison of a [`Domain::Order`] with "equal".
    Order(Var, CmpOp),
    Not(Node),
    And(Rc<[Node]>),
    Or(Rc<[Node]>),
    /// Is exactly this; never NULL.
    Is(Node, Tri),
}

/// What an unknown may be.
#[derive(Debug, Clone)]
pub(super) enum Domain {
    /// True or false.
    Two,
    /// Less, equal or greater.
    Order,
    /// One of the points or, unless `closed`, something else; `ordered` ones also lie between their points.
    Cell { points: BTreeSet<Point>, ordered: bool, closed: bool },
}

impl Domain {
    fn size(&self) -> usize {
        match self {
            Self::Two => 2,
            Self::Order => 3,
            Self::Cell { points, ordered: true, .. } => 2 * points.len() + 1,
            Self::Cell { points, closed, .. } => points.len() + usize::from(!closed || points.is_empty()),
        }
    }
}

#[derive(Debug, Clone)]
struct Unknown {
    domain: Domain,
    deps: Deps,
}

/// Work the searches of one analysis may do before they give up, in visited nodes.
pub(super) const STEPS: u32 = 100_000;
/// All formulas of one analysis.
#[derive(Debug)]
pub(super) struct Formulas {
    nodes: Vec<Kind>,
    index: FxHashMap<Kind, Node>,
    unknowns: Vec<Unknown>,
    deps: Vec<Deps>,
    steps: u32,
    /// Whether a formula can be true, where that was asked.
    possible: FxHashMap<Node, bool>,
    desk: search::Desk,
}

impl Formulas {
    pub(super) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            index: FxHashMap::default(),
            unknowns: Vec::new(),
            deps: Vec::new(),
            steps: STEPS,
            possible: FxHashMap::default(),
            desk: search::Desk::default(),
        }
    }

    pub(super) fn unknown(&mut self, domain: Domain, deps: Deps) -> Var {
        self.unknowns.push(Unknown { domain, deps });
        Var(u32::try_from(self.unknowns.len() - 1).unwrap_or(u32::MAX))
    }

    fn add(&mut self, kind: Kind) -> Node {
        if let Some(node) = self.index.get(&kind) {
            return *node;
        }
        let deps = self.deps_of_kind(&kind);
        let node = Node(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(kind.clone());
        self.deps.push(deps);
        self.index.insert(kind, node);
        node
    }

    fn deps_of_kind(&self, kind: &Kind) -> Deps {
        match kind {
            Kind::Const(_) => Deps::default(),
            Kind::Var(var) | Kind::Cell(var, ..) | Kind::Order(var, _) => self.var_deps(*var),
            Kind::Not(inner) | Kind::Is(inner, _) => self.deps(*inner),
            Kind::And(parts) | Kind::Or(parts) => {
                parts.iter().fold(Deps::default(), |deps, part| deps.union(self.deps(*part)))
            }
        }
    }

    fn kind(&self, node: Node) -> Option<&Kind> {
        self.nodes.get(node.0 as usize)
    }

    fn var_deps(&self, var: Var) -> Deps {
        self.unknowns.get(var.0 as usize).map(|unknown| unknown.deps).unwrap_or_default()
    }

    pub(super) fn deps(&self, node: Node) -> Deps {
        self.deps.get(node.0 as usize).copied().unwrap_or_default()
    }

    pub(super) fn constant(&self, node: Node) -> Option<Tri> {
        match self.kind(node) {
            Some(Kind::Const(tri)) => Some(*tri),
            _ => None,
        }
    }

    pub(super) fn tri(&mut self, tri: Tri) -> Node {
        self.add(Kind::Const(tri))
    }

    pub(super) fn bool(&mut self, truth: bool) -> Node {
        self.tri(Tri::of(truth))
    }

    pub(super) fn var(&mut self, var: Var) -> Node {
        self.add(Kind::Var(var))
    }

    /// A fresh two-valued unknown as a formula.
    pub(super) fn fresh(&mut self, deps: Deps) -> Node {
        let var = self.unknown(Domain::Two, deps);
        self.var(var)
    }

    pub(super) fn cell(&mut self, var: Var, op: CmpOp, point: Point) -> Node {
        if let Some(Unknown { domain: Domain::Cell { points, closed, .. }, .. }) = self.unknowns.get_mut(var.0 as usize)
            && !*closed
        {
            points.insert(point.clone());
        }
        self.add(Kind::Cell(var, op, point))
    }

    pub(super) fn order(&mut self, var: Var, op: CmpOp) -> Node {
        self.add(Kind::Order(var, op))
    }

    pub(super) fn not(&mut self, inner: Node) -> Node {
        match self.kind(inner) {
            Some(Kind::Const(Tri::True)) => self.bool(false),
            Some(Kind::Const(Tri::False)) => self.bool(true),
            Some(Kind::Const(Tri::Null)) => inner,
            Some(Kind::Not(twice)) => *twice,
            _ => self.add(Kind::Not(inner)),
        }
    }

    pub(super) fn and(&mut self, parts: impl IntoIterator<Item = Node>) -> Node {
        self.join(parts, Tri::True, Tri::False)
    }

    pub(super) fn or(&mut self, parts: impl IntoIterator<Item = Node>) -> Node {
        self.join(parts, Tri::False, Tri::True)
    }

    fn join(&mut self, parts: impl IntoIterator<Item = Node>, neutral: Tri, absorbing: Tri) -> Node {
        let mut kept = Vec::new();
        for part in parts {
            match self.constant(part) {
                Some(tri) if tri == neutral => {}
                Some(tri) if tri == absorbing => return part,
                _ if kept.contains(&part) => {}
                _ => kept.push(part),
            }
        }
        match kept.as_slice() {
            [] => self.tri(neutral),
            [one] => *one,
            _ if absorbing == Tri::False => self.add(Kind::And(kept.into())),
            _ => self.add(Kind::Or(kept.into())),
        }
    }

    /// Never NULL, by construction.
    fn two_valued(&self, node: Node) -> bool {
        match self.kind(node) {
            Some(Kind::Const(tri)) => *tri != Tri::Null,
            Some(Kind::Var(_) | Kind::Cell(..) | Kind::Order(..) | Kind::Is(..)) => true,
            Some(Kind::Not(inner)) => self.two_valued(*inner),
            Some(Kind::And(parts) | Kind::Or(parts)) => {
                parts.len() < 8 && parts.iter().all(|part| self.flat_two(*part))
            }
            None => false,
        }
    }

    fn flat_two(&self, node: Node) -> bool {
        matches!(self.kind(node), Some(Kind::Var(_) | Kind::Cell(..) | Kind::Order(..) | Kind::Is(..)))
            || matches!(self.constant(node), Some(Tri::True | Tri::False))
    }

    pub(super) fn is(&mut self, inner: Node, tri: Tri) -> Node {
        match self.constant(inner) {
            Some(known) => self.bool(known == tri),
            None if self.two_valued(inner) => match tri {
                Tri::True => inner,
                Tri::False => self.not(inner),
                Tri::Null => self.bool(false),
            },
            None => self.add(Kind::Is(inner, tri)),
        }
    }

    /// `then` where `guard` is true, else `otherwise`; `guard` must be two-valued.
    pub(super) fn ite(&mut self, guard: Node, then: Node, otherwise: Node) -> Node {
        if then == otherwise {
            return then;
        }
        match self.constant(guard) {
            Some(Tri::True) => return then,
            Some(_) => return otherwise,
            None => {}
        }
        let not = self.not(guard);
        let yes = self.and([guard, then]);
        let no = self.and([not, otherwise]);
        self.or([yes, no])
    }

    /// NULL where `null` (two-valued) is true, else `value`.
    pub(super) fn null_if(&mut self, null: Node, value: Node) -> Node {
        let nothing = self.tri(Tri::Null);
        self.ite(null, nothing, value)
    }

    /// Every unknown `root` is made of.
    fn vars(&self, roots: &[Node]) -> BTreeSet<Var> {
        let (mut seen, mut open, mut vars) = (BTreeSet::new(), roots.to_vec(), BTreeSet::new());
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            match self.kind(node) {
                Some(Kind::Var(var) | Kind::Cell(var, ..) | Kind::Order(var, _)) => {
                    vars.insert(*var);
                }
                Some(Kind::Not(inner) | Kind::Is(inner, _)) => open.push(*inner),
                Some(Kind::And(parts) | Kind::Or(parts)) => open.extend(parts.iter()),
                Some(Kind::Const(_)) | None => {}
            }
        }
        vars
    }

    /// The unknowns of `root` whose dependence `matches`.
    pub(super) fn vars_where(&self, root: Node, matches: impl Fn(Deps) -> bool) -> Vec<Var> {
        self.vars(&[root]).into_iter().filter(|var| matches(self.var_deps(*var))).collect()
    }

    /// How many values `var` may have.
    pub(super) fn size(&self, var: Var) -> usize {
        self.unknowns.get(var.0 as usize).map_or(1, |unknown| unknown.domain.size())
    }
}
