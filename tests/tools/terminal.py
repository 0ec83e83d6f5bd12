"""Runs a command in a terminal of its own, and types answers to its questions.

Usage: terminal.py [PROMPT ANSWER]... -- COMMAND [ARGUMENT]...
Waits for each PROMPT in turn and then types ANSWER and Enter. Prints all that the terminal showed; exits as the command.
Ends with 99 where a prompt does not come within two minutes.
"""

import os
import pty
import select
import sys
import time

split = sys.argv.index("--")
answers = list(zip(sys.argv[1:split:2], sys.argv[2:split:2]))
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])

shown, read_from, deadline = b"", 0, time.monotonic() + 120
while True:
    ready, _, _ = select.select([terminal], [], [], 1)
    if ready:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    if answers:
        at = shown.find(answers[0][0].encode(), read_from)
        if at >= 0:
            read_from, answer, deadline = at + 1, answers.pop(0)[1], time.monotonic() + 120
            os.write(terminal, answer.encode() + b"\n")
        elif time.monotonic() > deadline:
            sys.stdout.write(shown.decode(errors="replace"))
            sys.stderr.write("no prompt: %s\n" % answers[0][0])
            sys.exit(99)
_, status = os.waitpid(pid, 0)
sys.stdout.write(shown.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(status) % 256)
