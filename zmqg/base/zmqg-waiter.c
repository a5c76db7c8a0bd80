/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-waiter-private.h"

#include "base/zmqg-error.h"
#include "base/zmqg-fork-private.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void
thread_waiter_wake (ZmqgWaiter *waiter)
{
  zmqg_thread_waiter_signal ((ZmqgThreadWaiter *) waiter);
}

ZmqgThreadWaiter *
zmqg_thread_waiter_ref (ZmqgThreadWaiter *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

void
zmqg_thread_waiter_unref (ZmqgThreadWaiter *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  g_clear_pointer (&self->inner, zmqg_thread_waiter_unref);
  close (self->fd);
  g_free (self);
}

static void
thread_exits (gpointer data)
{
  zmqg_thread_waiter_unref (data);
}

static GPrivate this_thread = G_PRIVATE_INIT (thread_exits);

ZmqgThreadWaiter *
zmqg_thread_waiter_new (GError **error)
{
  ZmqgThreadWaiter *self;
  int fd;

  fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0)
    {
      int code = errno;

      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                   "No descriptor to wait with: %s", g_strerror (code));
      return NULL;
    }

  zmqg_fork_watch ();
  self = g_new0 (ZmqgThreadWaiter, 1);
  self->fd = fd;
  self->generation = zmqg_fork_get_generation ();
  self->waiter.wake = thread_waiter_wake;
  self->waiter.is_thread = TRUE;
  /* Release pairs with the acquire in signal (). */
  atomic_store_explicit (&self->refs, 1, memory_order_release);
  return self;
}

ZmqgThreadWaiter *
zmqg_thread_waiter_get (GError **error)
{
  ZmqgThreadWaiter *self = g_private_get (&this_thread);

  if (G_UNLIKELY (self != NULL &&
                  self->generation != zmqg_fork_get_generation ()))
    {
      /* A call that waited when the process forked still has it. */
      if (!self->waiter.listed)
        zmqg_thread_waiter_unref (self);
      self = NULL;
    }

  if (self == NULL)
    {
      self = zmqg_thread_waiter_new (error);
      if (self != NULL)
        g_private_set (&this_thread, self);
      return self;
    }

  /* Only this thread lists it. */
  while (G_UNLIKELY (self->waiter.listed))
    {
      if (self->inner == NULL)
        self->inner = zmqg_thread_waiter_new (error);
      if (self->inner == NULL)
        return NULL;
      self = self->inner;
    }

  return self;
}

ZmqgThreadWaiter *
zmqg_thread_waiter_claim (GError **error)
{
  ZmqgThreadWaiter *self = zmqg_thread_waiter_get (error);

  if (self != NULL)
    {
      self->waiter.listed = TRUE;
      zmqg_thread_waiter_clear (self);
    }
  return self;
}

void
zmqg_thread_waiter_release (ZmqgThreadWaiter *self)
{
  self->waiter.listed = FALSE;
}

void
zmqg_thread_waiter_signal (ZmqgThreadWaiter *self)
{
  guint64 one = 1;
  ssize_t n;

  /* GLib's locks see to it that the waiter outlives a GCancellable's handler,
   * but are none that ThreadSanitizer sees; the counter says the same. */
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_acquire);
  do
    n = write (self->fd, &one, sizeof one);
  while (n < 0 && errno == EINTR);
  zmqg_thread_waiter_unref (self);
}

void
zmqg_thread_waiter_clear (ZmqgThreadWaiter *self)
{
  guint64 count;
  ssize_t n;

  do
    n = read (self->fd, &count, sizeof count);
  while (n < 0 && errno == EINTR);
}

/* As g_poll () has it. */
G_STATIC_ASSERT (sizeof (GPollFD) == sizeof (struct pollfd));

int
zmqg_ppoll (GPollFD *fds,
            guint n,
            gint64 deadline,
            const sigset_t *mask)
{
  struct timespec ts;
  gint64 left;
  guint work;
  int result;
  int code;

  if (deadline >= 0)
    {
      /* Taken once: MAX () looks at it twice. */
      left = deadline - g_get_monotonic_time ();
      left = MAX (left, 0);
      ts.tv_sec = left / G_USEC_PER_SEC;
      ts.tv_nsec = (left % G_USEC_PER_SEC) * 1000;
    }

  work = zmqg_fork_pause_work ();
  result = ppoll ((struct pollfd *) fds, n, deadline >= 0 ? &ts : NULL, mask);
  if (work > 0)
    {
      code = errno;
      zmqg_fork_resume_work (work);
      errno = code;
    }
  return result;
}

ZmqgWoken
zmqg_thread_waiter_wait (ZmqgThreadWaiter *self,
                         gint64 deadline)
{
  return zmqg_thread_waiter_wait_beside (self, -1, deadline);
}

ZmqgWoken
zmqg_thread_waiter_wait_beside (ZmqgThreadWaiter *self,
                                int fd,
                                gint64 deadline)
{
  /* A negative one is passed over. */
  GPollFD fds[] = {
    { .fd = self->fd, .events = G_IO_IN },
    { .fd = fd, .events = G_IO_IN },
  };
  int n = zmqg_ppoll (fds, fd < 0 ? 1 : 2, deadline, NULL);

  if (n > 0)
    {
      if (fds[0].revents != 0)
        zmqg_thread_waiter_clear (self);
      return ZMQG_WOKEN;
    }

  if (n < 0 && errno == EINTR)
    return ZMQG_WOKEN_BY_SIGNAL;
  return deadline >= 0 && g_get_monotonic_time () >= deadline
           ? ZMQG_WOKEN_LATE
           : ZMQG_WOKEN;
}
