//! Owner changes: the privileges the old owner held and granted become the new one's.

use super::acl::change_owner;
use super::state::Fold;
use crate::catalog::{Acl, Fact, FunctionKey, QualifiedName};

impl Fold {
    pub(super) fn change_relation_owner(&mut self, name: &QualifiedName, to: &str) {
        let fact = self.fact(to.to_owned());
        if let Some(relation) = self.store.relation_mut(name) {
            if let Some(old) = &relation.owner.value {
                relation.columns.iter_mut().for_each(|column| change_owner(&mut column.acl, old, to));
            }
            hand_over(&mut relation.owner, &mut relation.acl, &fact);
        }
        for sequence in self.owned_sequences(name, None) {
            self.change_sequence_owner(&sequence, to);
        }
    }

    pub(super) fn change_sequence_owner(&mut self, name: &QualifiedName, to: &str) {
        let fact = self.fact(to.to_owned());
        if let Some(sequence) = self.store.sequence_mut(name) {
            hand_over(&mut sequence.owner, &mut sequence.acl, &fact);
        }
    }

    pub(super) fn change_function_owner(&mut self, key: &FunctionKey, to: &str) {
        let fact = self.fact(to.to_owned());
        if let Some(function) = self.store.function_mut(key) {
            hand_over(&mut function.owner, &mut function.acl, &fact);
        }
    }
}

/// Gives an object to a new owner, its list of privileges rewritten.
pub(super) fn hand_over(owner: &mut Fact<String>, acl: &mut Acl, to: &Fact<String>) {
    if let (Some(old), Some(new)) = (&owner.value, &to.value) {
        change_owner(acl, old, new);
    }
    *owner = to.clone();
}
