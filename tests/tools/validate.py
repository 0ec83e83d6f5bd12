"""Validates JSON documents against a schema: schema path as argument, an array of documents on standard input.

Prints an array with one entry a document: null where it is valid, else the first error in words.
"""

import json
import sys

from jsonschema import Draft7Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)


def verdict(document):
    error = next(validator.iter_errors(document), None)
    return error and f"{error.json_path}: {error.message}"


json.dump([verdict(document) for document in json.load(sys.stdin)], sys.stdout)
