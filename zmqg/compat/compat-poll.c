/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-poll-private.h"

#include "compat/compat-error-private.h"

#include <poll.h>
#include <string.h>

/* zmq_poll () and zmq_ppoll (). */

/* --- Descriptors ----------------------------------------------------------- */

gint64
compat_deadline (long timeout)
{
  gint64 now = g_get_monotonic_time ();

  if (timeout < 0 || timeout > (G_MAXINT64 - now) / 1000)
    return -1;
  return now + (gint64) timeout * 1000;
}

gushort
compat_to_poll (short events)
{
  return ((events & ZMQ_POLLIN) != 0 ? POLLIN : 0) |
         ((events & ZMQ_POLLOUT) != 0 ? POLLOUT : 0) |
         ((events & ZMQ_POLLPRI) != 0 ? POLLPRI : 0);
}

short
compat_from_poll (gushort revents)
{
  return ((revents & POLLIN) != 0 ? ZMQ_POLLIN : 0) |
         ((revents & POLLOUT) != 0 ? ZMQ_POLLOUT : 0) |
         ((revents & POLLPRI) != 0 ? ZMQ_POLLPRI : 0) |
         ((revents & ~(POLLIN | POLLOUT | POLLPRI)) != 0 ? ZMQ_POLLERR : 0);
}

/* --- Engines without threads ------------------------------------------------ */

void
compat_driven_add (CompatDriven *self,
                   CompatSocket *socket)
{
  ZmqgContextCore *core = socket->core->context;

  if (G_LIKELY (!socket->is_driven) || zmqg_context_core_is_forked (core))
    return;

  for (guint i = 0; i < self->n; i++)
    if (self->cores[i] == core)
      return;
  self->cores = g_renew (ZmqgContextCore *, self->cores, self->n + 1);
  self->cores[self->n++] = core;
}

void
compat_driven_clear (CompatDriven *self)
{
  g_clear_pointer (&self->cores, g_free);
  self->n = 0;
}

void
compat_driven_run (CompatDriven *self)
{
  for (guint i = 0; i < self->n; i++)
    zmqg_context_core_poll_engine (self->cores[i]);
}

int
compat_driven_poll (CompatDriven *self,
                    ZmqgThreadWaiter *thread,
                    GPollFD *fds,
                    guint n,
                    gint64 deadline,
                    const sigset_t *mask)
{
  return G_LIKELY (self->n == 0)
           ? zmqg_ppoll (fds, n, deadline, mask)
           : zmqg_context_cores_poll (self->cores, self->n, thread, fds, n,
                                      deadline, mask);
}

/* --- Sockets ---------------------------------------------------------------- */

/* One of the items: a socket that is waited for, by a waiter at its inbox. */
typedef struct
{
  ZmqgWaiter waiter;
  ZmqgThreadWaiter *thread;
  CompatSocket *socket; /* in use; NULL: a descriptor */
  guint place;          /* of a descriptor among those polled */
  guint seen;           /* changes of the inbox before the first look */
  atomic_bool told;     /* since it was looked at */
} Item;

static void
item_wake (ZmqgWaiter *waiter)
{
  Item *item = (Item *) waiter;

  atomic_store (&item->told, TRUE);
  zmqg_thread_waiter_signal (item->thread);
}

typedef struct
{
  zmq_pollitem_t *items;
  guint n;
  Item *states;
  GPollFD *fds; /* the waiter's, and those of the items */
  guint n_fds;
  CompatDriven driven;
  ZmqgThreadWaiter *thread; /* NULL: not waiting yet */
} Poll;

/* The first so many items cost no allocation. */
#define LOCAL_MAX 16

/* Takes the items that are sockets in use. -1 with errno. */
static int
enter_sockets (Poll *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      zmq_pollitem_t *item = &self->items[i];
      Item *state = &self->states[i];

      state->socket = NULL;
      item->revents = 0;
      if (item->socket != NULL)
        {
          state->socket = compat_socket_hold (item->socket);
          if (state->socket == NULL)
            {
              self->n = i;
              return -1;
            }
          compat_driven_add (&self->driven, state->socket);
        }
      else
        {
          state->place = self->n_fds++;
          self->fds[state->place].fd = item->fd;
          self->fds[state->place].events = compat_to_poll (item->events);
        }
    }

  return 0;
}

static void
leave_sockets (Poll *self)
{
  for (guint i = 0; i < self->n; i++)
    if (self->states[i].socket != NULL)
      compat_socket_drop (self->states[i].socket);
  compat_driven_clear (&self->driven);
}

/* Finds what holds of what is asked for. Of a socket that is waited for, and had
 * nothing, something may hold once it has told so. %FALSE with errno. */
static gboolean
look_at_socket (Poll *self,
                Item *state,
                zmq_pollitem_t *item)
{
  ZmqgInbox *inbox = &state->socket->core->inbox;

  if (self->thread != NULL && item->events != 0)
    {
      if (!atomic_load_explicit (&state->told, memory_order_relaxed) ||
          !atomic_exchange (&state->told, FALSE))
        return TRUE;
      zmqg_inbox_waiter_looks (inbox, &state->waiter);
    }
  else
    {
      state->seen = zmqg_inbox_get_changes (inbox);
    }

  if (compat_socket_is_terminated (state->socket))
    {
      errno = ETERM;
      return FALSE;
    }
  if (item->events != 0)
    item->revents = compat_socket_look (state->socket, item->events);
  return TRUE;
}

/* How many items have events; -1 with errno. The descriptors were polled. */
static int
look (Poll *self)
{
  int n_ready = 0;

  for (guint i = 0; i < self->n; i++)
    {
      zmq_pollitem_t *item = &self->items[i];
      Item *state = &self->states[i];

      if (state->socket == NULL)
        item->revents = compat_from_poll (self->fds[state->place].revents);
      else if (!look_at_socket (self, state, item))
        return -1;

      if (item->revents != 0)
        n_ready++;
    }

  return n_ready;
}

/* What the sockets tell from now on ends a sleep. What they told since the first
 * look began is to be looked at before. */
static int
add_waiters (Poll *self)
{
  self->thread = zmqg_thread_waiter_claim (NULL);
  if (self->thread == NULL)
    return compat_fail (EMFILE);

  self->fds[0].fd = self->thread->fd;
  self->fds[0].events = POLLIN;
  for (guint i = 0; i < self->n; i++)
    {
      Item *state = &self->states[i];
      short events = self->items[i].events;
      ZmqgInbox *inbox;

      if (state->socket == NULL || events == 0)
        continue;
      inbox = &state->socket->core->inbox;
      memset (&state->waiter, 0, sizeof state->waiter);
      state->waiter.wake = item_wake;
      atomic_init (&state->told, FALSE);
      state->thread = self->thread;
      zmqg_inbox_add_waiter (
        inbox, &state->waiter,
        ((events & ZMQ_POLLIN) != 0 ? ZMQG_WAIT_IN : 0) |
          ((events & ZMQ_POLLOUT) != 0 ? ZMQG_WAIT_OUT : 0),
        TRUE);
      if (zmqg_inbox_get_changes (inbox) != state->seen)
        atomic_store (&state->told, TRUE);
    }

  return 0;
}

static void
remove_waiters (Poll *self)
{
  if (self->thread == NULL)
    return;

  for (guint i = 0; i < self->n; i++)
    if (self->states[i].socket != NULL && self->items[i].events != 0)
      zmqg_inbox_remove_waiter (&self->states[i].socket->core->inbox,
                                &self->states[i].waiter);
  zmqg_thread_waiter_release (self->thread);
}

static int
run (Poll *self,
     long timeout,
     const sigset_t *mask)
{
  gint64 deadline = compat_deadline (timeout);
  int n_ready;

  /* Engines and descriptors first, without waiting. */
  compat_driven_run (&self->driven);
  if (self->n_fds > 1 &&
      zmqg_ppoll (self->fds + 1, self->n_fds - 1, 0, NULL) < 0)
    return -1;

  n_ready = look (self);
  if (n_ready != 0 || timeout == 0)
    return n_ready;
  if (add_waiters (self) < 0)
    return -1;

  while ((n_ready = look (self)) == 0)
    {
      int n = compat_driven_poll (&self->driven, self->thread, self->fds,
                                  self->n_fds, deadline, mask);

      if (n < 0)
        return -1;
      if (self->fds[0].revents != 0)
        zmqg_thread_waiter_clear (self->thread);
      if (n == 0 && deadline >= 0 && g_get_monotonic_time () >= deadline)
        return look (self);
    }

  return n_ready;
}

static int
poll_items (zmq_pollitem_t *items,
            int n,
            long timeout,
            const sigset_t *mask)
{
  GPollFD local_fds[LOCAL_MAX + 1];
  Item local_states[LOCAL_MAX];
  g_autofree gpointer heap = NULL;
  Poll self = { .items = items, .n = (guint) n, .states = local_states,
                .fds = local_fds, .n_fds = 1 };
  int result;
  int code;

  if (n < 0)
    return compat_fail (EINVAL);
  if (n == 0)
    {
      gint64 deadline = compat_deadline (timeout);

      return timeout == 0 ? 0 : zmqg_ppoll (NULL, 0, deadline, mask);
    }
  if (items == NULL)
    return compat_fail (EFAULT);

  if (n > LOCAL_MAX)
    {
      heap = g_try_malloc_n ((gsize) n,
                             sizeof (Item) + 2 * sizeof (GPollFD));
      if (heap == NULL)
        return compat_fail (ENOMEM);
      self.states = heap;
      self.fds = (GPollFD *) (self.states + n);
    }

  result = enter_sockets (&self);
  if (result == 0)
    result = run (&self, timeout, mask);
  code = errno;
  remove_waiters (&self);
  leave_sockets (&self);
  errno = code;
  return result;
}

int
zmq_poll (zmq_pollitem_t *items_,
          int nitems_,
          long timeout_)
{
  return poll_items (items_, nitems_, timeout_, NULL);
}

int
zmq_ppoll (zmq_pollitem_t *items_,
           int nitems_,
           long timeout_,
           const sigset_t *sigmask_)
{
  return poll_items (items_, nitems_, timeout_, sigmask_);
}
