/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

/* Every call of every type that waits, and what ends it: the socket is closed,
 * the context is shut down, the context is terminated. */

typedef struct _Waiter Waiter;

struct _Waiter
{
  ZmqgSocket *socket;
  gboolean (*call) (Waiter *self, GError **error);
  ZmqgError code;      /* what ends it */
  gboolean closes;     /* and then the socket */
};

/* --- The calls ---------------------------------------------------------- */

static gboolean
call_receive (Waiter *self,
              GError **error)
{
  g_autoptr (ZmqgMessage) message = NULL;

  message = zmqg_socket_receive (self->socket, NULL, error);
  return message != NULL;
}

static gboolean
call_receive_batch (Waiter *self,
                    GError **error)
{
  g_autoptr (GPtrArray) messages = NULL;

  messages = zmqg_socket_receive_batch (self->socket, 3, NULL, error);
  return messages != NULL;
}

static gboolean
call_send (Waiter *self,
           GError **error)
{
  return zmqg_socket_send_string (self->socket, "x", NULL, error);
}

/* Of a multipart, and of what is sent from where it lies. */
static gboolean
call_send_large (Waiter *self,
                 GError **error)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (100000), 100000);

  zmqg_message_append_string (message, "x");
  zmqg_message_append_bytes (message, bytes);
  return zmqg_socket_send (self->socket, message, NULL, error);
}

static gboolean
call_flush (Waiter *self,
            GError **error)
{
  return zmqg_socket_flush (self->socket, NULL, error);
}

static gboolean
call_wait_for_peers (Waiter *self,
                     GError **error)
{
  return zmqg_socket_wait_for_peers (self->socket, 9, NULL, error);
}

static gboolean
call_wait_for_subscribers (Waiter *self,
                           GError **error)
{
  return ZMQG_IS_PUB_SOCKET (self->socket)
           ? zmqg_pub_socket_wait_for_subscribers (
               ZMQG_PUB_SOCKET (self->socket), NULL, 9, NULL, error)
           : zmqg_xpub_socket_wait_for_subscribers (
               ZMQG_XPUB_SOCKET (self->socket), NULL, 9, NULL, error);
}

static gboolean
call_request (Waiter *self,
              GError **error)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");
  g_autoptr (ZmqgMessage) reply = NULL;

  reply = zmqg_req_socket_request (ZMQG_REQ_SOCKET (self->socket), message,
                                   -1, NULL, error);
  return reply != NULL;
}

/* --- The sockets -------------------------------------------------------- */

typedef enum
{
  BOUND,
  QUEUED, /* connects to nobody, and has sent something */
} State;

static const struct
{
  GType (*type) (void);
  gboolean (*call) (Waiter *self, GError **error);
  State state;
} calls[] = {
  { zmqg_pair_socket_get_type, call_receive, BOUND },
  { zmqg_sub_socket_get_type, call_receive, BOUND },
  { zmqg_rep_socket_get_type, call_receive, BOUND },
  { zmqg_req_socket_get_type, call_receive, QUEUED },
  { zmqg_dealer_socket_get_type, call_receive, BOUND },
  { zmqg_router_socket_get_type, call_receive, BOUND },
  { zmqg_pull_socket_get_type, call_receive, BOUND },
  { zmqg_xpub_socket_get_type, call_receive, BOUND },
  { zmqg_xsub_socket_get_type, call_receive, BOUND },
  { zmqg_pair_socket_get_type, call_receive_batch, BOUND },
  { zmqg_rep_socket_get_type, call_receive_batch, BOUND },
  { zmqg_req_socket_get_type, call_receive_batch, QUEUED },
  { zmqg_router_socket_get_type, call_receive_batch, BOUND },
  { zmqg_xpub_socket_get_type, call_receive_batch, BOUND },
  { zmqg_pair_socket_get_type, call_send, BOUND },
  { zmqg_req_socket_get_type, call_send, BOUND },
  { zmqg_dealer_socket_get_type, call_send, BOUND },
  { zmqg_push_socket_get_type, call_send, BOUND },
  { zmqg_pair_socket_get_type, call_send, QUEUED },
  { zmqg_dealer_socket_get_type, call_send, QUEUED },
  { zmqg_push_socket_get_type, call_send, QUEUED },
  { zmqg_dealer_socket_get_type, call_send_large, BOUND },
  { zmqg_push_socket_get_type, call_send_large, QUEUED },
  { zmqg_pair_socket_get_type, call_flush, QUEUED },
  { zmqg_dealer_socket_get_type, call_flush, QUEUED },
  { zmqg_push_socket_get_type, call_flush, QUEUED },
  { zmqg_req_socket_get_type, call_flush, QUEUED },
  { zmqg_pub_socket_get_type, call_wait_for_peers, BOUND },
  { zmqg_pull_socket_get_type, call_wait_for_peers, BOUND },
  { zmqg_router_socket_get_type, call_wait_for_peers, BOUND },
  { zmqg_push_socket_get_type, call_wait_for_peers, QUEUED },
  { zmqg_pub_socket_get_type, call_wait_for_subscribers, BOUND },
  { zmqg_xpub_socket_get_type, call_wait_for_subscribers, BOUND },
  { zmqg_req_socket_get_type, call_request, BOUND },
  { zmqg_req_socket_get_type, call_request, QUEUED },
};

#define N_CALLS G_N_ELEMENTS (calls)

static ZmqgSocket *
make_socket (Fixture *self,
             GType type,
             State state,
             const char *nowhere)
{
  ZmqgSocket *socket = new_socket (self, type);

  g_object_set (socket, "send-timeout", -1, "receive-timeout", -1, "send-hwm",
                1, NULL);
  if (state == BOUND)
    {
      g_free (bind_socket (self, socket));
    }
  else
    {
      connect_to (socket, nowhere);
      send_text (socket, "queued");
    }
  return socket;
}

static gpointer
wait_in_call (gpointer data)
{
  Waiter *self = data;
  GError *error = NULL;

  g_assert_false (self->call (self, &error));
  g_assert_error (error, ZMQG_ERROR, (int) self->code);
  g_clear_error (&error);
  if (self->closes)
    zmqg_socket_close (self->socket);
  return NULL;
}

/* All of them wait, each in a thread of its own. */
static void
start (Fixture *self,
       ZmqgError code,
       gboolean closes,
       Waiter *waiters,
       Call *threads)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *nowhere = bind_socket (self, pull);

  zmqg_socket_unbind (pull, nowhere, NULL);
  drop_socket (self, pull);
  for (guint i = 0; i < N_CALLS; i++)
    {
      waiters[i].socket = make_socket (self, calls[i].type (),
                                       calls[i].state, nowhere);
      waiters[i].call = calls[i].call;
      waiters[i].code = code;
      waiters[i].closes = closes;
      call_start (&threads[i], wait_in_call, &waiters[i]);
    }
  for (guint i = 0; i < N_CALLS; i++)
    call_await_sleep (&threads[i]);
}

static void
join (Call *threads)
{
  for (guint i = 0; i < N_CALLS; i++)
    call_end (&threads[i]);
}

static void
test_close (Fixture *self)
{
  Waiter waiters[N_CALLS];
  Call threads[N_CALLS];

  start (self, ZMQG_ERROR_CLOSED, FALSE, waiters, threads);
  for (guint i = 0; i < N_CALLS; i++)
    zmqg_socket_close (waiters[i].socket);
  join (threads);
}

static void
test_shut_down (Fixture *self)
{
  Waiter waiters[N_CALLS];
  Call threads[N_CALLS];

  start (self, ZMQG_ERROR_TERMINATED, FALSE, waiters, threads);
  zmqg_context_shutdown (self->context);
  join (threads);
}

/* It ends the calls, and waits until their threads have closed the sockets. */
static void
test_terminate (Fixture *self)
{
  Waiter waiters[N_CALLS];
  Call threads[N_CALLS];
  GError *error = NULL;

  start (self, ZMQG_ERROR_TERMINATED, TRUE, waiters, threads);
  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_CALLS; i++)
    g_assert_true (zmqg_socket_is_closed (waiters[i].socket));
  join (threads);
}

/* --- Termination and linger --------------------------------------------- */

typedef struct
{
  ZmqgContext *context;
  gboolean terminated; /* atomic */
} Termination;

static gpointer
terminate_context (gpointer data)
{
  Termination *self = data;
  GError *error = NULL;

  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
  g_atomic_int_set (&self->terminated, TRUE);
  return NULL;
}

/* It waits for what closed sockets still have to send, and whoever it is for
 * gets that. */
static void
test_terminate_lingers (Fixture *self)
{
  g_autoptr (ZmqgContext) other = NULL;
  g_autoptr (ZmqgSocket) push = NULL;
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  Termination termination = { NULL, FALSE };
  Call call;

  zmqg_socket_unbind (pull, uri, NULL);
  other = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode, NULL);
  push = zmqg_push_socket_new (other);
  g_object_set (push, "linger", -1, "reconnect-interval", 1, NULL);
  connect_to (push, uri);
  for (guint i = 0; i < 100; i++)
    send_number (push, i);
  zmqg_socket_close (push);

  termination.context = other;
  call_start (&call, terminate_context, &termination);
  call_await_sleep (&call);
  g_assert_false (g_atomic_int_get (&termination.terminated));
  bind_to (pull, uri);
  for (guint i = 0; i < 100; i++)
    expect_number (pull, i);
  call_end (&call);
  g_assert_true (g_atomic_int_get (&termination.terminated));
}

const ConformanceTest waiting_tests[] = {
  { "waiting/close", FOR_ALL, test_close },
  { "waiting/shut-down", FOR_ALL, test_shut_down },
  { "waiting/terminate", FOR_ALL, test_terminate },
  { "waiting/terminate-lingers", FOR_NETWORK, test_terminate_lingers },
  { 0, },
};
