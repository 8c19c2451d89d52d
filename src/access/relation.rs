//! One relation and one command, for whoever's rights count: privilege, then row level security, then what is behind a
//! view.

use super::policies::{Clause, Rls};
use super::session::Memo;
use super::{Access, Ask, Command, Judgement, MAX_DEPTH, Step, Touch, Verdict};
use crate::catalog::{ObjectKind, QualifiedName, Relation};

impl<'c> Access<'c> {
    /// How far a command reaches on a relation.
    pub(super) fn reach(
        &self,
        ask: Ask<'_, 'c>,
        target: (&'c QualifiedName, &'c Relation),
        command: Command,
        touch: &Touch,
        memo: &Memo<'c>,
        depth: usize,
    ) -> Judgement {
        let (name, relation) = target;
        if depth > MAX_DEPTH {
            return Judgement::of(Verdict::Unknown, Step::new(format!("{name} stands behind too many views"), None));
        }
        let privilege = self.privilege(ask.checker, target, command, touch);
        if privilege.verdict == Verdict::None {
            return privilege;
        }
        if let Some(elsewhere) = self.rewritten(target, command) {
            return privilege.then(elsewhere);
        }
        let mut judgement = privilege.then(match (relation.kind, command.writes()) {
            (ObjectKind::View, false) => self.view(ask, target, memo, depth),
            (ObjectKind::View, true) => self.view_write(ask, target, command, memo, depth),
            (ObjectKind::MaterializedView, false) => self.stored(ask, target),
            (ObjectKind::MaterializedView, true) => Judgement::of(
                Verdict::None,
                Step::new(format!("{name} is a materialized view: nothing writes it"), None),
            ),
            (ObjectKind::ForeignTable, writes) => foreign(name, writes),
            _ => self.secured(ask, target, command, memo),
        });
        if command.writes() && judgement.verdict.is_open() {
            self.say_triggers(target, command, &mut judgement);
        }
        judgement
    }

    /// A table's rows, by row level security.
    fn secured(
        &self,
        ask: Ask<'_, 'c>,
        target: (&'c QualifiedName, &'c Relation),
        command: Command,
        memo: &Memo<'c>,
    ) -> Judgement {
        let (off, mut on) = match self.rls(ask.checker, target) {
            Rls::Off(step) => return Judgement::of(Verdict::All, step),
            Rls::On(on) => (None, on),
            Rls::Unclear(step) => (Some(step), Judgement::default()),
        };
        on = on.then(self.policed(ask, target, command, memo));
        match off {
            // Off, everything gets through: only where the policies say the same is it known.
            Some(step) if on.verdict != Verdict::All => Judgement::of(Verdict::Unknown, step),
            Some(step) => Judgement::of(Verdict::All, step).then(on),
            None => on,
        }
    }

    /// What the policies let through, row level security being on.
    fn policed(
        &self,
        ask: Ask<'_, 'c>,
        target: (&'c QualifiedName, &'c Relation),
        command: Command,
        memo: &Memo<'c>,
    ) -> Judgement {
        let rows = |clause| self.rows(ask, target, command, clause, false, memo);
        let mut judgement = match command {
            Command::Select | Command::Delete => rows(Clause::Using),
            Command::Insert => rows(Clause::Check),
            Command::Update => {
                let found = rows(Clause::Using);
                if found.verdict.is_open() {
                    let mut check = rows(Clause::Check);
                    check.derivation.retain(|step| !found.derivation.contains(step));
                    if found.verdict != Verdict::All {
                        check = check.soften();
                    }
                    found.then(check)
                } else {
                    // No row gets as far as the check, but it may keep the statement from starting.
                    let check = self.rows(ask, target, command, Clause::Check, true, memo);
                    let mut found = found;
                    match check.verdict {
                        Verdict::None => found.then(check),
                        _ => {
                            found.assume_all(check.assumptions);
                            found
                        }
                    }
                }
            }
        };
        if matches!(command, Command::Update | Command::Delete) && judgement.verdict.is_open() {
            let seen = self.rows(ask, target, Command::Select, Clause::Using, false, memo);
            if seen.verdict != Verdict::All {
                let text = format!(
                    "a statement with WHERE or RETURNING reaches only rows that SELECT policies show: {}",
                    seen.verdict.word()
                );
                judgement.step(text, None);
            }
        }
        judgement
    }

    /// A materialized view holds what its owner saw.
    fn stored(&self, ask: Ask<'_, 'c>, (name, relation): (&'c QualifiedName, &'c Relation)) -> Judgement {
        let mut judgement = Judgement::of(
            Verdict::All,
            Step::new(
                format!("{name} is a materialized view: it has no row level security"),
                relation.provenance.defined.as_ref(),
            ),
        );
        for read in relation.definition.iter().filter_map(|definition| definition.get()).flat_map(|view| &view.reads) {
            let Some(source) = self.catalog.relations.get_key_value(read) else { continue };
            if matches!(self.rls(ask.checker, source), Rls::On(_)) {
                judgement.step(
                    format!("it keeps rows of {read}, whose row level security holds {}", ask.checker.label()),
                    None,
                );
            }
        }
        judgement
    }

    /// What a rule or trigger does in place of the command.
    fn rewritten(&self, (name, relation): (&QualifiedName, &Relation), command: Command) -> Option<Judgement> {
        let instead = relation.rules.iter().find(|(_, rule)| rule.instead && rule.event == command.word());
        if let Some((rule, found)) = instead {
            let text = format!("rule `{rule}` on {name} does something else instead");
            return Some(Judgement::of(Verdict::Unknown, Step::new(text, found.provenance.defined.as_ref())));
        }
        let instead = relation.triggers.iter().find(|(_, trigger)| {
            trigger.timing == "instead of" && trigger.events.iter().any(|event| event == command.word())
        });
        let (trigger, found) = instead?;
        let text = format!("trigger `{trigger}` on {name} runs {} instead", found.function);
        Some(Judgement::of(Verdict::Unknown, Step::new(text, found.provenance.defined.as_ref())))
    }

    /// Row triggers may refuse what policies allow.
    fn say_triggers(&self, (name, relation): (&QualifiedName, &Relation), command: Command, judgement: &mut Judgement) {
        let before = relation.triggers.iter().filter(|(_, trigger)| {
            trigger.timing == "before" && trigger.row && trigger.events.iter().any(|event| event == command.word())
        });
        for (trigger, found) in before {
            let text = format!("trigger `{trigger}` on {name} runs {} before and may refuse", found.function);
            judgement.step(text, found.provenance.defined.as_ref());
        }
    }
}

fn foreign(name: &QualifiedName, writes: bool) -> Judgement {
    let text = format!("{name} is a foreign table: it has no row level security");
    let mut judgement = Judgement::of(Verdict::All, Step::new(text, None));
    let what = if writes { "lets the user it connects as write" } else { "lets the user it connects as read" };
    judgement.assume(format!("the server behind {name} {what}"));
    judgement
}
