# The commands a developer needs; `make test` is all that CI runs.
.PHONY: test lint
test: lint
	tests/tools/run.sh

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
