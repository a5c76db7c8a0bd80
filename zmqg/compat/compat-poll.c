/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-poll-private.h"

#include "compat/compat-error-private.h"

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

int
compat_ppoll (struct pollfd *fds,
              nfds_t n,
              gint64 deadline,
              const sigset_t *mask)
{
  struct timespec ts;
  gint64 left;

  if (deadline < 0)
    return ppoll (fds, n, NULL, mask);

  /* Taken once: MAX () looks at it twice. */
  left = deadline - g_get_monotonic_time ();
  left = MAX (left, 0);
  ts.tv_sec = left / G_USEC_PER_SEC;
  ts.tv_nsec = (left % G_USEC_PER_SEC) * 1000;
  return ppoll (fds, n, &ts, mask);
}

short
compat_to_poll (short events)
{
  return ((events & ZMQ_POLLIN) != 0 ? POLLIN : 0) |
         ((events & ZMQ_POLLOUT) != 0 ? POLLOUT : 0) |
         ((events & ZMQ_POLLPRI) != 0 ? POLLPRI : 0);
}

short
compat_from_poll (short revents)
{
  return ((revents & POLLIN) != 0 ? ZMQ_POLLIN : 0) |
         ((revents & POLLOUT) != 0 ? ZMQ_POLLOUT : 0) |
         ((revents & POLLPRI) != 0 ? ZMQ_POLLPRI : 0) |
         ((revents & ~(POLLIN | POLLOUT | POLLPRI)) != 0 ? ZMQ_POLLERR : 0);
}

/* --- Sockets ---------------------------------------------------------------- */

/* One of the items: a socket that is waited for, by a waiter at its inbox. */
typedef struct
{
  ZmqgWaiter waiter;
  ZmqgThreadWaiter *thread;
  CompatSocket *socket; /* in use; NULL: a descriptor */
  guint place;          /* of a descriptor among those polled */
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
  struct pollfd *fds; /* the waiter's, and those of the items */
  guint n_fds;
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
}

/* What holds of what is asked for. Of a socket that is waited for, and had
 * nothing, something may hold once it has told so. */
static short
look_at_socket (Poll *self,
                guint i)
{
  Item *state = &self->states[i];
  short events = self->items[i].events;

  if (events == 0)
    return 0;

  if (self->thread != NULL)
    {
      if (!atomic_exchange (&state->told, FALSE))
        return 0;
      zmqg_inbox_waiter_looks (&state->socket->core->inbox, &state->waiter);
    }
  return compat_socket_get_events (state->socket) & events;
}

/* How many items have events; -1 with errno. The descriptors were polled. */
static int
look (Poll *self)
{
  int n_ready = 0;

  for (guint i = 0; i < self->n; i++)
    {
      zmq_pollitem_t *item = &self->items[i];
      CompatSocket *socket = self->states[i].socket;

      if (socket == NULL)
        {
          item->revents =
            compat_from_poll (self->fds[self->states[i].place].revents);
        }
      else
        {
          if (compat_socket_is_terminated (socket))
            return compat_fail (ETERM);
          item->revents = look_at_socket (self, i);
        }

      if (item->revents != 0)
        n_ready++;
    }

  return n_ready;
}

/* What the sockets tell from now on ends a sleep. */
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

      if (state->socket == NULL || events == 0)
        continue;
      memset (&state->waiter, 0, sizeof state->waiter);
      state->waiter.wake = item_wake;
      atomic_init (&state->told, TRUE);
      state->thread = self->thread;
      zmqg_inbox_add_waiter (
        &state->socket->core->inbox, &state->waiter,
        ((events & ZMQ_POLLIN) != 0 ? ZMQG_WAIT_IN : 0) |
          ((events & ZMQ_POLLOUT) != 0 ? ZMQG_WAIT_OUT : 0),
        TRUE);
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

  /* Descriptors first, without waiting. */
  if (self->n_fds > 1 &&
      compat_ppoll (self->fds + 1, self->n_fds - 1, 0, NULL) < 0)
    return -1;

  n_ready = look (self);
  if (n_ready != 0 || timeout == 0)
    return n_ready;
  if (add_waiters (self) < 0)
    return -1;

  while ((n_ready = look (self)) == 0)
    {
      int n = compat_ppoll (self->fds, self->n_fds, deadline, mask);

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
  struct pollfd local_fds[LOCAL_MAX + 1];
  Item local_states[LOCAL_MAX];
  g_autofree gpointer heap = NULL;
  Poll self = { items, (guint) n, local_states, local_fds, 1, NULL };
  int result;
  int code;

  if (n < 0)
    return compat_fail (EINVAL);
  if (n == 0)
    {
      gint64 deadline = compat_deadline (timeout);

      return timeout == 0 ? 0 : compat_ppoll (NULL, 0, deadline, mask);
    }
  if (items == NULL)
    return compat_fail (EFAULT);

  if (n > LOCAL_MAX)
    {
      heap = g_try_malloc_n ((gsize) n,
                             sizeof (Item) + 2 * sizeof (struct pollfd));
      if (heap == NULL)
        return compat_fail (ENOMEM);
      self.states = heap;
      self.fds = (struct pollfd *) (self.states + n);
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
