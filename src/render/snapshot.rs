//! Snapshots of rendered texts, for tests: each in `snapshots/` under its own name.

/// Compares with `src/render/snapshots/<name>.snap`. CONTRIBUTING.md says how to accept a change.
pub fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
