/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

void main () {
    try {
        var pull = new Zmqg.PullSocket (null);
        var push = new Zmqg.PushSocket (null);
        pull.bind ("inproc://hello");
        push.connect_to ("inproc://hello");
        push.send_string ("hello");
        print ("%s\n", pull.receive ().get_string (0));
    } catch (Error e) {
        printerr ("%s\n", e.message);
    }
}
