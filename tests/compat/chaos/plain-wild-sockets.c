/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-wild.h"

/* --- Contexts ----------------------------------------------------------- */

WildContext *
wild_context_new (void)
{
  WildContext *self = g_new0 (WildContext, 1);

  self->handle = zmq_ctx_new ();
  g_assert_nonnull (self->handle);
  g_assert_cmpint (zmq_ctx_set (self->handle, ZMQ_IO_THREADS,
                                1 + (int) chaos_random (2)), ==, 0);
  return self;
}

WildContext *
wild_context_enter (Wild *self,
                    WildContext *context)
{
  guint begin = chaos_random (WILD_N_CONTEXTS);
  WildContext *found = NULL;

  pthread_mutex_lock (&self->base.lock);
  for (guint i = 0; i < WILD_N_CONTEXTS && found == NULL; i++)
    {
      WildContext *other = self->contexts[(begin + i) % WILD_N_CONTEXTS];

      if (other != NULL && (context == NULL || other == context))
        found = other;
    }
  if (found != NULL)
    atomic_fetch_add (&found->users, 1);
  pthread_mutex_unlock (&self->base.lock);

  return found;
}

void
wild_context_leave (WildContext *self)
{
  atomic_fetch_sub (&self->users, 1);
}

/* --- Life --------------------------------------------------------------- */

static void
object_gone (gpointer user_data,
             GObject *object G_GNUC_UNUSED)
{
  Wild *self = user_data;

  atomic_fetch_sub (&self->objects, 1);
}

/* Of some it is seen in the end what became of their messages. */
static void
keep_object (Wild *self,
             ZmqgSocket *object)
{
  guint i = chaos_random (WILD_N_KEPT);
  ZmqgSocket *old;

  g_object_ref (object);
  pthread_mutex_lock (&self->base.lock);
  old = self->kept[i];
  self->kept[i] = object;
  pthread_mutex_unlock (&self->base.lock);
  g_clear_object (&old);
}

static void
set (Wild *self,
     void *handle,
     int option,
     int value)
{
  if (zmq_setsockopt (handle, option, &value, sizeof value) < 0)
    PLAIN_EXPECT (&self->base, "setsockopt", ETERM);
}

static void
set_up (Wild *self,
        void *handle,
        guint type)
{
  static const int timeouts[] = { -1, 0, 1, 5, 20 };
  int result = 0;

  set (self, handle, ZMQ_SNDTIMEO, timeouts[chaos_random (5)]);
  set (self, handle, ZMQ_RCVTIMEO, timeouts[chaos_random (5)]);
  set (self, handle, ZMQ_LINGER, 10 * (int) chaos_random (3));
  set (self, handle, ZMQ_RECONNECT_IVL, 1 + (int) chaos_random (5));
  set (self, handle, ZMQ_SNDHWM, 50);
  set (self, handle, ZMQ_RCVHWM, 50);
  if (chaos_one_in (2))
    {
      char identity[8];

      g_snprintf (identity, sizeof identity, "id%u", chaos_random (8));
      result = zmq_setsockopt (handle, ZMQ_ROUTING_ID, identity,
                               strlen (identity));
    }
  if (type == ZMQ_SUB)
    result = zmq_setsockopt (handle, ZMQ_SUBSCRIBE, "Z", 1);
  else if (type == ZMQ_XSUB)
    result = zmq_send (handle, "\1Z", 2, 0);
  else if (type == ZMQ_REQ)
    set (self, handle, ZMQ_REQ_RELAXED, chaos_one_in (2));
  else if (type == ZMQ_ROUTER)
    set (self, handle, ZMQ_ROUTER_MANDATORY, chaos_one_in (2));
  if (result < 0)
    PLAIN_EXPECT (&self->base, "setup", ETERM);
}

void *
wild_open (Wild *self,
           WildContext *context,
           guint type)
{
  void *handle = zmq_socket (context->handle, (int) type);
  ZmqgSocket *object;

  if (handle == NULL)
    {
      PLAIN_EXPECT (&self->base, "socket", ETERM);
      return NULL;
    }

  /* Nobody else has it yet. */
  object = zmqg_socket_from_zmq (handle);
  atomic_fetch_add (&self->opened, 1);
  atomic_fetch_add (&self->objects, 1);
  g_object_weak_ref (G_OBJECT (object), object_gone, self);
  if (chaos_one_in (8))
    keep_object (self, object);
  return handle;
}

void
wild_begin_use (Wild *self,
                guint worker)
{
  atomic_store (&self->begun[worker], atomic_load (&self->n_closed));
}

void
wild_end_use (Wild *self,
              guint worker)
{
  atomic_store (&self->begun[worker],
                atomic_load (&self->n_closed) + G_MAXINT / 2);
}

gboolean
wild_may_close (Wild *self)
{
  guint n_closed = atomic_load (&self->n_closed);

  for (guint i = 0; i < G_N_ELEMENTS (self->begun); i++)
    if ((gint) (n_closed - atomic_load (&self->begun[i])) > WILD_MEMORY)
      return FALSE;

  return TRUE;
}

void
wild_close (Wild *self,
            void *handle)
{
  guint at = atomic_fetch_add (&self->n_closed, 1);
  guint i;

  if (zmq_close (handle) < 0)
    {
      /* Another thread was faster. */
      PLAIN_EXPECT (&self->base, "close", ENOTSOCK);
      return;
    }

  atomic_fetch_add (&self->ended, 1);
  pthread_mutex_lock (&self->base.lock);
  i = self->next_closed++ % WILD_N_CLOSED;
  self->closed[i] = handle;
  self->closed_at[i] = at;
  pthread_mutex_unlock (&self->base.lock);
}

void
wild_replace (Wild *self,
              guint slot)
{
  guint type = slot % CHAOS_N_TYPES;
  WildContext *context;
  WildSocket socket = { NULL };
  void *old;

  if (!wild_may_close (self))
    return;

  context = wild_context_enter (self, NULL);
  socket.handle = wild_open (self, context, type);
  socket.type = type;
  socket.context = context;
  socket.slot = slot;
  if (socket.handle != NULL)
    {
      set_up (self, socket.handle, type);
      if (chaos_one_in (2))
        wild_bind (self, &socket);
      if (chaos_one_in (2))
        wild_connect (self, &socket);
    }

  pthread_mutex_lock (&self->base.lock);
  old = self->sockets[slot].handle;
  self->sockets[slot] = socket;
  pthread_mutex_unlock (&self->base.lock);

  wild_context_leave (context);
  if (old != NULL)
    wild_close (self, old);
}

void
wild_terminated (Wild *self,
                 void *handle)
{
  guint slot = WILD_N_SLOTS;

  pthread_mutex_lock (&self->base.lock);
  for (guint i = 0; i < WILD_N_SLOTS; i++)
    if (self->sockets[i].handle == handle)
      slot = i;
  pthread_mutex_unlock (&self->base.lock);

  if (slot < WILD_N_SLOTS)
    wild_replace (self, slot);
}

/* --- Picking ------------------------------------------------------------ */

static WildSocket
get (Wild *self,
     guint slot)
{
  WildSocket socket;

  pthread_mutex_lock (&self->base.lock);
  socket = self->sockets[slot];
  pthread_mutex_unlock (&self->base.lock);

  if (socket.handle == NULL)
    wild_replace (self, slot);
  return socket;
}

WildSocket
wild_pick (Wild *self)
{
  return get (self, chaos_random (WILD_N_SLOTS));
}

WildSocket
wild_pick_type (Wild *self,
                guint type)
{
  return get (self, type + (chaos_one_in (2) ? CHAOS_N_TYPES : 0));
}

/* --- Endpoints ---------------------------------------------------------- */

/* Whose address is looked for. Within the process anybody meets anybody, as
 * with libzmq, and an XPUB gives what a PAIR sends to many: so there only
 * those are looked for that would meet elsewhere, too. */
typedef enum
{
  OF_ANY,
  OF_PEER,
  OF_SAME,
} Whose;

static gboolean
is_fit (const WildAddress *address,
        guint type,
        Whose whose)
{
  if (address->uri == NULL)
    return FALSE;
  if (whose == OF_PEER)
    return chaos_may_meet (address->type, type);
  return address->type == type ||
         (whose == OF_ANY && !g_str_has_prefix (address->uri, "inproc"));
}

static char *
pick_address (Wild *self,
              guint type,
              Whose whose)
{
  guint begin = chaos_random (WILD_N_ADDRESSES);
  char *uri = NULL;

  pthread_mutex_lock (&self->base.lock);
  for (guint i = 0; i < WILD_N_ADDRESSES && uri == NULL; i++)
    {
      WildAddress *address =
        &self->addresses[(begin + i) % WILD_N_ADDRESSES];

      if (is_fit (address, type, whose))
        uri = g_strdup (address->uri);
    }
  pthread_mutex_unlock (&self->base.lock);

  return uri;
}

static void
add_address (Wild *self,
             const char *uri,
             guint type)
{
  WildAddress *address = &self->addresses[chaos_random (WILD_N_ADDRESSES)];

  pthread_mutex_lock (&self->base.lock);
  g_free (address->uri);
  address->uri = g_strdup (uri);
  address->type = type;
  pthread_mutex_unlock (&self->base.lock);
}

void
wild_forget_addresses (Wild *self)
{
  for (guint i = 0; i < WILD_N_ADDRESSES; i++)
    g_clear_pointer (&self->addresses[i].uri, g_free);
}

void
wild_bind (Wild *self,
           WildSocket *socket)
{
  g_autofree char *known = NULL;
  char uri[256];
  int result;

  if (chaos_one_in (4))
    known = pick_address (self, socket->type,
                          chaos_one_in (2) ? OF_ANY : OF_SAME);
  if (known != NULL)
    {
      /* One that others have, or had. */
      g_strlcpy (uri, known, sizeof uri);
      result = zmq_bind (socket->handle, uri);
    }
  else
    {
      result = plain_bind_new (&self->base, socket->handle, chaos_random (3),
                               uri);
    }

  if (result == 0)
    add_address (self, uri, socket->type);
  else
    WILD_EXPECT (self, "bind", EADDRINUSE);
}

void
wild_connect (Wild *self,
              WildSocket *socket)
{
  g_autofree char *uri = NULL;

  if (chaos_one_in (8))
    uri = g_strdup_printf ("inproc://none-%u", chaos_random (100));
  else if (chaos_one_in (16))
    uri = g_strdup ("tcp://localhost:9");
  else
    uri = pick_address (self, socket->type,
                        chaos_one_in (8) ? OF_ANY : OF_PEER);
  if (uri != NULL && zmq_connect (socket->handle, uri) < 0)
    WILD_EXPECT (self, "connect", 0);
}

void
wild_leave (Wild *self,
            WildSocket *socket)
{
  g_autofree char *known = NULL;
  char uri[256];
  size_t size = sizeof uri;
  int result;

  if (zmq_getsockopt (socket->handle, ZMQ_LAST_ENDPOINT, uri, &size) < 0)
    {
      WILD_EXPECT (self, "last endpoint", 0);
      return;
    }

  if (uri[0] == '\0' || chaos_one_in (4))
    {
      known = pick_address (self, socket->type,
                            chaos_one_in (2) ? OF_ANY : OF_PEER);
      g_strlcpy (uri, known != NULL ? known : "inproc://none", sizeof uri);
    }
  if (chaos_one_in (2))
    result = zmq_unbind (socket->handle, uri);
  else
    result = zmq_disconnect (socket->handle, uri);
  if (result < 0)
    WILD_EXPECT (self, "unbind", ENOENT);
}

/* --- Options ------------------------------------------------------------ */

void
wild_set_option (Wild *self,
                 WildSocket *socket)
{
  static const struct
  {
    int number;
    int values[4];
  } options[] = {
    { ZMQ_SNDHWM, { 0, 1, 5, 100 } },
    { ZMQ_RCVHWM, { 0, 1, 5, 100 } },
    { ZMQ_LINGER, { 0, 5, 20, 50 } },
    { ZMQ_SNDTIMEO, { -1, 0, 1, 10 } },
    { ZMQ_RCVTIMEO, { -1, 0, 1, 10 } },
    { ZMQ_HEARTBEAT_IVL, { 0, 5, 20, 100 } },
    { ZMQ_HEARTBEAT_TIMEOUT, { 0, 5, 10, 100 } },
    { ZMQ_HEARTBEAT_TTL, { 0, 100, 200, 300 } },
    { ZMQ_RECONNECT_IVL, { -1, 1, 5, 20 } },
    { ZMQ_RECONNECT_IVL_MAX, { 0, 0, 5, 20 } },
    { ZMQ_HANDSHAKE_IVL, { 0, 5, 50, 1000 } },
    { ZMQ_CONNECT_TIMEOUT, { 0, 5, 50, 1000 } },
    { ZMQ_SNDBUF, { -1, -1, 4096, 65536 } },
    { ZMQ_RCVBUF, { -1, -1, 4096, 65536 } },
    { ZMQ_TCP_KEEPALIVE, { -1, 0, 1, 1 } },
    { ZMQ_BACKLOG, { 0, 1, 10, 100 } },
    { ZMQ_RATE, { 1, 2, 3, 4 } },
    { ZMQ_IMMEDIATE, { 0, 1, 0, 1 } },
    { ZMQ_CONFLATE, { 0, 0, 0, 1 } },
    { ZMQ_IN_BATCH_SIZE, { 1, 100, 8192, 65536 } },
  };
  guint i = chaos_random (G_N_ELEMENTS (options));
  int value = options[i].values[chaos_random (4)];
  int result;

  if (socket->type == ZMQ_SUB)
    result = zmq_setsockopt (
      socket->handle, chaos_one_in (2) ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE,
      "ZMQG", chaos_random (5));
  else
    result = zmq_setsockopt (socket->handle, options[i].number, &value,
                             sizeof value);
  if (result < 0)
    WILD_EXPECT (self, "setsockopt", 0);
}

void
wild_get_option (Wild *self,
                 WildSocket *socket)
{
  static const int options[] = { ZMQ_EVENTS, ZMQ_RCVMORE, ZMQ_FD, ZMQ_LINGER,
                                 ZMQ_SNDHWM, ZMQ_TYPE, ZMQ_RATE };
  int option = options[chaos_random (G_N_ELEMENTS (options))];
  int value = 0;
  size_t size = sizeof value;

  if (zmq_getsockopt (socket->handle, option, &value, &size) < 0)
    {
      WILD_EXPECT (self, "getsockopt", 0);
      return;
    }

  if (option == ZMQ_TYPE)
    g_assert_cmpint (value, ==, (int) socket->type);
  else if (option == ZMQ_EVENTS)
    g_assert_cmpint (value & ~(ZMQ_POLLIN | ZMQ_POLLOUT), ==, 0);
  else if (option == ZMQ_FD)
    g_assert_cmpint (value, >=, 0);
}

/* --- Closed handles ----------------------------------------------------- */

static int
use_any (void *handle)
{
  zmq_pollitem_t item = { handle, 0, ZMQ_POLLIN, 0 };
  void *poller;
  zmq_msg_t msg;
  int value;
  size_t size = sizeof value;
  int result;
  int code;

  switch (chaos_random (12))
    {
    case 0:
      return zmq_close (handle);
    case 1:
      return zmq_send (handle, "", 0, 0);
    case 2:
      return zmq_recv (handle, NULL, 0, 0);
    case 3:
      return zmq_poll (&item, 1, -1);
    case 4:
      return zmq_bind (handle, "inproc://closed");
    case 5:
      return zmq_disconnect (handle, "inproc://closed");
    case 6:
      return zmq_getsockopt (handle, ZMQ_EVENTS, &value, &size);
    case 7:
      return zmq_setsockopt (handle, ZMQ_SUBSCRIBE, "", 0);
    case 8:
      return zmq_socket_monitor (handle, "inproc://closed", ZMQ_EVENT_ALL);
    case 9:
      return zmq_proxy (handle, handle, NULL);
    case 10:
      poller = zmq_poller_new ();
      result = zmq_poller_add (poller, handle, NULL, ZMQ_POLLIN);
      code = errno;
      zmq_poller_destroy (&poller);
      errno = code;
      return result;
    default:
      zmq_msg_init_size (&msg, 100);
      result = zmq_msg_send (&msg, handle, ZMQ_SNDMORE);
      code = errno;
      zmq_msg_close (&msg);
      errno = code;
      return result;
    }
}

void
wild_use_closed (Wild *self)
{
  guint i = chaos_random (WILD_N_CLOSED);
  void *handle;
  guint at;

  pthread_mutex_lock (&self->base.lock);
  handle = self->closed[i];
  at = self->closed_at[i];
  pthread_mutex_unlock (&self->base.lock);
  if (handle == NULL ||
      atomic_load (&self->n_closed) - at > WILD_MEMORY)
    return;

  atomic_fetch_add (&self->n_closed, 1); /* case 10 */
  errno = 0;
  g_assert_cmpint (use_any (handle), ==, -1);
  g_assert_cmpint (errno, ==, ENOTSOCK);
  g_assert_null (zmqg_socket_from_zmq (handle));
  atomic_fetch_add (&self->stale, 1);
}
