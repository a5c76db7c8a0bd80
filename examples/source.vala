/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* Pushes the numbers below 10000 to a sink, then the end. */

int main (string[] args) {
    try {
        var push = new Zmqg.PushSocket (null);
        push.connect_to (args.length > 1 ? args[1] : "tcp://127.0.0.1:5557");
        for (var number = 0; number < 10000; number++)
            push.send_string (number.to_string ());
        push.send_string ("");
        push.flush ();
        return 0;
    } catch (Error e) {
        printerr ("%s\n", e.message);
        return 1;
    }
}
