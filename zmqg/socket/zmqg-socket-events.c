/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-core-private.h"

/*
 * Who hears of the events of a socket: the signal, by way of the news, and at
 * once a monitor. The engine asks for a mask, and makes no report that nobody
 * listens to.
 */

#define ALL_EVENTS 0x7fffu

/* Locked. */
static void
update_mask (ZmqgSocketCore *self)
{
  guint events = 0;

  if (self->shows_events && !self->stopped_events)
    events |= ALL_EVENTS;
  if (self->monitor != NULL && !self->stopped_events)
    events |= self->monitor->events;
  atomic_store_explicit (&self->client.events, events, memory_order_relaxed);
}

static void
tell_monitor (ZmqgMonitor *monitor,
              const ZmqgEventReport *report)
{
  if ((monitor->events & report->type) != 0)
    monitor->event (monitor, report);
}

void
zmqg_socket_core_report (ZmqgSocketCore *self,
                         const ZmqgEventReport *report)
{
  ZmqgMonitor *monitor = NULL;
  gboolean shows;

  zmqg_lock (&self->monitor_lock);
  shows = self->shows_events && !self->stopped_events;
  if (self->monitor != NULL && !self->stopped_events)
    {
      monitor = self->monitor;
      monitor->ref (monitor);
    }
  if (shows)
    {
      /* Under the lock, so that nothing comes behind MONITOR_STOPPED. */
      ZmqgNews *news = zmqg_news_new (ZMQG_NEWS_EVENT, NULL);

      news->event = zmqg_event_new (report);
      zmqg_news_queue_push (&self->news, news);
    }
  zmqg_unlock (&self->monitor_lock);

  if (shows)
    zmqg_inbox_wake (&self->inbox, ZMQG_WAIT_NEWS);
  if (monitor != NULL)
    {
      tell_monitor (monitor, report);
      monitor->unref (monitor);
    }
}

void
zmqg_socket_core_show_events (ZmqgSocketCore *self,
                              gboolean shows)
{
  zmqg_lock (&self->monitor_lock);
  atomic_store_explicit (&self->shows_events, shows, memory_order_relaxed);
  update_mask (self);
  zmqg_unlock (&self->monitor_lock);

  if (!shows)
    zmqg_news_queue_drop (&self->news, ZMQG_NEWS_LINE_EVENTS);
}

static const ZmqgEventReport stopped = {
  .type = ZMQG_EVENT_TYPE_MONITOR_STOPPED,
};

gboolean
zmqg_socket_core_set_monitor (ZmqgSocketCore *self,
                              ZmqgMonitor *monitor)
{
  ZmqgMonitor *old = NULL;
  gboolean ok;

  zmqg_lock (&self->monitor_lock);
  ok = !self->stopped_events;
  if (ok)
    {
      old = self->monitor;
      self->monitor = monitor;
      if (monitor != NULL)
        monitor->ref (monitor);
      update_mask (self);
    }
  zmqg_unlock (&self->monitor_lock);

  if (old != NULL)
    {
      tell_monitor (old, &stopped);
      old->unref (old);
    }
  return ok;
}

void
zmqg_socket_core_stop_events (ZmqgSocketCore *self)
{
  ZmqgMonitor *monitor;

  zmqg_lock (&self->monitor_lock);
  if (self->shows_events)
    {
      ZmqgNews *news = zmqg_news_new (ZMQG_NEWS_EVENT, NULL);

      news->event = zmqg_event_new (&stopped);
      zmqg_news_queue_push (&self->news, news);
    }
  monitor = g_steal_pointer (&self->monitor);
  self->stopped_events = TRUE;
  update_mask (self);
  zmqg_unlock (&self->monitor_lock);

  if (monitor != NULL)
    {
      tell_monitor (monitor, &stopped);
      monitor->unref (monitor);
    }
}
