//! Queries over the Catalog.

use std::rc::Rc;

use super::aggregate::has_aggregate;
use super::expr::Evaluator;
use super::operators::any;
use super::row::{Frame, Presence, Source, Tuple};
use super::rows::{Filtered, Rows, doubt_about, doubt_in, header, set_operation, star};
use super::value::{Truth, Unknown, Value};
use crate::migrations::host::Failure;
use crate::sql::ast::{Cte, CteBody, Expr, ExprKind, Name, Query, QueryBody, Select, SelectItem};

impl Evaluator<'_> {
    /// The rows of `query`.
    pub(in crate::migrations) fn query(&mut self, query: &Query) -> Result<Rows, Failure> {
        let outer = self.ctes.clone();
        let result = self.deeper(|this| this.with_ctes(query));
        self.ctes = outer;
        result.unwrap_or_else(|| Ok(Rows::unknown("a query too large to follow")))
    }

    fn with_ctes(&mut self, query: &Query) -> Result<Rows, Failure> {
        for cte in &query.with {
            let rows = self.cte(cte, query.recursive)?;
            self.ctes.insert(cte.name.clone(), Rc::new(rows));
        }
        let mut rows = match &query.body {
            QueryBody::Select(select) => self.select(select)?,
            QueryBody::Set { op, all, left, right } => {
                let (left, right) = (self.query(left)?, self.query(right)?);
                set_operation(*op, *all, left, right)
            }
            QueryBody::Values(values) => self.values(values)?,
            QueryBody::Table(name) => self.table(name)?,
            QueryBody::Unknown => Rows::unknown("a query that could not be read"),
        };
        self.limit(query, &mut rows)?;
        Ok(rows)
    }

    fn cte(&mut self, cte: &Cte, recursive: bool) -> Result<Rows, Failure> {
        let mut rows = match &cte.body {
            CteBody::Query(_) if recursive => Rows::unknown("a recursive query"),
            CteBody::Query(query) => self.query(query)?,
            CteBody::Dml(dml) => Rows::unknown(format!("rows of `{}`", dml.table)),
        };
        for (name, alias) in rows.columns.iter_mut().zip(&cte.columns) {
            name.clone_from(alias);
        }
        Ok(rows)
    }

    fn values(&mut self, values: &[Vec<Expr>]) -> Result<Rows, Failure> {
        let mut rows = Rows::default();
        for row in values {
            let row = row.iter().map(|expr| self.eval(expr)).collect::<Result<Vec<_>, _>>()?;
            rows.columns = (1..=row.len()).map(|n| format!("column{n}")).collect();
            rows.rows.push((row, Presence::Certain));
        }
        Ok(rows)
    }

    fn table(&mut self, name: &Name) -> Result<Rows, Failure> {
        let (source, tuples) = self.relation(name, &name.name, &[])?;
        let rows = tuples.into_iter().filter_map(|t| t.parts.first().map(|part| (part.to_vec(), t.presence)));
        Ok(Rows { columns: source.columns.to_vec(), rows: rows.collect(), wild: source.wild, doubt: None })
    }

    fn limit(&mut self, query: &Query, rows: &mut Rows) -> Result<(), Failure> {
        if query.offset.is_some() {
            rows.rows.iter_mut().for_each(|(_, presence)| *presence = (*presence).max(Presence::Maybe));
        }
        let Some(limit) = &query.limit else { return Ok(()) };
        match self.eval(limit)?.integer().map(usize::try_from) {
            Some(Ok(0)) => rows.rows.clear(),
            Some(Ok(limit)) if rows.rows.len() > limit => {
                // Which rows are kept depends on an order that is not followed; that there are some does not.
                let same = rows.rows.first().is_some_and(|(first, _)| rows.rows.iter().all(|(row, _)| row == first));
                if same {
                    rows.rows.truncate(limit);
                } else {
                    rows.rows.iter_mut().for_each(|(_, presence)| *presence = (*presence).max(Presence::Maybe));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn select(&mut self, select: &Select) -> Result<Rows, Failure> {
        let filter = select.filter.as_ref();
        let (sources, tuples) = self.from(&select.from, filter)?;
        let sources: Rc<[Source]> = sources.into();
        let (tuples, doubt) = match filter {
            Some(filter) => self.filtered(&sources, tuples, filter)?,
            None => (tuples, None),
        };
        let doubt = tuples.iter().find_map(|tuple| doubt_about(tuple, &sources)).or(doubt);
        let grouped = !select.group_by.is_empty()
            || select.having.is_some()
            || select.columns.iter().any(|item| has_aggregate(&item.expr));
        let mut rows = if grouped {
            self.grouped(select, &sources, tuples)?
        } else {
            let mut rows = header(&select.columns, &sources);
            for tuple in tuples {
                self.project(&select.columns, &sources, tuple, None, &mut rows)?;
            }
            rows
        };
        if select.distinct {
            rows.keep_distinct();
        }
        rows.doubt = doubt;
        Ok(rows)
    }

    fn filtered(&mut self, sources: &Rc<[Source]>, tuples: Vec<Tuple>, filter: &Expr) -> Result<Filtered, Failure> {
        let (mut kept, mut doubt) = (Vec::new(), None);
        for mut tuple in tuples {
            let truth = self.on(sources, tuple.clone(), None, |this| this.condition(filter))?;
            if let Some(presence) = tuple.presence.filtered(&truth) {
                tuple.presence = presence;
                kept.push(tuple);
            }
            if let (Truth::Unknown(why), None) = (truth, &doubt) {
                doubt = Some(why.reason);
            }
        }
        Ok((kept, doubt))
    }

    /// Evaluates `work` with a row in scope.
    pub(super) fn on<T>(
        &mut self,
        sources: &Rc<[Source]>,
        tuple: Tuple,
        group: Option<Rc<[Tuple]>>,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.frames.push(Frame { sources: Rc::clone(sources), tuple, group });
        let result = work(self);
        self.frames.pop();
        result
    }

    fn grouped(&mut self, select: &Select, sources: &Rc<[Source]>, tuples: Vec<Tuple>) -> Result<Rows, Failure> {
        let mut groups: Vec<(Vec<Value>, Vec<Tuple>)> = Vec::new();
        for tuple in tuples {
            let key = self.on(sources, tuple.clone(), None, |this| {
                select.group_by.iter().map(|expr| this.group_key(expr, &select.columns)).collect::<Result<Vec<_>, _>>()
            })?;
            match groups.iter_mut().find(|(other, _)| *other == key) {
                Some((_, group)) => group.push(tuple),
                None => groups.push((key, vec![tuple])),
            }
        }
        if groups.is_empty() && select.group_by.is_empty() {
            groups.push((Vec::new(), Vec::new()));
        }
        let mut rows = header(&select.columns, sources);
        for (_, group) in groups {
            self.project_group(select, sources, group, &mut rows)?;
        }
        Ok(rows)
    }

    /// `GROUP BY 1` means the first output column.
    fn group_key(&mut self, expr: &Expr, columns: &[SelectItem]) -> Result<Value, Failure> {
        let ordinal = match &expr.kind {
            ExprKind::Number(text) => text.parse::<usize>().ok().and_then(|at| at.checked_sub(1)),
            _ => None,
        };
        match ordinal.and_then(|at| columns.get(at)) {
            Some(item) => self.eval(&item.expr),
            None => self.eval(expr),
        }
    }

    fn project_group(
        &mut self,
        select: &Select,
        sources: &Rc<[Source]>,
        group: Vec<Tuple>,
        rows: &mut Rows,
    ) -> Result<(), Failure> {
        let whole = select.group_by.is_empty();
        let presence = group.iter().map(|tuple| tuple.presence).min().unwrap_or(Presence::Certain);
        let nulls = || sources.iter().map(|source| vec![Value::Null; source.columns.len()].into()).collect();
        let mut tuple = group.first().cloned().unwrap_or_else(|| Tuple { parts: nulls(), presence: Presence::Certain });
        tuple.presence = if whole { Presence::Certain } else { presence };
        let group: Rc<[Tuple]> = group.into();
        if let Some(having) = &select.having {
            let truth = self.on(sources, tuple.clone(), Some(Rc::clone(&group)), |this| this.condition(having))?;
            match tuple.presence.filtered(&truth) {
                Some(presence) => tuple.presence = presence,
                None => return Ok(()),
            }
        }
        self.project(&select.columns, sources, tuple, Some(group), rows)
    }

    fn project(
        &mut self,
        columns: &[SelectItem],
        sources: &Rc<[Source]>,
        tuple: Tuple,
        group: Option<Rc<[Tuple]>>,
        rows: &mut Rows,
    ) -> Result<(), Failure> {
        let presence = tuple.presence;
        let parts = tuple.parts.clone();
        // What is done to an object that may not be there only matters where it is.
        let before = (presence > Presence::Given).then(|| self.world.unsure(true));
        let projected = self.on(sources, tuple, group, |this| {
            let (mut values, mut set) = (Vec::new(), None);
            for item in columns {
                match &item.expr.kind {
                    ExprKind::Star(of) => values.extend(star(of.as_ref(), sources, &parts)),
                    _ => match this.set_returning(&item.expr)? {
                        Some(items) => {
                            set = Some((values.len(), items));
                            values.push(Value::Null);
                        }
                        None => values.push(this.eval(&item.expr)?),
                    },
                }
            }
            Ok((values, set))
        });
        if let Some(before) = before {
            self.world.unsure(before);
        }
        let (values, set) = projected?;
        match set {
            None => rows.rows.push((values, presence)),
            Some((at, items)) => rows.rows.extend(items.rows.into_iter().map(|(item, sure)| {
                let mut values = values.clone();
                if let Some(slot) = values.get_mut(at) {
                    *slot = item.into_iter().next().unwrap_or_else(|| Value::unknown("an element"));
                }
                (values, presence.max(sure))
            })),
        }
        Ok(())
    }

    fn set_returning(&mut self, expr: &Expr) -> Result<Option<Rows>, Failure> {
        let ExprKind::Call(call) = &expr.kind else { return Ok(None) };
        if super::sets::SET_RETURNING.contains(&call.name.name.as_str()) {
            return self.table_function(expr).map(Some);
        }
        Ok(None)
    }

    /// `EXISTS (query)`.
    pub(super) fn exists(&mut self, query: &Query) -> Result<Truth, Failure> {
        let rows = self.query(query)?;
        let presence = rows.rows.iter().map(|(_, presence)| *presence).min();
        let reason = || doubt_in(&rows);
        Ok(match presence {
            None => Truth::False,
            Some(Presence::Certain) => Truth::True,
            Some(Presence::Given | Presence::Maybe | Presence::Any) => Truth::Unknown(Unknown::new(reason())),
            Some(Presence::Lean) => Truth::Unknown(Unknown::leaning(reason(), false)),
        })
    }

    /// The value of a scalar subquery.
    pub(super) fn scalar(&mut self, query: &Query) -> Result<Value, Failure> {
        let rows = self.query(query)?;
        Ok(match rows.rows.as_slice() {
            [] => Value::Null,
            [(row, Presence::Certain)] => {
                let first = row.first().cloned();
                first.unwrap_or_else(|| Value::unknown(rows.wild.clone().unwrap_or_else(|| "a value".into())))
            }
            several if several.iter().all(|(_, presence)| *presence == Presence::Lean) => {
                Value::Unknown(Unknown::leaning(doubt_in(&rows), false))
            }
            _ => Value::unknown(doubt_in(&rows)),
        })
    }

    /// `ARRAY(query)`.
    pub(super) fn array_of(&mut self, query: &Query) -> Result<Value, Failure> {
        let rows = self.query(query)?;
        if rows.rows.iter().any(|(_, presence)| matches!(presence, Presence::Given | Presence::Maybe | Presence::Any)) {
            return Ok(Value::unknown(doubt_in(&rows)));
        }
        let certain = rows.rows.into_iter().filter(|(_, presence)| *presence == Presence::Certain);
        Ok(Value::Array(certain.filter_map(|(row, _)| row.into_iter().next()).collect()))
    }

    /// `value op ANY (query)`.
    pub(super) fn any_row(&mut self, query: &Query, value: &Value, op: &str) -> Result<Truth, Failure> {
        let rows = self.query(query)?;
        Ok(any(rows.rows.iter().map(|(row, presence)| {
            let equal = match row.first() {
                Some(item) => self.binary(op, value, item).truth(),
                None => Truth::Unknown(Unknown::new(doubt_in(&rows))),
            };
            let there = match presence {
                Presence::Certain => Truth::True,
                Presence::Lean => Truth::Unknown(Unknown::leaning(doubt_in(&rows), false)),
                _ => Truth::Unknown(Unknown::new(doubt_in(&rows))),
            };
            equal.and(there)
        })))
    }
}
