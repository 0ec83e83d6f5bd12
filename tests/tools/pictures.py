"""Draws the pictures of docs/plan.md and docs/policy-report.md: runs the real binary on a twin of its own, and writes what it
prints as SVG and the report's page as PNG.

Needs a debug build, the Python environment of the tests for boto3, and Chromium for the page:
    cargo build && python tests/tools/pictures.py
"""

import html
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import boto3

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
BINARY = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "shopstack"
COLUMNS = 100
# Colours of the terminal by SGR code.
INK = {"32": "#98c379", "33": "#e5c07b", "31": "#e06c75", "2": "#8b909c", "1": "#ffffff", "1;33": "#ffcb6b"}
WIDTH, LINE, MARGIN = 8.4, 20, 22


def spans(line):
    """Text and code of each piece of a line; a code holds until the next."""
    code, found = "", []
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b["):
            code = piece[2:-1] if piece != "\x1b[0m" else ""
        elif piece:
            found.append((piece, code))
    return found


def svg(text):
    """A terminal window with this text."""
    lines = text.rstrip("\n").split("\n")
    longest = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    width = round(max(longest, 60) * WIDTH + 2 * MARGIN)
    height = len(lines) * LINE + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#17181c"/>',
    ]
    for row, line in enumerate(lines):
        column, y = 0, MARGIN + row * LINE + 14
        for piece, code in spans(line):
            # One element a piece, as wide as a terminal has it, whatever font the viewer has.
            indent = len(piece) - len(piece.lstrip(" "))
            words = piece.strip(" ")
            if words:
                x = MARGIN + (column + indent) * WIDTH
                bold = ' font-weight="bold"' if code.startswith("1") else ""
                out.append(
                    f'<text x="{x:.1f}" y="{y}" textLength="{len(words) * WIDTH:.1f}" xml:space="preserve" '
                    f'fill="{INK.get(code, "#dcdfe4")}"{bold}>{html.escape(words)}</text>'
                )
            column += len(piece)
    return "\n".join(out + ["</svg>", ""])


class Shop:
    """A copy of the shop in a folder of its own, on a twin of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for part in ["site", "seed"]:
            shutil.copytree(ROOT / part, self.folder / part)
        (self.folder / "lambdas").symlink_to(ROOT / "lambdas")
        shutil.copy(ROOT / "stack.yaml", self.folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env = {**kept, "SHOPSTACK_LOCAL_PORT": str(self.port), "SHOPSTACK_LOCAL": "1", "AWS_CONFIG_FILE": "/dev/null"}
        self.env.setdefault("CARGO_TARGET_DIR", str(ROOT / "target"))

    def run(self, *arguments, expect=0):
        """What the binary says, results and errors, in colour."""
        done = subprocess.run(
            [BINARY, "--color", "always", *arguments], cwd=self.folder, env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        assert done.returncode == expect, f"{arguments}: {done.returncode}, expected {expect}\n{done.stdout}"
        return done.stdout

    def picture(self, name, *arguments, expect=0, until=None):
        """Ends with the last line before the one that begins with `until`."""
        said = self.run(*arguments, expect=expect)
        if until:
            end = next(at for at, line in enumerate(said.split("\n")) if re.sub(r"\x1b\[[0-9;]*m", "", line).startswith(until))
            said = "\n".join(said.split("\n")[:end])
        text = f"\x1b[33m$\x1b[0m shopstack {' '.join(arguments)}\n" + said
        (PICTURES / name).write_text(svg(text), encoding="utf-8")
        print(f"docs/pictures/{name}")

    def edit(self, before, after):
        path = self.folder / "stack.yaml"
        text = path.read_text()
        assert before in text, before
        path.write_text(text.replace(before, after, 1))

    def client(self, service):
        return boto3.client(
            service, endpoint_url=f"http://127.0.0.1:{self.port}", region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
        )


def draw(shop):
    shop.picture("diff-first.svg", "diff", expect=2)
    shop.run("up", "--yes", "--no-smoke")
    draw_report(shop)
    # Somebody else's hands: backups off, logs kept for ever.
    shop.client("dynamodb").update_continuous_backups(
        TableName="shop-dev-Orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    shop.client("logs").delete_retention_policy(logGroupName="/aws/lambda/shop-dev-listProducts")
    shop.picture("diff-drift.svg", "diff", expect=3)
    # The author's: a table, more memory, a grant, no more bot rules.
    shop.edit("  Orders:\n    key: orderId\n", "  Orders:\n    key: orderId\n  Reviews:\n    key: reviewId\n")
    shop.edit("  createOrder:\n    crate: lambdas/create-order\n    memory: 256", "  createOrder:\n    crate: lambdas/create-order\n    memory: 512")
    shop.edit("actions: [dynamodb:PutItem]", "actions: [dynamodb:PutItem, dynamodb:UpdateItem]")
    bots = next(line for line in (shop.folder / "stack.yaml").read_text().splitlines() if "group: bots" in line)
    shop.edit(bots + "\n", "")
    shop.picture("diff-both.svg", "diff", expect=2)
    shop.run("diff", "--out", "plan.json", expect=2)
    (PICTURES / "graph-plan.svg").write_text(shop.run("graph", "--plan", "--format", "svg"), encoding="utf-8")
    shop.edit("memory: 512", "memory: 1024")
    shop.picture("up-refused.svg", "up", "--yes", "--plan", "plan.json", expect=1)
    # A key cannot change in place.
    shutil.copy(ROOT / "stack.yaml", shop.folder)
    shop.edit("key: productId", "key: sku")
    shop.edit("    seed: seed/products.json\n", "")
    shop.picture("diff-loss.svg", "diff", "--only", "change", expect=2)


def draw_report(shop):
    """The auditors' report on a role that somebody widened, as a screen and as a page."""
    iam, role = shop.client("iam"), "shop-dev-createOrder"
    scan = {"Sid": "Debug", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [scan]})
    iam.put_role_policy(RoleName=role, PolicyName="debug", PolicyDocument=document)
    shop.client("logs").delete_retention_policy(logGroupName="/aws/lambda/shop-dev-listProducts")
    shop.picture("report.svg", "policy-report", expect=2, until="Needed against granted")
    shop.run("policy-report", "--format", "html", "--out", "report.html", expect=2)
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,1500",
         f"--screenshot={PICTURES / 'report.png'}", f"file://{shop.folder / 'report.html'}"],
        check=True, stderr=subprocess.DEVNULL,
    )
    print("docs/pictures/report.png")
    shop.run("up", "--yes", "--no-smoke")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder)
        shop.run("local", "up")
        try:
            draw(shop)
        finally:
            shop.run("local", "down")


main()
