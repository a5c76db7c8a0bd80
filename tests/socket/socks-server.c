/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socks-server.h"

#include "base/zmqg-lock-private.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct _SocksServer
{
  int fd;
  char *address;
  GThread *thread;
  atomic_int mode;
  atomic_uint n_accepted;
  atomic_uint n_connected;

  ZmqgLock lock; /* guards what follows */
  char *request;
  GArray *fds; /* of connections, also of ended ones: closed at the end */
  GPtrArray *threads;
  gboolean stopping;
};

typedef struct
{
  SocksServer *server;
  int fd;
} Client;

static void
keep (SocksServer *self,
      int fd)
{
  zmqg_lock (&self->lock);
  g_array_append_val (self->fds, fd);
  if (self->stopping)
    shutdown (fd, SHUT_RDWR);
  zmqg_unlock (&self->lock);
}

static gboolean
read_all (int fd,
          guint8 *data,
          gsize size)
{
  return recv (fd, data, size, MSG_WAITALL) == (gssize) size;
}

static gboolean
write_all (int fd,
           const guint8 *data,
           gsize size)
{
  return send (fd, data, size, MSG_NOSIGNAL) == (gssize) size;
}

static gboolean
read_text (int fd,
           char text[256])
{
  guint8 size;

  memset (text, 0, 256);
  return read_all (fd, &size, 1) && read_all (fd, (guint8 *) text, size);
}

/* RFC 1929. */
static gboolean
check_password (int fd)
{
  guint8 answer[] = { 1, 0 };
  char user[256];
  char password[256];
  guint8 version;

  if (!read_all (fd, &version, 1) || version != 1 || !read_text (fd, user) ||
      !read_text (fd, password))
    return FALSE;

  answer[1] = !g_str_equal (user, "me") || !g_str_equal (password, "secret");
  return write_all (fd, answer, sizeof answer) && answer[1] == 0;
}

static gboolean
choose_method (int fd,
               SocksServerMode mode)
{
  guint8 method = mode == SOCKS_SERVER_PASSWORD ? 2 : 0;
  guint8 answer[] = { 5, 0xff };
  guint8 header[2];
  guint8 methods[255];

  if (!read_all (fd, header, 2) || header[0] != 5 ||
      !read_all (fd, methods, header[1]))
    return FALSE;

  if (memchr (methods, method, header[1]) != NULL)
    answer[1] = method;
  return write_all (fd, answer, sizeof answer) && answer[1] != 0xff &&
         (method == 0 || check_password (fd));
}

/* Where to the client asks for, if that is an address of the loopback; only the
 * port of anything else. Whether it asks for something good. */
static gboolean
read_request (SocksServer *self,
              int fd,
              struct sockaddr_in *in)
{
  char text[256] = "";
  guint8 header[4];
  guint8 bytes[16];

  if (!read_all (fd, header, 4) || header[0] != 5 || header[1] != 1)
    return FALSE;

  if (header[3] == 3 ? !read_text (fd, text)
                     : !read_all (fd, bytes, header[3] == 1 ? 4 : 16))
    return FALSE;
  if (header[3] == 1 && bytes[0] == 127)
    memcpy (&in->sin_addr, bytes, 4);
  if (header[3] != 3)
    inet_ntop (header[3] == 1 ? AF_INET : AF_INET6, bytes, text, sizeof text);
  if (!read_all (fd, (guint8 *) &in->sin_port, 2))
    return FALSE;

  zmqg_lock (&self->lock);
  g_free (self->request);
  self->request = g_strdup_printf ("%u:%s", header[3], text);
  zmqg_unlock (&self->lock);
  return in->sin_port != 0;
}

/* Passes bytes on until one of them ends. */
static void
relay (int one,
       int other)
{
  struct pollfd fds[] = { { one, POLLIN, 0 }, { other, POLLIN, 0 } };
  gboolean goes_on = TRUE;

  while (goes_on)
    {
      if (poll (fds, 2, -1) < 0)
        break;
      for (guint i = 0; i < 2 && goes_on; i++)
        {
          guint8 data[4096];
          gssize size;

          if (fds[i].revents == 0)
            continue;
          size = recv (fds[i].fd, data, sizeof data, 0);
          goes_on = size > 0 && write_all (fds[1 - i].fd, data, size);
        }
    }
}

static void
serve (SocksServer *self,
       int fd)
{
  static const guint8 garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  guint8 answer[] = { 5, 0, 0, 1, 127, 0, 0, 1, 0, 0 };
  struct sockaddr_in in = { .sin_family = AF_INET };
  SocksServerMode mode = atomic_load (&self->mode);
  guint8 byte;
  int target;

  if (mode == SOCKS_SERVER_GARBAGE)
    write_all (fd, garbage, sizeof garbage);
  if (mode == SOCKS_SERVER_SILENT || mode == SOCKS_SERVER_GARBAGE)
    {
      while (recv (fd, &byte, 1, 0) > 0)
        ;
      return;
    }

  if (!choose_method (fd, mode) || mode == SOCKS_SERVER_CLOSES)
    return;
  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (!read_request (self, fd, &in))
    return;
  if (mode == SOCKS_SERVER_HALF)
    {
      write_all (fd, answer, 5);
      while (recv (fd, &byte, 1, 0) > 0)
        ;
      return;
    }
  if (mode == SOCKS_SERVER_REFUSES)
    {
      answer[1] = 2; /* not allowed by ruleset */
      write_all (fd, answer, sizeof answer);
      return;
    }

  target = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  keep (self, target);
  if (connect (target, (struct sockaddr *) &in, sizeof in) < 0)
    answer[1] = 5; /* connection refused */
  else
    atomic_fetch_add (&self->n_connected, 1);
  if (write_all (fd, answer, sizeof answer) && answer[1] == 0)
    relay (fd, target);
  shutdown (target, SHUT_RDWR);
}

static gpointer
client_thread (gpointer data)
{
  g_autofree Client *client = data;

  serve (client->server, client->fd);
  shutdown (client->fd, SHUT_RDWR);
  return NULL;
}

static gpointer
accept_thread (gpointer data)
{
  SocksServer *self = data;
  int fd;

  while ((fd = accept4 (self->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
    {
      Client *client = g_new0 (Client, 1);

      client->server = self;
      client->fd = fd;
      keep (self, fd);
      atomic_fetch_add (&self->n_accepted, 1);
      g_ptr_array_add (self->threads,
                       g_thread_new ("socks-client", client_thread, client));
    }
  return NULL;
}

SocksServer *
socks_server_new (SocksServerMode mode)
{
  SocksServer *self = g_new0 (SocksServer, 1);
  struct sockaddr_in in = { .sin_family = AF_INET };
  socklen_t size = sizeof in;

  zmqg_lock_init (&self->lock);
  atomic_init (&self->mode, mode);
  self->fds = g_array_new (FALSE, FALSE, sizeof (int));
  self->threads = g_ptr_array_new ();
  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (self->fd, (struct sockaddr *) &in, size));
  g_assert_no_errno (listen (self->fd, 10));
  g_assert_no_errno (getsockname (self->fd, (struct sockaddr *) &in, &size));
  self->address = g_strdup_printf ("127.0.0.1:%u", ntohs (in.sin_port));
  self->thread = g_thread_new ("socks-server", accept_thread, self);
  return self;
}

void
socks_server_free (SocksServer *self)
{
  shutdown (self->fd, SHUT_RDWR);
  g_thread_join (self->thread);
  zmqg_lock (&self->lock);
  self->stopping = TRUE;
  zmqg_unlock (&self->lock);
  socks_server_cut (self);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));

  for (guint i = 0; i < self->fds->len; i++)
    close (g_array_index (self->fds, int, i));
  close (self->fd);
  g_array_unref (self->fds);
  g_ptr_array_unref (self->threads);
  zmqg_lock_clear (&self->lock);
  g_free (self->address);
  g_free (self->request);
  g_free (self);
}

const char *
socks_server_get_address (SocksServer *self)
{
  return self->address;
}

void
socks_server_set_mode (SocksServer *self,
                       SocksServerMode mode)
{
  atomic_store (&self->mode, mode);
}

guint
socks_server_get_n_accepted (SocksServer *self)
{
  return atomic_load (&self->n_accepted);
}

guint
socks_server_get_n_connected (SocksServer *self)
{
  return atomic_load (&self->n_connected);
}

char *
socks_server_dup_request (SocksServer *self)
{
  char *request;

  zmqg_lock (&self->lock);
  request = g_strdup (self->request);
  zmqg_unlock (&self->lock);

  return request;
}

void
socks_server_cut (SocksServer *self)
{
  zmqg_lock (&self->lock);
  for (guint i = 0; i < self->fds->len; i++)
    shutdown (g_array_index (self->fds, int, i), SHUT_RDWR);
  zmqg_unlock (&self->lock);
}
