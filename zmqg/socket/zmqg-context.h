/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "base/zmqg-types.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_CONTEXT (zmqg_context_get_type ())
#define ZMQG_CONTEXT(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_CONTEXT, ZmqgContext))
#define ZMQG_IS_CONTEXT(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_CONTEXT))

typedef struct _ZmqgContextClass ZmqgContextClass;

ZMQG_PUBLIC
GType zmqg_context_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgContext, g_object_unref)

ZMQG_PUBLIC
ZmqgContext *zmqg_context_new (void);
ZMQG_PUBLIC
ZmqgContext *zmqg_context_get_default (void);
ZMQG_PUBLIC
ZmqgSocket *zmqg_context_create_socket (ZmqgContext *self,
                                        ZmqgSocketType type);
ZMQG_PUBLIC
void zmqg_context_shutdown (ZmqgContext *self);
ZMQG_PUBLIC
gboolean zmqg_context_terminate (ZmqgContext *self,
                                 GCancellable *cancellable,
                                 GError **error);
ZMQG_PUBLIC
void zmqg_context_terminate_async (ZmqgContext *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_context_terminate_finish (ZmqgContext *self,
                                        GAsyncResult *result,
                                        GError **error);
ZMQG_PUBLIC
ZmqgEngineMode zmqg_context_get_engine_mode (ZmqgContext *self);
ZMQG_PUBLIC
guint zmqg_context_get_io_threads (ZmqgContext *self);
ZMQG_PUBLIC
void zmqg_context_set_io_threads (ZmqgContext *self, guint io_threads);
ZMQG_PUBLIC
void zmqg_context_add_thread_affinity (ZmqgContext *self, guint cpu);
ZMQG_PUBLIC
gboolean zmqg_context_remove_thread_affinity (ZmqgContext *self, guint cpu);

G_END_DECLS
