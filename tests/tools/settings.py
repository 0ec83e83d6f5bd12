"""Prints, as JSON, what AWS's models say of each writing operation of these services.

`members`: what it takes, each member with its own. A list and a map stand for what is in them; a shape inside itself is
cut off. `errors`: the codes by which it refuses, with their HTTP status."""

import json
import sys

from botocore.loaders import Loader
from botocore.model import ServiceModel

# Operations that set nothing: they read, or they take away what another operation sets.
OTHERS = ("Get", "List", "Describe", "Head", "Delete", "Untag")


def members(shape, above=()):
    """Members by name, with theirs."""
    while shape.type_name in ("list", "map"):
        shape = shape.member if shape.type_name == "list" else shape.value
    if shape.type_name != "structure" or shape.name in above:
        return {}
    return {name: members(member, (*above, shape.name)) for name, member in shape.members.items()}


def errors(operation):
    codes = {}
    for shape in operation.error_shapes:
        status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
        codes[shape.error_code or shape.name] = status
    return codes


def operations(service, tell):
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    names = [name for name in model.operation_names if not name.startswith(OTHERS)]
    return {name: tell(model.operation_model(name)) for name in names}


TELL = {
    "members": lambda operation: members(operation.input_shape) if operation.input_shape else {},
    "errors": errors,
}

if __name__ == "__main__":
    json.dump({service: operations(service, TELL[sys.argv[1]]) for service in sys.argv[2:]}, sys.stdout)
