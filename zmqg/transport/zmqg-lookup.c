/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-lookup-private.h"

#include <stdatomic.h>

#define MAX_LOOKUPS 8

typedef enum
{
  PENDING,
  CLAIMED, /* who made it so writes the result */
  ENDED,   /* the result is there */
} State;

struct _ZmqgLookup
{
  atomic_uint refs; /* the starter, and the pool, then the source */
  atomic_int state; /* State */

  char *host;
  gboolean ipv6;
  GResolver *resolver;
  GCancellable *cancellable; /* ours: no user code hears of it */
  GMainContext *context;

  /* The result. */
  GList *addresses;
  GError *error;

  /* Used in the context only. */
  ZmqgLookupDone done; /* NULL once called or cancelled */
  gpointer user_data;
};

static void
zmqg_lookup_unref (gpointer data)
{
  ZmqgLookup *self = data;

  /* Release: our use of it is over. Acquire: so is that of the others. */
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  g_resolver_free_addresses (self->addresses);
  g_clear_error (&self->error);
  g_free (self->host);
  g_object_unref (self->resolver);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_free (self);
}

static ZmqgLookup *
zmqg_lookup_ref (ZmqgLookup *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

static gboolean
on_result (gpointer data)
{
  ZmqgLookup *self = data;
  ZmqgLookupDone done;

  /* Acquire: the result, from end_lookup (). */
  if (atomic_load_explicit (&self->state, memory_order_acquire) != ENDED)
    g_assert_not_reached ();

  done = g_steal_pointer (&self->done);
  if (done != NULL)
    done (self->addresses, self->error, self->user_data);
  return G_SOURCE_REMOVE;
}

/* Takes @addresses and @error, and a reference to @self. */
static void
end_lookup (ZmqgLookup *self,
            GList *addresses,
            GError *error)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) source = NULL;
  int pending = PENDING;

  /* Acquire: what zmqg_lookup_start () wrote. */
  if (!atomic_compare_exchange_strong_explicit (
          &self->state, &pending, CLAIMED, memory_order_acquire,
          memory_order_acquire))
    {
      g_resolver_free_addresses (addresses);
      g_clear_error (&error);
      zmqg_lookup_unref (self);
      return;
    }

  self->addresses = addresses;
  self->error = error;

  context = g_main_context_ref (self->context);
  source = g_idle_source_new ();
  g_source_set_static_name (source, "[zmqg] look-up");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_result, self, zmqg_lookup_unref);

  /* Release: the result, to on_result (). Nothing is read after that: the
   * other thread may have freed it all. */
  atomic_store_explicit (&self->state, ENDED, memory_order_release);
  g_source_attach (source, context);
}

/* In a thread of the pool. */
static void
run_lookup (gpointer data,
            gpointer user_data)
{
  ZmqgLookup *self = data;
  GError *error = NULL;
  GList *addresses = NULL;

  /* Acquire: what zmqg_lookup_start () wrote. The pool orders this too, by
   * locks that ThreadSanitizer cannot see. */
  (void) atomic_load_explicit (&self->state, memory_order_acquire);

  if (!self->ipv6)
    addresses = g_resolver_lookup_by_name_with_flags (
        self->resolver, self->host, G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY,
        self->cancellable, &error);

  /* A resolver of the program's own may not know the flags. */
  if (self->ipv6
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    {
      g_clear_error (&error);
      addresses = g_resolver_lookup_by_name (self->resolver, self->host,
                                             self->cancellable, &error);
    }

  end_lookup (self, addresses, error);
}

static GThreadPool *
get_pool (void)
{
  static gsize pool;

  if (g_once_init_enter (&pool))
    g_once_init_leave (&pool, GPOINTER_TO_SIZE (g_thread_pool_new (
                                  run_lookup, NULL, MAX_LOOKUPS, FALSE,
                                  NULL)));

  return GSIZE_TO_POINTER (pool);
}

ZmqgLookup *
zmqg_lookup_start (const char *host,
                   gboolean ipv6,
                   ZmqgLookupDone done,
                   gpointer user_data)
{
  ZmqgLookup *self = g_new0 (ZmqgLookup, 1);
  GError *error = NULL;

  atomic_init (&self->refs, 1);
  self->host = g_strdup (host);
  self->ipv6 = ipv6;
  self->resolver = g_resolver_get_default ();
  self->cancellable = g_cancellable_new ();
  self->context = g_main_context_ref_thread_default ();
  self->done = done;
  self->user_data = user_data;

  /* Release: the fields, to run_lookup () and end_lookup (). */
  atomic_store_explicit (&self->state, PENDING, memory_order_release);

  if (!g_thread_pool_push (get_pool (), zmqg_lookup_ref (self), &error))
    {
      /* No thread could be started. The pool keeps the look-up for a thread
       * that may never come, so it ends here. */
      g_cancellable_cancel (self->cancellable);
      end_lookup (zmqg_lookup_ref (self), NULL, error);
    }

  return self;
}

void
zmqg_lookup_cancel (ZmqgLookup *self)
{
  self->done = NULL;
  g_cancellable_cancel (self->cancellable);
  zmqg_lookup_unref (self);
}
