//! Which route of an API answers a request, as API Gateway chooses it.

use super::{Api, Route};

impl Api {
    /// The route for a method and a path, which may have a query. Of several that fit, a plain
    /// segment goes before a parameter, a parameter before `{proxy+}`, a method before `ANY`.
    pub fn route_of(&self, method: &str, path: &str) -> Option<&Route> {
        let asked = path.split(['?', '#']).next().unwrap_or_default();
        let fitting = self.routes.iter().filter(|route| {
            (route.method == method || route.method == "ANY") && fits(&route.path, asked)
        });
        fitting.min_by_key(|route| {
            let ranks: Vec<u8> = segments(&route.path).map(rank).collect();
            (ranks, route.method == "ANY")
        })
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn rank(segment: &str) -> u8 {
    match (segment.starts_with('{'), segment.ends_with("+}")) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

/// `/notes/{id}` answers `/notes/1`, and `/{proxy+}` whatever has one part or more.
fn fits(route: &str, path: &str) -> bool {
    let mut parts = segments(path);
    for segment in segments(route) {
        let Some(part) = parts.next() else {
            return false;
        };
        match rank(segment) {
            2 => return true,
            1 => {}
            _ if segment != part => return false,
            _ => {}
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn routes_answer_what_api_gateway_sends_them() {
        for (route, path) in [
            ("/", "/"),
            ("/notes", "/notes"),
            ("/notes/{id}", "/notes/1"),
            ("/{proxy+}", "/a/b/c"),
            ("/a/{proxy+}", "/a/b"),
            ("/notes/{id}/lines/{line}", "/notes/1/lines/2"),
        ] {
            assert!(fits(route, path), "{route} {path}");
        }
        for (route, path) in [
            ("/notes", "/note"),
            ("/notes", "/notes/1"),
            ("/notes/{id}", "/notes"),
            ("/{proxy+}", "/"),
            ("/", "/x"),
        ] {
            assert!(!fits(route, path), "{route} {path}");
        }
    }

    #[test]
    fn the_narrowest_route_answers() {
        let text = "name: a\nregion: us-east-1\nfunctions:\n  f: { crate: f }\n  g: { crate: g }\n\
                    api:\n  routes:\n    GET /notes/{id}: f\n    GET /notes/new: g\n";
        let stack = crate::stack::parse(text, "stack.yaml").unwrap();
        let api = stack.api.as_ref().unwrap();
        let function = |path| api.route_of("GET", path).map(|r| r.function.as_str());
        assert_eq!(function("/notes/new?x=/1"), Some("g"));
        assert_eq!((function("/notes/1"), function("/notes")), (Some("f"), None));
        assert!(api.route_of("POST", "/notes/1").is_none());
    }
}
