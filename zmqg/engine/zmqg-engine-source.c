/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-engine-struct-private.h"

/* The source by which the application's main context drives an engine that has
 * no thread. */

typedef struct
{
  GSource source;
  /* GLib's own lock says that it is there before it is used, but to
   * ThreadSanitizer that does not exist. */
  ZmqgEngine *_Atomic engine;
  GPollFD *fds; /* watched, and by what tag */
  gpointer *tags;
  int n_fds;
  int room;
} AppSource;

static void
app_source_sync (AppSource *self,
                 const GPollFD *fds,
                 int n)
{
  gboolean same = n == self->n_fds;

  if (g_source_is_destroyed (&self->source))
    return;

  for (int i = 0; same && i < n; i++)
    same = fds[i].fd == self->fds[i].fd &&
           fds[i].events == self->fds[i].events;
  if (same)
    return;

  for (int i = 0; i < self->n_fds; i++)
    g_source_remove_unix_fd (&self->source, self->tags[i]);
  if (n > self->room)
    {
      self->room = MAX (n, 2 * self->room);
      self->fds = g_renew (GPollFD, self->fds, self->room);
      self->tags = g_renew (gpointer, self->tags, self->room);
    }
  for (int i = 0; i < n; i++)
    {
      self->fds[i] = fds[i];
      self->tags[i] = g_source_add_unix_fd (&self->source, fds[i].fd,
                                            fds[i].events);
    }
  self->n_fds = n;
}

/* The main context's lock orders the last turn and the end of a source, but
 * ThreadSanitizer cannot see it. */
static inline void
show_turn (AppSource *self)
{
#ifdef ZMQG_THREAD_SANITIZER
  zmqg_lock (&self->engine->lock);
  zmqg_unlock (&self->engine->lock);
#endif
}

static gboolean
app_source_prepare (GSource *source,
                    int *timeout)
{
  AppSource *self = (AppSource *) source;
  /* Acquire pairs with the release in attach (). */
  ZmqgEngine *engine = atomic_load_explicit (&self->engine,
                                             memory_order_acquire);
  GMainContext *context = engine->context;
  GPollFD local[ZMQG_ENGINE_FDS + 1];
  GPollFD *fds;
  gboolean ready;
  int priority;
  int n;

  *timeout = -1;
  if (zmqg_engine_is_forked (self->engine))
    {
      g_source_destroy (source);
      return FALSE;
    }

  /* Another thread drives; it wakes us when it stops. */
  if (!g_main_context_acquire (context))
    {
      show_turn (self);
      return FALSE;
    }

  ready = g_main_context_prepare (context, &priority);
  fds = zmqg_engine_query (engine, priority, local, &n, timeout);
  zmqg_lock (&engine->app_lock);
  app_source_sync (self, fds, n);
  zmqg_unlock (&engine->app_lock);
  if (fds != local)
    g_free (fds);
  g_main_context_release (context);
  /* Whoever came meanwhile must not wait for our next turn. */
  zmqg_engine_call_driver (engine);
  show_turn (self);

  return ready || *timeout == 0;
}

static gboolean
app_source_check (GSource *source)
{
  AppSource *self = (AppSource *) source;
  gboolean ready = FALSE;
  int timeout;

  if (zmqg_engine_is_forked (self->engine))
    return FALSE;

  zmqg_lock (&self->engine->app_lock);
  if (!g_source_is_destroyed (source))
    for (int i = 0; i < self->n_fds && !ready; i++)
      ready = g_source_query_unix_fd (source, self->tags[i]) != 0;
  zmqg_unlock (&self->engine->app_lock);
  if (ready)
    {
      show_turn (self);
      return TRUE;
    }

  /* A timer of the engine may be due. */
  return app_source_prepare (source, &timeout);
}

static gboolean
app_source_dispatch (GSource *source,
                     GSourceFunc callback G_GNUC_UNUSED,
                     gpointer user_data G_GNUC_UNUSED)
{
  AppSource *self = (AppSource *) source;

  zmqg_engine_poll (self->engine);
  show_turn (self);
  return G_SOURCE_CONTINUE;
}

static void
app_source_finalize (GSource *source)
{
  AppSource *self = (AppSource *) source;

  show_turn (self);
  g_free (self->fds);
  g_free (self->tags);
  zmqg_engine_unref (self->engine);
}

static GSourceFuncs app_source_funcs = {
  .prepare = app_source_prepare,
  .check = app_source_check,
  .dispatch = app_source_dispatch,
  .finalize = app_source_finalize,
};

/* The source was destroyed, perhaps with its context. */
static void
app_source_gone (gpointer data)
{
  AppSource *self = data;

  zmqg_lock (&self->engine->lock);
  if (self->engine->app_source == &self->source)
    self->engine->app_context = NULL;
  zmqg_unlock (&self->engine->lock);
}

static gboolean
app_source_callback (gpointer data G_GNUC_UNUSED)
{
  return G_SOURCE_CONTINUE;
}

void
zmqg_engine_attach (ZmqgEngine *self,
                    GMainContext *context)
{
  GSource *source;
  GSource *old;

  if (self->mode == ZMQG_ENGINE_MODE_THREADS)
    return;

  zmqg_lock (&self->lock);
  if (self->app_context != NULL || self->stopping)
    {
      zmqg_unlock (&self->lock);
      return;
    }

  source = g_source_new (&app_source_funcs, sizeof (AppSource));
  atomic_store_explicit (&((AppSource *) source)->engine,
                         zmqg_engine_ref (self), memory_order_release);
  g_source_set_static_name (source, "[zmqg] engine");
  g_source_set_can_recurse (source, TRUE);
  g_source_set_callback (source, app_source_callback, source,
                         app_source_gone);
  old = self->app_source;
  self->app_source = source;
  self->app_context = context;
  g_source_attach (source, context);
  zmqg_unlock (&self->lock);

  g_clear_pointer (&old, g_source_unref);
}
