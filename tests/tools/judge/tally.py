"""What the judge has seen so far: requests by operation, findings by kind, and the report that they make."""

import json
from collections import Counter


class Tally:
    def __init__(self):
        self.operations = Counter()
        self.unsigned = 0
        self.findings = Counter()

    def add(self, seen):
        """Takes what `Judge.look` returned."""
        if seen is None:
            self.unsigned += 1
            return
        service, operation, findings = seen
        self.operations[f"{service}.{operation}"] += 1
        self.findings.update(findings)

    def as_dict(self):
        findings = [{**finding.as_dict(), "times": times} for finding, times in sorted(
            self.findings.items(), key=lambda item: str(item[0]))]
        return {
            "requests": sum(self.operations.values()),
            "operations": dict(sorted(self.operations.items())),
            "unsigned": self.unsigned,
            "findings": findings,
        }

    def text(self):
        """A line of figures, and one for each finding."""
        told = self.as_dict()
        lines = [f"{told['requests']} requests of {len(self.operations)} operations judged, "
                 f"{len(told['findings'])} kinds of findings"]
        for f in told["findings"]:
            where = f" {f['path']}" if f["path"] else ""
            lines.append(f"  {f['kind']}: {f['service']} {f['operation']}{where}: {f['message']} ({f['times']} times)")
        return "\n".join(lines)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.as_dict(), file, indent=1)
