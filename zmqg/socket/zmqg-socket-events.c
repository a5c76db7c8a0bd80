/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

#include "base/zmqg-error.h"

/*
 * Who hears of the events of a socket: the signal, by way of the news, and at
 * once a monitor. The engine asks for a mask, and makes no report that nobody
 * listens to.
 */

#define ALL_EVENTS (0x7fffu | ZMQG_EVENT_TYPE_PIPES_STATS)

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
zmqg_socket_core_swap_monitor (ZmqgSocketCore *self,
                               ZmqgMonitor *monitor,
                               ZmqgMonitor **old)
{
  gboolean ok;

  *old = NULL;
  zmqg_lock (&self->monitor_lock);
  ok = !self->stopped_events;
  if (ok)
    {
      *old = self->monitor;
      self->monitor = monitor;
      if (monitor != NULL)
        monitor->ref (monitor);
      update_mask (self);
    }
  zmqg_unlock (&self->monitor_lock);

  return ok;
}

void
zmqg_monitor_end (ZmqgMonitor *self)
{
  tell_monitor (self, &stopped);
  self->unref (self);
}

gboolean
zmqg_socket_core_set_monitor (ZmqgSocketCore *self,
                              ZmqgMonitor *monitor)
{
  ZmqgMonitor *old;
  gboolean ok = zmqg_socket_core_swap_monitor (self, monitor, &old);

  if (old != NULL)
    zmqg_monitor_end (old);
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
    zmqg_monitor_end (monitor);
}

/* --- What is queued ----------------------------------------------------- */

static void
clear_report (gpointer data)
{
  ZmqgEventReport *report = data;

  zmqg_tag_unref (report->endpoint);
  if (report->record != NULL)
    zmqg_tag_unref (&report->record->tag);
}

/* Locked: what it refers to is counted until clear_report (). */
static void
describe_pipe (ZmqgPipe *pipe,
               ZmqgEventReport *report)
{
  ZmqgEndpointCore *endpoint = pipe->endpoint;
  ZmqgPeerRecord *record = (ZmqgPeerRecord *) pipe->peer_tag;
  ZmqgTally tally;

  zmqg_account_read (pipe->account, &tally);
  report->type = ZMQG_EVENT_TYPE_PIPES_STATS;
  report->outbound = tally.copies - tally.handed_on - tally.out_dropped;
  report->inbound = tally.arrived - tally.taken - tally.in_dropped;
  report->endpoint = zmqg_tag_ref (&endpoint->tag);
  if (endpoint->kind == ZMQG_ENDPOINT_KIND_BIND)
    report->local = endpoint->uri;
  else
    report->remote = endpoint->uri;

  if (record == NULL || atomic_load (&record->gone))
    return;

  report->record = (ZmqgPeerRecord *) zmqg_tag_ref (&record->tag);
  if (record->local_text != NULL)
    report->local = record->local_text;
  if (record->remote_text != NULL)
    report->remote = record->remote_text;
}

gboolean
zmqg_socket_core_report_pipes (ZmqgSocketCore *self,
                               GError **error)
{
  g_autoptr (GArray) reports = g_array_new (FALSE, TRUE,
                                            sizeof (ZmqgEventReport));
  gboolean ok;

  g_array_set_clear_func (reports, clear_report);
  zmqg_socket_core_lock (self);
  ok = zmqg_socket_core_check (self, error);
  g_array_set_size (reports, ok ? self->pipes->len : 0);
  for (guint i = 0; i < reports->len; i++)
    describe_pipe (g_ptr_array_index (self->pipes, i),
                   &g_array_index (reports, ZmqgEventReport, i));
  zmqg_socket_core_unlock (self);

  if (!ok)
    return FALSE;
  if (!zmqg_client_listens (&self->client, ZMQG_EVENT_TYPE_PIPES_STATS))
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "Nobody listens to the events of the socket");
      return FALSE;
    }
  if (reports->len == 0)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK,
                           "The socket has nobody to send to or receive from");
      return FALSE;
    }

  for (guint i = 0; i < reports->len; i++)
    zmqg_socket_core_report (self,
                             &g_array_index (reports, ZmqgEventReport, i));
  return TRUE;
}

/**
 * zmqg_socket_report_pipes_stats:
 * @self: a socket
 * @error: return location for an error
 *
 * Asks for one [signal@Socket::event] of the type
 * %ZMQG_EVENT_TYPE_PIPES_STATS for each connection, and for each endpoint that
 * keeps messages until it is connected: how many messages are queued for and
 * from the peer at this moment. The events are told like all others.
 * [method@Peer.get_statistics] and [method@Socket.get_statistics] tell more,
 * at once.
 *
 * Fails with %ZMQG_ERROR_WOULD_BLOCK when the socket has neither,
 * %ZMQG_ERROR_STATE when the signal has no handler, %ZMQG_ERROR_CLOSED,
 * %ZMQG_ERROR_TERMINATED or %ZMQG_ERROR_FORKED.
 *
 * Returns: %TRUE if the events will be told
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_report_pipes_stats (ZmqgSocket *self,
                                GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!zmqg_socket_core_check_fork (self->core, error))
    return FALSE;

  zmqg_socket_look_for_handlers (self);
  return zmqg_socket_core_report_pipes (self->core, error);
}
