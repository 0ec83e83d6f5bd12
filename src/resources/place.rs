//! Where resources, and parts of them, stand in stack.yaml.

/// The place of a resource or of a part: a statement of a role, a route.
pub struct Place {
    /// Logical id of the resource.
    pub id: String,
    /// The part, by statement id or route; `None` for the resource itself.
    pub part: Option<String>,
    /// Keys from the top of stack.yaml; items of a list go by number.
    pub path: Vec<String>,
    /// The reason that stack.yaml gives for the part.
    pub reason: Option<String>,
}

impl Place {
    /// The place of a resource itself.
    pub fn new(id: &str, path: &[&str]) -> Self {
        let path = path.iter().map(ToString::to_string).collect();
        Self { id: id.into(), part: None, path, reason: None }
    }

    /// The place of a part of it.
    pub fn of_part(id: &str, part: &str, path: &[&str]) -> Self {
        Self { part: Some(part.into()), ..Self::new(id, path) }
    }

    #[must_use]
    pub fn with_reason(self, reason: &str) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

/// The places of resources that a section of stack.yaml makes, one for each id.
pub fn in_section(section: &str, ids: &[&str]) -> Vec<Place> {
    ids.iter().map(|id| Place::new(id, &[section])).collect()
}

/// The places of resources that each of the keys of a section makes under its own name.
pub fn by_key<'a>(section: &[&str], keys: impl Iterator<Item = &'a String>) -> Vec<Place> {
    keys.map(|id| Place::new(id, &[section, &[id.as_str()]].concat())).collect()
}
