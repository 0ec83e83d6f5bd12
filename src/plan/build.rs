//! Makes the plan: every desired resource against its live one, and every live one that is no longer desired.

use super::diff::{self, Difference};
use super::{Record, order};
use crate::model::{
    Address, Cause, CloudError, Desired, ErrorKind, FieldChange, Live, Op, Owner, Plan, Scope, Step, TypeInfo, template,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// All that planning looks at.
pub struct Inputs<'a> {
    pub scope: &'a Scope,
    /// Empty for `down`.
    pub desired: &'a [Desired],
    pub live: &'a [Live],
    /// Outputs that exist besides resources: the hashes of finished builds.
    pub known: &'a BTreeMap<Address, BTreeMap<String, String>>,
    pub record: Option<&'a Record>,
    pub types: &'a [&'a TypeInfo],
    /// Foreign resources that the caller agreed to take over.
    pub adopt: &'a BTreeSet<Address>,
}

/// The plan, or every reason why there is none (name clashes with foreign resources, cycles).
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan, Vec<CloudError>> {
    let mut builder =
        Builder { inputs, pending: BTreeMap::new(), steps: vec![], unchanged: vec![], not_emulated: vec![] };
    let ordered = order::sorted(inputs.desired).map_err(|e| vec![e])?;
    let errors: Vec<CloudError> = ordered.iter().filter_map(|desired| builder.consider(desired).err()).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    builder.removals();
    let Builder { mut steps, unchanged, not_emulated, .. } = builder;
    let dependencies = reach(inputs.desired);
    order::connect(&mut steps, &dependencies, inputs.types);
    Ok(Plan {
        format_version: Plan::FORMAT_VERSION.into(),
        stack: inputs.scope.stack.clone(),
        env: inputs.scope.env.clone(),
        account: inputs.scope.account.clone(),
        region: inputs.scope.region.clone(),
        steps,
        unchanged,
        not_emulated,
        notes: vec![],
    })
}

/// Dependencies of every address, through unchanged resources as well: a change two steps up still comes first.
fn reach(desired: &[Desired]) -> BTreeMap<Address, BTreeSet<Address>> {
    let direct: BTreeMap<_, _> = desired.iter().map(|d| (d.address.clone(), d.dependencies())).collect();
    direct
        .keys()
        .map(|start| {
            let mut all = BTreeSet::new();
            let mut todo: Vec<&Address> = direct[start].iter().collect();
            while let Some(next) = todo.pop() {
                if all.insert(next.clone()) {
                    todo.extend(direct.get(next).into_iter().flatten());
                }
            }
            (start.clone(), all)
        })
        .collect()
}

struct Builder<'a> {
    inputs: &'a Inputs<'a>,
    /// What is going to happen to addresses considered so far.
    pending: BTreeMap<Address, Op>,
    steps: Vec<Step>,
    unchanged: Vec<Live>,
    not_emulated: Vec<Address>,
}

impl<'a> Builder<'a> {
    fn info(&self, type_name: &str) -> Option<&'a TypeInfo> {
        self.inputs.types.iter().find(|t| t.type_name == type_name).copied()
    }

    fn live(&self, address: &Address) -> Option<&'a Live> {
        self.inputs.live.iter().find(|l| &l.address == address)
    }

    /// An output as planning knows it: not of things still to be made, and not one that an update changes.
    fn output(&self, address: &Address, attribute: &str) -> Option<String> {
        if let Some(known) = self.inputs.known.get(address) {
            return known.get(attribute).cloned();
        }
        let live = self.live(address)?;
        let volatile = self.info(&live.type_name).is_some_and(|t| t.volatile_outputs.contains(&attribute));
        match self.pending.get(address) {
            Some(Op::Create | Op::Replace | Op::Delete) => None,
            Some(Op::Update | Op::Adopt) if volatile => None,
            _ => live.outputs.get(attribute).cloned(),
        }
    }

    fn consider(&mut self, desired: &Desired) -> Result<(), CloudError> {
        let live = self.live(&desired.address);
        if live.is_some_and(|l| l.not_emulated) {
            self.not_emulated.push(desired.address.clone());
            return Ok(());
        }
        let resolve = |value: &Value| template::resolve(value, &|a, k| self.output(a, k));
        let wanted = resolve(&desired.spec);
        let context = resolve(&desired.context);
        let differences = diff::differences(live.map_or(&Value::Null, |l| &l.spec), &wanted);
        let op = match live.map(|l| &l.owner) {
            None => Op::Create,
            Some(Owner::Foreign(says)) if !self.inputs.adopt.contains(&desired.address) => {
                return Err(clash(desired, says));
            }
            Some(Owner::Foreign(_)) => Op::Adopt,
            Some(_) if differences.is_empty() => {
                self.unchanged.extend(live.cloned());
                return Ok(());
            }
            Some(_) => {
                let info = self.info(&desired.type_name);
                let replaces = |d: &Difference| info.is_some_and(|t| t.replaces(&d.dotted()));
                if differences.iter().any(replaces) { Op::Replace } else { Op::Update }
            }
        };
        let fields = self.fields(desired, op, differences, &wanted);
        let step = Step {
            address: desired.address.clone(),
            type_name: desired.type_name.clone(),
            name: desired.name.clone(),
            op,
            cause: self.cause(&desired.address, op, &fields),
            fields,
            wanted,
            context,
            payload: desired.payload.clone(),
            live: live.cloned(),
            after: vec![],
            loses: match op {
                Op::Replace => self.loses(live),
                _ => None,
            },
        };
        self.pending.insert(desired.address.clone(), op);
        self.steps.push(step);
        Ok(())
    }

    fn fields(&self, desired: &Desired, op: Op, found: Vec<Difference>, wanted: &Value) -> Vec<FieldChange> {
        let info = self.info(&desired.type_name);
        let found = match (op, wanted) {
            // A new resource shows each of its fields once, not one big value.
            (Op::Create, Value::Object(_)) => diff::differences(&Value::Object(Default::default()), wanted),
            _ => found,
        };
        found
            .into_iter()
            .map(|d| FieldChange {
                replaces: op == Op::Replace && info.is_some_and(|t| t.replaces(&d.dotted())),
                applied: self
                    .inputs
                    .record
                    .and_then(|r| r.field(&desired.address, &d.path))
                    .cloned()
                    .unwrap_or(Value::Null),
                path: d.dotted(),
                live: d.live,
                wanted: d.wanted,
            })
            .collect()
    }

    /// Who made the step necessary. Without a record everything counts as the author's change.
    fn cause(&self, address: &Address, op: Op, fields: &[FieldChange]) -> Cause {
        let Some(record) = self.inputs.record else { return Cause::Change };
        let recorded = record.specs.contains_key(address);
        match op {
            Op::Create if recorded => Cause::Drift,
            Op::Update | Op::Replace if recorded => {
                let drift = fields.iter().any(|f| f.live != f.applied);
                let change = fields.iter().any(|f| f.wanted != f.applied);
                match (change, drift) {
                    (true, true) => Cause::Both,
                    (false, true) => Cause::Drift,
                    _ => Cause::Change,
                }
            }
            _ => Cause::Change,
        }
    }

    fn loses(&self, live: Option<&Live>) -> Option<String> {
        let live = live?;
        let info = self.info(&live.type_name)?;
        info.holds_data.then(|| live.data.clone()).flatten()
    }

    /// Plans the deletion of what is ours and no longer wanted.
    fn removals(&mut self) {
        let wanted: BTreeSet<&Address> = self.inputs.desired.iter().map(|d| &d.address).collect();
        let gone: Vec<&Live> = self
            .inputs
            .live
            .iter()
            .filter(|l| l.owner == Owner::Ours && !l.not_emulated && !wanted.contains(&l.address))
            .collect();
        for live in &gone {
            if self.goes_with_its_container(live, &gone) {
                continue;
            }
            self.steps.push(Step {
                address: live.address.clone(),
                type_name: live.type_name.clone(),
                name: live.name.clone(),
                op: Op::Delete,
                cause: Cause::Change,
                fields: vec![],
                wanted: Value::Null,
                context: Value::Null,
                payload: None,
                live: Some((*live).clone()),
                after: vec![],
                loses: self.loses(Some(live)),
            });
        }
    }

    fn goes_with_its_container(&self, live: &Live, gone: &[&Live]) -> bool {
        let Some(container) = self.info(&live.type_name).and_then(|t| t.contained_in) else { return false };
        let all = self.inputs.live.iter().filter(|l| l.type_name == container).count();
        let going: Vec<_> = gone.iter().filter(|l| l.type_name == container).collect();
        !going.is_empty() && (going.len() == all || going.iter().any(|l| l.address.id() == live.address.id()))
    }
}

fn clash(desired: &Desired, says: &str) -> CloudError {
    CloudError::ours(
        ErrorKind::Foreign,
        format!("{}: `{}` exists already and is not this stack's: {says}", desired.address, desired.name),
        format!("rename the stack or the environment, or take it over with `up --adopt {}`", desired.address),
    )
}
