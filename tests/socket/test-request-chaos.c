/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

#include <stdatomic.h>

/* Threads ask and give up, servers come and go, do not reply or reply twice,
 * and in the end the socket is closed in the middle of it all. Every request
 * ends once, and a reply is that to its request. */

#define RUN_MSEC 1200
#define N_SERVERS 2
#define N_CLIENTS 4
#define N_IN_FLIGHT 8

typedef struct
{
  SocketTest *test;
  ZmqgSocket *req;
  atomic_bool stop;
  atomic_uint n_working;
  atomic_uint n_replies;
  atomic_uint n_failures;
} Chaos;

typedef struct
{
  Chaos *chaos;
  guint number;
  char *uri; /* of a server */
} Actor;

/* --- Servers ------------------------------------------------------------ */

static ZmqgSocket *
server_new (SocketTest *test)
{
  return g_object_new (ZMQG_TYPE_ROUTER_SOCKET, "context", test->context,
                       "receive-timeout", 20, "linger", 0, NULL);
}

/* Until it has served some, or nobody asks. */
static void
serve_some (ZmqgSocket *router,
            GRand *rand)
{
  guint n = (guint) g_rand_int_range (rand, 1, 200);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_receive (router, NULL, NULL);
      if (message == NULL)
        return;

      switch (g_rand_int_range (rand, 0, 10))
        {
        case 0:
          break;
        case 1:
          zmqg_socket_send (router, message, NULL, NULL);
          G_GNUC_FALLTHROUGH;
        default:
          zmqg_socket_send (router, message, NULL, NULL);
        }
    }
}

static gpointer
server_thread (gpointer user_data)
{
  Actor *self = user_data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (self->number);

  while (!atomic_load (&self->chaos->stop))
    {
      g_autoptr (ZmqgSocket) router = server_new (self->chaos->test);

      while (!zmqg_socket_bind (router, self->uri, NULL) &&
             !atomic_load (&self->chaos->stop))
        g_thread_yield ();
      serve_some (router, rand);
      zmqg_socket_close (router);
    }

  atomic_fetch_sub (&self->chaos->n_working, 1);
  return NULL;
}

/* --- Clients ------------------------------------------------------------ */

static void
check_end (Chaos *chaos,
           const char *text,
           ZmqgMessage *reply,
           GError *error)
{
  if (reply != NULL)
    {
      g_autofree char *got = zmqg_message_get_string (reply, 0);

      g_assert_no_error (error);
      g_assert_cmpstr (got, ==, text);
      atomic_fetch_add (&chaos->n_replies, 1);
      return;
    }

  g_assert_true (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT) ||
                 g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST) ||
                 g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_CLOSED) ||
                 g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  atomic_fetch_add (&chaos->n_failures, 1);
}

static void
ask_blocking (Actor *self,
              const char *text,
              int timeout_msec)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (text);
  g_autoptr (ZmqgMessage) reply = NULL;
  g_autoptr (GError) error = NULL;

  reply = zmqg_req_socket_request (ZMQG_REQ_SOCKET (self->chaos->req), message,
                                   timeout_msec, NULL, &error);
  check_end (self->chaos, text, reply, error);
}

static void
ask_several (Actor *self,
             const char *text,
             GRand *rand)
{
  Answer answers[N_IN_FLIGHT] = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  for (guint i = 0; i < N_IN_FLIGHT; i++)
    answer_ask (&answers[i], self->chaos->req, text,
                g_rand_int_range (rand, 0, 100) - 1,
                i % 2 == 0 ? cancellable : NULL);
  if (g_rand_boolean (rand))
    zmqg_test_turn (NULL);
  /* Those that would wait for ever have to be given up. */
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      if (i == N_IN_FLIGHT / 2)
        g_cancellable_cancel (cancellable);
      ZMQG_TEST_AWAIT (answers[i].n_ends > 0 || i < N_IN_FLIGHT / 2,
                       SOCKET_TEST_DEADLINE_MS);
    }
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      ZMQG_TEST_AWAIT (answers[i].n_ends > 0, SOCKET_TEST_DEADLINE_MS);
      check_end (self->chaos, text, answers[i].reply, answers[i].error);
      answer_clear (&answers[i]);
    }
}

static gpointer
client_thread (gpointer user_data)
{
  Actor *self = user_data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (100 + self->number);
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; !zmqg_socket_is_closed (self->chaos->req); i++)
    {
      g_autofree char *text = g_strdup_printf ("%u/%u", self->number, i);

      if (self->number % 2 == 0)
        ask_blocking (self, text, g_rand_int_range (rand, 0, 50));
      else
        ask_several (self, text, rand);
    }
  g_main_context_pop_thread_default (context);

  atomic_fetch_sub (&self->chaos->n_working, 1);
  return NULL;
}

/* --- All of them -------------------------------------------------------- */

/* Where a server may bind again and again. */
static char *
new_uri (SocketTest *test)
{
  g_autoptr (ZmqgSocket) router = server_new (test);
  char *uri = socket_test_bind (test, router);

  zmqg_socket_close (router);
  return uri;
}

static void
test_chaos (SocketTest *test)
{
  Chaos chaos = { .test = test };
  GThread *threads[N_SERVERS + N_CLIENTS];
  Actor actors[N_SERVERS + N_CLIENTS];
  gint64 until = g_get_monotonic_time () + RUN_MSEC * 1000;

  chaos.req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_object_set (chaos.req, "reconnect-interval", 1, "request-retries", 2,
                "request-retry-interval", 5, NULL);
  atomic_store (&chaos.n_working, N_SERVERS + N_CLIENTS);
  for (guint i = 0; i < N_SERVERS + N_CLIENTS; i++)
    {
      actors[i] = (Actor) { &chaos, i, NULL };
      if (i < N_SERVERS)
        {
          actors[i].uri = new_uri (test);
          socket_test_connect (chaos.req, actors[i].uri);
        }
      threads[i] = g_thread_new ("chaos", i < N_SERVERS ? server_thread
                                                        : client_thread,
                                 &actors[i]);
    }

  ZMQG_TEST_AWAIT (g_get_monotonic_time () > until &&
                     atomic_load (&chaos.n_replies) > 0,
                   RUN_MSEC + SOCKET_TEST_DEADLINE_MS);
  zmqg_socket_close (chaos.req);
  atomic_store (&chaos.stop, TRUE);
  ZMQG_TEST_AWAIT (atomic_load (&chaos.n_working) == 0,
                   SOCKET_TEST_DEADLINE_MS);

  for (guint i = 0; i < N_SERVERS + N_CLIENTS; i++)
    {
      g_thread_join (threads[i]);
      g_free (actors[i].uri);
    }
  g_test_message ("%u replies, %u failures", atomic_load (&chaos.n_replies),
                  atomic_load (&chaos.n_failures));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  socket_test_add ("/zmqg/request-chaos", SOCKET_TEST_NETWORK, test_chaos);
  return g_test_run ();
}
