//! The random stacks that the live tests deploy are valid.

use crate::support::random_stack::{Dice, stack};

#[test]
fn random_stacks_are_good_ones_and_differ() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let text = stack("pair", &mut Dice::new(seed));
        let path = folder.path().join("stack.yaml");
        for part in ["seed", "site", "site2", "lambdas/list", "lambdas/order"] {
            std::fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        std::fs::write(folder.path().join("seed/products.json"), "[]").unwrap();
        std::fs::write(&path, &text).unwrap();
        shopstack::stack::load(&path)
            .unwrap_or_else(|errors| panic!("seed {seed}: {errors:?}\n{text}"));
        seen.insert(text);
    }
    assert!(seen.len() > 190, "{} different ones", seen.len());
}
