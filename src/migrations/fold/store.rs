//! The Catalog behind an undo log: every change first saves the object's state in the innermost open frame. Frames
//! serve savepoints and transactions; the outermost one, opened per migration, is what Changes are computed from.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::catalog::{
    Acl, Catalog, DefaultPrivileges, EventTrigger, Extension, Function, FunctionKey, Index, ObjectKind, Publication,
    QualifiedName, Relation, Role, Schema, Sequence, Type,
};

/// Which object of the Catalog.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    Role(String),
    Schema(String),
    Relation(QualifiedName),
    Index(QualifiedName),
    Sequence(QualifiedName),
    Function(FunctionKey),
    Type(QualifiedName),
    EventTrigger(String),
    Extension(String),
    Publication(String),
    DefaultPrivileges,
}

/// An object's saved state.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Saved {
    Role(Option<Box<Role>>),
    Schema(Option<Box<Schema>>),
    Relation(Option<Box<Relation>>),
    Index(Option<Box<Index>>),
    Sequence(Option<Box<Sequence>>),
    Function(Option<Box<Function>>),
    Type(Option<Box<Type>>),
    EventTrigger(Option<Box<EventTrigger>>),
    Extension(Option<Box<Extension>>),
    Publication(Option<Box<Publication>>),
    DefaultPrivileges(Vec<DefaultPrivileges>),
}

/// State of the objects touched since the frame was opened, as they were then.
pub(super) type Frame = BTreeMap<Key, Saved>;

/// The Catalog and its open frames.
#[derive(Debug, Default)]
pub(super) struct Store {
    catalog: Catalog,
    frames: Vec<Frame>,
    /// Privileges of new objects as the default privileges are now: thousands of objects share one list.
    of_new: RefCell<BTreeMap<NewObject, Acl>>,
}

/// What decides which privileges a new object has: its kind, its owner, its schema, and whether it may not be made.
pub(super) type NewObject = (ObjectKind, String, Option<String>, bool);

impl Store {
    pub(super) fn new(catalog: Catalog) -> Self {
        Self { catalog, ..Self::default() }
    }

    pub(super) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(super) fn into_catalog(self) -> Catalog {
        self.catalog
    }

    /// Opens a frame; the number is what [`Self::rollback`] and [`Self::release`] take.
    pub(super) fn open(&mut self) -> usize {
        self.frames.push(Frame::new());
        self.frames.len() - 1
    }

    /// Undoes everything since frame `to` was opened and closes it and those inside it.
    pub(super) fn rollback(&mut self, to: usize) {
        while self.frames.len() > to {
            for (key, saved) in self.frames.pop().unwrap_or_default() {
                self.restore(key, saved);
            }
        }
    }

    /// Keeps everything since frame `of` was opened, handing its record to the frame around it.
    pub(super) fn release(&mut self, of: usize) {
        while self.frames.len() > of {
            let inner = self.frames.pop().unwrap_or_default();
            let Some(outer) = self.frames.last_mut() else { return };
            for (key, saved) in inner {
                outer.entry(key).or_insert(saved);
            }
        }
    }

    /// Closes all frames and returns the merged record of the outermost.
    pub(super) fn finish(&mut self) -> Frame {
        self.release(1);
        self.frames.pop().unwrap_or_default()
    }

    /// Saves the state of `key` if the innermost frame does not have it yet.
    fn touch(&mut self, key: Key) {
        if self.frames.last().is_none_or(|frame| frame.contains_key(&key)) {
            return;
        }
        let saved = self.save(&key);
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(key, saved);
        }
    }

    /// Makes what was just learnt about `key` part of the past: saved states get it too.
    pub(super) fn backdate(&mut self, key: &Key) {
        let now = self.save(key);
        for frame in &mut self.frames {
            if let Some(saved) = frame.get_mut(key) {
                *saved = now.clone();
            }
        }
    }

    /// Lets `change` amend the saved states of a relation, as for a column only now known to have been there.
    pub(super) fn amend_past(&mut self, name: &QualifiedName, change: impl Fn(&mut Relation)) {
        let key = Key::Relation(name.clone());
        for frame in &mut self.frames {
            if let Some(Saved::Relation(Some(relation))) = frame.get_mut(&key) {
                change(relation);
            }
        }
    }

    /// The privileges of a new object, computed once while the default privileges stay as they are.
    pub(super) fn of_new(&self, object: NewObject, compute: impl FnOnce(&Catalog, &NewObject) -> Acl) -> Acl {
        let mut known = self.of_new.borrow_mut();
        if let Some(acl) = known.get(&object) {
            return acl.clone();
        }
        let acl = compute(&self.catalog, &object);
        known.insert(object, acl.clone());
        acl
    }

    pub(super) fn default_privileges_mut(&mut self) -> &mut Vec<DefaultPrivileges> {
        self.touch(Key::DefaultPrivileges);
        self.of_new.take();
        &mut self.catalog.default_privileges
    }
}

macro_rules! containers {
    ($($variant:ident $field:ident $key:ty, $value:ty, $mut:ident $insert:ident $remove:ident $learn:ident;)*) => {
        impl Store {
            $(
            #[allow(dead_code, reason = "every container has the same four operations")]
            pub(super) fn $mut(&mut self, key: &$key) -> Option<&mut $value> {
                if !self.catalog.$field.contains_key(key) {
                    return None;
                }
                self.touch(Key::$variant(key.clone()));
                self.catalog.$field.get_mut(key)
            }

            #[allow(dead_code, reason = "every container has the same four operations")]
            pub(super) fn $insert(&mut self, key: $key, value: $value) {
                self.touch(Key::$variant(key.clone()));
                self.catalog.$field.insert(key, value);
            }

            #[allow(dead_code, reason = "every container has the same four operations")]
            pub(super) fn $remove(&mut self, key: &$key) -> Option<$value> {
                self.touch(Key::$variant(key.clone()));
                self.catalog.$field.remove(key)
            }

            /// Inserts an object that was there all along, unknown until now.
            #[allow(dead_code, reason = "every container has the same four operations")]
            pub(super) fn $learn(&mut self, key: $key, value: $value) {
                self.catalog.$field.insert(key.clone(), value);
                self.backdate(&Key::$variant(key));
            }
            )*

            pub(super) fn save(&self, key: &Key) -> Saved {
                match key {
                    $(Key::$variant(name) => Saved::$variant(self.catalog.$field.get(name).cloned().map(Box::new)),)*
                    Key::DefaultPrivileges => Saved::DefaultPrivileges(self.catalog.default_privileges.clone()),
                }
            }

            fn restore(&mut self, key: Key, saved: Saved) {
                match (key, saved) {
                    $((Key::$variant(name), Saved::$variant(value)) => {
                        match value {
                            Some(value) => self.catalog.$field.insert(name, *value),
                            None => self.catalog.$field.remove(&name),
                        };
                    })*
                    (_, Saved::DefaultPrivileges(entries)) => {
                        self.of_new.take();
                        self.catalog.default_privileges = entries;
                    }
                    // `save` pairs every key with its own kind.
                    _ => {}
                }
            }
        }
    };
}

containers! {
    Role roles String, Role, role_mut insert_role remove_role learn_role;
    Schema schemas String, Schema, schema_mut insert_schema remove_schema learn_schema;
    Relation relations QualifiedName, Relation, relation_mut insert_relation remove_relation learn_relation;
    Index indexes QualifiedName, Index, index_mut insert_index remove_index learn_index;
    Sequence sequences QualifiedName, Sequence, sequence_mut insert_sequence remove_sequence learn_sequence;
    Function functions FunctionKey, Function, function_mut insert_function remove_function learn_function;
    Type types QualifiedName, Type, type_mut insert_type remove_type learn_type;
    EventTrigger event_triggers String, EventTrigger, event_trigger_mut insert_event_trigger remove_event_trigger learn_event_trigger;
    Extension extensions String, Extension, extension_mut insert_extension remove_extension learn_extension;
    Publication publications String, Publication, publication_mut insert_publication remove_publication learn_publication;
}
