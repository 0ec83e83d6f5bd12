//! Reads the facts of one file from its syntax tree.

use crate::compiled::{attributes_of, is_test_only};
use crate::facts::{Declared, Facts, Function, Named, Use};
use proc_macro2::{Delimiter, LineColumn, Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, Lit, Meta, UseTree};

/// The facts of a text; on a syntax error its line and the parser's words.
pub fn collect(text: &str, module: &[String], test: bool) -> Result<Facts, (usize, String)> {
    let file =
        syn::parse_file(text).map_err(|error| (error.span().start().line, error.to_string()))?;
    let mut collector = Collector {
        module: module.to_vec(),
        test,
        of_trait: false,
        constant: false,
        facts: Facts::default(),
    };
    collector.visit_file(&file);
    Ok(collector.facts)
}

struct Collector {
    module: Vec<String>,
    test: bool,
    of_trait: bool,
    constant: bool,
    facts: Facts,
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::TraitAlias(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

fn method_name(name: &impl ToString, bare: bool) -> String {
    format!("{}{}", name.to_string(), if bare { "()" } else { "(..)" })
}

impl Collector {
    fn named(&self, path: Vec<String>, span: Span) -> Named {
        Named { path, line: span.start().line, test: self.test, module: self.module.clone() }
    }

    /// Runs `inner` as test code if the attributes say so.
    fn within(&mut self, attributes: &[Attribute], inner: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= is_test_only(attributes);
        inner(self);
        self.test = before;
    }

    fn add_function(&mut self, name: Option<String>, start: LineColumn, end: LineColumn) {
        let lines = end.line + 1 - start.line;
        let of_trait = self.of_trait && name.is_some();
        self.facts.functions.push(Function { name, line: start.line, lines, of_trait });
    }

    fn add_use(&mut self, before: &[String], tree: &UseTree) {
        let mut add = |last: &syn::Ident, rename: Option<String>| {
            let mut path = before.to_vec();
            if last != "self" || before.is_empty() {
                path.push(last.to_string());
            }
            self.facts.uses.push(Use {
                path,
                rename,
                glob: false,
                line: last.span().start().line,
                test: self.test,
                module: self.module.clone(),
            });
        };
        match tree {
            UseTree::Name(name) => add(&name.ident, None),
            UseTree::Rename(name) => add(&name.ident, Some(name.rename.to_string())),
            UseTree::Path(path) => {
                let before: Vec<String> =
                    before.iter().cloned().chain([path.ident.to_string()]).collect();
                self.add_use(&before, &path.tree);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(before, tree);
                }
            }
            UseTree::Glob(glob) => self.facts.uses.push(Use {
                path: before.to_vec(),
                rename: None,
                glob: true,
                line: glob.span().start().line,
                test: self.test,
                module: self.module.clone(),
            }),
        }
    }

    /// Macros hide their arguments from the tree: paths, calls and imports are told by their
    /// tokens.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let punct = |at: usize, sign: char| match tokens.get(at) {
            Some(TokenTree::Punct(found)) => found.as_char() == sign,
            _ => false,
        };
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(ident) if ident == "use" => {
                    let end = (at..tokens.len()).find(|end| punct(*end, ';')).unwrap_or(at);
                    let text: TokenStream =
                        tokens[at..tokens.len().min(end + 1)].iter().cloned().collect();
                    if let Ok(found) = syn::parse2::<syn::ItemUse>(text) {
                        self.visit_item_use(&found);
                        at = end;
                    }
                }
                TokenTree::Ident(ident) => {
                    let method = at > 0 && punct(at - 1, '.');
                    let mut path = vec![ident.to_string()];
                    let mut next = at + 1;
                    while punct(next, ':') && punct(next + 1, ':') {
                        let Some(TokenTree::Ident(part)) = tokens.get(next + 2) else { break };
                        path.push(part.to_string());
                        next += 3;
                    }
                    self.add_tokens(path, ident.span(), method, tokens.get(next));
                    at = next - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn add_tokens(
        &mut self,
        path: Vec<String>,
        span: Span,
        method: bool,
        next: Option<&TokenTree>,
    ) {
        let found = self.named(path, span);
        for part in &found.path {
            self.facts.idents.push(self.named(vec![part.clone()], span));
        }
        match next {
            Some(TokenTree::Punct(sign)) if sign.as_char() == '!' && !method => {
                self.facts.macros.push(found.clone());
            }
            Some(TokenTree::Group(group))
                if method && group.delimiter() == Delimiter::Parenthesis =>
            {
                let path = found.path.iter().map(|n| method_name(n, group.stream().is_empty()));
                let path = path.collect();
                self.facts.methods.push(Named { path, ..found });
                return;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
                self.facts.indexes.push(found.clone());
            }
            _ => {}
        }
        if !method {
            self.facts.paths.push(found);
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Some(name) = name_of(item) {
            self.facts.items.push((self.module.clone(), name));
        }
        self.within(attributes_of(item), |inner| visit::visit_item(inner, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let path = item.attrs.iter().find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        self.facts.modules.push(Declared {
            parent: self.module.clone(),
            name: item.ident.to_string(),
            path,
            inline: item.content.is_some(),
            test: self.test,
            line: item.ident.span().start().line,
        });
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_use(&[], &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let rename = item.rename.as_ref().map(|(_, name)| name.to_string());
        let path = vec![if item.ident == "self" { "crate".into() } else { item.ident.to_string() }];
        let (line, module) = (item.ident.span().start().line, self.module.clone());
        self.facts.uses.push(Use { path, rename, glob: false, line, test: self.test, module });
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let last = |a: &Attribute| a.path().segments.last().is_some_and(|s| s.ident == "test");
        self.facts.tests += usize::from(item.attrs.iter().any(last));
        let start = item.sig.fn_token.span.start();
        self.add_function(Some(item.sig.ident.to_string()), start, item.block.span().end());
        visit::visit_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let before = std::mem::replace(&mut self.constant, true);
        visit::visit_item_const(self, item);
        self.constant = before;
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        let before = std::mem::replace(&mut self.constant, true);
        visit::visit_item_static(self, item);
        self.constant = before;
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let before = std::mem::replace(&mut self.of_trait, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.of_trait = before;
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes: &[Attribute] = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            syn::ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        self.within(attributes, |inner| visit::visit_impl_item(inner, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let start = item.sig.fn_token.span.start();
        self.add_function(Some(item.sig.ident.to_string()), start, item.block.span().end());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let start = item.sig.fn_token.span.start();
        self.add_function(Some(item.sig.ident.to_string()), start, item.span().end());
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.add_function(None, closure.span().start(), closure.span().end());
        visit::visit_expr_closure(self, closure);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        self.within(&local.attrs, |inner| visit::visit_local(inner, local));
    }

    fn visit_stmt_macro(&mut self, call: &'ast syn::StmtMacro) {
        self.within(&call.attrs, |inner| visit::visit_stmt_macro(inner, call));
    }

    fn visit_expr_block(&mut self, block: &'ast syn::ExprBlock) {
        self.within(&block.attrs, |inner| visit::visit_expr_block(inner, block));
    }

    fn visit_expr_index(&mut self, index: &'ast syn::ExprIndex) {
        let full = matches!(&*index.index, Expr::Range(r) if r.start.is_none() && r.end.is_none());
        if !full && !self.constant {
            let found = self.named(Vec::new(), index.bracket_token.span.open());
            self.facts.indexes.push(found);
        }
        visit::visit_expr_index(self, index);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let found =
            self.named(vec![method_name(&call.method, call.args.is_empty())], call.method.span());
        self.facts.methods.push(found);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let path = call.path.segments.iter().map(|part| part.ident.to_string()).collect();
        let found = self.named(path, call.path.span());
        self.facts.macros.push(found);
        visit::visit_macro(self, call);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.scan(tokens.clone());
    }

    /// `#[serde(with = "crate::x")]` names a path in a string.
    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        for token in list.tokens.clone() {
            if let TokenTree::Literal(text) = token
                && let Ok(path) = syn::parse_str::<syn::LitStr>(&text.to_string())
                && let Ok(path) = path.parse::<syn::Path>()
            {
                let parts = path.segments.iter().map(|part| part.ident.to_string()).collect();
                let found = self.named(parts, text.span());
                self.facts.paths.push(found);
            }
        }
        visit::visit_meta_list(self, list);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts = path.segments.iter().map(|part| part.ident.to_string()).collect();
        let found = self.named(parts, path.span());
        self.facts.paths.push(found);
        visit::visit_path(self, path);
    }

    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        let found = self.named(vec![ident.to_string()], ident.span());
        self.facts.idents.push(found);
    }
}
