/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "zmqg.h"

#include "engine/zmqg-session-private.h"
#include "socket/zmqg-socket-private.h"

#include <sys/wait.h>
#include <unistd.h>

/*
 * A process that forks. Its child may hold, ask and let go of everything that
 * it inherited, whatever the parent's threads were at in that moment: it
 * never hangs, and the parent does not notice.
 */

#define CHILD_SECONDS 20

/* Locks of another kind stay held in a child, and so do those of a sanitizer's
 * malloc. */
#if defined(__linux__) && !defined(ZMQG_THREAD_SANITIZER) && \
    !defined(__SANITIZE_ADDRESS__)
#define CHILDREN_ARE_SAFE 1
#else
#define CHILDREN_ARE_SAFE 0
#endif

#if CHILDREN_ARE_SAFE

typedef struct
{
  ZmqgContext *context;
  GPtrArray *objects; /* counted */
  GPtrArray *messages;
  GSource *source;    /* attached */
  GCancellable *cancellable;
} Heritage;

static GType (*const types[]) (void) = {
  zmqg_pair_socket_get_type,   zmqg_pub_socket_get_type,
  zmqg_sub_socket_get_type,    zmqg_req_socket_get_type,
  zmqg_rep_socket_get_type,    zmqg_dealer_socket_get_type,
  zmqg_router_socket_get_type, zmqg_pull_socket_get_type,
  zmqg_push_socket_get_type,   zmqg_xpub_socket_get_type,
  zmqg_xsub_socket_get_type,
};

/* --- What is inherited -------------------------------------------------- */

static void
never (GObject *source,
       GAsyncResult *result,
       gpointer user_data G_GNUC_UNUSED)
{
  g_autoptr (ZmqgMessage) message = NULL;

  message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, NULL);
  g_assert_null (message);
}

static gboolean
do_nothing (ZmqgSocket *socket G_GNUC_UNUSED,
            GIOCondition condition G_GNUC_UNUSED,
            gpointer user_data G_GNUC_UNUSED)
{
  return G_SOURCE_CONTINUE;
}

static void
note_message (guint *n)
{
  (*n)++;
}

static guint n_signalled;

/* A pair that talks, sockets of all types, and what hangs on them. */
static void
make (Heritage *self,
      SocketTest *test,
      ZmqgSocket *pull,
      ZmqgSocket *push)
{
  ZmqgMessage *message;
  ZmqgSocket *other;

  self->context = g_object_ref (test->context);
  self->objects = g_ptr_array_new_with_free_func (g_object_unref);
  self->messages = g_ptr_array_new_with_free_func (
    (GDestroyNotify) zmqg_message_unref);
  self->cancellable = g_cancellable_new ();

  socket_test_send (push, "one", NULL);
  message = socket_test_receive (pull);
  g_ptr_array_add (self->messages, message);
  g_ptr_array_add (self->objects, zmqg_message_get_peer (message));
  g_ptr_array_add (self->objects, g_object_ref (pull));
  g_ptr_array_add (self->objects, g_object_ref (push));
  g_ptr_array_add (self->objects,
                   g_object_ref (zmqg_socket_get_peers (pull)));
  g_ptr_array_add (self->objects,
                   g_list_model_get_item (zmqg_socket_get_endpoints (push),
                                          0));
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_ptr_array_add (self->objects,
                     g_object_ref (socket_test_new (test, types[i] ())));

  self->source = zmqg_socket_create_source (pull, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (do_nothing), NULL,
                         NULL);
  g_source_attach (self->source, NULL);

  other = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_free (socket_test_bind (test, other));
  zmqg_socket_receive_async (other, self->cancellable, never, NULL);
  g_signal_connect_swapped (other, "message", G_CALLBACK (note_message),
                            &n_signalled);
}

static void
clear (Heritage *self)
{
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->objects, g_ptr_array_unref);
  g_clear_object (&self->context);
}

/* --- What the child does ------------------------------------------------ */

static void
ask_and_set_all (GObject *object)
{
  g_autofree GParamSpec **pspecs = NULL;
  guint n;

  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  for (guint i = 0; i < n; i++)
    {
      GValue value = G_VALUE_INIT;

      if ((pspecs[i]->flags & G_PARAM_READABLE) == 0)
        continue;

      g_value_init (&value, pspecs[i]->value_type);
      g_object_get_property (object, pspecs[i]->name, &value);
      if ((pspecs[i]->flags & G_PARAM_WRITABLE) &&
          (pspecs[i]->flags & G_PARAM_CONSTRUCT_ONLY) == 0)
        g_object_set_property (object, pspecs[i]->name, &value);
      g_value_unset (&value);
    }
}

static void
ask_socket (ZmqgSocket *socket)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);
  g_autofree char *last = zmqg_socket_get_last_endpoint (socket);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  zmqg_socket_is_closed (socket);
  /* Again and again: else there may just be nothing to write. */
  for (guint i = 0; i < 100; i++)
    {
      zmqg_socket_get_events (socket);
      g_thread_yield ();
    }
  message = zmqg_socket_try_receive (socket, &error);
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_send_string (socket, "child", NULL, &error));
  g_assert_nonnull (error);
}

static void
run_main_context (void)
{
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
}

/* A context that the child makes works. */
static void
talk_to_itself (ZmqgEngineMode mode)
{
  g_autoptr (ZmqgContext) context = NULL;
  g_autoptr (ZmqgSocket) one = NULL;
  g_autoptr (ZmqgSocket) two = NULL;
  g_autofree char *uri = NULL;
  GError *error = NULL;

  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);
  one = zmqg_pair_socket_new (context);
  two = zmqg_pair_socket_new (context);
  socket_test_rebind (one, "tcp://127.0.0.1:0");
  uri = zmqg_socket_get_last_endpoint (one);
  socket_test_connect (two, uri);
  socket_test_send (two, "child", NULL);
  socket_test_expect (one, "child", NULL);
  zmqg_socket_close (one);
  zmqg_socket_close (two);
  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
}

static void
be_child (Heritage *heritage,
          SocketTest *test)
{
  alarm (CHILD_SECONDS);
  for (guint i = 0; i < heritage->objects->len; i++)
    {
      GObject *object = g_ptr_array_index (heritage->objects, i);

      ask_and_set_all (object);
      if (ZMQG_IS_SOCKET (object))
        ask_socket (ZMQG_SOCKET (object));
    }
  ask_and_set_all (G_OBJECT (heritage->context));
  run_main_context ();
  zmqg_context_shutdown (heritage->context);
  for (guint i = 0; i < heritage->objects->len; i += 2)
    if (ZMQG_IS_SOCKET (g_ptr_array_index (heritage->objects, i)))
      zmqg_socket_close (g_ptr_array_index (heritage->objects, i));
  clear (heritage);
  g_ptr_array_set_size (test->sockets, 0);
  g_object_unref (test->context);
  run_main_context ();
  talk_to_itself (ZMQG_ENGINE_MODE_THREADS);
  talk_to_itself (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  _exit (0);
}

static void
await_child (pid_t pid)
{
  int status = 0;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (WIFSIGNALED (status))
    g_test_message ("signal %d", WTERMSIG (status));
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* --- When all sleep ----------------------------------------------------- */

/* What waits in the kernel and in queues is the parent's, although the child
 * runs the main context that an engine may be driven by. */
static void
test_in_peace (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  Heritage heritage = { NULL };
  pid_t pid;

  socket_test_connect (push, uri);
  make (&heritage, test, pull, push);
  socket_test_send (push, "two", NULL);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    be_child (&heritage, test);
  await_child (pid);

  socket_test_expect (pull, "two", NULL);
  socket_test_send (push, "three", NULL);
  socket_test_expect (pull, "three", NULL);
  clear (&heritage);
}

/* --- Locks -------------------------------------------------------------- */

static void
set_locks (SocketTest *test,
           gboolean hold)
{
  ZmqgSocket *first = g_ptr_array_index (test->sockets, 0);
  ZmqgContextCore *context = first->core->context;
  void (*set) (ZmqgLock *lock) = hold ? zmqg_lock : zmqg_unlock;

  for (guint i = 0; i < test->sockets->len; i++)
    {
      ZmqgSocketCore *core = ((ZmqgSocket *) g_ptr_array_index (
                                test->sockets, i))->core;

      set (&core->lock);
      set (&core->accounts_lock);
      set (&core->monitor_lock);
      set (&core->inbox.lock);
    }
  set (&context->lock);
}

/* In the worst moment. */
static void
test_locks_are_held (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  Heritage heritage = { NULL };
  pid_t pid;

  socket_test_connect (push, uri);
  make (&heritage, test, pull, push);
  socket_test_send (push, "two", NULL);
  socket_test_await_events (pull, G_IO_IN);

  set_locks (test, TRUE);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    be_child (&heritage, test);
  set_locks (test, FALSE);
  await_child (pid);

  socket_test_expect (pull, "two", NULL);
  socket_test_send (push, "three", NULL);
  socket_test_expect (pull, "three", NULL);
  clear (&heritage);
}

/* A queue is full, and nothing of it was written yet: that is not the child's
 * to do, when it asks whether there is room. */
static void
test_full_queue (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  Heritage heritage = { NULL };
  ZmqgOutbound *outbound;
  ZmqgPipe *pipe;
  pid_t pid;

  g_object_set (push, "send-hwm", 3, NULL);
  socket_test_connect (push, uri);
  make (&heritage, test, pull, push);
  pipe = g_ptr_array_index (push->core->pipes, 0);
  outbound = &((ZmqgSession *) pipe->peer->owner)->outbound;

  zmqg_lock (&outbound->lock); /* nobody writes now */
  for (guint i = 0; i < 3; i++)
    g_assert_true (socket_test_try_send (push, i == 0 ? "a" : "b"));
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    be_child (&heritage, test);
  await_child (pid);
  zmqg_unlock (&outbound->lock);

  socket_test_send (push, "c", NULL); /* writes, since there is no room */
  socket_test_expect (pull, "a", NULL);
  socket_test_expect (pull, "b", NULL);
  socket_test_expect (pull, "b", NULL);
  socket_test_expect (pull, "c", NULL);
  socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
  clear (&heritage);
}

/* --- While others work -------------------------------------------------- */

#define MESSAGES 20000u
#define CHILDREN 8

static gpointer
send_all (gpointer data)
{
  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      socket_test_send (data, text, NULL);
    }
  return NULL;
}

static gpointer
receive_all (gpointer data)
{
  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      socket_test_expect (data, text, NULL);
    }
  return NULL;
}

/* The parent's traffic loses nothing and sees nothing twice. */
static void
test_traffic_goes_on (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (ZmqgStatistics) statistics = NULL;
  Heritage heritage = { NULL };
  GThread *receiver;
  GThread *sender;

  /* With low marks the sender finds no room most of the time. */
  g_object_set (push, "send-timeout", -1, "send-hwm", 10, NULL);
  g_object_set (pull, "receive-timeout", -1, NULL);
  socket_test_connect (push, uri);
  make (&heritage, test, pull, push);
  g_source_destroy (heritage.source);
  receiver = g_thread_new ("receiver", receive_all, pull);
  sender = g_thread_new ("sender", send_all, push);
  for (guint i = 0; i < CHILDREN; i++)
    {
      pid_t pid = fork ();

      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        be_child (&heritage, test);
      await_child (pid);
    }
  g_thread_join (sender);
  g_thread_join (receiver);

  statistics = zmqg_socket_get_statistics (push);
  g_assert_cmpuint (zmqg_statistics_get_peers (statistics), ==, 1);
  g_assert_cmpuint (zmqg_statistics_get_reconnects (statistics), ==, 0);
  clear (&heritage);
}

#else

static void
test_nothing (void)
{
  g_test_skip ("children of this build may hang");
}

#endif

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#if CHILDREN_ARE_SAFE
  socket_test_add ("/zmqg/fork/in-peace", SOCKET_TEST_ALL, test_in_peace);
  socket_test_add ("/zmqg/fork/locks-are-held", SOCKET_TEST_ALL,
                   test_locks_are_held);
  socket_test_add ("/zmqg/fork/full-queue", SOCKET_TEST_NETWORK,
                   test_full_queue);
  socket_test_add ("/zmqg/fork/traffic-goes-on", SOCKET_TEST_ALL,
                   test_traffic_goes_on);
#else
  g_test_add_func ("/zmqg/fork", test_nothing);
#endif

  return g_test_run ();
}
