/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

async void ask (string uri) throws Error {
    var req = new Zmqg.ReqSocket (null);
    req.connect_to (uri);
    var reply = yield req.request_async (new Zmqg.Message.string ("hello"), 1000, null);
    print ("%s\n", reply.get_string (0));
}

void main (string[] args) {
    var loop = new MainLoop ();
    ask.begin (args.length > 1 ? args[1] : "tcp://127.0.0.1:5555", (_, result) => {
        try {
            ask.end (result);
        } catch (Error e) {
            printerr ("%s\n", e.message);
        }
        loop.quit ();
    });
    loop.run ();
}
