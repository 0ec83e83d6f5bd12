"""Times whole commands on the twin and prints them as multiples of 46 DescribeTable calls, one after the other, by boto3.

    python measure.py BINARY ENDPOINT

Medians of five, all in one run, with the Lambdas built: a clean `diff` and `down` of the shop in this repository, and a clean
`diff` of a stack of 60 functions on one crate. The requests of each command are counted by the command itself.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import boto3

ROUNDS = 5
CALLS = 46
BINARY, ENDPOINT = os.path.abspath(sys.argv[1]), sys.argv[2]


def run(folder, *words):
    """Runs a command in a folder; its duration in seconds and the last JSON document that it printed."""
    start = time.monotonic()
    done = subprocess.run([BINARY, *words, "--local", "--json"], cwd=folder, capture_output=True, text=True, check=False)
    took = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    text = done.stdout.strip()
    return took, json.loads(text if words[0] == "diff" else text.splitlines()[-1])


def requests(document):
    calls = document["calls"]
    return sum(count for count in calls.values() if isinstance(count, int)) if isinstance(calls, dict) else 0


def base():
    """Seconds that the calls take which everything is compared with."""
    client = boto3.client("dynamodb", endpoint_url=ENDPOINT, region_name="us-east-1",
                          aws_access_key_id="test", aws_secret_access_key="test")
    client.create_table(TableName="bench", BillingMode="PAY_PER_REQUEST",
                        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    took = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        for _ in range(CALLS):
            client.describe_table(TableName="bench")
        took.append(time.monotonic() - start)
    client.delete_table(TableName="bench")
    return statistics.median(took)


def shop(folder):
    """A copy of the shop whose functions are built where the repository's are."""
    for name in ("site", "seed"):
        shutil.copytree(name, os.path.join(folder, name))
    shutil.copy("stack.yaml", folder)
    os.symlink(os.path.abspath("lambdas"), os.path.join(folder, "lambdas"))


def wide(folder):
    """60 functions of one crate."""
    os.symlink(os.path.abspath("lambdas"), os.path.join(folder, "lambdas"))
    lines = ["name: wide", "region: us-east-1", "functions:"]
    lines += [f"  f{n}: {{ crate: lambdas/list-products }}" for n in range(60)]
    with open(os.path.join(folder, "stack.yaml"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main():
    unit = base()
    print(f"{CALLS} DescribeTable by boto3: {unit * 1000:.0f} ms (median of {ROUNDS}); the rest are multiples of it\n")
    print("| command | ratio | requests |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        shop(first)
        diffs, downs = [], []
        for _ in range(ROUNDS):
            run(first, "up", "--yes", "--no-smoke")
            diffs.append(run(first, "diff"))
            downs.append(run(first, "down", "--yes", "--destroy-data"))
        show("diff, nothing to do", diffs, unit)
        show("down", downs, unit)
        wide(second)
        run(second, "up", "--yes", "--no-smoke")
        show("diff, 60 functions", [run(second, "diff") for _ in range(ROUNDS)], unit)
        run(second, "down", "--yes", "--destroy-data")


def show(name, rounds, unit):
    took = statistics.median(seconds for seconds, _ in rounds)
    print(f"| {name} | {took / unit:.1f} | {requests(rounds[-1][1])} |", flush=True)


if __name__ == "__main__":
    main()
