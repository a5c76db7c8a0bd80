/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-chaos.h"

/* Sockets that threads use through both faces at once, of contexts of either
 * engine mode: one thread runs a main loop with handlers of ::message that come
 * and go, while others send, receive and poll by handles. What was sent
 * arrives once, by one of the faces; then all is closed under those who use
 * it. */

#define N_CONTEXTS 2
#define N_WAYS_MAX 32

/* Messages that a receiver may be behind by, where there is no mark. */
#define BEHIND_MAX 300

/* The main loop's turns between two changes of handlers. */
#define HANDLER_AGE 20

/* From one socket to another. */
typedef struct
{
  struct _Faces *faces;
  void *from;
  void *to;
  ZmqgSocket *sender;   /* the same, counted */
  ZmqgSocket *receiver; /* the same, counted */
  gulong handler;       /* of the loop's thread; 0 = none */
  atomic_uint sent;
  atomic_uint received;
} Way;

typedef struct _Faces
{
  PlainChaos base;
  GMainContext *loop;
  ZmqgContext *objects[N_CONTEXTS]; /* counted */
  void *contexts[N_CONTEXTS];       /* the same */
  Way ways[N_WAYS_MAX];
  guint n_ways;
  guint pending;       /* asynchronous calls of the loop's thread */
  atomic_bool ready;
  atomic_bool closing; /* handles, so calls may fail */
  atomic_bool ended;   /* the loop is to end */
  atomic_uint told;    /* messages by signals */
} Faces;

typedef struct
{
  Faces *faces;
  guint index;
} Worker;

/* What calls with handles that may be closed come to. */
#define EXPECT(self, call, ...)                                               \
  G_STMT_START                                                                \
  {                                                                           \
    if (atomic_load (&(self)->closing))                                       \
      PLAIN_EXPECT (&(self)->base, call, ENOTSOCK, ETERM, __VA_ARGS__);       \
    else                                                                      \
      PLAIN_EXPECT (&(self)->base, call, __VA_ARGS__);                        \
  }                                                                           \
  G_STMT_END

/* --- Making ------------------------------------------------------------- */

/* Each is made by one of the faces. */
static void
make_socket (Faces *self,
             guint i,
             guint type,
             void **handle,
             ZmqgSocket **object)
{
  if (chaos_one_in (2))
    {
      *handle = zmq_socket (self->contexts[i], (int) type);
      *object = g_object_ref (zmqg_socket_from_zmq (*handle));
    }
  else
    {
      *object = zmqg_context_create_socket (self->objects[i],
                                            (ZmqgSocketType) type);
      *handle = zmqg_socket_to_zmq (*object);
    }
  g_assert_nonnull (*handle);
  g_assert_true (zmqg_socket_to_zmq (*object) == *handle);

  plain_set (*handle, ZMQ_SNDHWM, 1 + (int) chaos_random (50));
  plain_set (*handle, ZMQ_RCVHWM, 1 + (int) chaos_random (50));
  /* Of what is sent to those that are closed at the end nothing may come. */
  plain_set (*handle, ZMQ_LINGER, 20);
  g_object_set (*object, "send-timeout", 5, "receive-timeout", 5, NULL);
}

static Way *
add_way (Faces *self)
{
  Way *way = &self->ways[self->n_ways++];

  g_assert_cmpuint (self->n_ways, <=, N_WAYS_MAX);
  way->faces = self;
  return way;
}

static void
make_ways (Faces *self,
           guint context,
           guint transport,
           guint sender,
           guint receiver)
{
  Way *way = add_way (self);
  char uri[256];

  make_socket (self, context, sender, &way->from, &way->sender);
  make_socket (self, context, receiver, &way->to, &way->receiver);
  if (sender == ZMQ_PUB)
    {
      plain_set (way->from, ZMQ_SNDHWM, 0);
      plain_set (way->to, ZMQ_RCVHWM, 0);
      g_assert_cmpint (zmq_setsockopt (way->to, ZMQ_SUBSCRIBE, "Z", 1), ==,
                       0);
    }
  g_assert_cmpint (plain_bind_new (&self->base, way->from, transport, uri),
                   ==, 0);
  g_assert_cmpint (zmq_connect (way->to, uri), ==, 0);
  if (sender == ZMQ_PUB)
    ZMQG_TEST_AWAIT (zmqg_pub_socket_get_topics_count (
                       ZMQG_PUB_SOCKET (way->sender)) == 1,
                     CHAOS_DEADLINE_MS);

  /* The other way round, too. */
  if (sender == receiver)
    {
      Way *back = add_way (self);

      back->from = way->to;
      back->to = way->from;
      back->sender = g_object_ref (way->receiver);
      back->receiver = g_object_ref (way->sender);
    }
}

static void
make_all (Faces *self)
{
  self->contexts[0] = zmq_ctx_new ();
  self->objects[0] = g_object_ref (zmqg_context_from_zmq (self->contexts[0]));
  self->objects[1] = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode",
                                   ZMQG_ENGINE_MODE_MAIN_CONTEXT, NULL);
  self->contexts[1] = zmqg_context_to_zmq (self->objects[1]);
  for (guint i = 0; i < N_CONTEXTS; i++)
    for (guint transport = 0; transport < 3; transport++)
      {
        make_ways (self, i, transport, ZMQ_PUSH, ZMQ_PULL);
        make_ways (self, i, transport, ZMQ_PUB, ZMQ_SUB);
        make_ways (self, i, transport, chaos_one_in (2) ? ZMQ_PAIR : ZMQ_DEALER,
                   ZMQ_PAIR);
      }
}

/* --- Messages ----------------------------------------------------------- */

static gboolean
is_far_behind (Way *way)
{
  return atomic_load (&way->sent) >
         atomic_load (&way->received) + BEHIND_MAX;
}

static void
note_sent (Way *way)
{
  atomic_fetch_add (&way->sent, 1);
  atomic_fetch_add (&way->faces->base.sent, 1);
}

static ZmqgMessage *
make_message (Faces *self)
{
  gsize size = chaos_frame_size ();
  guint8 *data = g_malloc (size);
  ZmqgMessage *message = zmqg_message_new ();
  g_autoptr (GBytes) bytes = NULL;

  chaos_frames_fill (&self->base.frames, data, size,
                     &(ChaosHeader) {
                       .id = chaos_frames_take (&self->base.frames, 1),
                       .single = TRUE,
                       .parts = 1,
                     });
  bytes = g_bytes_new_take (data, size);
  zmqg_message_append_bytes (message, bytes);
  return message;
}

static void
check_message (Way *way,
               ZmqgMessage *message)
{
  ChaosHeader header;
  const guint8 *data;
  gsize size;

  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 1);
  data = zmqg_message_get_data (message, 0, &size);
  g_assert_true (chaos_frames_check (&way->faces->base.frames, data, size,
                                     size, &header));
  atomic_fetch_add (&way->faces->base.received, 1);
  atomic_fetch_add (&way->received, 1);
}

/* --- The main loop ------------------------------------------------------ */

static void
on_message (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgMessage *message,
            gpointer user_data)
{
  Way *way = user_data;

  g_assert_true (g_main_context_is_owner (way->faces->loop));
  check_message (way, message);
  atomic_fetch_add (&way->faces->told, 1);
}

static void
on_received (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  Way *way = user_data;
  g_autoptr (ZmqgMessage) message = NULL;

  message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, NULL);
  if (message != NULL)
    check_message (way, message);
  way->faces->pending--;
}

static void
on_sent (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Way *way = user_data;

  if (zmqg_socket_send_finish (ZMQG_SOCKET (source), result, NULL))
    note_sent (way);
  way->faces->pending--;
}

static void
toggle_handler (Way *way)
{
  if (way->handler != 0)
    g_clear_signal_handler (&way->handler, way->receiver);
  else
    way->handler = g_signal_connect (way->receiver, "message",
                                     G_CALLBACK (on_message), way);
}

static void
act_in_loop (Faces *self)
{
  Way *way = &self->ways[chaos_random (self->n_ways)];

  if (atomic_load (&self->base.over) || self->pending > 20)
    return;

  if (chaos_one_in (HANDLER_AGE))
    {
      toggle_handler (way);
    }
  else if (chaos_one_in (8))
    {
      self->pending++;
      zmqg_socket_receive_async (way->receiver, NULL, on_received, way);
    }
  else if (!is_far_behind (way) && chaos_one_in (4))
    {
      g_autoptr (ZmqgMessage) message = make_message (self);

      self->pending++;
      zmqg_socket_send_async (way->sender, message, NULL, on_sent, way);
    }
}

static gpointer
loop_thread (gpointer data)
{
  Faces *self = data;

  chaos_random_begin (self->base.seed + 400);
  g_main_context_push_thread_default (self->loop);
  make_all (self);
  plain_hear_signals (&self->base);
  atomic_store (&self->ready, TRUE);
  while (!atomic_load (&self->ended) || self->pending > 0)
    {
      act_in_loop (self);
      zmqg_test_turn (self->loop);
    }
  for (guint i = 0; i < self->n_ways; i++)
    g_clear_signal_handler (&self->ways[i].handler, self->ways[i].receiver);
  g_main_context_pop_thread_default (self->loop);
  chaos_random_end ();
  plain_thread_ends (&self->base);
  return NULL;
}

/* --- Workers ------------------------------------------------------------ */

static void
send_one (Faces *self,
          Way *way)
{
  int flags = chaos_one_in (2) ? ZMQ_DONTWAIT : 0;
  ChaosHeader what = { .single = TRUE, .parts = 1 };

  if (is_far_behind (way))
    return;

  if (chaos_one_in (3))
    {
      g_autoptr (ZmqgMessage) message = make_message (self);

      if (flags != 0 ? zmqg_socket_try_send (way->sender, message, NULL)
                     : zmqg_socket_send (way->sender, message, NULL, NULL))
        note_sent (way);
      return;
    }

  what.id = chaos_frames_take (&self->base.frames, 1);
  if (plain_send_frame (&self->base, way->from, &what, chaos_frame_size (),
                        flags) >= 0)
    note_sent (way);
  else
    EXPECT (self, "send", EAGAIN, flags == 0 ? EINTR : EAGAIN);
}

static void
receive_one (Faces *self,
             Way *way)
{
  int flags = chaos_one_in (2) ? ZMQ_DONTWAIT : 0;
  PlainFrame frame;

  if (chaos_one_in (3))
    {
      g_autoptr (ZmqgMessage) message = NULL;

      message = flags != 0 ? zmqg_socket_try_receive (way->receiver, NULL)
                           : zmqg_socket_receive (way->receiver, NULL, NULL);
      if (message != NULL)
        check_message (way, message);
      return;
    }

  if (plain_receive_frame (&self->base, way->to, flags, &frame) < 0)
    {
      EXPECT (self, "receive", EAGAIN, flags == 0 ? EINTR : EAGAIN);
      return;
    }
  g_assert_true (frame.ours);
  atomic_fetch_add (&way->received, 1);
}

static void
poll_some (Faces *self)
{
  zmq_pollitem_t items[4];

  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    items[i] = (zmq_pollitem_t) {
      self->ways[chaos_random (self->n_ways)].to, 0, ZMQ_POLLIN, 0
    };
  if (zmq_poll (items, G_N_ELEMENTS (items), chaos_one_in (2) ? -1 : 1) < 0)
    EXPECT (self, "poll", EINTR);
}

static gpointer
worker_thread (gpointer data)
{
  Worker *self = data;
  Faces *faces = self->faces;

  chaos_random_begin (faces->base.seed + self->index);
  plain_hear_signals (&faces->base);
  while (!atomic_load (&faces->base.over))
    {
      Way *way = &faces->ways[chaos_random (faces->n_ways)];
      guint n = 1 + chaos_random (8);

      if (chaos_one_in (16))
        poll_some (faces);
      for (guint i = 0; i < n; i++)
        chaos_one_in (2) ? send_one (faces, way) : receive_one (faces, way);
      atomic_fetch_add (&faces->base.acts, 1);
    }
  chaos_random_end ();
  plain_thread_ends (&faces->base);
  return NULL;
}

/* While they are in use, by both faces. */
static void
close_all (Faces *self)
{
  atomic_store (&self->closing, TRUE);
  for (guint i = 0; i < self->n_ways; i++)
    {
      Way *way = &self->ways[i];

      /* An end of two ways is closed once. */
      if (i > 0 && way->to == self->ways[i - 1].from)
        continue;
      if (chaos_one_in (4))
        zmqg_socket_close (way->receiver);
      g_assert_cmpint (zmq_close (way->from), ==, 0);
      g_assert_cmpint (zmq_close (way->to), ==, 0);
      g_assert_true (zmqg_socket_is_closed (way->receiver));
      for (guint j = 0; j < 4; j++)
        zmqg_test_turn (NULL);
    }
}

/* --- The whole ---------------------------------------------------------- */

/* What workers do not receive any more the handlers get. */
static gboolean
is_all_there (Faces *self)
{
  gboolean all = TRUE;

  for (guint i = 0; i < self->n_ways; i++)
    {
      Way *way = &self->ways[i];
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_try_receive (way->receiver, NULL);
      if (message != NULL)
        check_message (way, message);
      all = all && atomic_load (&way->received) == atomic_load (&way->sent);
    }

  return all;
}

static void
run_threads (Faces *self,
             gint64 msec)
{
  Worker workers[PLAIN_N_WORKERS];
  GThread *threads[PLAIN_N_WORKERS];
  gint64 until = g_get_monotonic_time () + msec * 1000;

  atomic_store (&self->base.over, FALSE);
  atomic_store (&self->base.working, 1 + PLAIN_N_WORKERS);
  for (guint i = 0; i < PLAIN_N_WORKERS; i++)
    {
      workers[i] = (Worker) { self, i };
      threads[i] = g_thread_new ("worker", worker_thread, &workers[i]);
    }
  if (msec > 0)
    ZMQG_TEST_AWAIT (g_get_monotonic_time () >= until, CHAOS_DEADLINE_MS);
  else
    close_all (self);
  atomic_store (&self->base.over, TRUE);
  ZMQG_TEST_AWAIT (atomic_load (&self->base.working) == 1, CHAOS_DEADLINE_MS);
  pthread_mutex_lock (&self->base.lock);
  self->base.n_signalled = 1;
  pthread_mutex_unlock (&self->base.lock);
  for (guint i = 0; i < PLAIN_N_WORKERS; i++)
    g_thread_join (threads[i]);
}

/* The main loop runs meanwhile: one of them depends on it. */
static void
end_context (Faces *self,
             void *context)
{
  while (zmq_ctx_term (context) < 0)
    PLAIN_EXPECT (&self->base, "term", EINTR);
}

void
plain_faces (guint32 seed,
             gint64 msec)
{
  Faces *self = g_new0 (Faces, 1);
  GThread *loop;
  GThread *signals;

  chaos_random_begin (seed + 1000);
  plain_chaos_init (&self->base, seed);
  self->loop = g_main_context_new ();
  loop = g_thread_new ("loop", loop_thread, self);
  ZMQG_TEST_AWAIT (atomic_load (&self->ready), CHAOS_DEADLINE_MS);
  signals = g_thread_new ("signals", plain_send_signals, &self->base);

  run_threads (self, msec);
  ZMQG_TEST_AWAIT (is_all_there (self), CHAOS_DEADLINE_MS);
  run_threads (self, 0);

  for (guint i = 0; i < N_CONTEXTS; i++)
    end_context (self, self->contexts[i]);
  atomic_store (&self->ended, TRUE);
  ZMQG_TEST_AWAIT (atomic_load (&self->base.working) == 0, CHAOS_DEADLINE_MS);
  atomic_store (&self->base.silent, TRUE);
  g_thread_join (signals);
  g_thread_join (loop);
  for (guint i = 0; i < self->n_ways; i++)
    {
      g_clear_object (&self->ways[i].sender);
      g_clear_object (&self->ways[i].receiver);
    }
  for (guint i = 0; i < N_CONTEXTS; i++)
    g_clear_object (&self->objects[i]);
  g_main_context_unref (self->loop);

  g_test_message ("seed %u: acts %u, sent %u, received %u, told %u, "
                  "interrupted %u",
                  seed, atomic_load (&self->base.acts),
                  atomic_load (&self->base.sent),
                  atomic_load (&self->base.received),
                  atomic_load (&self->told),
                  atomic_load (&self->base.interrupted));
  if (msec >= 1000)
    {
      g_assert_cmpuint (atomic_load (&self->told), >, 0);
      g_assert_cmpuint (atomic_load (&self->base.interrupted), >, 0);
    }
  plain_chaos_clear (&self->base);
  chaos_random_end ();
  g_free (self);
}
