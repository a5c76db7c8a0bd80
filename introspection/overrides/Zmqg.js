/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* exported _init */

const {Gio, GLib} = imports.gi;

// Awaiting one operation costs about as much as taking a hundred messages out
// of a batch, so iteration fetches batches.
const BATCH = 256;

// Messages of a batch that were not handed out yet. They belong to the socket,
// not to an iterator: leaving a loop early loses none, the next loop or
// receive call starts with them.
const KEPT = Symbol('zmqg-kept-messages');

const ASYNC_METHODS = {
    Context: ['terminate_async'],
    Socket: [
        'send_async',
        'receive_async',
        'receive_batch_async',
        'flush_async',
        'close_async',
        'wait_for_peers_async',
    ],
    PubSocket: ['wait_for_subscribers_async'],
    XpubSocket: ['wait_for_subscribers_async'],
    ReqSocket: ['request_async'],
    RouterSocket: ['send_to_async'],
    PeerSocket: ['connect_peer_async'],
};

class Kept {
    constructor() {
        this._messages = [];
        this._next = 0;
    }

    get length() {
        return this._messages.length - this._next;
    }

    push(messages) {
        this._messages = this.length > 0
            ? this._messages.slice(this._next).concat(messages)
            : messages;
        this._next = 0;
    }

    shift() {
        const message = this._messages[this._next];
        this._messages[this._next++] = undefined;
        return message;
    }

    take(max) {
        const n = max > 0 ? Math.min(max, this.length) : this.length;
        return Array.from({length: n}, () => this.shift());
    }
}

function keptOf(socket) {
    socket[KEPT] ??= new Kept();
    return socket[KEPT];
}

function hasKept(socket) {
    return socket[KEPT] !== undefined && socket[KEPT].length > 0;
}

function isEnd(Zmqg, error) {
    return error instanceof GLib.Error &&
        (error.matches(Zmqg.Error, Zmqg.Error.CLOSED) ||
         error.matches(Zmqg.Error, Zmqg.Error.TERMINATED));
}

function makeIterator(Zmqg, receiveBatch) {
    const DONE = {value: undefined, done: true};

    return class MessageIterator {
        constructor(socket) {
            this._socket = socket;
            this._kept = keptOf(socket);
            this._cancellable = new Gio.Cancellable();
            this._pending = null;
            this._done = false;
        }

        [Symbol.asyncIterator]() {
            return this;
        }

        next() {
            if (this._pending !== null) {
                const pending = this._pending.then(
                    () => this._step(), () => this._step());
                return this._track(pending);
            }
            if (this._done || this._kept.length > 0)
                return Promise.resolve(this._takeKept());
            return this._track(this._step());
        }

        return(value) {
            this._done = true;
            this._cancellable.cancel();
            return Promise.resolve({value, done: true});
        }

        _track(promise) {
            const clear = () => {
                if (this._pending === promise)
                    this._pending = null;
            };
            this._pending = promise;
            promise.then(clear, clear);
            return promise;
        }

        _takeKept() {
            return this._done
                ? DONE
                : {value: this._kept.shift(), done: false};
        }

        async _step() {
            while (!this._done && this._kept.length === 0) {
                try {
                    const batch = await receiveBatch.call(
                        this._socket, BATCH, this._cancellable);
                    this._kept.push(batch);
                } catch (error) {
                    if (this._done || isEnd(Zmqg, error)) {
                        this._done = true;
                        return DONE;
                    }
                    this._done = true;
                    throw error;
                }
            }
            return this._takeKept();
        }
    };
}

// Makes the receive calls start with the messages that a loop left behind.
function receiveKeptFirst(prototype) {
    const replace = (name, fromKept) => {
        const original = prototype[name];
        if (original === undefined)
            return;
        prototype[name] = function (...args) {
            if (hasKept(this) && typeof args[args.length - 1] !== 'function')
                return fromKept(keptOf(this), args, this);
            return original.apply(this, args);
        };
    };

    replace('receive', kept => kept.shift());
    replace('try_receive', kept => kept.shift());
    replace('receive_async', async kept => kept.shift());
    replace('receive_batch', (kept, [max]) => kept.take(max));
    replace('receive_batch_async', async (kept, [max]) => kept.take(max));

    const getEvents = prototype.get_events;
    if (getEvents !== undefined) {
        prototype.get_events = function () {
            const events = getEvents.call(this);
            return hasKept(this) ? events | GLib.IOCondition.IN : events;
        };
    }
}

function _init() {
    const Zmqg = this;

    for (const [name, methods] of Object.entries(ASYNC_METHODS)) {
        const prototype = Zmqg[name]?.prototype;
        for (const method of methods) {
            if (prototype?.[method] !== undefined)
                Gio._promisify(prototype, method);
        }
    }

    const prototype = Zmqg.Socket?.prototype;
    if (prototype?.receive_batch_async !== undefined) {
        const MessageIterator =
            makeIterator(Zmqg, prototype.receive_batch_async);
        prototype[Symbol.asyncIterator] = function () {
            return new MessageIterator(this);
        };
        receiveKeptFirst(prototype);
    }
}
