/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport-test.h"

#include <pthread.h>

#define TCP (&zmqg_tcp_transport)

/* How many dials test_limit has, and how many look-ups run at once. */
#define N_DIALS 20
#define MAX_LOOKUPS 8

/*
 * A resolver whose answers the test chooses, and that waits with them while
 * its gate is shut. Its locks are of pthread: ThreadSanitizer sees them.
 */
typedef struct
{
  GResolver parent_instance;

  pthread_mutex_t mutex;
  pthread_cond_t cond;
  gboolean shut;
  guint n_running;
  guint n_most;    /* that ran at once */
  guint n_started;
  const char *const *answer;
} TestResolver;

typedef GResolverClass TestResolverClass;

static GType test_resolver_get_type (void);
G_DEFINE_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static TestResolver *resolver;

static void
on_cancelled (GCancellable *cancellable,
              gpointer user_data)
{
  TestResolver *self = user_data;

  pthread_mutex_lock (&self->mutex);
  pthread_cond_broadcast (&self->cond);
  pthread_mutex_unlock (&self->mutex);
}

static GList *
test_resolver_lookup_by_name (GResolver *base,
                              const char *name,
                              GCancellable *cancellable,
                              GError **error)
{
  TestResolver *self = (TestResolver *) base;
  const char *const *answer;
  GList *addresses = NULL;
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled),
                                     self, NULL);
  pthread_mutex_lock (&self->mutex);
  self->n_started++;
  self->n_running++;
  self->n_most = MAX (self->n_most, self->n_running);
  while (self->shut && !g_cancellable_is_cancelled (cancellable))
    pthread_cond_wait (&self->cond, &self->mutex);
  self->n_running--;
  answer = self->answer;
  pthread_mutex_unlock (&self->mutex);
  g_cancellable_disconnect (cancellable, handler);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (answer == NULL)
    {
      g_set_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE,
                   "No answer");
      return NULL;
    }

  for (; *answer != NULL; answer++)
    addresses = g_list_append (addresses,
                               g_inet_address_new_from_string (*answer));
  return addresses;
}

static void
test_resolver_class_init (TestResolverClass *class)
{
  class->lookup_by_name = test_resolver_lookup_by_name;
}

static void
test_resolver_init (TestResolver *self)
{
  pthread_mutex_init (&self->mutex, NULL);
  pthread_cond_init (&self->cond, NULL);
}

static void
set_answer (const char *const *answer,
            gboolean shut)
{
  pthread_mutex_lock (&resolver->mutex);
  resolver->answer = answer;
  resolver->shut = shut;
  pthread_cond_broadcast (&resolver->cond);
  pthread_mutex_unlock (&resolver->mutex);
}

static guint
get_counter (const guint *counter)
{
  guint value;

  pthread_mutex_lock (&resolver->mutex);
  value = *counter;
  pthread_mutex_unlock (&resolver->mutex);
  return value;
}

static void
set_up (TransportTest *self,
        gconstpointer data)
{
  transport_test_set_up (self, data);
  resolver->n_started = 0;
  resolver->n_most = 0;
}

static void
tear_down (TransportTest *self,
           gconstpointer data)
{
  set_answer (NULL, FALSE);
  ZMQG_TEST_AWAIT (get_counter (&resolver->n_running) == 0,
                   TRANSPORT_TEST_DEADLINE);
  transport_test_tear_down (self, data);
}

/* A listening whose backlog is full: who connects to it waits. */
typedef struct
{
  ZmqgListening listening;
  GPtrArray *fillers; /* of ZmqgLink */
  char *address;
} FullListening;

/* %FALSE when the kernel goes on taking connections. */
static gboolean
full_listening_init (FullListening *self,
                     TransportTest *test,
                     const char *host)
{
  g_autofree char *any_port = g_strconcat (host, ":*", NULL);
  gboolean full = FALSE;

  self->fillers
      = g_ptr_array_new_with_free_func ((GDestroyNotify) zmqg_link_free);
  test->options->backlog = 0;
  transport_test_listen (test, TCP, any_port, &self->listening);
  self->address = g_strdup (self->listening.uri + strlen ("tcp://"));

  test->options->connect_timeout = 200;
  for (guint i = 0; i < 10 && !full; i++)
    {
      DialTest dial;

      dial_test_start (&dial, test, TCP, self->address, NULL);
      dial_test_await (&dial);
      full = g_error_matches (dial.error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      if (dial.link != NULL)
        g_ptr_array_add (self->fillers, g_steal_pointer (&dial.link));
      dial_test_clear (&dial);
    }
  test->options->connect_timeout = 0;
  test->options->backlog = 100;
  return full;
}

static void
full_listening_clear (FullListening *self)
{
  transport_test_unlisten (TCP, &self->listening);
  g_ptr_array_unref (self->fillers);
  g_free (self->address);
}

static void
test_lookup_fails (TransportTest *self,
                   gconstpointer data)
{
  static const char *const nothing[] = { NULL };
  static const char *const ipv6_only[] = { "::1", NULL };

  set_answer (NULL, FALSE);
  transport_test_dial_fails (self, TCP, "host:5555", 0,
                             G_IO_ERROR_HOST_NOT_FOUND);
  set_answer (nothing, FALSE);
  transport_test_dial_fails (self, TCP, "host:5555", 0,
                             G_IO_ERROR_HOST_NOT_FOUND);
  set_answer (ipv6_only, FALSE);
  transport_test_dial_fails (self, TCP, "host:5555", 0,
                             G_IO_ERROR_HOST_NOT_FOUND);
}

static void
test_resolves_anew (TransportTest *self,
                    gconstpointer data)
{
  static const char *const first[] = { "127.0.0.2", NULL };
  static const char *const second[] = { "127.0.0.1", NULL };
  g_autofree char *address = NULL;
  ZmqgListening listening;
  DialTest dial;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  address = g_strconcat ("host", strrchr (listening.uri, ':'), NULL);
  set_answer (first, FALSE);
  transport_test_dial_fails (self, TCP, address, 0,
                             G_IO_ERROR_CONNECTION_REFUSED);
  set_answer (second, FALSE);
  dial_test_start (&dial, self, TCP, address, NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  g_assert_cmpstr (dial.link->remote_text, ==, listening.uri);
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &listening);
}

static void
test_falls_back (TransportTest *self,
                 gconstpointer data)
{
  static const char *const answer[]
      = { "127.0.0.2", "127.0.0.3", "127.0.0.1", NULL };
  g_autofree char *address = NULL;
  ZmqgListening listening;
  DialTest dial;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  address = g_strconcat ("host", strrchr (listening.uri, ':'), NULL);
  set_answer (answer, FALSE);
  dial_test_start (&dial, self, TCP, address, NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  g_assert_cmpstr (dial.link->peer_address, ==, "127.0.0.1");
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &listening);
}

/* An address that does not answer costs its head start only. */
static void
test_head_start (TransportTest *self,
                 gconstpointer data)
{
  static const char *const answer[] = { "127.0.0.2", "127.0.0.1", NULL };
  g_autofree char *beside = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;
  ZmqgListening listening;
  FullListening full;
  DialTest dial;

  if (!full_listening_init (&full, self, "127.0.0.2"))
    {
      full_listening_clear (&full);
      g_test_skip ("the backlog has no end here");
      return;
    }

  beside = g_strconcat ("127.0.0.1", strrchr (full.address, ':'), NULL);
  if (!TCP->listen (beside, self->options, &listening, &error))
    {
      full_listening_clear (&full);
      g_test_skip (error->message);
      return;
    }

  address = g_strconcat ("host", strrchr (full.address, ':'), NULL);
  set_answer (answer, FALSE);
  dial_test_start (&dial, self, TCP, address, NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  g_assert_cmpstr (dial.link->peer_address, ==, "127.0.0.1");
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &listening);
  full_listening_clear (&full);
}

static void
test_many_addresses (TransportTest *self,
                     gconstpointer data)
{
  g_autoptr (GPtrArray) answer = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *address = NULL;
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  address = g_strconcat ("host", strrchr (listening.uri, ':'), NULL);
  for (guint i = 2; i < 200; i++)
    g_ptr_array_add (answer, g_strdup_printf ("127.0.0.%u", i));
  g_ptr_array_add (answer, g_strdup ("127.0.0.1"));
  g_ptr_array_add (answer, NULL);

  /* The last is too far behind to be tried. */
  set_answer ((const char *const *) answer->pdata, FALSE);
  transport_test_dial_fails (self, TCP, address, 0,
                             G_IO_ERROR_CONNECTION_REFUSED);
  transport_test_unlisten (TCP, &listening);
}

static void
test_limit (TransportTest *self,
            gconstpointer data)
{
  static const char *const answer[] = { "127.0.0.1", NULL };
  g_autofree char *address = NULL;
  ZmqgListening listening;
  DialTest dials[N_DIALS];

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  address = g_strconcat ("host", strrchr (listening.uri, ':'), NULL);
  set_answer (answer, TRUE);
  for (guint i = 0; i < N_DIALS; i++)
    dial_test_start (&dials[i], self, TCP, address, NULL);
  ZMQG_TEST_AWAIT (get_counter (&resolver->n_running) == MAX_LOOKUPS,
                   TRANSPORT_TEST_DEADLINE);

  set_answer (answer, FALSE);
  for (guint i = 0; i < N_DIALS; i++)
    {
      dial_test_await (&dials[i]);
      g_assert_no_error (dials[i].error);
      dial_test_clear (&dials[i]);
    }
  g_assert_cmpuint (get_counter (&resolver->n_started), ==, N_DIALS);
  g_assert_cmpuint (get_counter (&resolver->n_most), ==, MAX_LOOKUPS);
  transport_test_unlisten (TCP, &listening);
}

static void
await_cancelled (DialTest *dial,
                 GCancellable *cancellable)
{
  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (dial->n_calls, ==, 0);
  dial_test_await (dial);
  g_assert_error (dial->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  dial_test_clear (dial);
}

static void
test_cancel_at_once (TransportTest *self,
                     gconstpointer data)
{
  g_autoptr (GCancellable) before = g_cancellable_new ();
  g_autoptr (GCancellable) after = g_cancellable_new ();
  ZmqgListening listening;
  DialTest dial;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  g_cancellable_cancel (before);
  dial_test_start (&dial, self, TCP, listening.uri + strlen ("tcp://"),
                   before);
  await_cancelled (&dial, before);

  dial_test_start (&dial, self, TCP, listening.uri + strlen ("tcp://"),
                   after);
  await_cancelled (&dial, after);
  transport_test_unlisten (TCP, &listening);
}

static void
test_cancel_lookup (TransportTest *self,
                    gconstpointer data)
{
  GCancellable *cancellables[N_DIALS];
  DialTest dials[N_DIALS];

  /* Those that run, and those that wait. */
  set_answer (NULL, TRUE);
  for (guint i = 0; i < N_DIALS; i++)
    {
      cancellables[i] = g_cancellable_new ();
      dial_test_start (&dials[i], self, TCP, "host:5555", cancellables[i]);
    }
  ZMQG_TEST_AWAIT (get_counter (&resolver->n_running) == MAX_LOOKUPS,
                   TRANSPORT_TEST_DEADLINE);
  for (guint i = N_DIALS; i > 0; i--)
    {
      await_cancelled (&dials[i - 1], cancellables[i - 1]);
      g_object_unref (cancellables[i - 1]);
    }
}

static void
test_cancel_connecting (TransportTest *self,
                        gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  FullListening full;
  guint n_fds;
  DialTest dial;

  if (full_listening_init (&full, self, "127.0.0.1"))
    {
      n_fds = zmqg_test_fd_count ();
      dial_test_start (&dial, self, TCP, full.address, cancellable);
      ZMQG_TEST_AWAIT (zmqg_test_fd_count () > n_fds,
                       TRANSPORT_TEST_DEADLINE);
      await_cancelled (&dial, cancellable);
      g_assert_cmpuint (zmqg_test_fd_count (), ==, n_fds);
    }
  else
    {
      g_test_skip ("the backlog has no end here");
    }
  full_listening_clear (&full);
}

static gpointer
cancel_in_thread (gpointer data)
{
  g_cancellable_cancel (data);
  return NULL;
}

/* From another thread, at any moment: one end comes, of either kind. */
static void
test_cancel_race (TransportTest *self,
                  gconstpointer data)
{
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (ZmqgLink) accepted = NULL;
      GThread *thread;
      DialTest dial;

      dial_test_start (&dial, self, TCP, listening.uri + strlen ("tcp://"),
                       cancellable);
      thread = g_thread_new ("cancel", cancel_in_thread, cancellable);
      dial_test_await (&dial);
      if (dial.error != NULL)
        g_assert_error (dial.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (thread);
      dial_test_clear (&dial);
      accepted = TCP->accept (&listening, self->options, NULL);
    }
  transport_test_unlisten (TCP, &listening);
}

static void
test_timeout (TransportTest *self,
              gconstpointer data)
{
  FullListening full;

  /* While a name is looked up… */
  set_answer (NULL, TRUE);
  self->options->connect_timeout = 20;
  transport_test_dial_fails (self, TCP, "host:5555", 0,
                             G_IO_ERROR_TIMED_OUT);

  /* … and while connecting. */
  if (full_listening_init (&full, self, "127.0.0.1"))
    {
      self->options->connect_timeout = 20;
      transport_test_dial_fails (self, TCP, full.address, 0,
                                 G_IO_ERROR_TIMED_OUT);
    }
  full_listening_clear (&full);
}

/* A dial ends in the context that was thread-default when it began. */
static gpointer
dial_in_thread (gpointer data)
{
  static const char *const addresses[] = { "host:5555", "127.0.0.1:5555x" };
  g_autoptr (GMainContext) context = g_main_context_new ();
  TransportTest *self = data;

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      DialTest dial;

      dial_test_start (&dial, self, TCP, addresses[i],
                       i == 0 ? NULL : cancellable);
      g_cancellable_cancel (cancellable);
      dial_test_await (&dial);
      dial_test_clear (&dial);
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_context (TransportTest *self,
              gconstpointer data)
{
  GThread *threads[4];

  set_answer (NULL, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("dial", dial_in_thread, self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc,
      char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  resolver = g_object_new (test_resolver_get_type (), NULL);
  g_resolver_set_default ((GResolver *) resolver);

#define ADD(path, function) \
  g_test_add ("/zmqg/dial/" path, TransportTest, NULL, set_up, function, \
              tear_down)

  ADD ("lookup/fails", test_lookup_fails);
  ADD ("lookup/anew", test_resolves_anew);
  ADD ("lookup/limit", test_limit);
  ADD ("addresses/falls-back", test_falls_back);
  ADD ("addresses/head-start", test_head_start);
  ADD ("addresses/many", test_many_addresses);
  ADD ("cancel/at-once", test_cancel_at_once);
  ADD ("cancel/lookup", test_cancel_lookup);
  ADD ("cancel/connecting", test_cancel_connecting);
  ADD ("cancel/race", test_cancel_race);
  ADD ("timeout", test_timeout);
  ADD ("context", test_context);

  status = g_test_run ();
  g_object_unref (resolver);
  return status;
}
