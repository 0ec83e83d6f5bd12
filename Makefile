# What CI runs, and what a developer runs: one command.
.PHONY: test
test:
	cargo test --workspace --locked
