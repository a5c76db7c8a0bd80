/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-router-notices-private.h"

#include "socket/zmqg-router-socket.h"
#include "socket/zmqg-type-private.h"

/* So many of one pipe wait to be told whatever receive-hwm is. */
#define NOTICES_MIN 16

static void
notice_free (ZmqgRouterNotice *notice)
{
  zmqg_tag_unref (notice->tag);
  g_free (notice);
}

/* Of raw peers everything is told: there is no other sign of them. */
static gboolean
is_wanted (ZmqgRouter *self,
           ZmqgRouterPeer *peer,
           ZmqgRouterNotify what)
{
  const ZmqgEndpointCore *endpoint = peer->pipe->endpoint;

  return (self->notify_peers & what) != 0 || endpoint->options->raw;
}

/* Of a peer whose connection is lost again and again, while nobody reads, some
 * are not told: all of the oldest connection, so that what is told of others
 * stays whole. */
static void
drop_notices (ZmqgSocketCore *core,
              ZmqgRouterPeer *peer)
{
  GList *first = peer->notices.head;
  ZmqgRouterNotice *notice = first->data;

  /* The end of a connection whose beginning was told. */
  if (!notice->is_connect &&
      ((ZmqgRouterNotice *) first->next->data)->is_connect)
    first = first->next;

  notice = first->data;
  if (notice->is_connect && first->next != NULL &&
      ((ZmqgRouterNotice *) first->next->data)->tag == notice->tag)
    {
      notice_free (first->next->data);
      g_queue_delete_link (&peer->notices, first->next);
      core->dropped_notices++;
    }
  notice_free (notice);
  g_queue_delete_link (&peer->notices, first);
  core->dropped_notices++;
}

static void
add_notice (ZmqgSocketCore *core,
            ZmqgRouterPeer *peer,
            gboolean is_connect,
            ZmqgTag *tag)
{
  ZmqgRouter *self = core->state;
  guint mark = core->options->receive_hwm;
  ZmqgRouterNotice *notice;

  if (mark > 0 && peer->notices.length >= MAX (mark, NOTICES_MIN))
    drop_notices (core, peer);

  notice = g_new (ZmqgRouterNotice, 1);
  notice->is_connect = is_connect;
  notice->tag = zmqg_tag_ref (tag);
  if (peer->notices.length == 0)
    g_queue_push_tail_link (&self->noticing, &peer->noticing_link);
  g_queue_push_tail (&peer->notices, notice);
}

void
zmqg_router_pop_notice (ZmqgRouter *self,
                        ZmqgRouterPeer *peer)
{
  notice_free (g_queue_pop_head (&peer->notices));
  if (peer->notices.length == 0)
    g_queue_unlink (&self->noticing, &peer->noticing_link);
}

void
zmqg_router_note_loss (ZmqgSocketCore *core,
                       ZmqgRouterPeer *peer)
{
  if (peer->told == NULL)
    return;

  if (is_wanted (core->state, peer, ZMQG_ROUTER_NOTIFY_DISCONNECT))
    add_notice (core, peer, FALSE, peer->told);
  g_clear_pointer (&peer->told, zmqg_tag_unref);
}

void
zmqg_router_note_connection (ZmqgSocketCore *core,
                             ZmqgRouterPeer *peer)
{
  ZmqgTag *tag = peer->pipe->peer_tag;

  /* Only of network peers. */
  if (peer->in_process || tag == NULL || peer->told == tag)
    return;

  zmqg_router_note_loss (core, peer);
  if (is_wanted (core->state, peer, ZMQG_ROUTER_NOTIFY_CONNECT))
    add_notice (core, peer, TRUE, tag);
  peer->told = zmqg_tag_ref (tag);
}

/* Whether it is the turn of a peer's first notice: no message that belongs
 * before it is still queued. */
static gboolean
notice_is_due (ZmqgSocketCore *core,
               ZmqgRouterPeer *peer)
{
  const ZmqgRouterNotice *notice = g_queue_peek_head (&peer->notices);
  ZmqgTag *tag;

  if (!zmqg_pipe_peek (peer->pipe, &core->frames))
    return core->frames.n == 0;

  tag = zmqg_pipe_peek_tag (peer->pipe);
  return notice->is_connect ? tag == notice->tag : tag != notice->tag;
}

ZmqgRouterPeer *
zmqg_router_find_notice (ZmqgSocketCore *core)
{
  ZmqgRouter *self = core->state;

  for (GList *l = self->noticing.head; l != NULL; l = l->next)
    if (notice_is_due (core, l->data))
      return l->data;

  return NULL;
}
