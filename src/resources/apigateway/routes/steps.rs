//! Plans the calls that lead from the live tree to the wanted routes, in an order that API Gateway
//! accepts. Pure.

use super::read::{Tree, lineage, split};
use super::spec::RoutesSpec;
use std::collections::BTreeSet;

/// One change; each is one call, but for methods, which are a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    DeleteMethod {
        path: String,
        verb: String,
    },
    DeleteResource {
        path: String,
    },
    CreateResource {
        path: String,
    },
    /// PutMethod and PutIntegration.
    PutRoute {
        path: String,
        verb: String,
    },
    /// Only the integration: the method is as wanted.
    PutIntegration {
        path: String,
        verb: String,
    },
    /// OPTIONS with a MOCK integration.
    PutPreflight {
        path: String,
    },
    /// ANY with a MOCK integration.
    PutNotAllowed {
        path: String,
    },
    PutGatewayResponse {
        kind: String,
    },
    DeleteGatewayResponse {
        kind: String,
    },
}

/// The paths that carry wanted methods.
pub fn paths(wanted: &RoutesSpec) -> BTreeSet<String> {
    let routes = wanted.routes.keys().map(|key| split(key).1.to_string());
    routes.chain(wanted.cors.keys().cloned()).chain(wanted.not_allowed.keys().cloned()).collect()
}

/// The changes. `live` is `tree` as a spec.
///
/// Deletes stand first: a parent takes one path variable only, so `{id}` must go before `{name}`
/// comes. A resource takes its methods with it, and goes before its parent.
pub fn changes(tree: &Tree, live: &RoutesSpec, wanted: &RoutesSpec) -> Vec<Change> {
    let kept: BTreeSet<String> = paths(wanted).iter().flat_map(|path| lineage(path)).collect();
    let mut deletes = Vec::new();
    let mut puts = Vec::new();
    for (path, node) in tree.nodes.iter().filter(|(path, _)| kept.contains(*path) || *path == "/") {
        for verb in node.methods.keys() {
            let key = format!("{verb} {path}");
            let same = if verb == "OPTIONS" && live.cors.contains_key(path) {
                live.cors.get(path) == wanted.cors.get(path)
            } else if verb == "ANY" && live.not_allowed.contains_key(path) {
                live.not_allowed.get(path) == wanted.not_allowed.get(path)
            } else {
                wanted.routes.contains_key(&key) && !rewrite(live, wanted, &key)
            };
            if !same {
                deletes.push(Change::DeleteMethod { path: path.clone(), verb: verb.clone() });
            }
        }
    }
    let mut gone: Vec<_> =
        tree.nodes.keys().filter(|path| !kept.contains(*path) && *path != "/").collect();
    gone.sort_by_key(|path| std::cmp::Reverse(depth(path)));
    deletes.extend(gone.into_iter().map(|path| Change::DeleteResource { path: path.clone() }));

    let mut missing: Vec<_> =
        kept.iter().filter(|path| !tree.nodes.contains_key(*path) && *path != "/").collect();
    missing.sort_by_key(|path| depth(path));
    puts.extend(missing.into_iter().map(|path| Change::CreateResource { path: path.clone() }));
    for (key, route) in &wanted.routes {
        let (verb, path) = split(key);
        let (path, verb) = (path.to_string(), verb.to_string());
        if !live.routes.contains_key(key) || rewrite(live, wanted, key) {
            puts.push(Change::PutRoute { path, verb });
        } else if live.routes.get(key) != Some(route) {
            puts.push(Change::PutIntegration { path, verb });
        }
    }
    for (path, cors) in &wanted.cors {
        if live.cors.get(path) != Some(cors) {
            puts.push(Change::PutPreflight { path: path.clone() });
        }
    }
    for (path, answer) in &wanted.not_allowed {
        if live.not_allowed.get(path) != Some(answer) {
            puts.push(Change::PutNotAllowed { path: path.clone() });
        }
    }
    deletes.extend(puts);
    deletes.extend(gateway(live, wanted));
    deletes
}

fn gateway(live: &RoutesSpec, wanted: &RoutesSpec) -> Vec<Change> {
    let put = wanted
        .gateway_responses
        .iter()
        .filter(|(kind, headers)| live.gateway_responses.get(*kind) != Some(headers));
    let put = put.map(|(kind, _)| Change::PutGatewayResponse { kind: kind.clone() });
    let gone =
        live.gateway_responses.keys().filter(|kind| !wanted.gateway_responses.contains_key(*kind));
    put.chain(gone.map(|kind| Change::DeleteGatewayResponse { kind: kind.clone() })).collect()
}

/// True where the method itself differs, or carries what is not ours: it is made anew. Putting a
/// method that exists is a conflict on AWS, so it is deleted first; callers see nothing of it
/// before the next deployment.
fn rewrite(live: &RoutesSpec, wanted: &RoutesSpec, key: &str) -> bool {
    match (live.routes.get(key), wanted.routes.get(key)) {
        (Some(a), Some(b)) => {
            a.integration != b.integration
                || a.authorization != b.authorization
                || a.authorizer_id != b.authorizer_id
                || a.scopes != b.scopes
                || a.api_key_required != b.api_key_required
        }
        _ => false,
    }
}

fn depth(path: &str) -> usize {
    path.matches('/').count()
}

#[cfg(test)]
mod tests {
    use super::super::read::Node;
    use super::super::spec::{CorsSpec, RouteSpec};
    use super::*;
    use aws_sdk_apigateway::types::Method;

    fn route(function: &str) -> RouteSpec {
        RouteSpec {
            integration: "AWS_PROXY".into(),
            function_arn: function.into(),
            authorization: "NONE".into(),
            authorizer_id: None,
            scopes: BTreeSet::new(),
            api_key_required: false,
            timeout_ms: 29_000,
        }
    }

    fn spec(routes: &[(&str, RouteSpec)], cors: &[&str]) -> RoutesSpec {
        let answer = CorsSpec {
            allow_origin: "o".into(),
            allow_methods: "GET".into(),
            allow_headers: String::new(),
            allow_credentials: false,
            max_age: "1".into(),
        };
        RoutesSpec {
            routes: routes.iter().map(|(k, r)| ((*k).to_string(), r.clone())).collect(),
            cors: cors.iter().map(|p| ((*p).to_string(), answer.clone())).collect(),
            not_allowed: Default::default(),
            gateway_responses: Default::default(),
        }
    }

    fn tree(nodes: &[(&str, &[&str])]) -> Tree {
        let mut tree = Tree::default();
        for (path, verbs) in nodes {
            let methods =
                verbs.iter().map(|v| ((*v).to_string(), Method::builder().build())).collect();
            tree.nodes.insert((*path).to_string(), Node { id: (*path).to_string(), methods });
        }
        tree
    }

    #[test]
    fn an_empty_api_gets_parents_before_children_and_then_methods() {
        let wanted = spec(&[("GET /a/b", route("f"))], &["/a/b"]);
        let live = spec(&[], &[]);
        let (path, verb) = ("/a/b".to_string(), "GET".to_string());
        assert_eq!(
            changes(&tree(&[("/", &[])]), &live, &wanted),
            [
                Change::CreateResource { path: "/a".into() },
                Change::CreateResource { path: path.clone() },
                Change::PutRoute { path: path.clone(), verb },
                Change::PutPreflight { path },
            ]
        );
    }

    #[test]
    fn what_is_as_wanted_is_left_alone_and_one_difference_is_one_call() {
        let live = spec(&[("GET /a", route("f")), ("POST /a", route("f"))], &["/a"]);
        let nodes = tree(&[("/", &[]), ("/a", &["GET", "OPTIONS", "POST"])]);
        assert!(changes(&nodes, &live, &live).is_empty());
        let wanted = spec(&[("GET /a", route("g")), ("POST /a", route("f"))], &["/a"]);
        let one = Change::PutIntegration { path: "/a".into(), verb: "GET".into() };
        assert_eq!(changes(&nodes, &live, &wanted), [one]);
    }

    #[test]
    fn a_changed_method_is_deleted_before_it_is_put_and_leaves_go_before_their_parents() {
        let mut keyed = route("f");
        keyed.api_key_required = true;
        let live = spec(&[("GET /a", keyed), ("ANY /x/y", route("z"))], &[]);
        let nodes = tree(&[("/", &[]), ("/a", &["GET"]), ("/x", &[]), ("/x/y", &["ANY"])]);
        let wanted = spec(&[("GET /a", route("f"))], &[]);
        let (path, verb) = ("/a".to_string(), "GET".to_string());
        assert_eq!(
            changes(&nodes, &live, &wanted),
            [
                Change::DeleteMethod { path: path.clone(), verb: verb.clone() },
                Change::DeleteResource { path: "/x/y".into() },
                Change::DeleteResource { path: "/x".into() },
                Change::PutRoute { path, verb },
            ]
        );
    }
}
