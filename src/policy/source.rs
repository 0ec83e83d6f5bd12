//! Finds the AWS operations that a Rust source calls, by parsing the SDK's fluent calls.
//!
//! A call is a method without arguments that has the name of an operation (`client.put_item()`), on
//! the way to `send` or to a paginator. Code for tests is passed over. The table or bucket that a
//! call names is a value of the run and is not resolved.

use super::actions::catalogue;
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// One call in a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceCall {
    /// IAM action, `dynamodb:PutItem`; `None` where the call could not be resolved.
    pub action: Option<String>,
    /// `lambdas/create-order/src/store.rs:41`.
    pub place: String,
    /// For a call that could not be resolved: what it is.
    pub note: Option<String>,
}

/// All calls of one file to `services`, which are those of the whole crate: a file can use a client
/// without naming its SDK. `file` names the file in the places.
///
/// # Errors
/// The text is not Rust; with the place.
pub fn calls(
    file: &str,
    text: &str,
    services: &BTreeSet<String>,
) -> Result<Vec<SourceCall>, String> {
    let tree =
        syn::parse_file(text).map_err(|e| format!("{file}:{}: {e}", e.span().start().line))?;
    let mut finder = Finder { file, services, found: BTreeSet::new(), function: None };
    finder.visit_file(&tree);
    Ok(finder.found.into_iter().collect())
}

/// IAM prefixes of the services whose SDK a source or a manifest names, `aws_sdk_dynamodb` or
/// `aws-sdk-dynamodb`. A crate without a catalogue of ours keeps its own name.
pub fn services(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in text.split("aws_sdk_").skip(1).chain(text.split("aws-sdk-").skip(1)) {
        let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        let prefix = match name.as_str() {
            "cloudwatchlogs" => "logs",
            "sfn" => "states",
            other => other,
        };
        if !prefix.is_empty() {
            found.insert(prefix.to_string());
        }
    }
    found
}

/// The calls found in one function so far.
#[derive(Default)]
struct Body {
    operations: usize,
    /// Lines of `send`.
    sends: Vec<usize>,
}

struct Finder<'a> {
    file: &'a str,
    services: &'a BTreeSet<String>,
    found: BTreeSet<SourceCall>,
    function: Option<Body>,
}

impl Finder<'_> {
    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }

    fn add(&mut self, action: Option<String>, line: usize, note: Option<String>) {
        let place = self.place(line);
        self.found.insert(SourceCall { action, place, note });
        if let Some(body) = &mut self.function {
            body.operations += 1;
        }
    }

    /// A method without arguments may be an operation.
    fn operation(&mut self, method: &str, line: usize) {
        let name = pascal(method);
        for service in self.services {
            if catalogue().actions(&format!("{service}:{name}")).is_empty() {
                continue;
            }
            return self.add(Some(format!("{service}:{name}")), line, None);
        }
        // Operations that are no actions of their own: their parts are (`Put::builder`).
        let transaction = ["transact_write_items", "transact_get_items"].contains(&method);
        if transaction && self.services.contains("dynamodb") {
            if let Some(body) = &mut self.function {
                body.operations += 1;
            }
            if method == "transact_get_items" {
                self.add(Some("dynamodb:GetItem".into()), line, None);
            }
        }
        if ["execute_statement", "batch_execute_statement", "execute_transaction"].contains(&method)
            && self.services.contains("dynamodb")
        {
            let note = format!("`{method}` runs PartiQL, whose statement is a value of the run");
            self.add(None, line, Some(note));
        }
    }

    fn in_function(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = self.function.replace(Body::default());
        visit(self);
        let body = std::mem::replace(&mut self.function, outer).unwrap_or_default();
        if body.operations == 0
            && !self.services.is_empty()
            && let Some(line) = body.sends.first()
        {
            let note = "`send` of a request that is built elsewhere".to_string();
            let place = self.place(*line);
            self.found.insert(SourceCall { action: None, place, note: Some(note) });
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !for_tests(&item.attrs) {
            self.in_function(|this| visit::visit_item_fn(this, item));
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !for_tests(&item.attrs) {
            self.in_function(|this| visit::visit_impl_item_fn(this, item));
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let (method, line) = (call.method.to_string(), call.method.span().start().line);
        if call.args.is_empty() {
            if method == "send"
                && let Some(body) = &mut self.function
            {
                body.sends.push(line);
            }
            self.operation(&method, line);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        // Parts of a transaction: `Put::builder`, `types::Update::builder`.
        let names: Vec<String> = path.path.segments.iter().map(|s| s.ident.to_string()).collect();
        if let [.., client, method] = names.as_slice()
            && client == "Client"
        {
            self.operation(method, path.span().start().line);
        }
        if let [.., kind, builder] = names.as_slice()
            && builder == "builder"
            && self.services.contains("dynamodb")
        {
            let action = match kind.as_str() {
                "Put" => Some("dynamodb:PutItem"),
                "Update" => Some("dynamodb:UpdateItem"),
                "Delete" => Some("dynamodb:DeleteItem"),
                "ConditionCheck" => Some("dynamodb:ConditionCheckItem"),
                "Get" => Some("dynamodb:GetItem"),
                _ => None,
            };
            if let Some(action) = action {
                self.add(Some(action.into()), path.span().start().line, None);
            }
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        // Arguments of `vec!`, `try_join!` and the like are expressions, other bodies statements.
        let parser = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        if let Ok(expressions) = item.parse_body_with(parser) {
            expressions
                .iter()
                .for_each(|expression| self.visit_inner(|f| f.visit_expr(expression)));
        } else if let Ok(statements) = item.parse_body_with(syn::Block::parse_within) {
            statements.iter().for_each(|statement| self.visit_inner(|f| f.visit_stmt(statement)));
        } else {
            self.unparsed(item.tokens.clone());
        }
    }
}

impl Finder<'_> {
    /// Walks a tree that is local to the caller with a finder of its own.
    fn visit_inner(&mut self, walk: impl FnOnce(&mut Finder<'_>)) {
        let mut inner = Finder {
            file: self.file,
            services: self.services,
            found: BTreeSet::new(),
            function: Some(Body::default()),
        };
        walk(&mut inner);
        if let (Some(body), Some(found)) = (&mut self.function, inner.function) {
            body.operations += found.operations;
            body.sends.extend(found.sends);
        }
        self.found.extend(inner.found);
    }

    /// Handles a macro body that is neither expressions nor statements, such as `macro_rules!`: a
    /// word with the name of an operation may be a call.
    fn unparsed(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Group(group) => self.unparsed(group.stream()),
                proc_macro2::TokenTree::Ident(word) => {
                    let name = pascal(&word.to_string());
                    let known =
                        |s: &&String| !catalogue().actions(&format!("{s}:{name}")).is_empty();
                    // A word without `_` is more likely something else.
                    if word.to_string().contains('_') && self.services.iter().any(|s| known(&s)) {
                        let note = format!("`{word}` in a macro that cannot be read");
                        self.add(None, word.span().start().line, Some(note));
                    }
                }
                _ => {}
            }
        }
    }
}

/// True under `#[cfg(test)]`, `#[cfg(all(test, …))]`, `#[test]` and the test macros of async
/// runtimes.
fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|s| s.ident.to_string());
        match last.as_deref() {
            Some("test") => true,
            Some("cfg") => attribute.parse_args::<syn::Meta>().is_ok_and(|c| needs_test(&c)),
            _ => false,
        }
    })
}

/// True for `test` and for an `all(…)` that has it.
fn needs_test(condition: &syn::Meta) -> bool {
    let conditions = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
    match condition {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("all") => {
            list.parse_args_with(conditions).is_ok_and(|all| all.iter().any(needs_test))
        }
        _ => false,
    }
}

/// `put_item` -> `PutItem`.
fn pascal(method: &str) -> String {
    method
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(text: &str) -> Vec<String> {
        let found = calls("f.rs", text, &services(text)).unwrap();
        let mut names: Vec<String> =
            found.into_iter().map(|c| c.action.unwrap_or_else(|| "?".into())).collect();
        names.sort();
        names.dedup();
        names
    }

    const USE: &str = "use aws_sdk_dynamodb::Client;\n";

    #[test]
    fn fluent_calls_are_found_with_their_line() {
        let text = format!(
            "{USE}async fn f(c: Client) {{\n    let call = c.put_item().table_name(\"t\");\n    \
             call.send().await;\n}}"
        );
        let found = calls("src/a.rs", &text, &services(&text)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].action.as_deref(), Some("dynamodb:PutItem"));
        assert_eq!(found[0].place, "src/a.rs:3");
    }

    #[test]
    fn parts_of_a_transaction_are_actions() {
        let text = format!(
            "{USE}fn f(c: Client) {{ let w = vec![T::builder().put(Put::builder().build()), \
             types::ConditionCheck::builder().build()]; c.transact_write_items().send(); }}"
        );
        assert_eq!(actions(&text), ["dynamodb:ConditionCheckItem", "dynamodb:PutItem"]);
    }

    #[test]
    fn tests_and_other_crates_are_passed_over() {
        let text = format!(
            "{USE}#[cfg(test)] mod tests {{ fn f(c: C) {{ c.delete_table().send(); }} }}\n\
             #[tokio::test] async fn g(c: C) {{ c.delete_table().send().await; }}"
        );
        assert!(actions(&text).is_empty());
        let text =
            format!("{USE}#[cfg(all(test, unix))] fn f(c: C) {{ c.delete_table().send(); }}");
        assert!(actions(&text).is_empty());
        assert!(actions("fn f(c: Client) { c.put_item().send(); }").is_empty());
    }

    #[test]
    fn calls_without_a_receiver_and_in_macros_are_found() {
        let found = |body: &str| actions(&format!("{USE}{body}"));
        assert_eq!(found("fn f(c: C) { Client::scan(&c).send(); }"), ["dynamodb:Scan"]);
        assert_eq!(found("fn f() { spawn! { let a = c.scan(); a.send() } }"), ["dynamodb:Scan"]);
        assert_eq!(found("macro_rules! get { ($c:expr) => { $c.get_item() } }"), ["?"]);
        // The file does not name the SDK that its crate uses.
        let crate_wide = services("aws-sdk-dynamodb = \"1\"");
        let calls = calls("f.rs", "fn f(c: C) { c.delete_item().send(); }", &crate_wide).unwrap();
        assert_eq!(calls[0].action.as_deref(), Some("dynamodb:DeleteItem"));
    }

    #[test]
    fn what_cannot_be_resolved_is_said() {
        let text = format!("{USE}async fn f(request: R) {{ request.send().await; }}");
        assert_eq!(actions(&text), ["?"]);
        let text = format!("{USE}fn f(c: C) {{ c.execute_statement().statement(s).send(); }}");
        assert!(actions(&text).contains(&"?".to_string()));
        assert!(calls("f.rs", "fn {", &BTreeSet::new()).unwrap_err().starts_with("f.rs:1: "));
    }
}
