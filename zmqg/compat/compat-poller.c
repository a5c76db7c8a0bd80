/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-poll-private.h"

#include "compat/compat-error-private.h"
#include "compat/compat-graveyard-private.h"

/*
 * CompatPoller: a set of sockets and descriptors that are waited for together.
 * A socket has a waiter at its inbox as long as it is in the set: so a wait
 * looks only at those that have told something since they last had nothing.
 */

#define POLLER_ALIVE 0xCAFEBABEu

#define EVENTS_ALL (ZMQ_POLLIN | ZMQ_POLLOUT | ZMQ_POLLERR | ZMQ_POLLPRI)

typedef struct
{
  atomic_uint tag;
  ZmqgThreadWaiter *thread; /* signalled when a socket has told something */
  GPtrArray *items;         /* of PollerItem, in the order of their adding */
  guint n_fds;              /* items that are descriptors */
  GPollFD *fds;             /* the waiter's, and theirs */
  CompatDriven driven;
} CompatPoller;

typedef struct
{
  ZmqgWaiter waiter;
  CompatPoller *poller;
  CompatSocket *socket; /* in use; NULL: a descriptor */
  int fd;
  guint place; /* of a descriptor among those polled */
  void *user_data;
  short events;
  atomic_bool told; /* since it last had nothing to tell */
} PollerItem;

static CompatPoller *
get (void *poller)
{
  CompatPoller *self = poller;

  if (self != NULL && atomic_load (&self->tag) == POLLER_ALIVE)
    return self;

  errno = EFAULT;
  return NULL;
}

/* --- Items ----------------------------------------------------------------- */

static void
item_wake (ZmqgWaiter *waiter)
{
  PollerItem *item = (PollerItem *) waiter;

  atomic_store (&item->told, TRUE);
  zmqg_thread_waiter_signal (item->poller->thread);
}

static guint
get_interest (short events)
{
  return ((events & ZMQ_POLLIN) != 0 ? ZMQG_WAIT_IN : 0) |
         ((events & ZMQ_POLLOUT) != 0 ? ZMQG_WAIT_OUT : 0);
}

static void
item_free (gpointer data)
{
  PollerItem *item = data;

  if (item->socket != NULL)
    {
      zmqg_inbox_remove_waiter (&item->socket->core->inbox, &item->waiter);
      compat_socket_drop (item->socket);
    }
  g_free (item);
}

/* The item's number; -1 when it is not in the set. */
static int
find (CompatPoller *self,
      const void *socket,
      int fd)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      const PollerItem *item = g_ptr_array_index (self->items, i);

      if (socket != NULL ? item->socket == socket
                         : item->socket == NULL && item->fd == fd)
        return (int) i;
    }

  return -1;
}

/* The descriptors have changed. */
static void
renew_fds (CompatPoller *self)
{
  guint n = 1;

  self->fds = g_renew (GPollFD, self->fds, self->n_fds + 1);
  self->fds[0].fd = self->thread->fd;
  self->fds[0].events = G_IO_IN;
  for (guint i = 0; i < self->items->len; i++)
    {
      PollerItem *item = g_ptr_array_index (self->items, i);

      if (item->socket != NULL)
        continue;
      /* With no events it is not even asked for errors. */
      self->fds[n].fd = item->events != 0 ? item->fd : -1;
      self->fds[n].events = compat_to_poll (item->events);
      item->place = n++;
    }
}

/* The sockets have changed. */
static void
renew_driven (CompatPoller *self)
{
  compat_driven_clear (&self->driven);
  for (guint i = 0; i < self->items->len; i++)
    {
      PollerItem *item = g_ptr_array_index (self->items, i);

      if (item->socket != NULL)
        compat_driven_add (&self->driven, item->socket);
    }
}

/* Takes the socket, which is nullable. */
static int
add (CompatPoller *self,
     CompatSocket *socket,
     int fd,
     void *user_data,
     short events)
{
  PollerItem *item;

  if ((events & ~EVENTS_ALL) != 0 || find (self, socket, fd) >= 0)
    {
      if (socket != NULL)
        compat_socket_drop (socket);
      return compat_fail (EINVAL);
    }

  item = g_new0 (PollerItem, 1);
  item->waiter.wake = item_wake;
  item->poller = self;
  item->socket = socket;
  item->fd = fd;
  item->user_data = user_data;
  item->events = events;
  atomic_init (&item->told, TRUE);
  g_ptr_array_add (self->items, item);
  if (socket != NULL)
    {
      zmqg_inbox_add_waiter (&socket->core->inbox, &item->waiter,
                             get_interest (events), TRUE);
      zmqg_thread_waiter_signal (self->thread);
      compat_driven_add (&self->driven, socket);
    }
  else
    {
      self->n_fds++;
      renew_fds (self);
    }

  return 0;
}

static int
modify (CompatPoller *self,
        const void *socket,
        int fd,
        short events)
{
  int i = find (self, socket, fd);
  PollerItem *item;

  if ((events & ~EVENTS_ALL) != 0 || i < 0)
    return compat_fail (EINVAL);

  item = g_ptr_array_index (self->items, i);
  item->events = events;
  if (item->socket == NULL)
    {
      renew_fds (self);
      return 0;
    }

  zmqg_inbox_set_interest (&item->socket->core->inbox, &item->waiter,
                           get_interest (events));
  atomic_store (&item->told, TRUE);
  zmqg_thread_waiter_signal (self->thread);
  return 0;
}

static int
remove_item (CompatPoller *self,
             const void *socket,
             int fd)
{
  int i = find (self, socket, fd);

  if (i < 0)
    return compat_fail (EINVAL);

  if (socket == NULL)
    self->n_fds--;
  g_ptr_array_remove_index (self->items, (guint) i);
  renew_fds (self);
  renew_driven (self);
  return 0;
}

/* --- Waiting ---------------------------------------------------------------- */

static short
look_at_socket (PollerItem *item)
{
  short events;

  if (!atomic_exchange (&item->told, FALSE))
    return 0;

  zmqg_inbox_waiter_looks (&item->socket->core->inbox, &item->waiter);
  events = compat_socket_look (item->socket, item->events);
  /* It is asked again next time: what is not taken does not tell again. */
  if (events != 0)
    atomic_store (&item->told, TRUE);
  return events;
}

/* Writes the events of up to @max items; their number, or -1 with errno. */
static int
look (CompatPoller *self,
      zmq_poller_event_t *events,
      int max)
{
  int n = 0;

  for (guint i = 0; i < self->items->len && n < max; i++)
    {
      PollerItem *item = g_ptr_array_index (self->items, i);
      short found = 0;

      if (item->events == 0)
        continue;
      if (item->socket == NULL)
        {
          found = compat_from_poll (self->fds[item->place].revents);
        }
      else
        {
          if (!compat_socket_is_alive (item->socket))
            return compat_fail (ENOTSOCK);
          if (compat_socket_is_terminated (item->socket))
            return compat_fail (ETERM);
          found = look_at_socket (item);
        }
      if (found == 0)
        continue;

      events[n].socket = item->socket;
      events[n].fd = item->socket != NULL ? -1 : item->fd;
      events[n].user_data = item->user_data;
      events[n].events = found;
      n++;
    }

  return n;
}

static gboolean
has_something (CompatPoller *self)
{
  for (guint i = 0; i < self->items->len; i++)
    if (((PollerItem *) g_ptr_array_index (self->items, i))->events != 0)
      return TRUE;

  return FALSE;
}

static int
wait_for_events (CompatPoller *self,
                 zmq_poller_event_t *events,
                 int max,
                 long timeout)
{
  gint64 deadline = compat_deadline (timeout);
  gint64 until = 0; /* the first look does not wait */

  if (timeout < 0 && !has_something (self))
    return compat_fail (EFAULT);

  compat_driven_run (&self->driven);
  for (;;)
    {
      int n = until == 0
                ? zmqg_ppoll (self->fds, self->n_fds + 1, 0, NULL)
                : compat_driven_poll (&self->driven, self->thread, self->fds,
                                      self->n_fds + 1, until, NULL);

      if (n < 0)
        return -1;
      if (self->fds[0].revents != 0)
        zmqg_thread_waiter_clear (self->thread);

      n = look (self, events, max);
      if (n != 0)
        {
          /* Who polls the poller's descriptor is to look again. */
          zmqg_thread_waiter_signal (self->thread);
          return n;
        }
      if (timeout == 0 ||
          (deadline >= 0 && g_get_monotonic_time () >= deadline))
        return compat_fail (EAGAIN);
      until = deadline;
    }
}

static void
clear_events (zmq_poller_event_t *events,
              int n)
{
  for (int i = 0; i < n; i++)
    events[i] = (zmq_poller_event_t) { .fd = -1 };
}

int
zmq_poller_wait_all (void *poller,
                     zmq_poller_event_t *events,
                     int n_events,
                     long timeout)
{
  CompatPoller *self = get (poller);
  int n;

  if (self == NULL)
    return -1;
  if (events == NULL)
    return compat_fail (EFAULT);
  if (n_events < 0)
    return compat_fail (EINVAL);

  n = wait_for_events (self, events, n_events, timeout);
  clear_events (events + MAX (n, 0), n_events - MAX (n, 0));
  return n;
}

int
zmq_poller_wait (void *poller,
                 zmq_poller_event_t *event,
                 long timeout)
{
  int n = zmq_poller_wait_all (poller, event, 1, timeout);

  return n < 0 ? -1 : 0;
}

/* --- The API ---------------------------------------------------------------- */

void *
zmq_poller_new (void)
{
  CompatPoller *self;
  ZmqgThreadWaiter *thread = zmqg_thread_waiter_new (NULL);

  if (thread == NULL)
    {
      errno = EMFILE;
      return NULL;
    }

  self = g_new0 (CompatPoller, 1);
  atomic_init (&self->tag, POLLER_ALIVE);
  self->thread = thread;
  self->items = g_ptr_array_new_with_free_func (item_free);
  renew_fds (self);
  return self;
}

int
zmq_poller_destroy (void **poller_p)
{
  CompatPoller *self = poller_p != NULL ? get (*poller_p) : NULL;

  if (self == NULL)
    return compat_fail (EFAULT);

  atomic_store (&self->tag, COMPAT_DEAD);
  compat_driven_clear (&self->driven);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->thread, zmqg_thread_waiter_unref);
  g_clear_pointer (&self->fds, g_free);
  compat_bury (self);
  *poller_p = NULL;
  return 0;
}

int
zmq_poller_size (void *poller)
{
  CompatPoller *self = get (poller);

  return self != NULL ? (int) self->items->len : -1;
}

int
zmq_poller_fd (void *poller,
               zmq_fd_t *fd)
{
  CompatPoller *self = get (poller);

  if (self == NULL || fd == NULL)
    return compat_fail (EFAULT);

  *fd = self->thread->fd;
  return 0;
}

int
zmq_poller_add (void *poller,
                void *socket,
                void *user_data,
                short events)
{
  CompatPoller *self = get (poller);
  CompatSocket *entered;

  if (self == NULL)
    return -1;

  entered = compat_socket_hold (socket);
  return entered != NULL ? add (self, entered, -1, user_data, events) : -1;
}

/* Whether a handle is a socket; the set keeps its own reference. */
static gboolean
check_socket (void *socket)
{
  CompatSocket *entered = compat_socket_hold (socket);

  if (entered == NULL)
    return FALSE;

  compat_socket_drop (entered);
  return TRUE;
}

int
zmq_poller_modify (void *poller,
                   void *socket,
                   short events)
{
  CompatPoller *self = get (poller);

  if (self == NULL || !check_socket (socket))
    return -1;

  return modify (self, socket, -1, events);
}

int
zmq_poller_remove (void *poller,
                   void *socket)
{
  CompatPoller *self = get (poller);

  if (self == NULL || !check_socket (socket))
    return -1;

  return remove_item (self, socket, -1);
}

int
zmq_poller_add_fd (void *poller,
                   zmq_fd_t fd,
                   void *user_data,
                   short events)
{
  CompatPoller *self = get (poller);

  if (self == NULL)
    return -1;

  return fd == -1 ? compat_fail (EBADF)
                  : add (self, NULL, fd, user_data, events);
}

int
zmq_poller_modify_fd (void *poller,
                      zmq_fd_t fd,
                      short events)
{
  CompatPoller *self = get (poller);

  if (self == NULL)
    return -1;

  return fd == -1 ? compat_fail (EBADF) : modify (self, NULL, fd, events);
}

int
zmq_poller_remove_fd (void *poller,
                      zmq_fd_t fd)
{
  CompatPoller *self = get (poller);

  if (self == NULL)
    return -1;

  return fd == -1 ? compat_fail (EBADF) : remove_item (self, NULL, fd);
}
