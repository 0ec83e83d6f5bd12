//! Where resources, grants and exceptions stand in stack.yaml, and the reasons of grants.

use crate::cli::session::Project;
use crate::model::Address;
use crate::report::{Accepted, Location, Places, Reasons};
use crate::resources::TYPES;
use crate::stack::Lines;

/// Places by address, and by part of the resource.
pub(super) fn places(project: &Project, source: &str, file: &str) -> (Places, Vec<Accepted>) {
    let mut places = Places::new();
    let lines = Lines::parse(source);
    let at = |path: &[&str]| {
        let line = lines.as_ref()?.line(path)?;
        Some(Location { file: file.to_string(), line })
    };
    for resource_type in TYPES {
        for place in resource_type.places(&project.stack) {
            let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
            if let Some(location) = at(&path) {
                let address = Address::new(resource_type.info().group, &place.id);
                places.insert((address, place.part), location);
            }
        }
    }
    let accepted = project.stack.exceptions.iter().enumerate().map(|(position, exception)| {
        let location = at(&["exceptions", &position.to_string()]);
        Accepted {
            rule: exception.rule.clone(),
            resource: exception.resource.clone(),
            reason: exception.reason.clone(),
            approver: exception.approver.clone(),
            expires: exception.expires.clone(),
            location,
        }
    });
    let accepted = accepted.collect();
    (places, accepted)
}

/// Each grant's own reason out of stack.yaml, by address and part.
pub(super) fn reasons(project: &Project) -> Reasons {
    let mut reasons = Reasons::new();
    for resource_type in TYPES {
        for place in resource_type.places(&project.stack) {
            if let (Some(part), Some(reason)) = (place.part, place.reason) {
                let address = Address::new(resource_type.info().group, &place.id);
                reasons.insert((address, part), reason);
            }
        }
    }
    reasons
}
