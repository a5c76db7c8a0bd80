/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define ZMQG_PUBLIC __attribute__ ((visibility ("default"))) extern

typedef struct _ZmqgContext ZmqgContext;
typedef struct _ZmqgSocket ZmqgSocket;
typedef struct _ZmqgMessage ZmqgMessage;
typedef struct _ZmqgEvent ZmqgEvent;
typedef struct _ZmqgPeer ZmqgPeer;
typedef struct _ZmqgEndpoint ZmqgEndpoint;

G_END_DECLS
