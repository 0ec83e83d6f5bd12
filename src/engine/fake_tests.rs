//! A cloud in memory for tests of the engine: it enforces order, and can fail or hang.

use crate::model::provider::{Apply, Discover, Progress};
use crate::model::{Address, After, CloudError, ErrorKind, Live, Outputs, Query, Step, TypeInfo};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Replaced if its key changes; its `arn` contains the key, its `revision` the whole spec.
pub const PART: TypeInfo = TypeInfo {
    type_name: "Part",
    group: "part",
    read_after: &[],
    delete_after: &[After::all_of("Machine"), After::all_of("Label")],
    contained_in: None,
    replace_on: &["key"],
    volatile_outputs: &["revision"],
    holds_data: false,
    usually: None,
    ..TypeInfo::DEFAULT
};
/// References parts; cannot be deleted while a plug references it.
pub const MACHINE: TypeInfo = TypeInfo {
    type_name: "Machine",
    group: "machine",
    delete_after: &[After::all_of("Plug")],
    replace_on: &[],
    ..PART
};
/// Lives in the machine of the same ID, and is deleted with it.
pub const LABEL: TypeInfo = TypeInfo {
    type_name: "Label",
    group: "label",
    contained_in: Some("Machine"),
    delete_after: &[],
    ..MACHINE
};
pub const PLUG: TypeInfo =
    TypeInfo { type_name: "Plug", group: "plug", delete_after: &[], ..MACHINE };

/// When an apply fails: before anything happened, or after everything did and only the response was
/// lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Before,
    After,
}

#[derive(Default)]
pub struct State {
    pub things: BTreeMap<Address, (String, Value)>,
    /// Each fault happens once.
    pub faults: BTreeMap<Address, Fault>,
    /// Addresses whose apply never ends.
    pub hangs: BTreeSet<Address>,
    /// Addresses whose apply panics.
    pub panics: BTreeSet<Address>,
    pub log: Vec<String>,
    pub running: usize,
    pub most: usize,
}

/// Clones share one state.
#[derive(Clone, Default)]
pub struct Cloud(pub Arc<Mutex<State>>);

pub fn outputs(address: &Address, spec: &Value) -> Outputs {
    let key = spec.get("key").and_then(Value::as_str).unwrap_or_default();
    BTreeMap::from([
        ("arn".into(), format!("arn:{address}:{key}")),
        ("revision".into(), format!("rev:{spec}")),
    ])
}

fn refuse(text: String) -> CloudError {
    CloudError::ours(ErrorKind::Other, text, "")
}

impl Cloud {
    pub fn inventory(&self) -> BTreeMap<Address, (String, Value)> {
        self.0.lock().unwrap().things.clone()
    }

    /// Runs one write: counts how many run in parallel, yields to others, then fails or acts.
    async fn write(
        &self,
        step: &Step,
        verb: &str,
        act: impl FnOnce(&mut State) -> Result<(), CloudError> + Send,
    ) -> Result<(), CloudError> {
        let (hangs, panics) = {
            let mut state = self.0.lock().unwrap();
            state.running += 1;
            state.most = state.most.max(state.running);
            (state.hangs.contains(&step.address), state.panics.contains(&step.address))
        };
        // Outside the lock, which others need.
        assert!(!panics, "a mistake in {}", step.address);
        if hangs {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        let mut state = self.0.lock().unwrap();
        state.running -= 1;
        state.log.push(format!("{verb} {}", step.address));
        let fault = state.faults.remove(&step.address);
        if fault != Some(Fault::Before) {
            act(&mut state)?;
        }
        if fault.is_some() { Err(refuse(format!("a fault at {}", step.address))) } else { Ok(()) }
    }
}

#[async_trait]
impl Discover for Cloud {
    fn types(&self) -> Vec<&'static TypeInfo> {
        vec![&PART, &MACHINE, &LABEL, &PLUG]
    }

    async fn discover(&self, type_name: &str, _: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let state = self.0.lock().unwrap();
        let of_type = state.things.iter().filter(|(_, (kind, _))| kind == type_name);
        Ok(of_type
            .map(|(address, (kind, spec))| {
                let mut live = Live::new(address.clone(), kind, address.as_str(), spec.clone());
                live.outputs = outputs(address, spec);
                live
            })
            .collect())
    }
}

#[async_trait]
impl Apply for Cloud {
    async fn create(
        &self,
        step: &Step,
        wanted: &Value,
        _: Progress,
    ) -> Result<Outputs, CloudError> {
        let (address, kind, spec) = (step.address.clone(), step.type_name.clone(), wanted.clone());
        self.write(step, "create", move |state| {
            let home = Address::new("machine", address.id());
            if kind == LABEL.type_name && !state.things.contains_key(&home) {
                return Err(refuse(format!("{address} has no machine to be on")));
            }
            must_exist(state, &spec)?;
            match state.things.insert(address.clone(), (kind, spec)) {
                Some(_) => Err(refuse(format!("{address} exists already"))),
                None => Ok(()),
            }
        })
        .await?;
        Ok(outputs(&step.address, wanted))
    }

    async fn update(
        &self,
        step: &Step,
        live: &Live,
        wanted: &Value,
        _: Progress,
    ) -> Result<Outputs, CloudError> {
        let (address, before, spec) = (step.address.clone(), live.spec.clone(), wanted.clone());
        self.write(step, "update", move |state| {
            must_exist(state, &spec)?;
            let thing = state
                .things
                .get_mut(&address)
                .ok_or_else(|| refuse(format!("{address} is gone")))?;
            if thing.0 == PART.type_name && before["key"] != spec["key"] {
                return Err(refuse(format!("the key of {address} cannot change in place")));
            }
            thing.1 = spec;
            Ok(())
        })
        .await?;
        Ok(outputs(&step.address, wanted))
    }

    async fn delete(&self, step: &Step, live: &Live, _: Progress) -> Result<(), CloudError> {
        let (address, arn) =
            (live.address.clone(), outputs(&live.address, &live.spec)["arn"].clone());
        self.write(step, "delete", move |state| {
            let in_use =
                |(_, spec): &(String, Value)| spec.to_string().contains(&format!("\"{arn}\""));
            // A machine's own label is deleted with it; a part may be swapped while the machine
            // runs.
            let label = Address::new("label", address.id());
            let user = state.things.iter().find(|(a, thing)| **a != label && in_use(thing));
            if let (Some((user, _)), "machine") = (user, address.group()) {
                return Err(refuse(format!("{address} is in use by {user}")));
            }
            if state.things.remove(&address).is_some() && address.group() == "machine" {
                state.things.remove(&label);
            }
            Ok(())
        })
        .await
    }
}

/// Every reference of a spec must exist in exactly that revision, which proves the order of steps.
fn must_exist(state: &State, spec: &Value) -> Result<(), CloudError> {
    let there: BTreeSet<String> = state
        .things
        .iter()
        .flat_map(|(address, (_, spec))| outputs(address, spec).into_values())
        .collect();
    let all =
        spec.get("uses").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    match all.into_iter().find(|used| !there.contains(*used)) {
        Some(missing) => Err(refuse(format!("there is no {missing}"))),
        None => Ok(()),
    }
}
