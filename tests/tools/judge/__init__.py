"""The judge: checks requests to AWS against botocore's models of AWS's APIs. See docs/judge.md."""
