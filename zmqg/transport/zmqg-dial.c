/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-dial-private.h"

#include "base/zmqg-error.h"

#include <errno.h>
#include <unistd.h>

#include <glib-unix.h>

/* How long an address is tried alone (RFC 8305, connection attempt delay). */
#define HEAD_START_MSEC 250

/* How many addresses of a name are tried: the name's owner sets their number,
 * and each may take a descriptor. */
#define MAX_TARGETS 16

struct _ZmqgDial
{
  const ZmqgDialKind *kind;
  char *address;
  char *endpoint; /* scheme://address, for messages */
  ZmqgOptions *options;
  GCancellable *cancellable;
  GMainContext *context;
  ZmqgDialNote note; /* nullable */
  ZmqgDialDone done;
  gpointer user_data;
  gpointer state;

  ZmqgLookup *lookup;
  GArray *targets; /* of ZmqgSocketAddress, in the order to try */
  guint n_tried;
  GPtrArray *attempts; /* of Attempt: sockets that are connecting */
  GError *error;       /* the most telling failure so far */
  GCancellable *negotiation; /* ours: no user code hears of it */
  int negotiated_fd;           /* of the link that is negotiated */
  gboolean timed_out;

  GSource *begin_source;
  GSource *cancel_source;
  GSource *timeout_source;
  GSource *head_start_source;
};

/* One socket that is connecting. */
typedef struct
{
  ZmqgDial *dial;
  ZmqgSocketAddress target;
  int fd; /* owned */
  GSource *source;
} Attempt;

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
attempt_free (gpointer data)
{
  Attempt *attempt = data;

  clear_source (&attempt->source);
  if (attempt->fd >= 0)
    close (attempt->fd);
  g_free (attempt);
}

/* The attempt came to nothing. */
static void
attempt_fail (Attempt *attempt,
              const GError *error)
{
  ZmqgDial *self = attempt->dial;
  int fd = attempt->fd;

  clear_source (&attempt->source);
  attempt->fd = -1;
  if (fd < 0)
    return;

  close (fd);
  if (self->note != NULL)
    self->note (fd, error, self->user_data);
}

static void
zmqg_dial_free (ZmqgDial *self)
{
  if (self->kind->free_state != NULL && self->state != NULL)
    self->kind->free_state (self->state);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_array_unref (self->targets);
  g_ptr_array_unref (self->attempts);
  g_main_context_unref (self->context);
  zmqg_options_unref (self->options);
  g_free (self->address);
  g_free (self->endpoint);
  g_free (self);
}

/* Ends the dial: @self is gone afterwards. Takes @link. */
static void
give_attempts_up (ZmqgDial *self,
                  const GError *error)
{
  for (guint i = 0; i < self->attempts->len; i++)
    attempt_fail (g_ptr_array_index (self->attempts, i), error);
  g_ptr_array_set_size (self->attempts, 0);
}

/* For the addresses that were tried beside the one that answered. */
static GError *
new_other_error (ZmqgDial *self)
{
  return g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                      "Another address of %s answered", self->endpoint);
}

static void
complete (ZmqgDial *self,
          ZmqgLink *link,
          const GError *error)
{
  g_autoptr (GError) cancelled = NULL;

  clear_source (&self->begin_source);
  clear_source (&self->cancel_source);
  clear_source (&self->timeout_source);
  clear_source (&self->head_start_source);
  g_clear_pointer (&self->lookup, zmqg_lookup_cancel);

  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_clear_pointer (&link, zmqg_link_free);
      g_set_error (&cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                   "Connecting to %s was cancelled", self->endpoint);
      error = cancelled;
    }
  else if (link != NULL)
    {
      cancelled = new_other_error (self);
    }

  give_attempts_up (self, link != NULL ? cancelled : error);
  self->done (link, link != NULL ? NULL : error, self->user_data);
  zmqg_dial_free (self);
}

/* Takes @error. That a host refuses says more than that another of its
 * addresses cannot be reached from here. */
static void
note_failure (ZmqgDial *self,
              GError *error)
{
  if (self->error != NULL
      && !g_error_matches (self->error, G_IO_ERROR,
                           G_IO_ERROR_NETWORK_UNREACHABLE)
      && !g_error_matches (self->error, G_IO_ERROR,
                           G_IO_ERROR_HOST_UNREACHABLE))
    {
      g_error_free (error);
      return;
    }

  g_clear_error (&self->error);
  self->error = error;
}

static void
set_attempt_error (ZmqgDial *self,
                   const ZmqgSocketAddress *target,
                   int errsv,
                   GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *where = NULL;

  /* A socket of the unix family has a backlog that is full, and will not
   * say when it no longer is. */
  if (errsv == EAGAIN && target->any.sa_family == AF_UNIX)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                   "Cannot connect to %s: its listener has too many "
                   "connections to accept", self->endpoint);
      return;
    }

  if (target->any.sa_family != AF_UNIX)
    text = zmqg_socket_address_to_text (target);
  where = text != NULL && !g_str_has_suffix (self->endpoint, text)
              ? g_strdup_printf ("%s (%s)", self->endpoint, text)
              : g_strdup (self->endpoint);
  zmqg_socket_error_set (error, errsv, "Cannot connect to", where);
}

static gboolean
on_timeout (gpointer user_data)
{
  ZmqgDial *self = user_data;

  g_clear_error (&self->error);
  zmqg_socket_error_set (&self->error, ETIMEDOUT, "Cannot connect to",
                         self->endpoint);
  self->timed_out = TRUE;
  if (self->negotiation != NULL)
    g_cancellable_cancel (self->negotiation);
  else
    complete (self, NULL, self->error);
  return G_SOURCE_REMOVE;
}

static void
attach (ZmqgDial *self,
        GSource *source,
        const char *name,
        GSourceFunc callback,
        gpointer user_data)
{
  g_source_set_static_name (source, name);
  g_source_set_callback (source, callback, user_data, NULL);
  g_source_attach (source, self->context);
}

/* The other addresses are not needed any more. What is silent from here on is
 * given up like a peer in its handshake. */
static void
negotiate (ZmqgDial *self,
           ZmqgLink *link)
{
  g_autoptr (GError) other = new_other_error (self);

  clear_source (&self->head_start_source);
  give_attempts_up (self, other);

  if (self->timeout_source == NULL && self->options->handshake_interval > 0)
    {
      self->timeout_source
          = g_timeout_source_new (self->options->handshake_interval);
      attach (self, self->timeout_source, "[zmqg] negotiation timeout",
              on_timeout, self);
    }

  self->negotiation = g_cancellable_new ();
  self->negotiated_fd = link->fd;
  self->kind->negotiate (self, link, self->negotiation);
}

/* Gives the descriptor of a connected attempt away as a link; %FALSE with
 * @error when it is of no use. Completes the dial otherwise. */
static gboolean
establish (Attempt *attempt,
           GError **error)
{
  ZmqgDial *self = attempt->dial;
  g_autoptr (ZmqgLink) link = NULL;
  socklen_t size = sizeof (int);
  int errsv = 0;

  if (getsockopt (attempt->fd, SOL_SOCKET, SO_ERROR, &errsv, &size) < 0)
    errsv = errno;
  if (errsv != 0)
    {
      set_attempt_error (self, &attempt->target, errsv, error);
      return FALSE;
    }

  link = zmqg_link_new_fd (attempt->fd);
  if (!self->kind->connected (self, link, error))
    {
      link->fd = -1; /* still the attempt's */
      return FALSE;
    }

  attempt->fd = -1;
  if (self->kind->negotiate != NULL)
    negotiate (self, g_steal_pointer (&link));
  else
    complete (self, g_steal_pointer (&link), NULL);
  return TRUE;
}

static void connect_next (ZmqgDial *self);

static gboolean
on_connected (int fd,
              GIOCondition condition,
              gpointer user_data)
{
  Attempt *attempt = user_data;
  ZmqgDial *self = attempt->dial;
  GError *error = NULL;

  if (!establish (attempt, &error))
    {
      attempt_fail (attempt, error);
      note_failure (self, error);
      g_ptr_array_remove_fast (self->attempts, attempt);
      connect_next (self);
    }

  return G_SOURCE_REMOVE;
}

static gboolean
on_head_start_over (gpointer user_data)
{
  connect_next (user_data);
  return G_SOURCE_REMOVE;
}

/* Opens a socket and has it connect to the target; NULL with @error when that
 * failed at once. @done: whether it is connected already. */
static Attempt *
attempt_new (ZmqgDial *self,
             const ZmqgSocketAddress *target,
             gboolean *done,
             GError **error)
{
  Attempt *attempt = g_new0 (Attempt, 1);
  GError *failure = NULL;

  attempt->dial = self;
  attempt->target = *target;
  attempt->fd = zmqg_socket_open (target->any.sa_family);
  if (attempt->fd < 0)
    {
      set_attempt_error (self, target, errno, &failure);
      goto failed;
    }

  if (self->kind->prepare != NULL
      && !self->kind->prepare (self, attempt->fd, target,
                               &failure))
    goto failed;

  *done = connect (attempt->fd, &target->any, target->size) == 0;
  if (!*done && errno != EINPROGRESS && errno != EINTR)
    {
      set_attempt_error (self, target, errno, &failure);
      goto failed;
    }

  if (!*done && self->note != NULL)
    self->note (attempt->fd, NULL, self->user_data);
  return attempt;

failed:
  attempt_fail (attempt, failure);
  attempt_free (attempt);
  g_propagate_error (error, failure);
  return NULL;
}

/* Tries the next address, and those behind it while they fail at once. */
static void
connect_next (ZmqgDial *self)
{
  clear_source (&self->head_start_source);

  while (self->n_tried < self->targets->len)
    {
      const ZmqgSocketAddress *target
          = &g_array_index (self->targets, ZmqgSocketAddress,
                            self->n_tried++);
      gboolean connected;
      GError *error = NULL;
      Attempt *attempt = attempt_new (self, target, &connected, &error);

      if (attempt != NULL)
        g_ptr_array_add (self->attempts, attempt);

      if (attempt == NULL)
        {
          note_failure (self, error);
        }
      else if (!connected)
        {
          attempt->source = g_unix_fd_source_new (attempt->fd, G_IO_OUT);
          attach (self, attempt->source, "[zmqg] connecting",
                  G_SOURCE_FUNC (on_connected), attempt);
          break;
        }
      else if (establish (attempt, &error))
        {
          return;
        }
      else
        {
          attempt_fail (attempt, error);
          note_failure (self, error);
          g_ptr_array_remove_fast (self->attempts, attempt);
        }
    }

  if (self->attempts->len == 0)
    {
      complete (self, NULL, self->error);
    }
  else if (self->n_tried < self->targets->len)
    {
      self->head_start_source = g_timeout_source_new (HEAD_START_MSEC);
      attach (self, self->head_start_source, "[zmqg] head start",
              on_head_start_over, self);
    }
}

/* The addresses are there. */
static void
connect_targets (ZmqgDial *self)
{
  if (self->targets->len == 0)
    g_set_error (&self->error, G_IO_ERROR, G_IO_ERROR_HOST_NOT_FOUND,
                 "Cannot connect to %s: the host has no address of a family "
                 "that is enabled", self->endpoint);

  connect_next (self);
}

static void
on_lookup_done (GList *addresses,
                const GError *error,
                gpointer user_data)
{
  ZmqgDial *self = user_data;

  if (error == NULL)
    {
      self->kind->resolved (self, addresses);
      connect_targets (self);
      return;
    }

  g_set_error (&self->error, G_IO_ERROR,
               error->domain == G_IO_ERROR ? error->code
                                           : G_IO_ERROR_HOST_NOT_FOUND,
               "Cannot connect to %s: %s", self->endpoint, error->message);
  complete (self, NULL, self->error);
}

static gboolean
on_begin (gpointer user_data)
{
  ZmqgDial *self = user_data;

  clear_source (&self->begin_source);

  if (!self->kind->begin (self, &self->error))
    {
      g_prefix_error (&self->error, "Cannot connect to %s: ",
                      self->endpoint);
      complete (self, NULL, self->error);
    }
  else if (self->lookup == NULL)
    {
      connect_targets (self);
    }

  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable,
              gpointer user_data)
{
  ZmqgDial *self = user_data;

  if (self->negotiation != NULL)
    g_cancellable_cancel (self->negotiation);
  else
    complete (self, NULL, NULL);
  return G_SOURCE_REMOVE;
}

void
zmqg_dial_start (const ZmqgDialKind *kind,
                 const char *address,
                 const ZmqgOptions *options,
                 GCancellable *cancellable,
                 ZmqgDialNote note,
                 ZmqgDialDone done,
                 gpointer user_data)
{
  ZmqgDial *self = g_new0 (ZmqgDial, 1);

  self->kind = kind;
  self->address = g_strdup (address);
  self->endpoint = g_strconcat (kind->scheme, "://", address, NULL);
  self->options = zmqg_options_ref ((ZmqgOptions *) options);
  self->context = g_main_context_ref_thread_default ();
  self->note = note;
  self->done = done;
  self->user_data = user_data;
  self->targets = g_array_new (FALSE, FALSE, sizeof (ZmqgSocketAddress));
  self->attempts = g_ptr_array_new_with_free_func (attempt_free);

  if (cancellable != NULL)
    {
      self->cancellable = g_object_ref (cancellable);
      self->cancel_source = g_cancellable_source_new (cancellable);
      attach (self, self->cancel_source, "[zmqg] dial cancelled",
              G_SOURCE_FUNC (on_cancelled), self);
    }

  if (options->connect_timeout > 0)
    {
      self->timeout_source = g_timeout_source_new (options->connect_timeout);
      attach (self, self->timeout_source, "[zmqg] connect timeout",
              on_timeout, self);
    }

  /* From the main loop, so that the end cannot come within this call. */
  self->begin_source = g_idle_source_new ();
  g_source_set_priority (self->begin_source, G_PRIORITY_DEFAULT);
  attach (self, self->begin_source, "[zmqg] dial", on_begin, self);
}

const char *
zmqg_dial_get_address (ZmqgDial *self)
{
  return self->address;
}

const ZmqgOptions *
zmqg_dial_get_options (ZmqgDial *self)
{
  return self->options;
}

gpointer
zmqg_dial_get_state (ZmqgDial *self)
{
  return self->state;
}

void
zmqg_dial_set_state (ZmqgDial *self,
                     gpointer state)
{
  self->state = state;
}

void
zmqg_dial_add_target (ZmqgDial *self,
                      const ZmqgSocketAddress *target)
{
  if (self->targets->len < MAX_TARGETS)
    g_array_append_vals (self->targets, target, 1);
}

void
zmqg_dial_look_up (ZmqgDial *self,
                   const char *host)
{
  g_assert (self->lookup == NULL);

  self->lookup = zmqg_lookup_start (host, self->options->ipv6,
                                    on_lookup_done, self);
}

void
zmqg_dial_negotiated (ZmqgDial *self,
                      ZmqgLink *link,
                      const GError *error)
{
  g_clear_object (&self->negotiation);

  /* In time, or too late by a moment. */
  if (self->timed_out)
    g_clear_pointer (&link, zmqg_link_free);
  else if (link == NULL)
    {
      g_clear_error (&self->error);
      g_set_error (&self->error, error->domain, error->code,
                   "Cannot connect to %s: %s", self->endpoint,
                   error->message);
    }
  if (link == NULL && self->note != NULL)
    self->note (self->negotiated_fd, self->error, self->user_data);
  complete (self, link, self->error);
}
