//! What is compiled for tests alone, told by attributes.

use syn::punctuated::Punctuated;
use syn::{Attribute, Item, Meta, Token};

/// True if an attribute keeps the item out of production: `#[test]`, `#[cfg(test)]`,
/// `#[cfg(all(test, …))]`, but neither `not(test)` nor `any(test, …)`.
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|part| part.ident.to_string());
        match last.as_deref() {
            Some("test") => true,
            Some("cfg") => {
                attribute.parse_args::<Meta>().is_ok_and(|meta| holds(&meta) == Some(false))
            }
            _ => false,
        }
    })
}

/// Whether a `cfg` predicate holds in production; `None` where that depends on the target.
fn holds(meta: &Meta) -> Option<bool> {
    let Meta::List(list) = meta else {
        return meta.path().is_ident("test").then_some(false);
    };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let parts: Vec<Option<bool>> = parts.iter().map(holds).collect();
    if list.path.is_ident("not") {
        return parts.first().copied().flatten().map(|part| !part);
    }
    let decisive = if list.path.is_ident("all") {
        false
    } else if list.path.is_ident("any") {
        true
    } else {
        return None;
    };
    if parts.contains(&Some(decisive)) {
        Some(decisive)
    } else {
        parts.iter().all(Option::is_some).then_some(!decisive)
    }
}

pub fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
