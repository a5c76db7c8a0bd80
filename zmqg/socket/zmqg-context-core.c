/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-context-core-private.h"

#include "base/zmqg-error.h"

#include <errno.h>

ZmqgContextCore *
zmqg_context_core_new (ZmqgEngineMode mode)
{
  ZmqgContextCore *self = g_new0 (ZmqgContextCore, 1);

  zmqg_fork_watch ();
  atomic_init (&self->refs, 1);
  self->generation = zmqg_fork_get_generation ();
  self->mode = mode;
  self->inproc = zmqg_inproc_registry_new ();
  self->io_threads = 1;
  self->max_sockets = 1023;
  self->thread_options.policy = ZMQG_SCHEDULING_POLICY_DEFAULT;
  self->thread_options.priority = -1;
  self->thread_options.cpus = g_array_new (FALSE, FALSE, sizeof (guint));
  self->blocky = TRUE;
  self->max_message_size = G_GINT64_CONSTANT (1) << 30;
  zmqg_lock_init (&self->lock);
  self->members = g_ptr_array_new ();
  zmqg_inbox_init (&self->waiters);
  return self;
}

ZmqgContextCore *
zmqg_context_core_ref (ZmqgContextCore *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

void
zmqg_context_core_unref (ZmqgContextCore *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  zmqg_order_after_drop (self);
  if (zmqg_context_core_is_forked (self))
    return;

  /* Perhaps in an engine of ours: the last session has ended. */
  zmqg_context_core_stop_engines (self, FALSE);
  zmqg_inproc_registry_free (self->inproc);
  g_ptr_array_unref (self->members);
  g_array_unref (self->thread_options.cpus);
  zmqg_inbox_clear (&self->waiters);
  zmqg_lock_clear (&self->lock);
  g_free (self->name_prefix);
  g_free (self);
}

void
zmqg_context_core_add_member (ZmqgContextCore *self,
                              ZmqgContextMember *member)
{
  zmqg_lock (&self->lock);
  member->listed = !atomic_load (&self->is_shut_down);
  if (member->listed)
    {
      /* Under the lock: who shuts the context down looks next whether
       * anything is alive. */
      g_ptr_array_add (self->members, member);
      zmqg_context_core_hold (self);
    }
  zmqg_unlock (&self->lock);
}

gboolean
zmqg_context_core_join (ZmqgContextCore *self,
                        ZmqgContextMember *member,
                        GError **error)
{
  zmqg_lock (&self->lock);
  if (atomic_load (&self->is_shut_down))
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_TERMINATED,
                           "The context was shut down");
    }
  else if (self->n_joined >= self->max_sockets)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                   "The context has its maximum of %u sockets",
                   self->max_sockets);
    }
  else
    {
      self->n_joined++;
      member->joined = TRUE;
    }
  zmqg_unlock (&self->lock);

  return member->joined;
}

void
zmqg_context_core_remove_member (ZmqgContextCore *self,
                                 ZmqgContextMember *member)
{
  gboolean listed;

  zmqg_lock (&self->lock);
  listed = member->listed;
  if (listed)
    g_ptr_array_remove_fast (self->members, member);
  if (member->joined)
    self->n_joined--;
  member->listed = FALSE;
  member->joined = FALSE;
  zmqg_unlock (&self->lock);

  if (listed)
    zmqg_context_core_drop (self);
}

void
zmqg_context_core_hold (ZmqgContextCore *self)
{
  atomic_fetch_add (&self->alive, 1);
}

void
zmqg_context_core_drop (ZmqgContextCore *self)
{
  if (atomic_fetch_sub (&self->alive, 1) == 1)
    zmqg_inbox_wake_all (&self->waiters);
}

/* Starts the engine with that number if need be. */
static ZmqgEngine *
get_engine (ZmqgContextCore *self,
            guint number,
            GError **error)
{
  g_autofree char *name = NULL;
  ZmqgEngine *engine = g_ptr_array_index (self->engines, number);

  if (engine != NULL)
    return engine;

  name = g_strdup_printf ("%s%szmqg-io/%u",
                          self->name_prefix != NULL ? self->name_prefix : "",
                          self->name_prefix != NULL ? "/" : "", number);
  engine = zmqg_engine_new (self->mode, name, error);
  if (engine != NULL &&
      !zmqg_thread_options_apply (&self->thread_options, engine, error))
    {
      zmqg_engine_stop (engine, TRUE);
      g_clear_pointer (&engine, zmqg_engine_unref);
    }
  g_ptr_array_index (self->engines, number) = engine;
  return engine;
}

/* The next one of @n in turn that may be used; @n when there is none. */
static guint
choose_engine (ZmqgContextCore *self,
               guint n,
               guint64 affinity)
{
  for (guint i = 0; i < n; i++)
    {
      guint number = (self->next_engine + i) % n;

      if (affinity == 0 || (number < 64 && (affinity >> number & 1) != 0))
        {
          self->next_engine = number + 1;
          return number;
        }
    }

  return n;
}

ZmqgEngine *
zmqg_context_core_get_engine (ZmqgContextCore *self,
                              guint64 affinity,
                              GMainContext *context,
                              GError **error)
{
  ZmqgEngine *engine = NULL;
  guint number;
  guint n;

  zmqg_lock (&self->lock);
  n = self->mode == ZMQG_ENGINE_MODE_THREADS ? self->io_threads : 1;
  number = choose_engine (self, n, affinity);
  if (n == 0)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                           "The context has no I/O thread");
    }
  else if (number == n)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                   "The context has no I/O thread of the affinity %#"
                   G_GINT64_MODIFIER "x", affinity);
    }
  else
    {
      if (self->engines == NULL)
        {
          self->engines = g_ptr_array_new ();
          g_ptr_array_set_size (self->engines, n);
        }
      engine = get_engine (self, number, error);
    }
  zmqg_unlock (&self->lock);

  if (engine != NULL)
    zmqg_engine_attach (engine, context);
  return engine;
}

ZmqgEngine *
zmqg_context_core_dup_driven (ZmqgContextCore *self)
{
  ZmqgEngine *engine = NULL;

  if (self->mode == ZMQG_ENGINE_MODE_THREADS)
    return NULL;

  zmqg_lock (&self->lock);
  if (self->engines != NULL && g_ptr_array_index (self->engines, 0) != NULL)
    engine = zmqg_engine_ref (g_ptr_array_index (self->engines, 0));
  zmqg_unlock (&self->lock);

  return engine;
}

gboolean
zmqg_context_core_poll_engine (ZmqgContextCore *self)
{
  ZmqgEngine *engine = zmqg_context_core_dup_driven (self);

  if (engine == NULL)
    return FALSE;

  zmqg_engine_poll (engine);
  zmqg_engine_unref (engine);
  return TRUE;
}

void
zmqg_context_core_shutdown (ZmqgContextCore *self)
{
  zmqg_lock (&self->lock);
  if (!atomic_exchange (&self->is_shut_down, TRUE))
    {
      for (guint i = 0; i < self->members->len; i++)
        {
          ZmqgContextMember *member = g_ptr_array_index (self->members, i);

          member->shutdown (member);
        }
    }
  zmqg_unlock (&self->lock);
}

ZmqgWoken
zmqg_context_core_wait (ZmqgContextCore *self,
                        ZmqgThreadWaiter *waiter,
                        gint64 deadline)
{
  ZmqgEngine *engine = zmqg_context_core_dup_driven (self);
  ZmqgWoken woken;

  if (engine == NULL)
    return zmqg_thread_waiter_wait (waiter, deadline);

  woken = zmqg_engine_wait (engine, waiter, deadline);
  zmqg_engine_unref (engine);
  return woken;
}

int
zmqg_context_cores_poll (ZmqgContextCore **cores,
                         guint n_cores,
                         ZmqgThreadWaiter *waiter,
                         GPollFD *fds,
                         guint n_fds,
                         gint64 deadline,
                         const sigset_t *mask)
{
  g_autofree ZmqgEngine **engines = g_new (ZmqgEngine *, n_cores);
  guint n_engines = 0;
  int result;
  int code;

  for (guint i = 0; i < n_cores; i++)
    {
      ZmqgEngine *engine = zmqg_context_core_dup_driven (cores[i]);

      if (engine != NULL)
        engines[n_engines++] = engine;
    }

  result = zmqg_engines_poll (engines, n_engines, waiter, fds, n_fds,
                              deadline, mask);
  code = errno;
  for (guint i = 0; i < n_engines; i++)
    zmqg_engine_unref (engines[i]);
  errno = code;
  return result;
}

static void
terminate_cancelled (GCancellable *cancellable G_GNUC_UNUSED,
                     gpointer user_data)
{
  zmqg_thread_waiter_signal (user_data);
}

gboolean
zmqg_context_core_wait_for_end (ZmqgContextCore *self,
                                GCancellable *cancellable,
                                gboolean *interrupted,
                                GError **error)
{
  ZmqgThreadWaiter *waiter;
  gboolean ended = FALSE;
  gulong id = 0;

  /* Then it takes no descriptor. */
  if (atomic_load (&self->alive) == 0)
    return TRUE;

  waiter = zmqg_thread_waiter_get (error);
  if (waiter == NULL)
    return FALSE;

  zmqg_thread_waiter_clear (waiter);
  zmqg_inbox_add_waiter (&self->waiters, &waiter->waiter, ZMQG_WAIT_ALL,
                         FALSE);
  if (cancellable != NULL)
    id = g_cancellable_connect (cancellable, G_CALLBACK (terminate_cancelled),
                                waiter, NULL);

  while (atomic_load (&self->alive) > 0 && !ended &&
         !g_cancellable_is_cancelled (cancellable))
    ended = zmqg_context_core_wait (self, waiter, -1) ==
              ZMQG_WOKEN_BY_SIGNAL &&
            interrupted != NULL;

  zmqg_inbox_remove_waiter (&self->waiters, &waiter->waiter);
  if (id != 0)
    g_cancellable_disconnect (cancellable, id);

  if (ended)
    *interrupted = TRUE;
  return ended || atomic_load (&self->alive) == 0 ||
         !g_cancellable_set_error_if_cancelled (cancellable, error);
}

void
zmqg_context_core_stop_engines (ZmqgContextCore *self,
                                gboolean join)
{
  GPtrArray *engines;

  zmqg_lock (&self->lock);
  engines = g_steal_pointer (&self->engines);
  zmqg_unlock (&self->lock);

  for (guint i = 0; engines != NULL && i < engines->len; i++)
    {
      if (g_ptr_array_index (engines, i) == NULL)
        continue;
      zmqg_engine_stop (g_ptr_array_index (engines, i), join);
      zmqg_engine_unref (g_ptr_array_index (engines, i));
    }
  g_clear_pointer (&engines, g_ptr_array_unref);
}
