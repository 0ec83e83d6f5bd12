"""Judges every IAM policy that shopstack writes: parliament, cloudsplaining and cfn-lint's IAM rules.

Arguments: the Terraform plan document of `shopstack export`, and the deployer's policies as JSON. Prints one line a
policy and each finding that is not accepted; exits with 1 where there is one, and where there was nothing to judge.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from cloudsplaining.scan.policy_document import PolicyDocument
from parliament import analyze_policy_string

# Findings of parliament that its own data, of an older day, are the cause of: policy, issue, words; and why.
ACCEPTED = (
    # AWS's managed policies have `aws` in place of the account.
    ("INVALID_ARN", "arn:aws:iam::aws:policy/*"),
    # Actions of 2025 and 2026, which parliament's data of an earlier day does not know.
    ("UNKNOWN_ACTION", "logs:PutBearerTokenAuthentication"),
    ("UNKNOWN_ACTION", "logs:PutLogGroupDeletionProtection"),
    # Deleting the one shared role is what `sweep --shared` is for; the statement names that role alone.
    ("PERMISSIONS_MANAGEMENT_ACTIONS", "deployer sweep_shared"),
)
# IAM knows these for all resources only (AWS's service authorisation reference, 2026-10-27); parliament's data does not.
UNSCOPED = {"cloudfront:CreateDistribution", "cloudfront:CreateResponseHeadersPolicy"}


def resources(module):
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


def collect(plan, deployer):
    """Identity, trust and bucket policies by name."""
    identity, trust, bucket = {}, {}, {}
    for resource in resources(plan["planned_values"]["root_module"]):
        values, address = resource["values"], resource["address"]
        if resource["type"] == "aws_iam_role_policy":
            identity[address] = json.loads(values["policy"])
        if resource["type"] == "aws_iam_role":
            trust[address] = json.loads(values["assume_role_policy"])
        if resource["type"] == "aws_s3_bucket_policy":
            bucket[address] = json.loads(values["policy"])
    for name, policy in deployer.items():
        (trust if name == "trust" else identity)["deployer " + name] = policy
    return identity, trust, bucket


def parliament(name, policy):
    for finding in analyze_policy_string(json.dumps(policy), name, include_community_auditors=True).findings:
        text = f"{finding.issue} {finding.detail} {finding.location}"
        if any(issue == finding.issue and words in text for issue, words in ACCEPTED):
            continue
        if finding.issue == "RESOURCE_STAR" and set(actions_of(finding)) <= UNSCOPED:
            continue
        yield f"parliament: {text}"


def actions_of(finding):
    detail = finding.detail
    return [detail] if isinstance(detail, str) else list(detail)


def cloudsplaining(policy):
    document = PolicyDocument(policy)
    for what in (
        "allows_privilege_escalation",
        "allows_data_exfiltration_actions",
        "permissions_management_without_constraints",
        "credentials_exposure",
        "service_wildcard",
        "infrastructure_modification",
    ):
        found = [action for action in getattr(document, what) if action not in UNSCOPED]
        if found:
            yield f"cloudsplaining: {what}: {found}"


def cfn_lint(program, identity, trust, bucket):
    """All of them in one template, since the linter judges templates."""
    lambda_trust = next(iter(trust.values()))
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}
    every = [("Identity", identity), ("Trust", trust), ("Bucket", bucket)]
    for kind, policies in every:
        for number, policy in enumerate(policies.values()):
            if kind == "Bucket":
                made = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "a-bucket", "PolicyDocument": policy}}
            else:
                properties = {"AssumeRolePolicyDocument": policy if kind == "Trust" else lambda_trust}
                if kind == "Identity":
                    properties["Policies"] = [{"PolicyName": "p", "PolicyDocument": policy}]
                made = {"Type": "AWS::IAM::Role", "Properties": properties}
            template["Resources"][f"{kind}{number}"] = made
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(template, file)
        file.flush()
        run = subprocess.run([program, "--format", "json", file.name], capture_output=True, text=True)
    for finding in json.loads(run.stdout or "[]"):
        yield f"cfn-lint: {finding['Rule']['Id']} {finding['Message']} at {finding['Location'].get('Path')}"
    if run.returncode and not run.stdout:
        yield f"cfn-lint: {run.stderr}"


def main():
    plan, deployer = (json.loads(Path(name).read_text()) for name in sys.argv[1:3])
    linter = sys.argv[3]
    identity, trust, bucket = collect(plan, deployer)
    if not (identity and trust and bucket):
        sys.exit("there are no policies to judge")
    findings = [f"all: {finding}" for finding in cfn_lint(linter, identity, trust, bucket)]
    for name, policy in identity.items():
        own = [*parliament(name, policy), *cloudsplaining(policy)]
        findings += [f"{name}: {finding}" for finding in own]
        print(f"{name}: parliament and cloudsplaining, {len(own)} findings")
    print(f"cfn-lint: {len(identity)} identity, {len(trust)} trust, {len(bucket)} bucket policies")
    print("\n".join(findings))
    sys.exit(1 if findings else 0)


main()
