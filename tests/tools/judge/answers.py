"""Where MiniStack answers otherwise than AWS: what it does not know is kept here, and shapes are made AWS's own."""

import json
import uuid

JSON = [("content-type", "application/x-amz-json-1.1")]


def of_json(value):
    """A good answer of a JSON service."""
    headers = JSON + [("x-amzn-requestid", str(uuid.uuid4()))]
    return 200, headers, json.dumps(value).encode()


def refused(code, message):
    """A refusal of a JSON service, in its wire form."""
    headers = JSON + [("x-amzn-requestid", str(uuid.uuid4()))]
    return 400, headers, json.dumps({"__type": code, "message": message}).encode()


class Extras:
    """What is answered in MiniStack's place, and what is changed on the way to and from it."""

    def __init__(self, views):
        self.views = views
        # Logging configurations by the ARN of their web ACL.
        self.logging = {}

    def instead(self, service, operation, request):
        """An answer without MiniStack, or None."""
        if service == "wafv2" and "LoggingConfiguration" in operation:
            return self.waf_logging(operation, json.loads(request.body or b"{}"))
        if service == "logs" and operation == "FilterLogEvents":
            return self.log_lines(json.loads(request.body))
        return None

    def log_lines(self, value):
        """The logs that MiniStack does not write: a firewall's and an API's."""
        group = value["logGroupName"]
        if group.startswith("/aws/apigateway/"):
            kind = "api"
        elif any(f":log-group:{group}" in arn for c in self.logging.values() for arn in c["LogDestinationConfigs"]):
            kind = "waf"
        else:
            return None
        text = value.get("filterPattern", "").strip('"')
        lines = self.views.lines(kind, value.get("startTime", 0), text)
        return of_json({"events": [{"timestamp": at, "message": line} for at, line in lines]})

    def waf_logging(self, operation, value):
        """MiniStack has no logging of WAF at all."""
        missing = refused("WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource "
                          "doesn't exist.")
        if operation == "PutLoggingConfiguration":
            kept = value["LoggingConfiguration"]
            self.logging[kept["ResourceArn"]] = kept
            return of_json({"LoggingConfiguration": kept})
        if operation == "ListLoggingConfigurations":
            wanted = ":global/" if value.get("Scope") == "CLOUDFRONT" else ":regional/"
            return of_json({"LoggingConfigurations": [c for arn, c in self.logging.items() if wanted in arn]})
        kept = self.logging.get(value["ResourceArn"])
        if kept is None:
            return missing
        if operation == "DeleteLoggingConfiguration":
            del self.logging[value["ResourceArn"]]
            return of_json({})
        return of_json({"LoggingConfiguration": kept})

    def before(self, service, operation, request):
        """Changes a request on its way to MiniStack."""
        if service == "wafv2" and operation == "DeleteWebACL":
            value = json.loads(request.body)
            kept = [arn for arn in self.logging if arn.endswith(f"/{value['Name']}/{value['Id']}")]
            for arn in kept:
                del self.logging[arn]

    def after(self, service, operation, request, answer):
        """The answer as AWS gives it."""
        return answer
