/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "base/zmqg-barrier-private.h"
#include "compat/compat-error-private.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Who uses the sockets of zmq_socket (), and when they go. */

/* --- Memory --------------------------------------------------------------- */

/* So many dead ones are kept at the least. */
#define GRAVES 256

static ZmqgLock graves_lock = ZMQG_LOCK_INIT;
static CompatSocket *first_dead; /* the oldest */
static CompatSocket *last_dead;
static guint n_dead;

static CompatSocket *
take_grave (void)
{
  CompatSocket *self = NULL;

  zmqg_lock (&graves_lock);
  if (n_dead >= GRAVES)
    {
      self = first_dead;
      first_dead = self->next_dead;
      n_dead--;
    }
  zmqg_unlock (&graves_lock);

  return self;
}

CompatSocket *
compat_socket_alloc (void)
{
  CompatSocket *self = take_grave ();
  gboolean used_before = self != NULL;

  if (!used_before)
    self = g_try_new0 (CompatSocket, 1);
  if (self == NULL)
    return NULL;

  /* Added, and before it lives: whoever has a handle of the dead one may hold
   * it for a moment. */
  atomic_fetch_add (&self->refs, 1);
  if (used_before)
    {
      memset (&self->next_dead, 0,
              sizeof *self - G_STRUCT_OFFSET (CompatSocket, next_dead));
      atomic_fetch_add (&self->life, 1);
    }
  return self;
}

void
compat_socket_free (CompatSocket *self)
{
  zmqg_lock (&graves_lock);
  self->next_dead = NULL;
  if (n_dead++ == 0)
    first_dead = self;
  else
    last_dead->next_dead = self;
  last_dead = self;
  zmqg_unlock (&graves_lock);
}

/* --- Calls ---------------------------------------------------------------- */

__thread CompatCalls *compat_calls;

static _Atomic (CompatCalls *) all_calls;

/* The thread ends, perhaps in a call, if it was cancelled. */
static void
calls_release (gpointer data)
{
  CompatCalls *self = data;

  compat_calls = self;
  while (self->depth > COMPAT_CALLS_MAX)
    self->depth--;
  while (self->depth > 0)
    compat_socket_leave (atomic_load (&self->used[self->depth - 1]));
  compat_calls = NULL;
  for (guint i = 0; i < ZMQG_BLOCK_SIZES; i++)
    g_clear_pointer (&self->spare[i], g_free);
  zmqg_tag_stock_clear (&self->tags);
  atomic_store (&self->taken, FALSE);
}

static GPrivate calls_key = G_PRIVATE_INIT (calls_release);

static CompatCalls *
calls_take (void)
{
  CompatCalls *self;

  for (self = atomic_load (&all_calls); self != NULL; self = self->next)
    {
      bool taken = false;

      if (atomic_compare_exchange_strong (&self->taken, &taken, TRUE))
        return self;
    }

  /* Lines of the cache that only this thread writes to. */
  self = aligned_alloc (ZMQG_CACHE_LINE, sizeof *self);
  if (self == NULL)
    return NULL;
  memset (self, 0, sizeof *self);
  atomic_init (&self->taken, TRUE);
  self->next = atomic_load (&all_calls);
  while (!atomic_compare_exchange_weak (&all_calls, &self->next, self))
    ;
  return self;
}

CompatSocket *
compat_socket_enter_slowly (CompatSocket *self)
{
  if (compat_calls == NULL)
    {
      compat_calls = calls_take ();
      if (compat_calls == NULL)
        {
          errno = ENOMEM;
          return NULL;
        }
      g_private_set (&calls_key, compat_calls);
    }

  if (compat_calls->depth < COMPAT_CALLS_MAX)
    return compat_socket_enter (self);

  self = compat_socket_hold (self);
  if (self != NULL)
    compat_calls->depth++;
  return self;
}

static gboolean
is_called (CompatSocket *self)
{
  for (CompatCalls *calls = atomic_load (&all_calls); calls != NULL;
       calls = calls->next)
    for (guint i = 0; i < COMPAT_CALLS_MAX; i++)
      if (atomic_load_explicit (&calls->used[i], memory_order_acquire) == self)
        return TRUE;

  return FALSE;
}

/* --- The end -------------------------------------------------------------- */

CompatSocket *
compat_socket_refuse (void)
{
  errno = ENOTSOCK;
  return NULL;
}

void
compat_socket_try_destroy (CompatSocket *self,
                           guint life)
{
  /* Of those who leave at the same time one sees that all others have left. */
  zmqg_barrier_heavy ();
  if (life % 2 != 0 || atomic_load (&self->refs) > 0 || is_called (self))
    return;

  if (atomic_compare_exchange_strong (&self->life, &life, life + 1))
    compat_socket_destroy (self);
}

CompatSocket *
compat_socket_hold (void *handle)
{
  CompatSocket *self = handle;

  if (self == NULL || !compat_socket_is_alive (self))
    return compat_socket_refuse ();

  /* Ending it sets the tag before it drops its reference. */
  atomic_fetch_add (&self->refs, 1);
  if (atomic_load (&self->tag) != COMPAT_SOCKET_ALIVE)
    {
      compat_socket_drop (self);
      return compat_socket_refuse ();
    }

  return self;
}

void
compat_socket_drop (CompatSocket *self)
{
  guint life = atomic_load (&self->life);

  if (atomic_fetch_sub (&self->refs, 1) == 1)
    compat_socket_try_destroy (self, life);
}

gboolean
compat_socket_end (CompatSocket *self)
{
  guint alive = COMPAT_SOCKET_ALIVE;

  return atomic_compare_exchange_strong (&self->tag, &alive, COMPAT_DEAD);
}
