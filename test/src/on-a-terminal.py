"""Runs a command on a terminal of its own, and prints what is on it. Presses Ctrl-C once the file named first is there."""

import os
import pty
import select
import sys

interrupt_file, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
pressed = False
while True:
    if not pressed and os.path.exists(interrupt_file):
        os.write(terminal, b"\x03")
        pressed = True
    if not select.select([terminal], [], [], 0.1)[0]:
        continue
    try:
        shown = os.read(terminal, 65536)
    except OSError:  # Linux says so when the last process on it has ended.
        break
    if not shown:
        break
    os.write(1, shown)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
