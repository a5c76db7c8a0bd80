/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- Addresses ---------------------------------------------------------- */

char *
chaos_pick_address (Chaos *self,
                    const ZmqgSocketType *type)
{
  guint begin = chaos_random (CHAOS_N_ADDRESSES);
  char *uri = NULL;

  zmqg_lock (&self->lock);
  for (guint i = 0; i < CHAOS_N_ADDRESSES && uri == NULL; i++)
    {
      ChaosAddress *address =
        &self->addresses[(begin + i) % CHAOS_N_ADDRESSES];

      if (address->uri != NULL &&
          (type == NULL || chaos_may_meet (address->type, *type)))
        uri = g_strdup (address->uri);
    }
  zmqg_unlock (&self->lock);

  return uri;
}

void
chaos_add_address (Chaos *self,
                   const char *uri,
                   ZmqgSocketType type)
{
  ChaosAddress *address = &self->addresses[chaos_random (CHAOS_N_ADDRESSES)];

  zmqg_lock (&self->lock);
  g_free (address->uri);
  address->uri = g_strdup (uri);
  address->type = type;
  zmqg_unlock (&self->lock);
}

/* --- References --------------------------------------------------------- */

static void
object_gone (gpointer user_data,
             GObject *object G_GNUC_UNUSED)
{
  Chaos *self = user_data;

  atomic_fetch_sub (&self->objects, 1);
}

void
chaos_watch_object (Chaos *self,
                    gpointer object)
{
  atomic_fetch_add (&self->objects, 1);
  g_object_weak_ref (object, object_gone, self);
}

/* References of GObjects are counted where ThreadSanitizer does not see it:
 * the lock tells it. */
void
chaos_drop (Chaos *self,
            gpointer object)
{
  if (object == NULL)
    return;

  zmqg_lock (&self->lock);
  zmqg_unlock (&self->lock);
  g_object_unref (object);
}

void
chaos_put (Chaos *self,
           gpointer *place,
           gpointer object)
{
  gpointer old;

  zmqg_lock (&self->lock);
  old = *place;
  *place = object;
  zmqg_unlock (&self->lock);

  chaos_drop (self, old);
}

gpointer
chaos_get (Chaos *self,
           gpointer *place)
{
  gpointer object;

  zmqg_lock (&self->lock);
  object = *place != NULL ? g_object_ref (*place) : NULL;
  zmqg_unlock (&self->lock);

  return object;
}

/* --- Contexts ----------------------------------------------------------- */

ZmqgContext *
chaos_context_replace (Chaos *self,
                       guint slot)
{
  ZmqgEngineMode mode = chaos_random (2);
  ZmqgContext *context;
  ZmqgContext *old;

  if ((self->modes & 1u << mode) == 0)
    mode = 1 - mode;
  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);
  chaos_watch_object (self, context);
  if (mode == ZMQG_ENGINE_MODE_THREADS)
    zmqg_context_set_io_threads (context, 1 + chaos_random (2));

  zmqg_lock (&self->lock);
  old = self->contexts[slot];
  self->contexts[slot] = context;
  zmqg_unlock (&self->lock);

  return old;
}

/* --- Life --------------------------------------------------------------- */

/* -1: all ports may be waiting for the end of a connection. */
static int
new_listener (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (fd);
  address.sin_addr.s_addr = inet_addr (zmqg_test_loopback ());
  if (bind (fd, (struct sockaddr *) &address, sizeof address) == 0 &&
      listen (fd, 5) == 0)
    return fd;

  close (fd);
  return -1;
}

static void
note_bound (Chaos *self,
            ZmqgSocket *socket)
{
  g_autofree char *bound = zmqg_socket_get_last_endpoint (socket);

  if (bound != NULL)
    chaos_add_address (self, bound, zmqg_socket_get_socket_type (socket));
}

/* The descriptor stays ours: nobody else may bind the socket meanwhile. */
static void
bind_borrowed (Chaos *self,
               ZmqgSocket *socket)
{
  int fd = new_listener ();

  if (fd < 0)
    return;

  g_object_set (socket, "use-fd", fd, NULL);
  if (zmqg_socket_bind (socket, "tcp://127.0.0.1:0", NULL))
    note_bound (self, socket);
  g_object_set (socket, "use-fd", -1, NULL);
  close (fd);
}

ZmqgSocket *
chaos_socket_new (Chaos *self,
                  ZmqgSocketType type)
{
  ZmqgContext *context;
  ZmqgSocket *socket;

  context = chaos_get (
    self, (gpointer *) &self->contexts[chaos_random (CHAOS_N_CONTEXTS)]);
  socket = zmqg_context_create_socket (context, type);
  chaos_watch_object (self, socket);
  chaos_socket_set_up (socket);
  if (chaos_one_in (8))
    bind_borrowed (self, socket);
  chaos_drop (self, context);

  return socket;
}

ZmqgSocket *
chaos_socket_pick (Chaos *self)
{
  return chaos_get (
    self, (gpointer *) &self->sockets[chaos_random (CHAOS_N_SLOTS)]);
}

ZmqgSocket *
chaos_socket_pick_type (Chaos *self,
                        ZmqgSocketType type)
{
  guint slot = type + (chaos_one_in (2) ? CHAOS_N_TYPES : 0);

  return chaos_get (self, (gpointer *) &self->sockets[slot]);
}

/* Closes a socket whose reference is taken. Of some it is seen in the end what
 * became of their messages. */
static void
close_socket (Chaos *self,
              ZmqgSocket *socket)
{
  guint i = chaos_random (CHAOS_N_CLOSED);

  zmqg_socket_close (socket);
  if (chaos_one_in (4))
    chaos_put (self, (gpointer *) &self->closed[i], socket);
  else
    chaos_drop (self, socket);
}

void
chaos_socket_replace (Chaos *self,
                      guint slot)
{
  ZmqgSocket *socket = chaos_socket_new (self, slot % CHAOS_N_TYPES);
  ZmqgSocket *old;

  if (chaos_one_in (2))
    chaos_socket_bind (self, socket);
  if (chaos_one_in (2))
    chaos_socket_connect (self, socket);

  zmqg_lock (&self->lock);
  old = self->sockets[slot];
  self->sockets[slot] = socket;
  zmqg_unlock (&self->lock);

  if (old != NULL && chaos_one_in (2))
    close_socket (self, old);
  else
    chaos_drop (self, old);
}

/* --- Endpoints ---------------------------------------------------------- */

static gboolean
bind_descriptor (ZmqgSocket *socket)
{
  int fd = new_listener ();

  if (fd < 0 || zmqg_socket_bind_fd (socket, fd, NULL))
    return fd >= 0;

  close (fd);
  return FALSE;
}

static gboolean
bind_name (Chaos *self,
           ZmqgSocket *socket)
{
  guint number = atomic_fetch_add (&self->n_names, 1);
  g_autofree char *uri = NULL;

  switch (chaos_random (4))
    {
    case 0:
      uri = g_strdup_printf ("tcp://%s:0", zmqg_test_loopback ());
      break;
    case 1:
      uri = g_strdup_printf ("ipc://%s/%u", self->folder, number % 100);
      break;
    case 2:
      uri = g_strdup_printf ("inproc://%u", number % 100);
      break;
    default:
      /* One that others have, or had. */
      uri = chaos_pick_address (self, NULL);
      break;
    }

  return uri != NULL && zmqg_socket_bind (socket, uri, NULL);
}

void
chaos_socket_bind (Chaos *self,
                   ZmqgSocket *socket)
{
  if (chaos_one_in (8) ? bind_descriptor (socket) : bind_name (self, socket))
    note_bound (self, socket);
}

void
chaos_socket_connect (Chaos *self,
                      ZmqgSocket *socket)
{
  ZmqgSocketType type = zmqg_socket_get_socket_type (socket);
  g_autofree char *uri = NULL;

  if (chaos_one_in (8))
    uri = g_strdup_printf ("inproc://%u", chaos_random (100));
  else if (chaos_one_in (16))
    uri = g_strdup ("tcp://localhost:9");
  else
    uri = chaos_pick_address (self, chaos_one_in (8) ? NULL : &type);
  if (uri != NULL)
    zmqg_socket_connect_to (socket, uri, NULL);
}

static GIOStream *
new_stream (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);

  g_assert_no_error (error);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static ZmqgSocket *
pick_partner (Chaos *self,
              ZmqgSocketType type)
{
  ZmqgSocketType other = chaos_random (CHAOS_N_TYPES);

  while (!chaos_may_meet (other, type))
    other = (other + 1) % CHAOS_N_TYPES;
  return chaos_socket_pick_type (self, other);
}

void
chaos_socket_attach (Chaos *self,
                     ZmqgSocket *socket)
{
  ZmqgSocket *other;
  GIOStream *one;
  GIOStream *two;
  int fds[2];

  /* GIO closes them, where ThreadSanitizer does not see it: then it must not
   * have seen that they were made. */
  g_assert_no_errno (syscall (SYS_socketpair, AF_UNIX,
                              SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  one = new_stream (fds[0]);
  two = new_stream (fds[1]);
  other = pick_partner (self, zmqg_socket_get_socket_type (socket));
  zmqg_socket_attach_stream (socket, one, TRUE, NULL);
  zmqg_socket_attach_stream (other, two, FALSE, NULL);

  chaos_drop (self, other);
  chaos_drop (self, one);
  chaos_drop (self, two);
}

void
chaos_socket_leave (Chaos *self,
                    ZmqgSocket *socket)
{
  g_autofree char *uri = zmqg_socket_get_last_endpoint (socket);

  if (uri == NULL || chaos_one_in (4))
    {
      g_free (uri);
      uri = chaos_pick_address (self, NULL);
    }
  if (uri == NULL)
    return;

  if (chaos_one_in (2))
    zmqg_socket_unbind (socket, uri, NULL);
  else
    zmqg_socket_disconnect_from (socket, uri, NULL);
}
