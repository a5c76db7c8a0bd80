/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-rep-socket.h"

#include "base/zmqg-error.h"
#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-request-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

#include <string.h>

/**
 * ZmqgRepSocket:
 *
 * Receives requests, and sends the reply to each before the next one.
 *
 * Requests are taken from all peers in turn. Receiving while a reply is due,
 * and sending while none is, fail with %ZMQG_ERROR_STATE. The reply to a peer
 * that has gone is dropped.
 *
 * [signal@Zmqg.RepSocket::request] is another way, by which any number of
 * requests may be in service, and be replied to in any order.
 *
 * Since: 1.0
 */
struct _ZmqgRepSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgRepSocketClass
{
  ZmqgSocketClass parent_class;
};

enum
{
  PROP_0,
  PROP_PROBE_ROUTER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];
static guint request_signal;

G_DEFINE_FINAL_TYPE (ZmqgRepSocket, zmqg_rep_socket, ZMQG_TYPE_SOCKET)

typedef struct
{
  ZmqgFairQueue queue;
  gboolean replying;       /* a reply is due */
  ZmqgPipe *asker;         /* borrowed; NULL: it has gone */
  ZmqgFrameArray envelope; /* of the request, up to the empty frame */
  guint8 *bytes;           /* of the envelope's frames */
  gsize capacity;
  gboolean probe_router;
} RepState;

static void
rep_init (ZmqgSocketCore *core)
{
  RepState *self = core->state;

  zmqg_fair_queue_init (&self->queue);
  zmqg_frame_array_init (&self->envelope);
}

static void
rep_clear (ZmqgSocketCore *core)
{
  RepState *self = core->state;

  zmqg_fair_queue_clear (&self->queue);
  zmqg_frame_array_clear (&self->envelope);
  g_free (self->bytes);
}

static void
rep_attach (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  RepState *self = core->state;

  if (self->probe_router)
    zmqg_type_probe (pipe);
  zmqg_fair_queue_attach (&self->queue, pipe);
}

static void
rep_readable (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  RepState *self = core->state;

  zmqg_fair_queue_activate (&self->queue, pipe);
}

static void
rep_writable (ZmqgSocketCore *core G_GNUC_UNUSED,
              ZmqgPipe *pipe G_GNUC_UNUSED)
{
}

static gboolean
rep_ended (ZmqgSocketCore *core,
           ZmqgPipe *pipe)
{
  RepState *self = core->state;

  if (self->asker == pipe)
    self->asker = NULL;
  return zmqg_type_is_drained (&self->queue, pipe);
}

static void
rep_detach (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  RepState *self = core->state;

  if (self->asker == pipe)
    self->asker = NULL;
  zmqg_fair_queue_detach (&self->queue, pipe);
}

/* A request's envelope ends with the first empty frame, and something
 * follows it; 0: this is no request. */
static guint
measure_envelope (const ZmqgFrameArray *frames)
{
  for (guint i = 0; i + 1 < frames->n; i++)
    if (frames->views[i].size == 0)
      return i + 1;

  return 0;
}

/* The pipe with the next request, having dropped what is none. */
static ZmqgPipe *
rep_peek (ZmqgSocketCore *core,
          guint *n_envelope)
{
  RepState *self = core->state;
  guint n = 0;
  ZmqgPipe *pipe;

  while ((pipe = zmqg_type_peek (core, &self->queue)) != NULL)
    {
      *n_envelope = measure_envelope (&core->frames);
      if (G_LIKELY (*n_envelope > 0))
        break;
      if (!zmqg_type_drop (core, &self->queue, pipe,
                           ZMQG_DROP_REASON_MALFORMED, ZMQG_WAIT_IN, &n))
        return NULL;
    }

  return pipe;
}

/* Keeps the envelope for the reply. */
static gboolean
keep_envelope (RepState *self,
               const ZmqgFrameView *views,
               guint n)
{
  gsize size = zmqg_frame_views_get_size (views, n);

  if (size > self->capacity)
    {
      gsize capacity = MAX (size, 64);
      guint8 *bytes = g_try_realloc (self->bytes, capacity);

      if (bytes == NULL)
        return FALSE;
      self->bytes = bytes;
      self->capacity = capacity;
    }

  size = 0;
  self->envelope.n = 0;
  for (guint i = 0; i < n; i++)
    {
      ZmqgFrameView *view = zmqg_frame_array_add (&self->envelope);

      if (view == NULL)
        return FALSE;
      *view = (ZmqgFrameView) { (const guint8 *) "", views[i].size,
                                ZMQG_FRAME_MORE, NULL, NULL };
      if (view->size > 0)
        {
          view->data = memcpy (self->bytes + size, views[i].data, view->size);
          size += view->size;
        }
    }

  return TRUE;
}

static ZmqgIoResult
rep_receive (ZmqgSocketCore *core,
             ZmqgMessage **message,
             GError **error)
{
  RepState *self = core->state;
  ZmqgIoResult result;
  ZmqgPipe *pipe;
  guint n;

  if (self->replying)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "The last request has not been replied to");
      return ZMQG_IO_FAILED;
    }

  pipe = rep_peek (core, &n);
  if (pipe == NULL)
    return ZMQG_IO_AGAIN;

  if (!keep_envelope (self, core->frames.views, n))
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  result = zmqg_type_build (pipe, core->frames.views + n, core->frames.n - n,
                            message, error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    {
      zmqg_fair_queue_consume (&self->queue);
      self->replying = TRUE;
      self->asker = pipe->ended ? NULL : pipe;
      core->to_do |= ZMQG_TO_DO_WAKE;
    }
  return result;
}

static gboolean
check_reply (RepState *self,
             GError **error)
{
  if (self->replying)
    return TRUE;

  g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                       "There is no request to reply to");
  return FALSE;
}

static ZmqgIoResult
rep_begin (ZmqgSocketCore *core,
           const ZmqgFrameView *first G_GNUC_UNUSED,
           GError **error)
{
  return check_reply (core->state, error) ? ZMQG_IO_DONE : ZMQG_IO_FAILED;
}

static ZmqgPipe *
rep_find_peer (ZmqgSocketCore *core,
               const guint8 *id,
               gsize size)
{
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);
      const ZmqgPeerRecord *record = (const ZmqgPeerRecord *) pipe->peer_tag;

      if (record != NULL && !pipe->ended && record->identity != NULL &&
          g_bytes_get_size (record->identity) == size &&
          memcmp (g_bytes_get_data (record->identity, NULL), id, size) == 0)
        return pipe;
    }

  return NULL;
}

static ZmqgIoResult
rep_send (ZmqgSocketCore *core,
          const ZmqgFrameView *views,
          guint n,
          GError **error)
{
  RepState *self = core->state;
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *all = local;
  guint n_envelope = self->envelope.n;
  gsize n_all = (gsize) n_envelope + n;
  ZmqgPipeResult result = ZMQG_PIPE_NO_MEMORY;

  if (!check_reply (self, error))
    return ZMQG_IO_FAILED;

  if (self->asker == NULL)
    {
      core->dropped_no_peer++;
    }
  else
    {
      if (n_all > ZMQG_TYPE_STACK_VIEWS)
        all = heap = g_try_new (ZmqgFrameView, n_all);
      if (all != NULL)
        {
          memcpy (all, self->envelope.views, n_envelope * sizeof *all);
          memcpy (all + n_envelope, views, n * sizeof *all);
          result = zmqg_pipe_write (self->asker, all, (guint) n_all);
        }
      if (result == ZMQG_PIPE_NO_MEMORY)
        {
          zmqg_set_no_memory (error);
          return ZMQG_IO_FAILED;
        }

      if (G_LIKELY (result == ZMQG_PIPE_WRITTEN))
        zmqg_socket_core_flush (core, self->asker);
      else
        zmqg_account_drop (self->asker->account, ZMQG_DROP_REASON_FULL);
    }

  self->replying = FALSE;
  self->asker = NULL;
  core->to_do |= ZMQG_TO_DO_WAKE;
  return ZMQG_IO_DONE;
}

static guint
rep_events (ZmqgSocketCore *core,
            guint interest G_GNUC_UNUSED)
{
  RepState *self = core->state;
  guint n;

  if (self->replying)
    return ZMQG_WAIT_OUT;

  return rep_peek (core, &n) != NULL ? ZMQG_WAIT_IN : 0;
}

static const ZmqgSocketOps rep_ops = {
  .type = ZMQG_SOCKET_TYPE_REP,
  .session = &zmqg_rep_session,
  .state_size = sizeof (RepState),
  .lock_step = TRUE,
  .init = rep_init,
  .clear = rep_clear,
  .attach = rep_attach,
  .readable = rep_readable,
  .writable = rep_writable,
  .ended = rep_ended,
  .detach = rep_detach,
  .begin = rep_begin,
  .send = rep_send,
  .find_peer = rep_find_peer,
  .receive = rep_receive,
  .events = rep_events,
};

/* --- Requests in service ------------------------------------------------ */

static gboolean
has_request_handler (ZmqgSocket *socket)
{
  return g_signal_has_handler_pending (socket, request_signal, 0, TRUE);
}

/* Whatever the state of lock-step is. */
static gboolean
has_request (ZmqgSocketCore *core)
{
  guint n;

  return rep_peek (core, &n) != NULL;
}

/* Locked. */
static gboolean
take_request (ZmqgSocketCore *core,
              ZmqgPipe **pipe,
              ZmqgEnvelope **envelope,
              ZmqgMessage **message)
{
  RepState *self = core->state;
  guint n;

  *pipe = rep_peek (core, &n);
  if (*pipe == NULL)
    return FALSE;

  /* Without memory it stays where it is. */
  *envelope = zmqg_envelope_new (core->frames.views, n);
  if (*envelope == NULL ||
      zmqg_type_build (*pipe, core->frames.views + n, core->frames.n - n,
                       message, NULL) != ZMQG_IO_DONE)
    {
      g_clear_pointer (envelope, g_free);
      return FALSE;
    }

  zmqg_pipe_ref (*pipe);
  zmqg_fair_queue_consume (&self->queue);
  zmqg_socket_core_note_received (core, zmqg_message_get_size (*message));
  return TRUE;
}

static gboolean
emit_request (ZmqgSocket *socket)
{
  ZmqgSocketCore *core = socket->core;
  g_autoptr (ZmqgRequest) request = NULL;
  ZmqgEnvelope *envelope = NULL;
  ZmqgMessage *message = NULL;
  ZmqgPipe *pipe = NULL;
  gboolean taken;

  if (!zmqg_socket_core_check_fork (core, NULL))
    return FALSE;

  zmqg_socket_core_lock (core);
  taken = zmqg_socket_core_check (core, NULL) &&
          take_request (core, &pipe, &envelope, &message);
  if (!taken)
    zmqg_socket_core_give_back (core);
  zmqg_socket_core_unlock (core);
  if (!taken)
    return FALSE;

  request = zmqg_request_new (zmqg_socket_core_ref (core), pipe, envelope,
                              message);
  g_signal_emit (socket, request_signal, 0, request);
  return TRUE;
}

static const ZmqgSocketService rep_service = {
  .has_handler = has_request_handler,
  .is_readable = has_request,
  .emit = emit_request,
};

static void
zmqg_rep_socket_get_property (GObject *object,
                              guint property_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  ZmqgRepSocket *self = ZMQG_REP_SOCKET (object);

  switch (property_id)
    {
    case PROP_PROBE_ROUTER:
      g_value_set_boolean (value, zmqg_rep_socket_get_probe_router (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_rep_socket_set_property (GObject *object,
                              guint property_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  ZmqgRepSocket *self = ZMQG_REP_SOCKET (object);

  switch (property_id)
    {
    case PROP_PROBE_ROUTER:
      zmqg_rep_socket_set_probe_router (self, g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_rep_socket_class_init (ZmqgRepSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  klass->parent_class.ops = &rep_ops;
  klass->parent_class.service = &rep_service;
  object_class->get_property = zmqg_rep_socket_get_property;
  object_class->set_property = zmqg_rep_socket_set_property;

  /**
   * ZmqgRepSocket:probe-router: (getter get_probe_router) (setter set_probe_router)
   *
   * Whether each new pipe begins with an empty message, by which a dealer at
   * the other end learns of this socket. To a req it is no reply: it would
   * close the connection.
   *
   * Since: 1.0
   */
  properties[PROP_PROBE_ROUTER] =
    g_param_spec_boolean ("probe-router", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                            G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * ZmqgRepSocket::request:
   * @self: the socket
   * @request: the request
   *
   * A request was received. While a handler is connected, requests are taken
   * from the socket and given to it, in the socket's main context, at most 64
   * in one turn; [signal@Zmqg.Socket::message] gets none then. Calls that wait
   * for a message come first. What the state of lock-step is does not matter:
   * receive and send go on beside it.
   *
   * The handler replies by [method@Zmqg.Request.reply], or keeps a reference
   * to do so later. A request of which nobody keeps a reference is not replied
   * to.
   *
   * Since: 1.0
   */
  request_signal =
    g_signal_new ("request", ZMQG_TYPE_REP_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL,
                  NULL, NULL, G_TYPE_NONE, 1, ZMQG_TYPE_REQUEST);
}

static void
zmqg_rep_socket_init (ZmqgRepSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_rep_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a rep socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.RepSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_rep_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_REP_SOCKET, "context", context, NULL);
}

/**
 * zmqg_rep_socket_get_probe_router: (get-property probe-router)
 * @self: the socket
 *
 * Tells whether a new peer is sent an empty message first.
 *
 * Returns: the value of [property@Zmqg.RepSocket:probe-router]
 *
 * Since: 1.0
 */
gboolean
zmqg_rep_socket_get_probe_router (ZmqgRepSocket *self)
{
  RepState *state;

  g_return_val_if_fail (ZMQG_IS_REP_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->probe_router);
}

/**
 * zmqg_rep_socket_set_probe_router: (set-property probe-router)
 * @self: the socket
 * @probe_router: whether a new peer is sent an empty message first
 *
 * Sets [property@Zmqg.RepSocket:probe-router].
 *
 * Since: 1.0
 */
void
zmqg_rep_socket_set_probe_router (ZmqgRepSocket *self,
                                  gboolean probe_router)
{
  RepState *state;

  g_return_if_fail (ZMQG_IS_REP_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->probe_router,
                           probe_router, properties[PROP_PROBE_ROUTER]);
}
