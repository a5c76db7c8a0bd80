/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

#include "socket/zmqg-request.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Requests of several threads and main contexts on one socket. */

#define IN_TIME SOCKET_TEST_DEADLINE_MS

/* --- Threads ------------------------------------------------------------ */

#define N_THREADS 6
#define N_REQUESTS 40

typedef struct
{
  ZmqgSocket *socket;
  guint number;
  atomic_uint *n_done;
} Worker;

/* Replies what it is asked, two requests at a time in the wrong order. */
static gpointer
serve_thread (gpointer user_data)
{
  ZmqgSocket *router = user_data;

  for (;;)
    {
      Asked asked[2] = { 0 };
      guint n;

      for (n = 0; n < 2; n++)
        {
          g_autoptr (ZmqgMessage) message = NULL;
          g_autoptr (GError) error = NULL;
          const guint8 *data;
          gsize size;

          message = n == 0 ? zmqg_socket_receive (router, NULL, &error)
                           : zmqg_socket_try_receive (router, &error);
          if (message == NULL && n == 0)
            return NULL;
          if (message == NULL)
            break;
          asked[n].peer = zmqg_message_get_string (message, 0);
          data = zmqg_message_get_data (message, 1, &size);
          g_assert_cmpuint (size, ==, sizeof asked[n].id);
          memcpy (&asked[n].id, data, size);
          asked[n].text = zmqg_message_get_string (message, 3);
        }
      while (n > 0)
        {
          n--;
          asked_reply (&asked[n], router, asked[n].text);
          asked_clear (&asked[n]);
        }
    }
}

static void
ask_blocking (Worker *self,
              guint i)
{
  g_autofree char *text = g_strdup_printf ("%u/%u", self->number, i);
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (text);
  g_autoptr (ZmqgMessage) reply = NULL;
  g_autofree char *got = NULL;
  GError *error = NULL;

  reply = zmqg_req_socket_request (ZMQG_REQ_SOCKET (self->socket), message,
                                   6 * IN_TIME, NULL, &error);
  g_assert_no_error (error);
  got = zmqg_message_get_string (reply, 0);
  g_assert_cmpstr (got, ==, text);
}

/* Several at a time in a main context of its own. */
static void
ask_several (Worker *self,
             guint i)
{
  Answer answers[4] = { 0 };

  for (guint j = 0; j < G_N_ELEMENTS (answers); j++)
    {
      g_autofree char *text = g_strdup_printf ("%u/%u/%u", self->number, i, j);

      answer_ask (&answers[j], self->socket, text, 6 * IN_TIME, NULL);
    }
  for (guint j = 0; j < G_N_ELEMENTS (answers); j++)
    {
      g_autofree char *text = g_strdup_printf ("%u/%u/%u", self->number, i, j);

      answer_expect (&answers[j], text);
      answer_clear (&answers[j]);
    }
}

static gpointer
ask_thread (gpointer user_data)
{
  Worker *self = user_data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_REQUESTS; i++)
    {
      if (self->number % 2 == 0)
        ask_blocking (self, i);
      else
        ask_several (self, i);
    }
  g_main_context_pop_thread_default (context);
  atomic_fetch_add (self->n_done, 1);
  return NULL;
}

static void
test_several_threads (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  GThread *threads[N_THREADS];
  Worker workers[N_THREADS];
  atomic_uint n_done = 0;
  GThread *server;

  g_object_set (router, "receive-timeout", -1, NULL);
  server = g_thread_new ("server", serve_thread, router);
  for (guint i = 0; i < N_THREADS; i++)
    {
      workers[i] = (Worker) { req, i, &n_done };
      threads[i] = g_thread_new ("client", ask_thread, &workers[i]);
    }
  ZMQG_TEST_AWAIT (atomic_load (&n_done) == N_THREADS, 6 * IN_TIME);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  zmqg_socket_close (router);
  g_thread_join (server);
}

/* In the thread whose main context an engine may live in. */
static void
test_the_main_thread_blocks (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  Worker worker = { req, 0, NULL };
  GThread *server;

  g_object_set (router, "receive-timeout", -1, NULL);
  server = g_thread_new ("server", serve_thread, router);
  for (guint i = 0; i < N_REQUESTS; i++)
    ask_blocking (&worker, i);
  zmqg_socket_close (router);
  g_thread_join (server);
}

/* A thread that waits for the reply of lock-step reads the connection itself,
 * until somebody asks beside it. */
static gpointer
receive_thread (gpointer user_data)
{
  socket_test_expect (user_data, "reply", NULL);
  return NULL;
}

static void
test_who_receives_is_not_alone (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));

  for (guint i = 0; i < 20; i++)
    {
      g_auto (Answer) a = { 0 };
      g_auto (Asked) asked = { 0 };
      GThread *thread;

      socket_test_send (req, "lock-step", NULL);
      socket_test_expect (router, "R", "", "lock-step", NULL);
      thread = g_thread_new ("receiver", receive_thread, req);
      answer_ask (&a, req, "a", IN_TIME, NULL);
      asked_expect (&asked, router, "a");
      asked_reply (&asked, router, "A");
      answer_expect (&a, "A");
      socket_test_send (router, "R", "", "reply", NULL);
      g_thread_join (thread);
    }
}

/* One that never runs its main loop holds nobody up. */
static void
test_a_stopped_main_loop_holds_nobody_up (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_autoptr (GMainContext) stopped = g_main_context_new ();
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  g_auto (Asked) asked = { 0 };

  g_main_context_push_thread_default (stopped);
  answer_ask (&a, req, "a", -1, NULL);
  g_main_context_pop_thread_default (stopped);
  asked_expect (&asked, router, "a");
  asked_reply (&asked, router, "A");

  answer_ask (&b, req, "b", IN_TIME, NULL);
  asked_expect (&asked, router, "b");
  asked_reply (&asked, router, "B");
  answer_expect (&b, "B");

  g_main_context_push_thread_default (stopped);
  answer_expect (&a, "A");
  g_main_context_pop_thread_default (stopped);
}

/* The main context goes before the reply has come. */
static void
test_a_main_context_may_go (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  GMainContext *context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  g_auto (Asked) asked = { 0 };

  g_main_context_push_thread_default (context);
  answer_ask (&a, req, "a", -1, cancellable);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  asked_expect (&asked, router, "a");
  asked_reply (&asked, router, "A");

  answer_ask (&b, req, "b", IN_TIME, NULL);
  asked_expect (&asked, router, "b");
  asked_reply (&asked, router, "B");
  answer_expect (&b, "B");
  g_assert_cmpuint (a.n_ends, ==, 0);
}

typedef struct
{
  ZmqgSocket *socket;
  int timeout_msec;
  GCancellable *cancellable;
  GError *error;
  atomic_bool done;
} Waiter;

static gpointer
wait_thread (gpointer user_data)
{
  Waiter *self = user_data;
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");

  g_assert_null (zmqg_req_socket_request (ZMQG_REQ_SOCKET (self->socket),
                                          message, self->timeout_msec,
                                          self->cancellable, &self->error));
  atomic_store (&self->done, TRUE);
  return NULL;
}

typedef enum
{
  END_CANCEL,
  END_TIMEOUT,
  END_CLOSE,
  END_SHUTDOWN,
  END_LOSS,
} End;

/* A thread whose request was sent, or waits for a peer, and how it ends. */
static void
end_waiting (SocketTest *test,
             gboolean sent,
             End how,
             GQuark domain,
             int code)
{
  ZmqgSocket *router = NULL;
  ZmqgSocket *req = sent ? ZMQG_SOCKET (requests_test_meet (test, &router))
                         : socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Waiter waiter = { req, how == END_TIMEOUT ? 30 : -1, cancellable, NULL,
                    FALSE };
  g_auto (Asked) asked = { 0 };
  GThread *thread;

  thread = g_thread_new ("waiter", wait_thread, &waiter);
  if (sent)
    asked_expect (&asked, router, "x");
  if (how == END_CANCEL)
    g_cancellable_cancel (cancellable);
  else if (how == END_CLOSE)
    zmqg_socket_close (req);
  else if (how == END_SHUTDOWN)
    zmqg_context_shutdown (test->context);
  else if (how == END_LOSS)
    socket_test_close (test, router);
  ZMQG_TEST_AWAIT (atomic_load (&waiter.done), SOCKET_TEST_DEADLINE_MS);
  g_thread_join (thread);
  g_assert_error (waiter.error, domain, code);
  g_clear_error (&waiter.error);
}

#define BOTH(name, how, domain, code) \
  static void \
  test_##name (SocketTest *test) \
  { \
    end_waiting (test, FALSE, how, domain, code); \
    end_waiting (test, TRUE, how, domain, code); \
  }

BOTH (a_thread_is_cancelled, END_CANCEL, G_IO_ERROR, G_IO_ERROR_CANCELLED)
BOTH (a_thread_times_out, END_TIMEOUT, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT)
BOTH (closing_ends_a_thread, END_CLOSE, ZMQG_ERROR, ZMQG_ERROR_CLOSED)

static void
test_a_shutdown_ends_a_thread (SocketTest *test)
{
  end_waiting (test, TRUE, END_SHUTDOWN, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);
}

static void
test_a_loss_ends_a_thread (SocketTest *test)
{
  end_waiting (test, TRUE, END_LOSS, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
}

static void
test_a_cancelled_call_sends_nothing (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Waiter waiter = { req, -1, cancellable, NULL, FALSE };

  g_cancellable_cancel (cancellable);
  wait_thread (&waiter);
  g_assert_error (waiter.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&waiter.error);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

/* --- The child of a fork ------------------------------------------------ */

static void
keep_request (ZmqgSocket *rep G_GNUC_UNUSED,
              ZmqgRequest *request,
              gpointer user_data)
{
  *(ZmqgRequest **) user_data = g_object_ref (request);
}

/* Whether the call, a request that is open and the reply to one fail. */
static int
check_child (ZmqgSocket *req,
             Answer *open,
             ZmqgRequest *request,
             GMainContext *context)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");
  g_autoptr (GError) error = NULL;
  Answer asked = { 0 };

  if (zmqg_req_socket_request (ZMQG_REQ_SOCKET (req), message, -1, NULL,
                               &error) != NULL ||
      !g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_FORKED))
    return 1;
  g_clear_error (&error);
  if (zmqg_request_reply (request, message, &error) ||
      !g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_FORKED))
    return 2;

  answer_ask (&asked, req, "y", -1, NULL);
  while (open->n_ends == 0 || asked.n_ends == 0)
    g_main_context_iteration (context, TRUE);
  if (!g_error_matches (open->error, ZMQG_ERROR, ZMQG_ERROR_FORKED) ||
      !g_error_matches (asked.error, ZMQG_ERROR, ZMQG_ERROR_FORKED))
    return 3;

  answer_clear (&asked);
  g_object_unref (request);
  return 0;
}

static void
test_the_child_of_a_fork (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ZmqgRequest) request = NULL;
  g_auto (Answer) answer = { 0 };
  int status = 0;
  pid_t pid;

  g_signal_connect (rep, "request", G_CALLBACK (keep_request), &request);
  socket_test_connect (req, uri);
  socket_test_await_peers (req, 1);
  g_main_context_push_thread_default (context);
  answer_ask (&answer, req, "x", 500, NULL);
  g_main_context_pop_thread_default (context);
  ZMQG_TEST_AWAIT (request != NULL, SOCKET_TEST_DEADLINE_MS);

  g_main_context_push_thread_default (context);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      alarm (3 * SOCKET_TEST_DEADLINE_MS / 1000);
      _exit (check_child (req, &answer, request, context));
    }

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);

  /* The parent is as before; its times have gone on. */
  g_assert_true (zmqg_request_reply_string (request, "X", NULL));
  ZMQG_TEST_AWAIT (answer.n_ends > 0, SOCKET_TEST_DEADLINE_MS);
  g_main_context_pop_thread_default (context);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/request-threads/" name, SOCKET_TEST_##scope, func)

  ADD ("several-threads", ALL, test_several_threads);
  ADD ("the-main-thread-blocks", ALL, test_the_main_thread_blocks);
  ADD ("who-receives-is-not-alone", ALL, test_who_receives_is_not_alone);
  ADD ("a-stopped-main-loop-holds-nobody-up", ALL,
       test_a_stopped_main_loop_holds_nobody_up);
  ADD ("a-main-context-may-go", ALL, test_a_main_context_may_go);
  ADD ("a-thread-is-cancelled", ALL, test_a_thread_is_cancelled);
  ADD ("a-thread-times-out", ALL, test_a_thread_times_out);
  ADD ("closing-ends-a-thread", ALL, test_closing_ends_a_thread);
  ADD ("a-shutdown-ends-a-thread", ALL, test_a_shutdown_ends_a_thread);
  ADD ("a-loss-ends-a-thread", ALL, test_a_loss_ends_a_thread);
  ADD ("the-child-of-a-fork", ALL, test_the_child_of_a_fork);
  ADD ("a-cancelled-call-sends-nothing", ALL,
       test_a_cancelled_call_sends_nothing);

  return g_test_run ();
}
