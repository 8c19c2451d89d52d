//! The search through everything the unknowns of a formula may be: one is fixed where an evaluation first needs it.

use super::{CmpOp, Domain, Formulas, Kind, Node, Point, Tri, Unknown, Var};

/// Unknowns decided on the way to one outcome before a search gives up.
const MAX_PATH: usize = 40;

/// Nodes visited before whether a formula can be true is taken for granted: such questions are asked on the way, and
/// none may use up what the whole needs.
const POSSIBLE_STEPS: u32 = 2_000;

impl Formulas {
    /// The outcomes of `root` over everything its unknowns may be, given that no `assumption` is false.
    pub(in crate::predicate) fn outcomes(&mut self, root: Node, assumptions: &[Node]) -> Outcomes {
        self.outcomes_with(root, assumptions, &[])
    }

    /// `root` is true for something its unknowns may be, or the search was given up. Remembered: a comparison with
    /// another point, made later, divides what an unknown may be but adds nothing to it.
    pub(in crate::predicate) fn possible(&mut self, root: Node) -> bool {
        if let Some(known) = self.possible.get(&root) {
            return *known;
        }
        let possible = !self.search(root, &[], &[], true).never();
        self.possible.insert(root, possible);
        possible
    }

    /// As [`Self::outcomes`], with some unknowns fixed.
    pub(in crate::predicate) fn outcomes_with(
        &mut self,
        root: Node,
        assumptions: &[Node],
        fixed: &[(Var, usize)],
    ) -> Outcomes {
        self.search(root, assumptions, fixed, false)
    }

    fn search(&mut self, root: Node, assumptions: &[Node], fixed: &[(Var, usize)], only_yes: bool) -> Outcomes {
        if let (Some(tri), []) = (self.constant(root), assumptions) {
            return Outcomes::of(tri);
        }
        if self.steps == 0 {
            return Outcomes { gave_up: true, ..Outcomes::default() };
        }
        let mut desk = std::mem::take(&mut self.desk);
        desk.assigned.resize(self.unknowns.len(), None);
        desk.memo.resize(self.nodes.len(), (0, Ok(Tri::Null)));
        desk.clock += 1;
        let steps = if only_yes { self.steps.min(POSSIBLE_STEPS) } else { self.steps };
        let left = self.steps - steps;
        let since = desk.clock;
        let mut search = Search { formulas: self, desk, since, found: Outcomes::default(), only_yes, steps };
        fixed.iter().for_each(|(var, value)| search.assign(*var, Some(*value)));
        search.explore(root, assumptions, 0);
        fixed.iter().for_each(|(var, _)| search.assign(*var, None));
        let Search { desk, found, steps, .. } = search;
        (self.desk, self.steps) = (desk, left + steps);
        found
    }
}

/// What a search writes on, kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Desk {
    assigned: Vec<Option<usize>>,
    /// What is known of each node, and since when. A truth value holds until the unknown fixed last before it was
    /// found is given another value; that an unknown must be fixed first, only until the next is fixed.
    memo: Vec<(u32, Step)>,
    /// Nodes whose truth value is noted in `memo`, in the order of being found.
    trail: Vec<Node>,
    /// Counts searches and assignments.
    clock: u32,
}

/// Which truth values a formula takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::predicate) struct Outcomes {
    pub(in crate::predicate) yes: bool,
    /// False or NULL.
    pub(in crate::predicate) no: bool,
    /// The search was given up: anything is possible.
    pub(in crate::predicate) gave_up: bool,
}

impl Outcomes {
    fn of(tri: Tri) -> Self {
        let mut outcomes = Self::default();
        outcomes.add(tri);
        outcomes
    }

    fn add(&mut self, tri: Tri) {
        match tri {
            Tri::True => self.yes = true,
            Tri::False | Tri::Null => self.no = true,
        }
    }

    /// True whatever the unknowns are.
    pub(in crate::predicate) fn always(self) -> bool {
        self.yes && !self.no && !self.gave_up
    }

    /// True for nothing the unknowns may be.
    pub(in crate::predicate) fn never(self) -> bool {
        !self.yes && !self.gave_up
    }

    fn settled(self) -> bool {
        self.gave_up || (self.yes && self.no)
    }
}

struct Search<'f> {
    /// Whether it is ever true is all that is asked.
    only_yes: bool,
    formulas: &'f Formulas,
    desk: Desk,
    /// The clock when this search began.
    since: u32,
    found: Outcomes,
    steps: u32,
}

/// A value, or the unknown that must be fixed first.
type Step = Result<Tri, Var>;

impl Search<'_> {
    fn explore(&mut self, root: Node, assumptions: &[Node], depth: usize) {
        if depth > MAX_PATH || self.steps == 0 {
            self.found.gave_up = true;
        }
        if self.found.settled() || (self.only_yes && self.found.yes) {
            return;
        }
        self.desk.clock += 1;
        let noted = self.desk.trail.len();
        match self.outcome(root, assumptions) {
            Ok(Some(tri)) => self.found.add(tri),
            Ok(None) => {}
            Err(var) => {
                for value in 0..self.formulas.size(var) {
                    self.assign(var, Some(value));
                    self.explore(root, assumptions, depth + 1);
                }
                self.assign(var, None);
            }
        }
        self.forget(noted);
    }

    /// Takes back the truth values found since the trail was `length` long.
    fn forget(&mut self, length: usize) {
        for node in self.desk.trail.drain(length..) {
            if let Some(slot) = self.desk.memo.get_mut(node.0 as usize) {
                slot.0 = 0;
            }
        }
    }

    fn assign(&mut self, var: Var, value: Option<usize>) {
        if let Some(slot) = self.desk.assigned.get_mut(var.0 as usize) {
            *slot = value;
        }
    }

    /// `None` where an assumption rules the assignment out.
    fn outcome(&mut self, root: Node, assumptions: &[Node]) -> Result<Option<Tri>, Var> {
        let tri = self.eval(root)?;
        // An outcome already known to occur needs no proof that this assignment is possible.
        if (tri == Tri::True && self.found.yes) || (tri != Tri::True && self.found.no) {
            return Ok(None);
        }
        for assumption in assumptions {
            if self.eval(*assumption)? == Tri::False {
                return Ok(None);
            }
        }
        Ok(Some(tri))
    }

    fn eval(&mut self, node: Node) -> Step {
        if let Some((at, step)) = self.desk.memo.get(node.0 as usize)
            && *at >= if step.is_ok() { self.since } else { self.desk.clock }
        {
            return *step;
        }
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 {
            self.found.gave_up = true;
            return Ok(Tri::Null);
        }
        let step = self.eval_kind(node);
        if let Some(slot) = self.desk.memo.get_mut(node.0 as usize) {
            *slot = (self.desk.clock, step);
            if step.is_ok() {
                self.desk.trail.push(node);
            }
        }
        step
    }

    fn eval_kind(&mut self, node: Node) -> Step {
        let formulas = self.formulas;
        Ok(match formulas.kind(node) {
            None => Tri::Null,
            Some(Kind::Const(tri)) => *tri,
            Some(Kind::Var(var)) => Tri::of(self.value(*var)? == 1),
            Some(Kind::Order(var, op)) => Tri::of(op.holds(self.value(*var)?.cmp(&1))),
            Some(Kind::Cell(var, op, point)) => self.cell(*var, *op, point)?,
            Some(Kind::Not(inner)) => match self.eval(*inner)? {
                Tri::True => Tri::False,
                Tri::False => Tri::True,
                Tri::Null => Tri::Null,
            },
            Some(Kind::Is(inner, tri)) => Tri::of(self.eval(*inner)? == *tri),
            Some(Kind::And(parts)) => self.junction(parts, Tri::True, Tri::False)?,
            Some(Kind::Or(parts)) => self.junction(parts, Tri::False, Tri::True)?,
        })
    }

    fn junction(&mut self, parts: &[Node], neutral: Tri, absorbing: Tri) -> Step {
        let (mut result, mut needed) = (neutral, None);
        for part in parts {
            match self.eval(*part) {
                Ok(tri) if tri == absorbing => return Ok(absorbing),
                Ok(Tri::Null) => result = Tri::Null,
                Ok(_) => {}
                Err(var) => needed = needed.or(Some(var)),
            }
        }
        needed.map_or(Ok(result), Err)
    }

    fn value(&self, var: Var) -> Result<usize, Var> {
        self.desk.assigned.get(var.0 as usize).copied().flatten().ok_or(var)
    }

    fn cell(&mut self, var: Var, op: CmpOp, point: &Point) -> Step {
        let value = self.value(var)?;
        let Some(Unknown { domain: Domain::Cell { points, ordered, .. }, .. }) =
            self.formulas.unknowns.get(var.0 as usize)
        else {
            return Ok(Tri::Null);
        };
        let rank = points.iter().position(|known| known == point);
        self.steps = self.steps.saturating_sub(u32::try_from(points.len() / 4).unwrap_or(u32::MAX));
        Ok(Tri::of(match (rank, ordered) {
            (Some(rank), true) => op.holds(value.cmp(&(2 * rank + 1))),
            (Some(rank), false) => (value == rank) == (op == CmpOp::Eq),
            // A closed domain that does not have the point.
            (None, _) => op == CmpOp::Ne,
        }))
    }
}
