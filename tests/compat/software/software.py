# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""What the programs of this folder have in common: each runs software as a
distribution ships it, and prints what does not depend on time, ports or the
library.  run-twice runs them with the installed libzmq and with ours."""

import atexit
import ctypes
import importlib.util
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

# Of a wait, in seconds; a program that does not get there is wrong.
DEADLINE = 30
CANNOT_RUN = 77


def need(programs=(), modules=(), files=()):
    """Ends the program where something is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    missing += [name for name in modules
                if importlib.util.find_spec(name) is None]
    missing += [name for name in files if not os.path.exists(name)]
    if missing:
        print(*missing, 'not installed')
        sys.exit(CANNOT_RUN)


def leave_out(name):
    """Ends the program where it needs what is not there yet."""
    listed = pathlib.Path(__file__).resolve().parents[1] / 'left-out'
    if name in listed.read_text(encoding='utf-8').splitlines():
        print(name, 'needs what is not there yet')
        sys.exit(CANNOT_RUN)


def enter_folder():
    """An empty folder to work in, gone at the end."""
    folder = tempfile.mkdtemp(prefix='zmqg-software-')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chdir(folder)
    return pathlib.Path(folder)


def await_that(what, condition):
    """The first true value of the condition."""
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        if time.monotonic() > end:
            sys.exit(f'{what}: not in time')
        time.sleep(0.002)
    return value


def free_port():
    """A port that nobody has now: for software that must be told one."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def listening_port(pid):
    """Where a process listens, once it does: for software that can be told port
    0, and does not tell what became of it."""
    sockets = set()
    for fd in pathlib.Path(f'/proc/{pid}/fd').iterdir():
        try:
            sockets.add(os.readlink(fd))
        except FileNotFoundError:
            pass  # closed by now
    with open(f'/proc/{pid}/net/tcp', encoding='utf-8') as table:
        for line in list(table)[1:]:
            _, local, _, state, *others = line.split()
            if state == '0A' and f'socket:[{others[5]}]' in sockets:
                return int(local.split(':')[1], 16)
    return None


def print_library(pid='self'):
    """The libzmq that a process has: run-twice looks at it."""
    with open(f'/proc/{pid}/maps', encoding='utf-8') as maps:
        for path in sorted({line.split()[-1] for line in maps
                            if '/libzmq.so' in line}):
            print(f'library: {path}')


def end_with_parent():
    """In a new process: a script that is killed leaves nothing behind."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def start(command, **options):
    """Starts a program that is killed at the end, if not before."""
    log = open(pathlib.Path(command[0]).name + '.log', 'ab')
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                               stderr=log, start_new_session=True,
                               preexec_fn=end_with_parent, **options)
    log.close()

    def stop():
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    atexit.register(stop)
    return process


def end(process, name):
    """Asks a program to end, and tells how it did."""
    process.terminate()
    print(f'{name}: ended with {process.wait(DEADLINE)}')
