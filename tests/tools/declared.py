"""Every call that a resource type declares must be made by a test; each right that it brings must be needed.

    python declared.py DECLARED JUDGED REPLAYED

DECLARED has `service:Operation` lines as the types declare them, JUDGED is the report of the judge's recorder on the
live tests, REPLAYED has the requests of the replayed tests. Prints the calls that no test makes and exits with 1.
"""

import json
import sys

# Names of services in signatures and in botocore's models, where a declaration has another.
SERVICES = {"monitoring": "cloudwatch", "resourcegroupstaggingapi": "tag", "tagging": "tag", "logs": "logs"}


def normalise(service, operation):
    return f"{SERVICES.get(service, service)}:{operation}".lower()


def main(declared, judged, replayed):
    with open(declared, encoding="utf-8") as file:
        wanted = file.read().split()
    with open(judged, encoding="utf-8") as file:
        made = {normalise(*name.split(".", 1)) for name in json.load(file)["operations"]}
    with open(replayed, encoding="utf-8") as file:
        made.update(normalise(*line.split(":", 1)) for line in file.read().split())
    missing = [call for call in wanted if normalise(*call.split(":", 1)) not in made]
    for call in missing:
        print(f"declared, and no test makes it: {call}")
    print(f"{len(wanted) - len(missing)} of {len(wanted)} declared calls are made by tests")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
