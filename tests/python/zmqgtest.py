# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""What the Python tests share: unittest with TAP output, and a main loop with
a deadline."""

import faulthandler
import itertools
import sys
import time
import traceback
import unittest

import gi

gi.require_version('Zmqg', '1.0')
from gi.repository import GLib, Zmqg  # noqa: E402

DEADLINE = 20
_serial = itertools.count()


def inproc():
    return f'inproc://python-{next(_serial)}'


class TestCase(unittest.TestCase):
    def connected(self, bound_class, connecting_class, uri=None, context=None):
        bound = bound_class.new(context)
        connecting = connecting_class.new(context)
        bound.bind(uri or inproc())
        connecting.connect_to(bound.get_last_endpoint())
        return bound, connecting

    def until(self, condition, context=None):
        """Runs the main loop until the condition holds."""
        deadline = time.monotonic() + DEADLINE
        context = context or GLib.MainContext.default()
        late = GLib.timeout_source_new_seconds(DEADLINE)
        late.set_callback(lambda *_: GLib.SOURCE_CONTINUE)
        late.attach(context)
        try:
            while not condition():
                if time.monotonic() > deadline:
                    self.fail('not done within the deadline')
                context.iteration(True)
        finally:
            late.destroy()

    def assertZmqgError(self, code):
        return _Expected(self, Zmqg.Error.quark(), code)

    def strings(self, message):
        return [message.get_string(i) for i in range(message.get_n_frames())]


class _Expected:
    def __init__(self, test, domain, code):
        self._test = test
        self._domain = GLib.quark_to_string(domain)
        self._code = code
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self._test.fail(f'no error where {self._code} was expected')
        if not isinstance(error, GLib.Error):
            return False
        self._test.assertEqual((error.domain, error.code), (self._domain, int(self._code)), str(error))
        self._test.assertTrue(error.matches(Zmqg.Error.quark(), self._code))
        self.error = error
        return True


class _TapResult(unittest.TestResult):
    def _point(self, test, good, directive=''):
        word = 'ok' if good else 'not ok'
        print(f'{word} {self.testsRun} - {test.id().split(".", 1)[-1]}{directive}', flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._point(test, True)

    def _bad(self, test, err):
        for line in ''.join(traceback.format_exception(*err)).splitlines():
            print('# ' + line)
        self._point(test, False)

    def addError(self, test, err):
        super().addError(test, err)
        self._bad(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._point(test, True, ' # SKIP ' + reason)


def main():
    faulthandler.enable()
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__'])
    print(f'1..{suite.countTestCases()}', flush=True)
    result = _TapResult()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
