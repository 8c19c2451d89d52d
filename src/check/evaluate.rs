//! Runs rules over subjects.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::subject::Scope;
use super::{CheckConfig, CheckInput, CheckOutput, Model, Needed, Subject, code, query, subjects};
use crate::catalog::{ObjectKind, ObjectRef};
use crate::coverage::{Coverage, CoverageKind};
use crate::finding::{Finding, Severity, State};
use crate::location::Location;
use crate::rule::schema::{TARGETS, Target};
use crate::rule::{Expression, Logic, Outcome, Rule, Value, context};

/// Appended to the message of a finding whose facts hang on an undecided condition.
const CONDITIONAL: &str = " (in a branch that may not run)";

pub(super) fn run(input: &CheckInput<'_>) -> CheckOutput {
    let model = Model::new(input);
    model.prepare();
    // In parallel, and put together in the order of targets and rules.
    let by_target = TARGETS.par_iter().map(|target| judge_target(&model, target));
    let in_code = input.rules.par_iter().map(|rule| {
        let mut run = Run::new(&model);
        match &rule.logic {
            Logic::Conditions { .. } => {}
            Logic::Code(check) => run.code(rule, check),
            Logic::Query(_) => run.query(rule),
        }
        run
    });
    let (by_target, in_code): (Vec<Run<'_>>, Vec<Run<'_>>) = rayon::join(|| by_target.collect(), || in_code.collect());
    let mut whole = Run::new(&model);
    by_target.into_iter().chain(in_code).for_each(|run| whole.append(run));
    whole.output.coverage.extend(query::not_for_this_source(input));
    let mut output = whole.finish();
    output.table = model.known_access_table();
    output
}

/// Evaluates the rules about one target.
fn judge_target<'a>(model: &'a Model<'a>, target: &'static Target) -> Run<'a> {
    let mut whole = Run::new(model);
    let runs = |rule: &Rule| model.input().live.is_some() || !rule.needs_database();
    let of_target =
        |rule: &&Rule| rule.target.name == target.name && matches!(rule.logic, Logic::Conditions { .. }) && runs(rule);
    let rules: Vec<&Rule> = model.input().rules.iter().filter(of_target).collect();
    if rules.is_empty() {
        return whole;
    }
    let needed = Needed::by(target, rules.iter().copied());
    let mut runs: Vec<(&Rule, Run<'a>)> = rules.into_iter().map(|rule| (rule, Run::new(model))).collect();
    let mut count = 0;
    subjects::in_batches(model, &needed, &mut |subjects| {
        count += subjects.len();
        runs.par_iter_mut().for_each(|(rule, run)| run.rule(rule, subjects, &needed));
    });
    whole.output.subjects.insert(target.name, count);
    runs.into_iter().for_each(|(_, run)| whole.append(run));
    whole
}

/// What came out so far.
struct Run<'a> {
    model: &'a Model<'a>,
    output: CheckOutput,
    /// Objects some rule could not judge: how many rules, and whether the object is assumed.
    unjudged: BTreeMap<ObjectRef, Unjudged>,
}

#[derive(Default)]
struct Unjudged {
    rules: BTreeSet<String>,
    location: Option<Location>,
    assumed: bool,
}

impl<'a> Run<'a> {
    fn new(model: &'a Model<'a>) -> Self {
        Self { model, output: CheckOutput::default(), unjudged: BTreeMap::new() }
    }

    fn append(&mut self, other: Self) {
        let CheckOutput { findings, coverage, subjects, looked_at, access: _, table: _ } = other.output;
        self.output.findings.extend(findings);
        self.output.coverage.extend(coverage);
        self.output.subjects.extend(subjects);
        self.output.looked_at.extend(looked_at);
        for (object, more) in other.unjudged {
            let entry = self.unjudged.entry(object).or_default();
            entry.rules.extend(more.rules);
            entry.location = entry.location.take().or(more.location);
            entry.assumed |= more.assumed;
        }
    }

    fn rule(&mut self, rule: &Rule, subjects: &[Subject], needed: &Needed) {
        let constants = constants(rule, self.model.config());
        let judged = subjects.iter().filter(|subject| self.judge(rule, subject, needed, &constants)).count();
        *self.output.looked_at.entry(rule.id.clone()).or_default() += judged;
    }

    /// Evaluates one rule on one subject; says whether the rule's `when` let it through.
    fn judge(&mut self, rule: &Rule, subject: &Subject, needed: &Needed, constants: &HashMap<String, Value>) -> bool {
        let Logic::Conditions { when, assert } = &rule.logic else { return false };
        let scope = Scope { needed, subject, constants };
        match when.as_ref().map_or(Outcome::Known(true), |when| test(when, &scope)) {
            Outcome::Known(false) => return false,
            Outcome::Known(true) => {}
            Outcome::Unknown => {
                // With `when` open the rule may still be satisfied either way.
                if test(assert, &scope) != Outcome::Known(true) {
                    self.unjudged(rule, subject);
                }
                return false;
            }
            Outcome::Failed(message) => {
                self.failed(rule, subject, &message);
                return false;
            }
        }
        match test(assert, &scope) {
            Outcome::Known(true) => {}
            Outcome::Known(false) => {
                let mut fields = assert.fields.clone();
                fields.extend(when.iter().flat_map(|when| when.fields.iter().copied()));
                let mut context = context();
                context.set_variable_resolver(&scope);
                let severity = severity(rule, &context);
                let mut message = rule.message.render(&context);
                if subject.is_conditional(&fields) {
                    message.push_str(CONDITIONAL);
                }
                self.find(rule, (severity, message), subject, subject.place(&assert.fields).cloned());
            }
            Outcome::Unknown => self.unjudged(rule, subject),
            Outcome::Failed(message) => self.failed(rule, subject, &message),
        }
        true
    }

    fn find(&mut self, rule: &Rule, said: (Severity, String), subject: &Subject, at: Option<Location>) {
        if !self.model.is_in_scope(at.as_ref()) {
            return;
        }
        let (severity, message) = said;
        self.output.findings.push(Finding {
            rule: rule.id.clone(),
            severity,
            message,
            object: subject.object.clone(),
            location: at,
            state: State::New,
            silenced_by: None,
            related: Vec::new(),
            discriminator: subject.discriminator.clone(),
            detail: None,
            fix: rule.fix.as_ref().and_then(|fix| fix.render(&|position| subject.value(position).cloned())),
        });
    }

    fn code(&mut self, rule: &Rule, check: &code::Check) {
        let judged = (check.run)(self.model, rule);
        self.output.looked_at.insert(rule.id.clone(), judged.looked_at);
        judged.not_run.into_iter().for_each(|why| self.not_run(rule, why));
        let in_scope = |violation: &code::Violation| self.model.is_violation_in_scope(violation.location.as_ref());
        for violation in judged.violations.into_iter().filter(in_scope) {
            let fix = rule.fix.as_ref().and_then(|fix| fix.of_object(&violation.object));
            self.output.findings.push(Finding {
                rule: rule.id.clone(),
                severity: rule.severity,
                message: violation.message.unwrap_or_else(|| rule.message.text.clone()),
                object: violation.object,
                location: violation.location,
                state: State::New,
                silenced_by: None,
                related: Vec::new(),
                discriminator: violation.discriminator,
                detail: violation.detail,
                fix,
            });
        }
    }

    /// One finding per row the database answered.
    fn query(&mut self, rule: &Rule) {
        let Some(live) = self.model.input().live else { return };
        let needed = Needed::all(rule.target);
        match query::subjects(rule, live, &needed) {
            Err(why) => self.not_run(rule, why),
            Ok(subjects) => {
                let constants = constants(rule, self.model.config());
                self.output.looked_at.insert(rule.id.clone(), subjects.len());
                for subject in &subjects {
                    let scope = Scope { needed: &needed, subject, constants: &constants };
                    let mut context = context();
                    context.set_variable_resolver(&scope);
                    let said = (severity(rule, &context), rule.message.render(&context));
                    self.find(rule, said, subject, None);
                }
            }
        }
    }

    fn unjudged(&mut self, rule: &Rule, subject: &Subject) {
        if !self.model.is_in_scope(subject.location.as_ref()) {
            return;
        }
        let entry = self.unjudged.entry(subject.object.clone()).or_default();
        entry.rules.insert(rule.id.clone());
        entry.location = entry.location.take().or_else(|| subject.location.clone());
        entry.assumed |= subject.assumed;
    }

    fn failed(&mut self, rule: &Rule, subject: &Subject, message: &str) {
        self.not_run(rule, format!("failed on `{}`: {message}", subject.object.name));
    }

    fn not_run(&mut self, rule: &Rule, why: String) {
        let message = format!("rule `{}` was not run: {why}", rule.id);
        self.output.coverage.push(Coverage { kind: CoverageKind::NotRun, location: None, object: None, message });
    }

    fn finish(mut self) -> CheckOutput {
        self.output.coverage.extend(said(self.unjudged));
        self.output.access = self.model.deltas().to_vec();
        self.output
    }
}

/// Evaluates a condition, by its plain parts alone where they decide.
fn test(condition: &Expression, scope: &Scope<'_>) -> Outcome<bool> {
    let quick = condition.decide(&|position| scope.subject.value(position));
    if let Some(truth) = quick.filter(|_| !cfg!(debug_assertions)) {
        return Outcome::Known(truth);
    }
    let mut context = context();
    context.set_variable_resolver(scope);
    let outcome = condition.test(&context);
    debug_assert!(quick.is_none_or(|truth| outcome == Outcome::Known(truth)), "{}: {outcome:?}", condition.text);
    outcome
}

/// From so many alike objects on, one line stands for all of them.
const MANY: usize = 4;

/// One line per object some rule could not judge; one for many of a kind that the same rules could not judge.
fn said(unjudged: BTreeMap<ObjectRef, Unjudged>) -> Vec<Coverage> {
    let mut alike: BTreeMap<_, Vec<(ObjectRef, Option<Location>)>> = BTreeMap::new();
    for (object, Unjudged { rules, location, assumed }) in unjudged {
        alike.entry((object.kind, rules, assumed)).or_default().push((object, location));
    }
    let mut lines = Vec::new();
    for ((kind, rules, assumed), objects) in alike {
        let gap = if assumed { CoverageKind::Assumed } else { CoverageKind::NotRun };
        let line = |message, location, object| Coverage { kind: gap, location, object, message };
        if objects.len() < MANY {
            lines.extend(objects.into_iter().map(|(object, location)| {
                let message = format!(
                    "`{}`: {} could not judge it, facts are unknown: {}",
                    object.name,
                    count(&rules),
                    few(&rules)
                );
                line(message, location, Some(object))
            }));
        } else {
            let names: Vec<String> = objects.iter().take(2).map(|(object, _)| format!("`{}`", object.name)).collect();
            let rest = objects.len() - names.len();
            let message = format!(
                "{} and {rest} more of kind {kind}: {} could not judge them, facts are unknown: {}",
                names.join(", "),
                count(&rules),
                few(&rules)
            );
            lines.push(line(message, None, None));
        }
    }
    lines
}

fn count(rules: &BTreeSet<String>) -> String {
    if rules.len() == 1 { "1 rule".to_owned() } else { format!("{} rules", rules.len()) }
}

/// Which rules, while they are few.
fn few(rules: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = rules.iter().take(3).map(String::as_str).collect();
    let rest = if rules.len() > shown.len() { ", …" } else { "" };
    format!("{}{rest}", shown.join(", "))
}

fn severity(rule: &Rule, context: &cel::Context<'_, '_>) -> Severity {
    let special = rule.severity_when.iter().find(|(condition, _)| condition.test(context) == Outcome::Known(true));
    special.map_or(rule.severity, |(_, severity)| *severity)
}

/// `config.*` and `params.*`.
fn constants(rule: &Rule, config: &CheckConfig) -> HashMap<String, Value> {
    let params = rule.params.iter().map(|(name, param)| (format!("params.{name}"), param.value()));
    let CheckConfig {
        exposed_schemas,
        exposed_roles,
        system_schemas,
        privileged_roles,
        lint: _,
        contract: _,
        governance: _,
        access: _,
    } = config;
    let config = [
        ("exposed_schemas", exposed_schemas),
        ("exposed_roles", exposed_roles),
        ("system_schemas", system_schemas),
        ("privileged_roles", privileged_roles),
    ];
    let config = config.into_iter().map(|(name, list)| (format!("config.{name}"), Value::from(list.clone())));
    params.chain(config).collect()
}

/// A migration as an object.
pub(super) fn migration_ref(path: &str) -> ObjectRef {
    ObjectRef::new(ObjectKind::Migration, path)
}
