/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"
#include "socket/zmqg-socket-core-private.h"
#include "socket/zmqg-socket.h"

struct _ZmqgSocket
{
  GObject parent_instance;

  ZmqgContext *context; /* construct-only */
  ZmqgSocketCore *core; /* from constructed on */
  GSource *dispatcher;  /* emits the signals; of the core's main context; NULL
                         * until that is there; set under the core's lock */
  GListStore *peers;    /* NULL until asked for; the same context's */
  GListStore *endpoints; /* the same */
};

/* A signal of one type that is given what is received, instead of ::message,
 * while it has a handler. In the socket's main context. */
typedef struct
{
  gboolean (*has_handler) (ZmqgSocket *socket);
  /* Locked: whether there is something to give. */
  gboolean (*is_readable) (ZmqgSocketCore *core);
  /* No lock held: gives one thing. %FALSE when there was none. */
  gboolean (*emit) (ZmqgSocket *socket);
} ZmqgSocketService;

/* The class struct is private: types are made inside of the library. */
struct _ZmqgSocketClass
{
  GObjectClass parent_class;

  const ZmqgSocketOps *ops; /* set by each type's class_init */
  const ZmqgSocketService *service; /* the same; nullable */
  const guint *topic_signals; /* publishers'; else NULL */
};

/* The signals that publishers have. */
enum
{
  ZMQG_SIGNAL_SUBSCRIBED,
  ZMQG_SIGNAL_UNSUBSCRIBED,
  ZMQG_N_TOPIC_SIGNALS,
};

/* ZMQG_IS_SOCKET (), fast for an instance of a type that was checked before:
 * is_a () costs more than the rest of a call that sends. Each type has a place
 * of its own, if two do not happen to share one: with one place for all, the
 * two threads of an inproc connection would write to it in turn. */
#define ZMQG_CHECKED_TYPES 64
extern _Atomic GType zmqg_socket_checked_types[ZMQG_CHECKED_TYPES];

static inline gboolean
zmqg_socket_is_valid (ZmqgSocket *self)
{
  GTypeInstance *instance = (GTypeInstance *) self;
  _Atomic GType *place;
  GType type;

  if (G_UNLIKELY (instance == NULL || instance->g_class == NULL))
    return FALSE;

  type = instance->g_class->g_type;
  place = &zmqg_socket_checked_types[(type >> 4 ^ type >> 10) %
                                     ZMQG_CHECKED_TYPES];
  if (G_LIKELY (type == atomic_load_explicit (place, memory_order_relaxed)))
    return TRUE;
  if (!ZMQG_IS_SOCKET (self))
    return FALSE;

  atomic_store_explicit (place, type, memory_order_relaxed);
  return TRUE;
}

/* Sends all frames as one message, and waits for room up to the socket's
 * send-timeout. */
gboolean zmqg_socket_send_views (ZmqgSocket *self, const ZmqgFrameView *views,
                                 guint n, GCancellable *cancellable,
                                 GError **error);

/* Frames of a message that need no allocation. */
#define ZMQG_VIEWS_INLINE 16

/* The message's frames, in @local if they fit, else to be freed. %NULL with
 * @error when the message has none, or there is no memory. */
ZmqgFrameView *zmqg_socket_get_views (ZmqgMessage *message,
                                      ZmqgFrameView *local, guint *n,
                                      GError **error);

/* The same behind a frame of the caller's (nullable). */
ZmqgFrameView *zmqg_socket_get_views_behind (const ZmqgFrameView *first,
                                             ZmqgMessage *message,
                                             ZmqgFrameView *local, guint *n,
                                             GError **error);

/* send (), try_send () and send_async () of a message behind a frame of the
 * caller's (nullable). @first is copied, its bytes are not: @keeper is held as
 * long as they are needed. */
gboolean zmqg_socket_send_behind (ZmqgSocket *self,
                                  const ZmqgFrameView *first,
                                  ZmqgMessage *message,
                                  GCancellable *cancellable, GError **error);
gboolean zmqg_socket_try_send_behind (ZmqgSocket *self,
                                      const ZmqgFrameView *first,
                                      ZmqgMessage *message, GError **error);
void zmqg_socket_send_behind_async (ZmqgSocket *self,
                                    const ZmqgFrameView *first,
                                    ZmqgTag *keeper, ZmqgMessage *message,
                                    gpointer source_tag,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

/* Something that can be waited for; the core's lock is held. */
typedef gboolean (*ZmqgSocketCondition) (ZmqgSocketCore *core, guint n,
                                         const char *topic);

gboolean zmqg_socket_core_has_peers (ZmqgSocketCore *core, guint n,
                                     const char *topic);

/* One call that waits until everything is sent; zeroed at first. */
typedef struct
{
  gboolean has_begun;
  guint64 lost; /* messages, before */
} ZmqgFlush;

/* Looks once, locking inside. */
ZmqgIoResult zmqg_socket_core_try_flush (ZmqgSocketCore *core,
                                         ZmqgFlush *flush, GError **error);

/* Wait until @condition holds, looking again at what @interest is about
 * (ZMQG_WAIT_NEWS among it); no timeout. */
gboolean zmqg_socket_wait_until (ZmqgSocket *self,
                                 ZmqgSocketCondition condition, guint n,
                                 const char *topic, guint interest,
                                 GCancellable *cancellable, GError **error);
void zmqg_socket_wait_until_async (ZmqgSocket *self,
                                   ZmqgSocketCondition condition, guint n,
                                   const char *topic, guint interest,
                                   gpointer source_tag,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

/* The signals of ZmqgSocket. */
enum
{
  ZMQG_SIGNAL_MESSAGE,
  ZMQG_SIGNAL_PEER_ADDED,
  ZMQG_SIGNAL_PEER_REMOVED,
  ZMQG_SIGNAL_HANDSHAKE_FAILED,
  ZMQG_SIGNAL_EVENT,
  ZMQG_N_SIGNALS,
};

extern guint zmqg_socket_signals[ZMQG_N_SIGNALS];

/* In class_init of ZmqgSocket. */
void zmqg_socket_install_signals (void);

/* Finds out which signals have handlers, so that what they tell is kept for
 * them. GObject tells nobody of a new handler: this is called by calls after
 * which something may happen, and in each turn of the main context. */
void zmqg_socket_look_for_handlers (ZmqgSocket *self);

/* What is new goes to the models that were asked for. In the main context. */
void zmqg_socket_update_models (ZmqgSocket *self, const ZmqgNews *news);

/* News of peers were lost: the models are brought up to date by comparison. */
void zmqg_socket_renew_models (ZmqgSocket *self);

/* A child of @parent that other threads wake it by, with
 * g_source_set_ready_time (…, 0); transfer full. They may do so until the parent is finalized, which
 * the parent itself would not bear once its last reference is being dropped. */
ZMQG_SHARED
GSource *zmqg_wake_source_add (GSource *parent);

/* Attaches the source that emits the socket's signals. */
GSource *zmqg_socket_dispatcher_new (ZmqgSocket *self);

/* Sees to it that signals can be emitted, before there is something to tell.
 * %FALSE with @error when the process has no descriptor for that. */
gboolean zmqg_socket_ensure_dispatcher (ZmqgSocket *self, GError **error);

/* Before the last reference is dropped. */
void zmqg_socket_dispatcher_stop (GSource *source);

/* An option that only one type has: sets the field under the core's lock and
 * tells whether it changed. */
gboolean zmqg_socket_set_flag (ZmqgSocket *self, gboolean *field,
                               gboolean value);

/* The properties from @first on: one for each option, in the table's order. */
void zmqg_socket_install_options (GObjectClass *object_class, guint first);
void zmqg_socket_set_option (ZmqgSocket *self, GParamSpec *pspec, guint i,
                             const GValue *value);
void zmqg_socket_get_option (ZmqgSocket *self, guint i, GValue *value);
