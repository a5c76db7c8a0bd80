/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* The library as Vala programs use it. */

const uint DEADLINE_SECONDS = 20;

int serial = 0;

string inproc () {
    return "inproc://vala-%d".printf (serial++);
}

void connect_pair (Zmqg.Socket bound, Zmqg.Socket connecting, string uri) {
    try {
        bound.bind (uri);
        connecting.connect_to (bound.get_last_endpoint ());
    } catch (Error e) {
        error ("%s", e.message);
    }
}

/* Runs the main loop until the condition holds. */
delegate bool Condition ();

void await_condition (Condition condition) {
    var late = false;
    var source = new TimeoutSource.seconds (DEADLINE_SECONDS);
    source.set_callback (() => {
        late = true;
        return Source.REMOVE;
    });
    source.attach ();
    while (!condition ()) {
        assert (!late);
        MainContext.default ().iteration (true);
    }
    source.destroy ();
}

void test_constructors () {
    var context = new Zmqg.Context ();
    Zmqg.Socket[] sockets = {
        new Zmqg.PairSocket (context), new Zmqg.PubSocket (context),
        new Zmqg.SubSocket (context), new Zmqg.ReqSocket (context),
        new Zmqg.RepSocket (context), new Zmqg.DealerSocket (context),
        new Zmqg.RouterSocket (context), new Zmqg.PullSocket (context),
        new Zmqg.PushSocket (context), new Zmqg.XpubSocket (context),
        new Zmqg.XsubSocket (context)
    };
    for (var i = 0; i < sockets.length; i++) {
        assert ((int) sockets[i].get_socket_type () == i);
        assert (sockets[i].context == context);
    }
    assert (new Zmqg.PubSocket (null).context == Zmqg.Context.get_default ());
    var made = context.create_socket (Zmqg.SocketType.REP);
    assert (made is Zmqg.RepSocket);
}

void test_properties () {
    var sub = new Zmqg.SubSocket (null);
    sub.receive_hwm = 7;
    sub.linger = 30;
    assert (sub.receive_hwm == 7);
    assert (sub.linger == 30);
    assert (sub.send_timeout == -1);
    sub.set_routing_id_string ("name");
    assert (sub.routing_id.compare (new Bytes ("name".data)) == 0);
    sub.set_routing_id_data ({ 1, 2 });
    assert (sub.routing_id.length == 2);
}

void test_messages () {
    var message = new Zmqg.Message.string ("one");
    message.append_string ("two");
    message.append_data ({ 0, 255 });
    message.append_bytes (new Bytes ({ 3 }));
    assert (message.get_n_frames () == 4);
    assert (message.get_string (1) == "two");
    assert (message.get_string (2) == null);
    assert (message.get_frame (2).length == 2);
    unowned uint8[] data = message.get_data (2);
    assert (data.length == 2 && data[1] == 255);
    string[] words = { "a", "b" };
    var many = new Zmqg.Message.strv (words);
    assert (many.to_strv ().length == 2);
    assert (many.equal (many.copy ()));
    var variant = new Zmqg.Message.variant (new Variant ("(su)", "load", 42));
    assert (variant.get_variant (0, new VariantType ("(su)")).print (false) == "('load', 42)");
}

void test_errors () {
    var pull = new Zmqg.PullSocket (null);
    try {
        pull.try_receive ();
        assert_not_reached ();
    } catch (Zmqg.Error.WOULD_BLOCK e) {
        assert (e.domain == Zmqg.Error.quark ());
    } catch (Error e) {
        assert_not_reached ();
    }
    try {
        pull.bind ("nothing://x");
        assert_not_reached ();
    } catch (Zmqg.Error e) {
        assert (e is Zmqg.Error.PROTOCOL_NOT_SUPPORTED);
    } catch (Error e) {
        assert_not_reached ();
    }
}

void test_signals () {
    var pull = new Zmqg.PullSocket (null);
    var push = new Zmqg.PushSocket (null);
    Zmqg.Message[] kept = {};
    var peers = 0;
    pull.message.connect ((message) => { kept += message; });
    pull.peer_added.connect ((peer) => {
        assert (peer.socket_type == "PUSH");
        peers++;
    });
    connect_pair (pull, push, "tcp://127.0.0.1:*");
    try {
        for (var i = 0; i < 200; i++)
            push.send_string (i.to_string ());
    } catch (Error e) {
        error ("%s", e.message);
    }
    await_condition (() => kept.length == 200 && peers == 1);
    for (var i = 0; i < 200; i++)
        assert (kept[i].get_string (0) == i.to_string ());
    assert (kept[0].get_peer ().socket_type == "PUSH");
}

async void exchange (Zmqg.Socket pull, Zmqg.Socket push) throws Error {
    yield push.wait_for_peers_async (1, null);
    for (var i = 0; i < 5; i++)
        yield push.send_async (new Zmqg.Message.string (i.to_string ()), null);
    var first = yield pull.receive_async (null);
    assert (first.get_string (0) == "0");
    var received = 1;
    while (received < 5) {
        var batch = yield pull.receive_batch_async (10, null);
        foreach (unowned var message in batch)
            assert (message.get_string (0) == (received++).to_string ());
    }
    yield push.flush_async (null);

    var cancellable = new Cancellable ();
    Idle.add (() => {
        cancellable.cancel ();
        return Source.REMOVE;
    });
    try {
        yield pull.receive_async (cancellable);
        assert_not_reached ();
    } catch (IOError.CANCELLED e) {
    }
}

async void answer (Zmqg.RouterSocket router, Zmqg.Socket dealer) throws Error {
    yield dealer.send_async (new Zmqg.Message.string ("question"), null);
    var peer = (yield router.receive_async (null)).get_peer ();
    assert (peer.lookup_metadata ("None") == null);
    router.try_send_to (peer, new Zmqg.Message.string ("at once"));
    yield router.send_to_async (peer, new Zmqg.Message.string ("awaited"), null);
    assert ((yield dealer.receive_async (null)).get_string (0) == "at once");
    assert ((yield dealer.receive_async (null)).get_string (0) == "awaited");
}

void test_router () {
    var router = new Zmqg.RouterSocket (null);
    var dealer = new Zmqg.DealerSocket (null);
    var done = false;
    connect_pair (router, dealer, inproc ());
    answer.begin (router, dealer, (_, result) => {
        try {
            answer.end (result);
        } catch (Error e) {
            error ("%s", e.message);
        }
        done = true;
    });
    await_condition (() => done);
}

void run_exchange (Zmqg.Context? context, string uri) {
    var pull = new Zmqg.PullSocket (context);
    var push = new Zmqg.PushSocket (context);
    var done = false;
    connect_pair (pull, push, uri);
    exchange.begin (pull, push, (_, result) => {
        try {
            exchange.end (result);
        } catch (Error e) {
            error ("%s", e.message);
        }
        done = true;
    });
    await_condition (() => done);
}

void test_async () {
    run_exchange (null, inproc ());
    run_exchange (null, "tcp://127.0.0.1:*");
}

void test_main_context () {
    var context = (Zmqg.Context) Object.new (typeof (Zmqg.Context),
        "engine-mode", Zmqg.EngineMode.MAIN_CONTEXT);
    run_exchange (context, inproc ());
    run_exchange (context, "tcp://127.0.0.1:*");
}

void test_publish_subscribe () {
    var pub = new Zmqg.PubSocket (null);
    var sub = new Zmqg.SubSocket (null);
    connect_pair (pub, sub, "ipc://*");
    try {
        sub.subscribe ("weather.");
        sub.subscribe_data ({ 1, 2 });
        var ticker = new TimeoutSource (1);
        ticker.set_callback (() => Source.CONTINUE);
        ticker.attach ();
        await_condition (() => pub.get_topics_count () == 2);
        ticker.destroy ();
        pub.send_string ("other");
        pub.send_string ("weather.x");
        assert (sub.receive ().get_string (0) == "weather.x");
    } catch (Error e) {
        error ("%s", e.message);
    }
}

async void ask (Zmqg.ReqSocket req, string word, GenericArray<string> order) throws Error {
    var reply = yield req.request_async (new Zmqg.Message.string (word), 20000, null);
    assert (reply.get_string (0) == word.up ());
    order.add (word);
}

async void ask_in_vain (Zmqg.ReqSocket req) throws Error {
    try {
        yield req.request_async (new Zmqg.Message.string ("late"), 5, null);
        assert_not_reached ();
    } catch (Zmqg.Error.TIMED_OUT e) {
    }
}

void test_requests () {
    foreach (var uri in new string[] { inproc (), "tcp://127.0.0.1:*", "ipc://*" }) {
        var rep = new Zmqg.RepSocket (null);
        var req = new Zmqg.ReqSocket (null);
        var in_service = new GenericArray<Zmqg.Request> ();
        var order = new GenericArray<string> ();
        var ended = 0;
        connect_pair (rep, req, uri);
        rep.request.connect ((request) => { in_service.add (request); });
        foreach (var word in new string[] { "a", "b", "c" }) {
            ask.begin (req, word, order, (_, result) => {
                try {
                    ask.end (result);
                } catch (Error e) {
                    error ("%s", e.message);
                }
            });
        }
        await_condition (() => in_service.length == 3);
        try {
            for (var i = 3; i > 0; i--) {
                var request = in_service[i - 1];
                assert (request.message.get_n_frames () == 1);
                request.reply_string (request.get_message ().get_string (0).up ());
            }
        } catch (Error e) {
            error ("%s", e.message);
        }
        await_condition (() => order.length == 3);
        assert (order[0] == "c" && order[1] == "b" && order[2] == "a");
        try {
            in_service[0].reply (new Zmqg.Message.string ("twice"));
            assert_not_reached ();
        } catch (Zmqg.Error.STATE e) {
        } catch (Error e) {
            assert_not_reached ();
        }

        ask_in_vain.begin (req, (_, result) => {
            try {
                ask_in_vain.end (result);
            } catch (Error e) {
                error ("%s", e.message);
            }
            ended++;
        });
        await_condition (() => ended == 1);
    }
}

void test_blocking_requests () {
    var rep = new Zmqg.RepSocket (null);
    var req = new Zmqg.ReqSocket (null);
    var ended = 0;
    rep.request.connect ((request) => {
        try {
            request.reply (request.message);
        } catch (Error e) {
            error ("%s", e.message);
        }
    });
    connect_pair (rep, req, inproc ());
    Thread<bool>[] threads = {};
    for (var i = 0; i < 4; i++) {
        var number = i;
        threads += new Thread<bool> ("ask", () => {
            try {
                for (var j = 0; j < 20; j++) {
                    var word = "%d/%d".printf (number, j);
                    var reply = req.request (new Zmqg.Message.string (word), 20000);
                    assert (reply.get_string (0) == word);
                }
            } catch (Error e) {
                error ("%s", e.message);
            }
            AtomicInt.inc (ref ended);
            MainContext.default ().wakeup ();
            return true;
        });
    }
    await_condition (() => AtomicInt.get (ref ended) == 4);
    foreach (var thread in threads)
        thread.join ();
}

void test_source () {
    var pull = new Zmqg.PullSocket (null);
    var push = new Zmqg.PushSocket (null);
    var fired = 0;
    connect_pair (pull, push, inproc ());
    var source = pull.create_source (IOCondition.IN, null);
    source.set_callback ((socket, condition) => {
        assert (socket == pull);
        assert (condition == IOCondition.IN);
        return ++fired < 3;
    });
    source.attach ();
    try {
        push.send_string ("x");
    } catch (Error e) {
        error ("%s", e.message);
    }
    await_condition (() => fired == 3);
}

void test_events () {
    var pull = new Zmqg.PullSocket (null);
    var push = new Zmqg.PushSocket (null);
    Zmqg.EventType[] seen = {};
    Zmqg.Peer? peer = null;
    string? why = null;
    pull.event.connect ((event) => {
        seen += event.get_event_type ();
        if (event.get_event_type () == Zmqg.EventType.HANDSHAKE_SUCCEEDED)
            peer = event.get_peer ();
    });
    pull.peer_removed.connect ((removed, reason) => {
        assert (removed == peer);
        why = reason.message;
    });
    connect_pair (pull, push, "tcp://127.0.0.1:*");
    await_condition (() => peer != null);
    assert (seen.length == 3);
    assert (seen[0] == Zmqg.EventType.LISTENING);
    assert (seen[1] == Zmqg.EventType.ACCEPTED);
    assert (peer.socket_type == "PUSH");
    assert (peer.user_id == null);
    assert (peer.connected);
    string type;
    assert (peer.metadata.lookup ("Socket-Type", "s", out type));
    assert (type == "PUSH");

    peer.drop ();
    await_condition (() => why != null);
    assert (!peer.connected);
}

void test_pipes_stats () {
    var pull = new Zmqg.PullSocket (null);
    var push = new Zmqg.PushSocket (null);
    uint64 queued = 0;
    pull.event.connect ((event) => {
        assert (event.get_event_type () == Zmqg.EventType.PIPES_STATS);
        queued = event.get_inbound_queued ();
    });
    connect_pair (pull, push, inproc ());
    try {
        push.send_string ("queued", null);
        assert (pull.report_pipes_stats ());
    } catch (Error e) {
        error ("%s", e.message);
    }
    await_condition (() => queued == 1);
}

string text (Bytes bytes) {
    var builder = new StringBuilder ();
    foreach (var byte in bytes.get_data ())
        builder.append_c ((char) byte);
    return builder.str;
}

async void wait_for_subscribers (Zmqg.PubSocket pub, string topic, Cancellable? cancellable) {
    try {
        assert (yield pub.wait_for_subscribers_async (topic, 1, cancellable));
    } catch (Error e) {
        error ("%s", e.message);
    }
}

void test_subscribers () {
    var pub = new Zmqg.PubSocket (null);
    var sub = new Zmqg.SubSocket (null);
    string[] log = {};
    var done = false;
    pub.subscribed.connect ((peer, topic) => {
        assert (peer.socket_type == "SUB");
        log += "+" + text (topic);
    });
    pub.unsubscribed.connect ((peer, topic) => {
        log += "-" + text (topic);
    });
    connect_pair (pub, sub, inproc ());
    wait_for_subscribers.begin (pub, "weather.berlin", null, () => {
        done = true;
    });
    try {
        sub.subscribe ("weather.");
    } catch (Error e) {
        error ("%s", e.message);
    }
    await_condition (() => done && log.length == 1);
    assert (log[0] == "+weather.");
    sub.close ();
    await_condition (() => log.length == 2);
    assert (log[1] == "-weather.");
}

int main (string[] args) {
    Test.init (ref args);
    Test.add_func ("/zmqg/vala/constructors", test_constructors);
    Test.add_func ("/zmqg/vala/properties", test_properties);
    Test.add_func ("/zmqg/vala/messages", test_messages);
    Test.add_func ("/zmqg/vala/errors", test_errors);
    Test.add_func ("/zmqg/vala/signals", test_signals);
    Test.add_func ("/zmqg/vala/async", test_async);
    Test.add_func ("/zmqg/vala/main-context", test_main_context);
    Test.add_func ("/zmqg/vala/router", test_router);
    Test.add_func ("/zmqg/vala/publish-subscribe", test_publish_subscribe);
    Test.add_func ("/zmqg/vala/requests", test_requests);
    Test.add_func ("/zmqg/vala/blocking-requests", test_blocking_requests);
    Test.add_func ("/zmqg/vala/source", test_source);
    Test.add_func ("/zmqg/vala/events", test_events);
    Test.add_func ("/zmqg/vala/pipes-stats", test_pipes_stats);
    Test.add_func ("/zmqg/vala/subscribers", test_subscribers);
    return Test.run ();
}
