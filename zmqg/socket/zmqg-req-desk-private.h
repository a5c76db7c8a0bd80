/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-req-private.h"

/*
 * Desks: who asks in a main context, on behalf of tasks whose source object is
 * the socket.
 */

/* No lock held: the task, of which a reference is taken, is returned in its
 * main context with the reply or an error. %FALSE with @error when nothing is
 * asked: then that is left to the caller. */
gboolean zmqg_req_desk_ask (ZmqgSocketCore *core, ZmqgMessage *message,
                            int timeout_msec, GTask *task, GError **error);
