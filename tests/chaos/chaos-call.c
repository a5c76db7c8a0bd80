/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"

/* Asynchronous calls of one thread. */
#define PENDING_MAX 32

/* --- Cancelling --------------------------------------------------------- */

static GCancellable *
get_cancellable (ChaosWorker *self)
{
  return chaos_get (self->chaos,
                    (gpointer *) &self->chaos->cancellables[self->index]);
}

void
chaos_cancel (ChaosWorker *self,
              guint index)
{
  GCancellable *old;

  zmqg_lock (&self->chaos->lock);
  old = self->chaos->cancellables[index];
  self->chaos->cancellables[index] = g_cancellable_new ();
  zmqg_unlock (&self->chaos->lock);
  g_cancellable_cancel (old);
  chaos_drop (self->chaos, old);
}

/* --- Receiving ---------------------------------------------------------- */

/* Sends something to a message's peer, whatever its routing id. */
static void
send_back (Chaos *self,
           ZmqgSocket *socket,
           ZmqgMessage *message)
{
  g_autoptr (ZmqgPeer) peer = zmqg_message_get_peer (message);
  g_autoptr (ZmqgMessage) reply = NULL;

  if (zmqg_router_socket_get_raw (ZMQG_ROUTER_SOCKET (socket)))
    {
      reply = zmqg_message_new ();
      zmqg_message_append_string (reply, chaos_one_in (4) ? "" : "\377");
    }
  else
    {
      reply = chaos_message_new_reply (self);
    }
  if (zmqg_router_socket_send_to (ZMQG_ROUTER_SOCKET (socket), peer, reply,
                                  NULL, NULL))
    atomic_fetch_add (&self->sent, 1);
}

/* Takes the message; nullable. */
static void
take (Chaos *self,
      ZmqgSocket *socket,
      ZmqgMessage *message)
{
  if (message == NULL)
    return;

  chaos_message_check (self, socket, message);
  if (ZMQG_IS_ROUTER_SOCKET (socket) && chaos_one_in (4))
    send_back (self, socket, message);
  zmqg_message_unref (message);
}

static void
take_batch (Chaos *self,
            ZmqgSocket *socket,
            GPtrArray *batch)
{
  for (guint i = 0; batch != NULL && i < batch->len; i++)
    chaos_message_check (self, socket, g_ptr_array_index (batch, i));
  g_clear_pointer (&batch, g_ptr_array_unref);
}

void
chaos_receive_some (ChaosWorker *self,
                    ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);
  guint n = 1 + chaos_random (29);

  for (guint i = 0; i < n; i++)
    {
      ZmqgMessage *message;

      message = chaos_one_in (2)
                  ? zmqg_socket_receive (socket, cancellable, NULL)
                  : zmqg_socket_try_receive (socket, NULL);
      if (message == NULL)
        break;
      take (self->chaos, socket, message);
    }
  chaos_drop (self->chaos, cancellable);
}

void
chaos_receive_batch (ChaosWorker *self,
                     ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);

  take_batch (self->chaos, socket,
              zmqg_socket_receive_batch (socket, 1 + chaos_random (49),
                                         cancellable, NULL));
  chaos_drop (self->chaos, cancellable);
}

static gboolean
on_ready (ZmqgSocket *socket,
          GIOCondition condition,
          gpointer user_data)
{
  Chaos *self = user_data;

  if (condition & G_IO_IN)
    take (self, socket, zmqg_socket_try_receive (socket, NULL));
  return G_SOURCE_CONTINUE;
}

void
chaos_use_source (ChaosWorker *self,
                  ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);
  GSource *source;

  source = zmqg_socket_create_source (socket, G_IO_IN | G_IO_OUT,
                                      cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (on_ready), self->chaos, NULL);
  g_source_attach (source, self->context);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (self->context, FALSE);
  g_source_destroy (source);
  g_source_unref (source);
  chaos_drop (self->chaos, cancellable);
}

/* --- Sending ------------------------------------------------------------ */

void
chaos_send_some (ChaosWorker *self,
                 ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);
  guint n = 1 + chaos_random (29);
  gboolean sent = TRUE;

  for (guint i = 0; i < n && sent; i++)
    {
      ZmqgMessage *message = chaos_message_new (self->chaos, socket);

      if (chaos_one_in (2))
        sent = zmqg_socket_send (socket, message, cancellable, NULL);
      else
        sent = zmqg_socket_try_send (socket, message, NULL);
      if (sent)
        atomic_fetch_add (&self->chaos->sent, 1);
      zmqg_message_unref (message);
    }
  chaos_drop (self->chaos, cancellable);
}

/* --- Waiting ------------------------------------------------------------ */

static void
wait_for_subscribers (ZmqgSocket *socket,
                      GCancellable *cancellable)
{
  guint n = 1 + chaos_random (3);

  if (ZMQG_IS_PUB_SOCKET (socket))
    zmqg_pub_socket_wait_for_subscribers (ZMQG_PUB_SOCKET (socket), "ZMQG", n,
                                          cancellable, NULL);
  else if (ZMQG_IS_XPUB_SOCKET (socket))
    zmqg_xpub_socket_wait_for_subscribers (ZMQG_XPUB_SOCKET (socket), "ZMQG",
                                           n, cancellable, NULL);
}

static void
request_blocking (ChaosWorker *self,
                  ZmqgSocket *socket,
                  GCancellable *cancellable)
{
  ZmqgMessage *message;

  if (!ZMQG_IS_REQ_SOCKET (socket))
    return;

  message = chaos_message_new (self->chaos, socket);
  take (self->chaos, socket,
        zmqg_req_socket_request (ZMQG_REQ_SOCKET (socket), message,
                                 chaos_random (20), cancellable, NULL));
  zmqg_message_unref (message);
}

/* For any time: somebody else will cancel it. */
void
chaos_wait (ChaosWorker *self,
            ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);

  switch (chaos_random (4))
    {
    case 0:
      zmqg_socket_wait_for_peers (socket, chaos_random (3), cancellable,
                                  NULL);
      break;
    case 1:
      zmqg_socket_flush (socket, cancellable, NULL);
      break;
    case 2:
      wait_for_subscribers (socket, cancellable);
      break;
    default:
      request_blocking (self, socket, cancellable);
      break;
    }
  chaos_drop (self->chaos, cancellable);
}

/* --- Asynchronous calls ------------------------------------------------- */

static void
on_received (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  ChaosWorker *self = user_data;
  ZmqgSocket *socket = ZMQG_SOCKET (source);

  take (self->chaos, socket,
        zmqg_socket_receive_finish (socket, result, NULL));
  self->pending--;
}

static void
on_batch (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  ChaosWorker *self = user_data;
  ZmqgSocket *socket = ZMQG_SOCKET (source);

  take_batch (self->chaos, socket,
              zmqg_socket_receive_batch_finish (socket, result, NULL));
  self->pending--;
}

static void
on_sent (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  ChaosWorker *self = user_data;

  if (zmqg_socket_send_finish (ZMQG_SOCKET (source), result, NULL))
    atomic_fetch_add (&self->chaos->sent, 1);
  self->pending--;
}

static void
on_flushed (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  ChaosWorker *self = user_data;

  zmqg_socket_flush_finish (ZMQG_SOCKET (source), result, NULL);
  self->pending--;
}

static void
on_peers (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  ChaosWorker *self = user_data;

  zmqg_socket_wait_for_peers_finish (ZMQG_SOCKET (source), result, NULL);
  self->pending--;
}

static void
on_subscribers (GObject *source,
                GAsyncResult *result,
                gpointer user_data)
{
  ChaosWorker *self = user_data;

  if (ZMQG_IS_PUB_SOCKET (source))
    zmqg_pub_socket_wait_for_subscribers_finish (ZMQG_PUB_SOCKET (source),
                                                 result, NULL);
  else
    zmqg_xpub_socket_wait_for_subscribers_finish (ZMQG_XPUB_SOCKET (source),
                                                  result, NULL);
  self->pending--;
}

static void
on_closed (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  ChaosWorker *self = user_data;
  guint64 unsent;

  zmqg_socket_close_finish (ZMQG_SOCKET (source), result, &unsent, NULL);
  self->pending--;
}

static void
on_terminated (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  ChaosWorker *self = user_data;

  zmqg_context_terminate_finish (ZMQG_CONTEXT (source), result, NULL);
  self->pending--;
}

static void
on_reply (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  ChaosWorker *self = user_data;
  ZmqgReqSocket *req = ZMQG_REQ_SOCKET (source);
  ZmqgMessage *reply = zmqg_req_socket_request_finish (req, result, NULL);

  if (reply != NULL)
    atomic_fetch_add (&self->chaos->replies, 1);
  take (self->chaos, ZMQG_SOCKET (source), reply);
  self->pending--;
}

static void
send_async (ChaosWorker *self,
            ZmqgSocket *socket,
            GCancellable *cancellable)
{
  ZmqgMessage *message = chaos_message_new (self->chaos, socket);

  zmqg_socket_send_async (socket, message, cancellable, on_sent, self);
  zmqg_message_unref (message);
}

static void
wait_async (ChaosWorker *self,
            ZmqgSocket *socket,
            GCancellable *cancellable)
{
  guint n = 1 + chaos_random (3);

  if (ZMQG_IS_PUB_SOCKET (socket))
    zmqg_pub_socket_wait_for_subscribers_async (
      ZMQG_PUB_SOCKET (socket), "ZMQG", n, cancellable, on_subscribers, self);
  else if (ZMQG_IS_XPUB_SOCKET (socket))
    zmqg_xpub_socket_wait_for_subscribers_async (
      ZMQG_XPUB_SOCKET (socket), "ZMQG", n, cancellable, on_subscribers,
      self);
  else
    zmqg_socket_wait_for_peers_async (socket, n, cancellable, on_peers, self);
}

void
chaos_terminate (ChaosWorker *self,
                 ZmqgContext *context)
{
  GCancellable *cancellable = get_cancellable (self);

  self->pending++;
  zmqg_context_terminate_async (context, cancellable, on_terminated, self);
  chaos_drop (self->chaos, cancellable);
}

void
chaos_call_async (ChaosWorker *self,
                  ZmqgSocket *socket)
{
  GCancellable *cancellable;

  if (self->pending >= PENDING_MAX)
    return;

  if (chaos_one_in (2000))
    {
      chaos_terminate (self, zmqg_socket_get_context (socket));
      return;
    }

  cancellable = get_cancellable (self);
  self->pending++;
  switch (chaos_random (16))
    {
    case 0:
      zmqg_socket_receive_batch_async (socket, 10, cancellable, on_batch,
                                       self);
      break;
    case 1:
      zmqg_socket_flush_async (socket, cancellable, on_flushed, self);
      break;
    case 2:
    case 3:
      wait_async (self, socket, cancellable);
      break;
    case 4:
      zmqg_socket_close_async (socket, chaos_random (50), cancellable,
                               on_closed, self);
      break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      send_async (self, socket, cancellable);
      break;
    default:
      zmqg_socket_receive_async (socket, cancellable, on_received, self);
      break;
    }
  chaos_drop (self->chaos, cancellable);
}

void
chaos_ask (ChaosWorker *self)
{
  ZmqgSocket *socket = chaos_socket_pick_type (self->chaos,
                                               ZMQG_SOCKET_TYPE_REQ);
  GCancellable *cancellable = get_cancellable (self);
  guint n = 1 + chaos_random (4);

  for (guint i = 0; i < n && self->pending < PENDING_MAX; i++)
    {
      ZmqgMessage *message = chaos_message_new (self->chaos, socket);

      self->pending++;
      zmqg_req_socket_request_async (ZMQG_REQ_SOCKET (socket), message,
                                     1 + chaos_random (100), cancellable,
                                     on_reply, self);
      zmqg_message_unref (message);
    }
  chaos_drop (self->chaos, cancellable);
  chaos_drop (self->chaos, socket);
}
