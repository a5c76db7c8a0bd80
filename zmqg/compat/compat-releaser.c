/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-releaser-private.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct _CompatReleaser
{
  GMainContext *context;
  GThread *thread;
  atomic_bool stopped;
  gboolean orphan; /* the thread itself has stopped it, and frees it */
};

/* Of a socket: woken when there is something to be freed. */
typedef struct
{
  GSource source;
  ZmqgWaiter waiter;
  GSource *wake;        /* counted, a child */
  ZmqgSocketCore *core; /* counted */
  atomic_bool made;     /* the above is set */
} ReleaseSource;

/* --- Sources ---------------------------------------------------------------- */

static void
release_source_wake (ZmqgWaiter *waiter)
{
  ReleaseSource *self =
    (ReleaseSource *) ((guint8 *) waiter -
                       G_STRUCT_OFFSET (ReleaseSource, waiter));

  g_source_set_ready_time (self->wake, 0);
}

static gboolean
release_source_dispatch (GSource *source,
                         GSourceFunc callback G_GNUC_UNUSED,
                         gpointer user_data G_GNUC_UNUSED)
{
  ReleaseSource *self = (ReleaseSource *) source;

  /* Acquire pairs with the release in new (): the locks of the GMainContext
   * say the same, but ThreadSanitizer cannot see them. */
  atomic_load_explicit (&self->made, memory_order_acquire);
  zmqg_inbox_waiter_looks (&self->core->inbox, &self->waiter);
  if (zmqg_context_core_is_forked (self->core->context))
    return G_SOURCE_REMOVE;

  /* Any call of the socket frees what it comes upon. */
  zmqg_socket_core_lock (self->core);
  zmqg_socket_core_unlock (self->core);
  return G_SOURCE_CONTINUE;
}

static void
release_source_finalize (GSource *source)
{
  ReleaseSource *self = (ReleaseSource *) source;

  /* As above. */
  atomic_load_explicit (&self->made, memory_order_acquire);
  zmqg_inbox_remove_waiter (&self->core->inbox, &self->waiter);
  g_source_unref (self->wake);
  zmqg_socket_core_unref (self->core);
}

static GSourceFuncs release_source_funcs = {
  .dispatch = release_source_dispatch,
  .finalize = release_source_finalize,
};

static GSource *
release_source_new (ZmqgSocketCore *core)
{
  GSource *source = g_source_new (&release_source_funcs,
                                  sizeof (ReleaseSource));
  ReleaseSource *self = (ReleaseSource *) source;

  g_source_set_static_name (source, "[zmqg] release");
  self->core = zmqg_socket_core_ref (core);
  self->wake = zmqg_wake_source_add (source);
  self->waiter.wake = release_source_wake;
  zmqg_inbox_add_waiter (&core->inbox, &self->waiter, ZMQG_WAIT_NEWS, TRUE);
  atomic_store_explicit (&self->made, TRUE, memory_order_release);
  return source;
}

/* --- The thread --------------------------------------------------------------- */

/* Frees what is left, too. */
static void
releaser_free (CompatReleaser *self)
{
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_unref (self->context);
  g_free (self);
}

static gpointer
run (gpointer data)
{
  CompatReleaser *self = data;
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL);
  while (!atomic_load (&self->stopped))
    g_main_context_iteration (self->context, TRUE);

  if (self->orphan)
    releaser_free (self);
  return NULL;
}

/* GLib ends the process when it cannot make a GMainContext. */
static gboolean
has_descriptor (void)
{
  int fd = eventfd (0, EFD_CLOEXEC);

  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

static CompatReleaser *
releaser_new (void)
{
  CompatReleaser *self;

  if (!has_descriptor ())
    return NULL;

  self = g_new0 (CompatReleaser, 1);
  self->context = g_main_context_new ();
  self->thread = g_thread_try_new ("zmqg-release", run, self, NULL);
  if (self->thread != NULL)
    return self;

  g_main_context_unref (self->context);
  g_free (self);
  return NULL;
}

gboolean
compat_releaser_watch (CompatSocket *self)
{
  CompatContext *context = self->context;
  CompatReleaser *releaser;
  GSource *source;

  if (G_LIKELY (atomic_load_explicit (&self->release_source,
                                      memory_order_acquire) != NULL))
    return TRUE;

  /* Not when it has ended meanwhile: nobody would stop the thread. */
  zmqg_lock (&context->lock);
  if (context->releaser == NULL &&
      atomic_load (&context->tag) == COMPAT_CONTEXT_ALIVE)
    context->releaser = releaser_new ();
  releaser = context->releaser;
  if (releaser != NULL && atomic_load (&self->release_source) == NULL)
    {
      zmqg_socket_core_set_release_context (self->core, releaser->context);
      source = release_source_new (self->core);
      g_source_attach (source, releaser->context);
      atomic_store (&self->release_source, source);
    }
  zmqg_unlock (&context->lock);

  return releaser != NULL;
}

void
compat_releaser_leave (CompatSocket *self)
{
  GSource *source = atomic_exchange (&self->release_source, NULL);

  if (source == NULL)
    return;

  g_source_destroy (source);
  g_source_unref (source);
}

void
compat_releaser_stop (CompatContext *context)
{
  CompatReleaser *self;

  zmqg_lock (&context->lock);
  self = g_steal_pointer (&context->releaser);
  zmqg_unlock (&context->lock);
  if (self == NULL)
    return;

  /* A free function may end the context. */
  self->orphan = self->thread == g_thread_self ();
  atomic_store (&self->stopped, TRUE);
  if (self->orphan)
    {
      g_thread_unref (self->thread);
      return;
    }

  g_main_context_wakeup (self->context);
  g_thread_join (self->thread);
  releaser_free (self);
}
