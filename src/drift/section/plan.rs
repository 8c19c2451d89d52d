//! A section that can be run: names resolved, and nothing in it that would make wrong rows pass.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{Columns, Product, Section, Values};
use crate::drift::DriftError;
use crate::location::Location;
use crate::vcf;
use crate::volumetrics::{Base, DensityKind, Group, Procedure};

/// A section that can be run: names resolved.
#[derive(Debug, Clone)]
pub struct Plan {
    /// As written, paths resolved.
    pub section: Section,
    /// Where it stands.
    pub at: Location,
    /// Method and settings.
    pub procedure: Procedure,
    /// Whether the method was said.
    pub method_known: bool,
    /// Base temperature.
    pub base: Base,
    /// What the density column holds.
    pub density_kind: DensityKind,
    /// Group for every product.
    pub groups: Groups,
}

/// How a row's group is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Groups {
    /// The same for all.
    One(Group),
    /// By product.
    ByProduct(BTreeMap<String, Group>),
}

impl Section {
    /// Resolves names; `at` is where the section stands.
    ///
    /// # Errors
    /// [`DriftError::Section`] with the place and what to write.
    pub fn plan(&self, at: &Location) -> Result<Plan, DriftError> {
        let failed = |message: String| DriftError::Section { place: at.to_string(), name: self.name.clone(), message };
        self.check_shape().map_err(failed)?;
        let grid = match &self.grid {
            Some(path) => Some(Arc::new(vcf::grid::read(Path::new(path)).map_err(|error| failed(error.to_string()))?)),
            None => None,
        };
        let procedure = Procedure {
            method: parsed("method", self.method.as_ref()).map_err(failed)?,
            precision: parsed("precision", self.precision.as_ref()).map_err(failed)?,
            hydrometer: parsed("hydrometer", self.hydrometer.as_ref()).map_err(failed)?,
            vcf_decimals: parsed("vcf-decimals", self.vcf_decimals.as_ref()).map_err(failed)?,
            grid,
        };
        procedure.check().map_err(|error| failed(error.to_string()))?;
        Ok(Plan {
            section: self.clone(),
            at: at.clone(),
            procedure,
            method_known: self.method.is_some(),
            base: parsed("base", self.base.as_ref()).map_err(failed)?,
            density_kind: parsed("density-kind", self.density_kind.as_ref()).map_err(failed)?,
            groups: self.groups().map_err(failed)?,
        })
    }

    /// A product matters only where a method is applied.
    fn groups(&self) -> Result<Groups, String> {
        let unused = self.columns.temperature.is_none() && self.product == Product::default();
        if unused { Ok(Groups::One(Group::Refined)) } else { self.product.groups() }
    }

    fn check_shape(&self) -> Result<(), String> {
        let sources = [self.table.is_some(), self.csv.is_some(), self.parquet.is_some()];
        let problem = match sources.iter().filter(|given| **given).count() {
            0 => "names no source; give `table`, `csv` or `parquet`",
            2.. => "names more than one source; keep one of `table`, `csv` and `parquet`",
            _ if self.table.is_none() && self.r#where.is_some() => {
                "`where` is SQL and works on a table only; remove it"
            }
            _ if self.name.trim().is_empty() => "has no name; give one",
            _ if !self.columns.allow_a_check() => NOTHING_TO_CHECK,
            _ if self.price.is_some_and(|price| !price.is_finite()) => "`price` is no number",
            _ => return self.check_limits(),
        };
        Err(problem.to_owned())
    }

    /// A tolerance that is no number would let everything pass.
    fn check_limits(&self) -> Result<(), String> {
        let tolerance = self.tolerance.values();
        for (name, value) in tolerance.named() {
            if value.is_some_and(|value| !(value.is_finite() && value >= 0.0)) {
                return Err(format!("`tolerance`: {name} must be a number from 0 upwards"));
            }
        }
        for (name, value) in self.rounding.named() {
            if value.is_some_and(|value| !(value.is_finite() && value > 0.0)) {
                return Err(format!("`rounding`: {name} must be a number above 0"));
            }
        }
        Ok(())
    }
}

const NOTHING_TO_CHECK: &str = "has nothing to compare: `columns` needs volume, vcf and volume15, or temperature, \
     density (or density15) and a result that follows from them";

impl Columns {
    /// Whether any stored result can be compared with something: else every row would seem right.
    const fn allow_a_check(&self) -> bool {
        let volumes = self.volume.is_some() && self.volume15.is_some();
        let multiplies = volumes && self.vcf.is_some();
        let result = self.vcf.is_some() || volumes;
        let computes = match (&self.density, &self.density15) {
            (Some(_), Some(_)) => true,
            (Some(_), None) | (None, Some(_)) => result,
            (None, None) => false,
        };
        multiplies || self.temperature.is_some() && computes
    }
}

impl Values {
    const fn named(self) -> [(&'static str, Option<f64>); 3] {
        [("density15", self.density15), ("vcf", self.vcf), ("volume15", self.volume15)]
    }
}

fn parsed<T: std::str::FromStr<Err = String> + Default>(
    key: &str,
    text: Option<&impl std::fmt::Display>,
) -> Result<T, String> {
    text.map_or_else(|| Ok(T::default()), |text| text.to_string().parse()).map_err(|error| format!("`{key}`: {error}"))
}

impl Product {
    fn groups(&self) -> Result<Groups, String> {
        let named = |name: &str| vcf::group(name, None).map_err(|error| format!("`product`: {error}"));
        match (&self.group, &self.column) {
            (Some(_), Some(_)) => Err("`product` has both `group` and `column`; keep one".to_owned()),
            (Some(group), None) => named(group).map(Groups::One),
            (None, None) => Err("`product` is missing: give `column` and `groups`, or one `group`".to_owned()),
            (None, Some(_)) if self.groups.is_empty() => {
                Err("`product` names a column and no `groups`; list its values with their groups".to_owned())
            }
            (None, Some(_)) => {
                let groups = self.groups.iter().map(|(product, name)| Ok((product.clone(), named(name)?)));
                groups.collect::<Result<_, String>>().map(Groups::ByProduct)
            }
        }
    }
}
