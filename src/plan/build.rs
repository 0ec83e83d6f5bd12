//! Makes the plan: every desired resource against its live one, and every live one that is no
//! longer desired.

use super::diff::{self, Difference, holds_unknown};
use super::record::{Applied, Record};
use super::{cost, order, stray};
use crate::model::scope::ELSEWHERE;
use crate::model::{
    Address, Cause, CloudError, Desired, ErrorKind, FieldChange, Live, Op, Owner, Plan, Scope,
    Step, TypeInfo, template,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How the note begins that says what takes long.
pub const USUAL_TIMES: &str = "Usual times on AWS:";

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
    let mut builder = Builder {
        inputs,
        pending: BTreeMap::new(),
        steps: vec![],
        unchanged: vec![],
        not_emulated: vec![],
        notes: vec![],
    };
    let ordered = order::sorted(inputs.desired).map_err(|e| vec![e])?;
    let errors: Vec<CloudError> =
        ordered.iter().filter_map(|desired| builder.consider(desired).err()).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    builder.removals();
    let slow = builder.slow();
    let Builder { mut steps, unchanged, not_emulated, mut notes, .. } = builder;
    notes.extend(slow);
    notes.extend(stray::note(inputs.live));
    let dependencies = order::transitive_dependencies(inputs.desired);
    order::connect(&mut steps, &dependencies, inputs.types);
    let floors = cost::floors(&steps, &unchanged, inputs.types);
    Ok(Plan {
        format_version: Plan::FORMAT_VERSION.into(),
        stack: inputs.scope.stack.clone(),
        env: inputs.scope.env.clone(),
        account: inputs.scope.account.clone(),
        region: inputs.scope.region.clone(),
        steps,
        unchanged,
        not_emulated,
        notes,
        floors,
        headings: headings(inputs.types),
    })
}

/// The headings of all types in the order of the types, each with its groups.
pub fn headings(types: &[&TypeInfo]) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut found: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for info in types {
        match found.iter_mut().find(|(heading, _)| *heading == info.heading) {
            Some((_, groups)) => groups.push(info.group),
            None => found.push((info.heading, vec![info.group])),
        }
    }
    found
}

struct Builder<'a> {
    inputs: &'a Inputs<'a>,
    /// The planned operation and cause of the addresses considered so far.
    pending: BTreeMap<Address, (Op, Cause)>,
    steps: Vec<Step>,
    unchanged: Vec<Live>,
    not_emulated: Vec<Address>,
    notes: Vec<String>,
}

impl<'a> Builder<'a> {
    fn info(&self, type_name: &str) -> Option<&'a TypeInfo> {
        self.inputs.types.iter().find(|t| t.type_name == type_name).copied()
    }

    fn live(&self, address: &Address) -> Option<&'a Live> {
        self.inputs.live.iter().find(|l| &l.address == address)
    }

    /// An output as planning knows it: not of things still to be made, and not one that an update
    /// changes.
    fn output(&self, address: &Address, attribute: &str) -> Option<String> {
        if let Some(known) = self.inputs.known.get(address) {
            return known.get(attribute).cloned();
        }
        if self.not_emulated.contains(address) {
            // An endpoint that lacks a resource has no ID for it, so references to it are empty.
            return Some(String::new());
        }
        let live = self.live(address)?;
        let volatile =
            self.info(&live.type_name).is_some_and(|t| t.volatile_outputs.contains(&attribute));
        match self.pending.get(address).map(|(op, _)| op) {
            Some(Op::Create | Op::Replace | Op::Delete) => None,
            Some(Op::Update | Op::Adopt) if volatile => None,
            _ => live.outputs.get(attribute).cloned(),
        }
    }

    fn consider(&mut self, desired: &'a Desired) -> Result<(), CloudError> {
        // A part goes with its container: whatever it is now, it is made again with the new one.
        let live = self.live(&desired.address).filter(|_| self.renewed(desired).is_none());
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
                let is_unread = live.is_some_and(|l| l.spec.is_null());
                return Err(clash(desired, says, is_unread));
            }
            Some(Owner::Foreign(_)) => self.adoption(desired, &differences)?,
            Some(_) if differences.is_empty() => {
                self.unchanged.extend(live.cloned());
                return Ok(());
            }
            Some(_) => {
                let info = self.info(&desired.type_name);
                let replaces =
                    |d: &Difference| info.is_some_and(|t| t.replaces(&d.dotted(), &d.live));
                if differences.iter().any(replaces) { Op::Replace } else { Op::Update }
            }
        };
        let fields = self.fields(desired, op, differences, &wanted);
        let cause = self.cause(desired, op, &fields, &wanted);
        let step = Step {
            address: desired.address.clone(),
            type_name: desired.type_name.clone(),
            name: desired.name.clone(),
            op,
            cause,
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
        self.pending.insert(desired.address.clone(), (op, cause));
        self.steps.push(step);
        Ok(())
    }

    /// The cause if the container of `desired` is replaced.
    fn renewed(&self, desired: &Desired) -> Option<Cause> {
        let container = self.info(&desired.type_name)?.contained_in?;
        let of_type =
            |address: &Address| self.live(address).is_some_and(|l| l.type_name == container);
        desired.dependencies().iter().filter(|a| of_type(a)).find_map(|a| {
            match self.pending.get(a) {
                Some((Op::Replace, cause)) => Some(*cause),
                _ => None,
            }
        })
    }

    fn fields(
        &self,
        desired: &'a Desired,
        op: Op,
        found: Vec<Difference>,
        wanted: &Value,
    ) -> Vec<FieldChange> {
        let info = self.info(&desired.type_name);
        let found = match (op, wanted) {
            // A new resource shows each of its fields once, not one big value.
            (Op::Create, Value::Object(_)) => {
                diff::differences(&Value::Object(Default::default()), wanted)
            }
            _ => found,
        };
        let applied = self.applied(desired, wanted);
        found
            .into_iter()
            .map(|d| FieldChange {
                replaces: op == Op::Replace
                    && info.is_some_and(|t| t.replaces(&d.dotted(), &d.live)),
                applied: applied
                    .as_ref()
                    .map_or(Value::Null, |a| a.at(&d.path, &[&d.live, &d.wanted])),
                path: d.dotted(),
                live: d.live,
                wanted: d.wanted,
            })
            .collect()
    }

    /// The spec that the last `up` applied, by the record.
    fn applied(&self, desired: &'a Desired, wanted: &Value) -> Option<Applied<'a>> {
        let live = self.live(&desired.address).map_or(&Value::Null, |live| &live.spec);
        self.inputs.record?.applied(&desired.address, &[live, wanted])
    }

    /// Adopting changes in place; what would need a replacement is refused, for it would delete
    /// what is not ours.
    fn adoption(&self, desired: &Desired, differences: &[Difference]) -> Result<Op, CloudError> {
        let info = self.info(&desired.type_name);
        let forcing =
            differences.iter().find(|d| info.is_some_and(|t| t.replaces(&d.dotted(), &d.live)));
        let Some(forcing) = forcing else {
            return Ok(Op::Adopt);
        };
        Err(CloudError::ours(
            ErrorKind::Foreign,
            format!(
                "{}: `{}` cannot be adopted: its {} is {} and AWS cannot change that to {} in \
                 place",
                desired.address,
                desired.name,
                forcing.dotted(),
                forcing.live,
                forcing.wanted
            ),
            "make stack.yaml match what exists, or rename the stack or the environment",
        ))
    }

    /// True for a field that goes because its time is up, which is the stack's own doing.
    fn is_due(&self, address: &Address, path: &str) -> bool {
        self.live(address).is_some_and(|live| live.due.contains(path))
    }

    /// The origin of the step. Without a record everything counts as the author's change.
    ///
    /// A value that is not known yet says nothing by itself: it inherits the cause of the steps it
    /// waits for.
    fn cause(&self, desired: &'a Desired, op: Op, fields: &[FieldChange], wanted: &Value) -> Cause {
        let Some(applied) = self.applied(desired, wanted) else {
            return Cause::Change;
        };
        let unknown = |f: &&FieldChange| holds_unknown(&f.wanted);
        let renewed = self.renewed(desired);
        let (mut change, mut drift) = match op {
            Op::Create => {
                let mut known = fields.iter().filter(|f| !unknown(f));
                let removed = diff::differences(&applied.spec, &desired.spec)
                    .iter()
                    .any(|d| d.wanted.is_null());
                (removed || known.any(|f| !diff::is_same(&f.wanted, &f.applied)), renewed.is_none())
            }
            Op::Update | Op::Replace => {
                let due = |f: &FieldChange| self.is_due(&desired.address, &f.path);
                let mut known = fields.iter().filter(|f| !unknown(f));
                (
                    known.any(|f| due(f) || !diff::is_same(&f.wanted, &f.applied)),
                    fields.iter().any(|f| !due(f) && !diff::is_same(&f.live, &f.applied)),
                )
            }
            Op::Adopt | Op::Delete => (true, false),
        };
        // Templates left in the resolved spec are exactly the values to wait for.
        let mut waits = BTreeSet::new();
        template::references(wanted, &mut waits);
        let inherited =
            waits.iter().filter_map(|address| self.pending.get(address)).map(|(_, cause)| *cause);
        for cause in inherited.chain(renewed) {
            change |= cause != Cause::Drift;
            drift |= cause != Cause::Change;
        }
        match (change, drift) {
            (true, true) => Cause::Both,
            (false, true) => Cause::Drift,
            _ => Cause::Change,
        }
    }

    /// The steps that take long on AWS, each duration once.
    fn slow(&self) -> Option<String> {
        let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for step in self.steps.iter().filter(|s| !matches!(s.op, Op::Update | Op::Adopt)) {
            let Some(usually) = self.info(&step.type_name).and_then(|t| t.usually) else {
                continue;
            };
            let usually = match usually.strip_prefix("deletion: ") {
                Some(_) if step.op == Op::Create => continue,
                Some(rest) => rest,
                None => usually,
            };
            told.entry(usually).or_default().push(step.address.as_str());
        }
        let parts: Vec<_> =
            told.iter().map(|(usually, who)| format!("{} {usually}", who.join(", "))).collect();
        (!parts.is_empty()).then(|| format!("{USUAL_TIMES} {}.", parts.join("; ")))
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
                // A resource that the last `up` did not record was created by somebody else in the
                // stack's name.
                cause: match self.inputs.record {
                    Some(record) if !record.specs.contains_key(&live.address) => Cause::Drift,
                    _ => Cause::Change,
                },
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
        let Some(container) = self.info(&live.type_name).and_then(|t| t.contained_in) else {
            return false;
        };
        let all = self
            .inputs
            .live
            .iter()
            .filter(|l| l.type_name == container && l.owner != Owner::Stray)
            .count();
        let going: Vec<_> = gone.iter().filter(|l| l.type_name == container).collect();
        !going.is_empty()
            && (going.len() == all || going.iter().any(|l| l.address.id() == live.address.id()))
    }
}

/// `is_unread`: nothing could be read of what holds the name, so it cannot be adopted either.
fn clash(desired: &Desired, says: &str, is_unread: bool) -> CloudError {
    if says.starts_with(ELSEWHERE) {
        return CloudError::ours(
            ErrorKind::Foreign,
            format!("{}: `{}` exists already: {says}", desired.address, desired.name),
            "name that region, in stack.yaml or with --region, or take the environment down there \
             first",
        );
    }
    CloudError::ours(
        ErrorKind::Foreign,
        format!(
            "{}: `{}` exists already and is not this stack's: {says}",
            desired.address, desired.name
        ),
        match is_unread {
            true => "choose another `name` in stack.yaml or another --env; a resource of your own \
                     needs credentials that may read it"
                .into(),
            false => format!(
                "rename the stack or the environment, or take it over with `up --adopt {}`",
                desired.address
            ),
        },
    )
}
