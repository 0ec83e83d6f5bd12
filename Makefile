# The commands a developer needs; `make test` is all that CI runs.
.PHONY: test lint soak bench bench-lambda
test: lint
	tests/tools/run.sh

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

# Every kill point instead of a sample of them, ten storms instead of two, many pairs of stacks, twenty environments with API Gateway's rates and without; prints its figures.
soak:
	SHOPSTACK_SOAK=1 tests/tools/run.sh --test it -- --nocapture faults drift::pairs e2e::environments e2e::budgets
	SHOPSTACK_SOAK=1 tests/tools/run.sh --test storm -- --nocapture

# Both functions in Rust beside the same two in Node; needs Node, and prints a table.
bench-lambda:
	tests/bench/lambda/run.sh

# Commands on the twin as multiples of 46 DescribeTable calls by boto3; prints a table.
bench:
	tests/bench/commands/run.sh
