/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-steady.h"

#include <stdlib.h>
#include <sys/uio.h>

/* Messages that a link's reader may be behind by. */
#define BEHIND_MAX 500

/* --- Making ------------------------------------------------------------- */

static SteadyEnd *
add_end (Steady *self,
         int type)
{
  SteadyEnd *end = &self->ends[self->n_ends++];

  g_assert_cmpuint (self->n_ends, <=, STEADY_ENDS_MAX);
  end->handle = zmq_socket (self->context, type);
  g_assert_nonnull (end->handle);
  pthread_rwlock_init (&end->sending, NULL);
  pthread_mutex_init (&end->receiving, NULL);
  plain_set (end->handle, ZMQ_SNDHWM, 1 + (int) chaos_random (50));
  plain_set (end->handle, ZMQ_RCVHWM, 1 + (int) chaos_random (50));
  plain_set (end->handle, ZMQ_SNDTIMEO, chaos_one_in (2) ? -1 : 5);
  plain_set (end->handle, ZMQ_RCVTIMEO, chaos_one_in (2) ? -1 : 5);
  return end;
}

static SteadyLink *
add_link (Steady *self,
          const char *name,
          SteadyEnd *from,
          SteadyEnd *to,
          gboolean multi)
{
  SteadyLink *link = &self->links[self->n_links++];

  g_assert_cmpuint (self->n_links, <=, STEADY_LINKS_MAX);
  link->name = name;
  link->from = from;
  link->to = to;
  link->multi = multi;
  return link;
}

static void
join (Steady *self,
      SteadyEnd *one,
      SteadyEnd *other,
      guint transport)
{
  char uri[256];

  if (chaos_one_in (2))
    {
      SteadyEnd *end = one;

      one = other;
      other = end;
    }
  g_assert_cmpint (plain_bind_new (&self->base, one->handle, transport, uri),
                   ==, 0);
  g_assert_cmpint (zmq_connect (other->handle, uri), ==, 0);
}

/* Any reader; where the socket sends, too, or is shared, only those that do not
 * depend on its descriptor. */
static SteadyReader
random_reader (gboolean multi)
{
  SteadyReader reader = chaos_random (STEADY_N_READERS + 1);

  if (reader == STEADY_N_READERS ||
      (multi && reader == STEADY_BY_BLOCKING))
    return STEADY_BY_WORKERS;
  return reader;
}

static void
make_pipeline (Steady *self,
               guint transport,
               gboolean multi)
{
  SteadyEnd *push = add_end (self, ZMQ_PUSH);
  SteadyEnd *pull = add_end (self, ZMQ_PULL);
  SteadyLink *link = add_link (self, "PUSH", push, pull, multi);

  join (self, push, pull, transport);
  link->reader = random_reader (multi);
}

static void
make_pair (Steady *self,
           guint transport)
{
  SteadyEnd *one = add_end (self, ZMQ_PAIR);
  SteadyEnd *other = add_end (self, ZMQ_PAIR);

  join (self, one, other, transport);
  add_link (self, "PAIR", one, other, TRUE);
  add_link (self, "PAIR", other, one, TRUE);
}

static void
make_router (Steady *self,
             guint transport)
{
  SteadyEnd *router = add_end (self, ZMQ_ROUTER);
  SteadyEnd *dealer = add_end (self, ZMQ_DEALER);
  SteadyLink *back;

  plain_set (router->handle, ZMQ_ROUTER_MANDATORY, 1);
  zmq_setsockopt (dealer->handle, ZMQ_ROUTING_ID, "dealer", 6);
  join (self, router, dealer, transport);
  /* The ROUTER knows it before it sends. */
  plain_set (dealer->handle, ZMQ_SNDTIMEO, -1);
  plain_set (router->handle, ZMQ_RCVTIMEO, -1);
  g_assert_cmpint (zmq_send (dealer->handle, "", 0, 0), ==, 0);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (zmq_recv (router->handle, NULL, 0, 0), >=, 0);
  add_link (self, "DEALER", dealer, router, TRUE);
  back = add_link (self, "ROUTER", router, dealer, TRUE);
  back->identity = "dealer";
}

/* Nothing is dropped at a mark that is not there. */
static void
make_publisher (Steady *self,
                guint transport,
                gboolean raw)
{
  SteadyEnd *pub = add_end (self, raw ? ZMQ_XPUB : ZMQ_PUB);
  SteadyEnd *sub = add_end (self, raw ? ZMQ_XSUB : ZMQ_SUB);
  SteadyLink *link = add_link (self, "PUB", pub, sub, TRUE);
  ZmqgSocket *object = zmqg_socket_from_zmq (pub->handle);
  g_autoptr (GError) error = NULL;

  plain_set (pub->handle, ZMQ_SNDHWM, 0);
  plain_set (sub->handle, ZMQ_RCVHWM, 0);
  if (raw)
    g_assert_cmpint (zmq_send (sub->handle, "\1", 1, 0), ==, 1);
  else
    g_assert_cmpint (zmq_setsockopt (sub->handle, ZMQ_SUBSCRIBE, "", 0), ==,
                     0);
  join (self, pub, sub, transport);
  if (raw)
    zmqg_xpub_socket_wait_for_subscribers (ZMQG_XPUB_SOCKET (object), "", 1,
                                           NULL, &error);
  else
    zmqg_pub_socket_wait_for_subscribers (ZMQG_PUB_SOCKET (object), "", 1,
                                          NULL, &error);
  g_assert_no_error (error);
  link->reader = random_reader (TRUE);
}

static void
make_question (Steady *self,
               guint transport)
{
  SteadyEnd *req = add_end (self, ZMQ_REQ);
  SteadyEnd *rep = add_end (self, ZMQ_REP);
  SteadyLink *link = add_link (self, "REQ", req, rep, FALSE);

  join (self, req, rep, transport);
  link->asks = TRUE;
}

static void
open_pair (Steady *self,
           void **ends)
{
  char uri[256];

  for (guint i = 0; i < 2; i++)
    ends[i] = zmq_socket (self->context, ZMQ_PAIR);
  g_assert_cmpint (plain_bind_new (&self->base, ends[0], 2, uri), ==, 0);
  g_assert_cmpint (zmq_connect (ends[1], uri), ==, 0);
}

static void
make_proxied (Steady *self,
              guint transport)
{
  SteadyProxy *proxy = &self->proxies[self->n_proxies++];
  SteadyEnd *push = add_end (self, ZMQ_PUSH);
  SteadyEnd *front = add_end (self, ZMQ_PULL);
  SteadyEnd *back = add_end (self, ZMQ_PUSH);
  SteadyEnd *pull = add_end (self, ZMQ_PULL);

  /* Often there is no room behind it. */
  plain_set (back->handle, ZMQ_SNDHWM, 1);
  plain_set (pull->handle, ZMQ_RCVHWM, 1);
  join (self, push, front, transport);
  join (self, back, pull, chaos_random (3));
  proxy->steady = self;
  proxy->front = front->handle;
  proxy->back = back->handle;
  open_pair (self, proxy->capture);
  open_pair (self, proxy->control);
  pthread_mutex_init (&proxy->steering, NULL);
  proxy->link = add_link (self, "proxied", push, pull, TRUE);
}

void
steady_make_links (Steady *self)
{
  self->context = zmq_ctx_new ();
  zmq_ctx_set (self->context, ZMQ_IO_THREADS, 1 + (int) chaos_random (2));

  for (guint transport = 0; transport < 3; transport++)
    {
      make_pipeline (self, transport, FALSE);
      make_pipeline (self, transport, TRUE);
      make_pair (self, transport);
      make_router (self, transport);
      make_publisher (self, transport, chaos_one_in (2));
      make_question (self, transport);
    }
  for (guint i = 0; i < STEADY_N_PROXIES; i++)
    make_proxied (self, chaos_random (3));
  for (guint i = 0; i < STEADY_N_READERS; i++)
    open_pair (self, self->stops[i]);
}

static void
close_handle (void *handle)
{
  g_assert_cmpint (zmq_close (handle), ==, 0);
}

void
steady_close_links (Steady *self)
{
  for (guint i = 0; i < self->n_ends; i++)
    {
      close_handle (self->ends[i].handle);
      pthread_rwlock_destroy (&self->ends[i].sending);
      pthread_mutex_destroy (&self->ends[i].receiving);
    }
  for (guint i = 0; i < STEADY_N_READERS; i++)
    for (guint j = 0; j < 2; j++)
      close_handle (self->stops[i][j]);
  for (guint i = 0; i < STEADY_N_PROXIES; i++)
    {
      for (guint j = 0; j < 2; j++)
        {
          close_handle (self->proxies[i].capture[j]);
          close_handle (self->proxies[i].control[j]);
        }
      pthread_mutex_destroy (&self->proxies[i].steering);
    }
  g_assert_cmpint (zmq_ctx_term (self->context), ==, 0);
}

/* --- Sending ------------------------------------------------------------ */

static void
expect_sent (Steady *self,
             int flags)
{
  PLAIN_EXPECT (&self->base, "send", EAGAIN,
                (flags & ZMQ_DONTWAIT) == 0 ? EINTR : EAGAIN);
}

/* What was begun is finished. */
static void
send_frame (Steady *self,
            SteadyLink *link,
            const ChaosHeader *what,
            int flags)
{
  while (plain_send_frame (&self->base, link->from->handle, what,
                           chaos_frame_size (), flags) < 0)
    expect_sent (self, flags);
}

/* All frames in one call. */
static gboolean
send_vector (Steady *self,
             SteadyLink *link,
             ChaosHeader *what,
             int flags)
{
  struct iovec iov[4];
  guint id = what->id;
  int result;

  for (guint i = 0; i < what->parts; i++)
    {
      iov[i].iov_len = chaos_frame_size ();
      iov[i].iov_base = g_malloc (iov[i].iov_len);
      what->id = id + i;
      what->part = (guint8) i;
      chaos_frames_fill (&self->base.frames, iov[i].iov_base, iov[i].iov_len,
                         what);
    }
  result = zmq_sendiov (link->from->handle, iov, what->parts,
                        flags | ZMQ_SNDMORE);
  if (result < 0)
    expect_sent (self, flags);
  for (guint i = 0; i < what->parts; i++)
    g_free (iov[i].iov_base);
  return result >= 0;
}

static gboolean
send_parts (Steady *self,
            SteadyLink *link,
            guint parts,
            int flags)
{
  ChaosHeader what = { .single = TRUE, .parts = (guint8) parts };
  guint id = chaos_frames_take (&self->base.frames, parts);
  int more = parts > 1 ? ZMQ_SNDMORE : 0;

  what.id = id;
  /* A call that waits may be interrupted behind any of the frames. */
  if (parts > 1 && link->identity == NULL && (flags & ZMQ_DONTWAIT) != 0 &&
      chaos_one_in (2))
    return send_vector (self, link, &what, flags);

  if (link->identity != NULL)
    {
      if (zmq_send (link->from->handle, link->identity,
                    strlen (link->identity), flags | ZMQ_SNDMORE) < 0)
        {
          expect_sent (self, flags);
          return FALSE;
        }
      send_frame (self, link, &what, flags | more);
    }
  else if (plain_send_frame (&self->base, link->from->handle, &what,
                             chaos_frame_size (), flags | more) < 0)
    {
      expect_sent (self, flags);
      return FALSE;
    }

  for (guint i = 1; i < parts; i++)
    {
      what.id = id + i;
      what.part = (guint8) i;
      send_frame (self, link, &what,
                  flags | (i + 1 < parts ? ZMQ_SNDMORE : 0));
    }
  return TRUE;
}

/* What has no mark. */
static gboolean
is_far_behind (SteadyLink *link)
{
  return atomic_load (&link->sent) >
         atomic_load (&link->received) + BEHIND_MAX;
}

void
steady_send (Steady *self,
             SteadyLink *link)
{
  int flags = chaos_one_in (2) ? ZMQ_DONTWAIT : 0;
  guint parts = link->multi ? 1 + chaos_random (4) : 1;
  gboolean alone = parts > 1 || link->identity != NULL;
  pthread_rwlock_t *lock = &link->from->sending;

  if (is_far_behind (link) ||
      (alone ? pthread_rwlock_trywrlock (lock)
              : pthread_rwlock_tryrdlock (lock)) != 0)
    return;

  if (send_parts (self, link, parts, flags))
    {
      atomic_fetch_add (&link->sent, 1);
      atomic_fetch_add (&self->base.sent, 1);
    }
  pthread_rwlock_unlock (lock);
}

/* --- Receiving ---------------------------------------------------------- */

static gboolean
receive_first (Steady *self,
               SteadyLink *link,
               int flags,
               PlainFrame *frame)
{
  if (plain_receive_frame (&self->base, link->to->handle, flags, frame) == 0)
    return TRUE;

  PLAIN_EXPECT (&self->base, "receive", EAGAIN,
                (flags & ZMQ_DONTWAIT) == 0 ? EINTR : EAGAIN);
  return FALSE;
}

/* The frames behind the first are there. */
static void
receive_next (Steady *self,
              SteadyLink *link,
              int flags,
              PlainFrame *frame)
{
  if (plain_receive_frame (&self->base, link->to->handle, flags, frame) < 0)
    g_error ("the rest of a message of %s: %s", link->name,
             zmq_strerror (errno));
}

static gboolean
receive_whole (Steady *self,
               SteadyLink *link,
               int flags)
{
  PlainFrame frame;
  guint32 id;

  if (!receive_first (self, link, flags, &frame))
    return FALSE;

  /* The identity that a ROUTER puts in front. */
  if (!frame.ours && frame.more)
    receive_next (self, link, flags, &frame);
  /* What ends a reader. */
  if (!frame.ours)
    return FALSE;

  id = frame.header.id;
  g_assert_cmpuint (frame.header.part, ==, 0);
  g_assert_cmpuint (frame.header.single, ==, 1);
  for (guint i = 1; i < frame.header.parts; i++)
    {
      g_assert_true (frame.more);
      receive_next (self, link, flags, &frame);
      g_assert_true (frame.ours);
      g_assert_cmpuint (frame.header.part, ==, i);
      g_assert_cmpuint (frame.header.id, ==, id + i);
    }
  if (link->multi)
    g_assert_false (frame.more);
  atomic_fetch_add (&link->received, 1);
  return TRUE;
}

gboolean
steady_receive (Steady *self,
                SteadyLink *link,
                int flags)
{
  gboolean received;

  /* Of whole messages any thread may receive one at any time. */
  if (!link->multi)
    return receive_whole (self, link, flags);

  if (pthread_mutex_trylock (&link->to->receiving) != 0)
    return FALSE;
  received = receive_whole (self, link, flags);
  pthread_mutex_unlock (&link->to->receiving);
  return received;
}

/* --- Questions ---------------------------------------------------------- */

void
steady_serve (Steady *self,
              SteadyLink *link)
{
  void *rep = link->to->handle;
  PlainFrame frame;

  if (pthread_mutex_trylock (&link->to->receiving) != 0)
    return;

  if (plain_receive_frame (&self->base, rep,
                           chaos_one_in (2) ? ZMQ_DONTWAIT : 0, &frame) == 0)
    {
      ChaosHeader what = { .single = TRUE, .type = ZMQ_REP, .parts = 1 };

      g_assert_true (frame.ours);
      g_assert_false (frame.more);
      what.id = frame.header.id + 1;
      while (plain_send_frame (&self->base, rep, &what, chaos_frame_size (),
                               0) < 0)
        PLAIN_EXPECT (&self->base, "reply", EAGAIN, EINTR);
    }
  else
    {
      PLAIN_EXPECT (&self->base, "serve", EAGAIN, EINTR);
    }
  pthread_mutex_unlock (&link->to->receiving);
}

void
steady_ask (Steady *self,
            SteadyLink *link)
{
  void *req = link->from->handle;
  ChaosHeader what = { .single = TRUE, .type = ZMQ_REQ, .parts = 1 };
  PlainFrame frame;

  if (pthread_mutex_trylock (&link->from->receiving) != 0)
    return;

  what.id = chaos_frames_take (&self->base.frames, 2);
  if (plain_send_frame (&self->base, req, &what, chaos_frame_size (),
                        chaos_one_in (2) ? ZMQ_DONTWAIT : 0) < 0)
    {
      PLAIN_EXPECT (&self->base, "ask", EAGAIN, EINTR);
      pthread_mutex_unlock (&link->from->receiving);
      return;
    }

  atomic_fetch_add (&link->sent, 1);
  while (plain_receive_frame (&self->base, req, ZMQ_DONTWAIT, &frame) < 0)
    {
      zmq_pollitem_t items[] = {
        { req, 0, ZMQ_POLLIN, 0 },
        { link->to->handle, 0, ZMQ_POLLIN, 0 },
      };

      PLAIN_EXPECT (&self->base, "answer", EAGAIN);
      if (zmq_poll (items, 2, 10) < 0)
        PLAIN_EXPECT (&self->base, "poll", EINTR);
      steady_serve (self, link);
    }
  g_assert_true (frame.ours);
  g_assert_cmpuint (frame.header.id, ==, what.id + 1);
  atomic_fetch_add (&link->received, 1);
  pthread_mutex_unlock (&link->from->receiving);
}
