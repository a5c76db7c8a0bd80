/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-inproc-private.h"

#include "base/zmqg-error.h"

typedef struct _Waiting Waiting;

/*
 * One end of a pipe between two sockets. Owned by the pipe; keeps the socket
 * (as a client) alive, so that the other end may always post.
 */
typedef struct
{
  ZmqgInprocRegistry *registry; /* of the context; borrowed */

  /* Guarded by the registry's lock. */
  Waiting *waiting; /* while nobody has bound the name; else NULL */
  GList place;      /* in there */

  ZmqgLock lock; /* a leaf but for the inbox: guards what follows */
  ZmqgClient *client; /* counted; NULL while nobody has bound the name */
  guint missed;       /* posted while there was nobody */
  GBytes *last_word;  /* when the one that connected has gone; nullable */

  /* Guarded by a lock of all pipes. */
  guint send_hwm;
  guint receive_hwm;
  gboolean is_joined; /* each queue has two marks */
} InprocEnd;

static ZmqgLock marks_lock = ZMQG_LOCK_INIT;

typedef struct
{
  ZmqgClient *client;
  ZmqgOptions *options;
  ZmqgTag *endpoint;
} Binding;

/* The connections to a name that nobody has bound. */
struct _Waiting
{
  char *name;
  GQueue pipes; /* their ends that wait for the binder, counted */
};

struct _ZmqgInprocRegistry
{
  ZmqgLock lock;
  GHashTable *bindings; /* name → Binding */
  GHashTable *waiting;  /* name → Waiting */
};

/* --- The ends ----------------------------------------------------------- */

/* The client of an end, counted; with @take the end has none from then on. */
static ZmqgClient *
get_client (InprocEnd *end,
            gboolean take)
{
  ZmqgClient *client;

  zmqg_lock (&end->lock);
  client = end->client;
  if (take)
    end->client = NULL;
  else if (client != NULL)
    client->ops->ref (client);
  zmqg_unlock (&end->lock);

  return client;
}

/* Writes a message of one frame in the name of whoever has that end, whatever
 * the mark. What the other end is to be told. */
static guint
say (ZmqgPipe *pipe,
     GBytes *word)
{
  ZmqgFrameView view = { 0 };

  if (word == NULL)
    return 0;

  view.data = g_bytes_get_data (word, &view.size);
  view.bytes = word;
  return zmqg_pipe_write_always (pipe, &view, 1) == ZMQG_PIPE_WRITTEN
           ? ZMQG_PIPE_READABLE : 0;
}

/* The end does not wait any more. Locked (registry). */
static void
leave_waiting (InprocEnd *end)
{
  Waiting *waiting = end->waiting;

  g_queue_unlink (&waiting->pipes, &end->place);
  end->waiting = NULL;
  if (waiting->pipes.length == 0)
    g_hash_table_remove (end->registry->waiting, waiting->name);
}

/* Who connected has gone. If something was sent somebody may bind the name yet,
 * and gets it, as libzmq has it; else the connection is forgotten. Its socket's
 * lock is held. */
static void
give_up_waiting (ZmqgPipe *pipe)
{
  InprocEnd *end = pipe->owner;
  gboolean waited;

  if (!zmqg_frame_queue_is_unused (pipe->in))
    return;

  zmqg_lock (&end->registry->lock);
  waited = end->waiting != NULL;
  if (waited)
    leave_waiting (end);
  zmqg_unlock (&end->registry->lock);

  /* The socket has another reference. */
  if (waited)
    zmqg_pipe_unref (pipe);
}

/* Called by the other end, which nobody else uses meanwhile. */
static void
inproc_post (ZmqgPipe *pipe,
             guint events)
{
  InprocEnd *end = pipe->owner;
  ZmqgClient *closed;
  gboolean posted;

  if (events & ZMQG_PIPE_ENDED)
    events |= say (pipe->peer, end->last_word);

  zmqg_lock (&end->lock);
  posted = end->client != NULL;
  if (posted)
    zmqg_inbox_post (end->client->inbox, pipe, events);
  else
    end->missed |= events;
  zmqg_unlock (&end->lock);

  if (posted || !(events & ZMQG_PIPE_ENDED))
    return;

  give_up_waiting (pipe);
  /* What was sent waits for somebody to bind the name. The socket that is
   * being closed does not: it would keep the context, which keeps the pipe.
   * This is not its last reference. */
  closed = get_client (pipe->peer->owner, TRUE);
  if (closed != NULL)
    closed->ops->unref (closed);
}

static void
inproc_release (ZmqgPipe *pipe)
{
  InprocEnd *end = pipe->owner;

  if (end->client != NULL)
    end->client->ops->unref (end->client);
  g_clear_pointer (&end->last_word, g_bytes_unref);
  zmqg_lock_clear (&end->lock);
  g_free (end);
}

static guint
sum_of_marks (guint sender,
              guint receiver)
{
  return sender == 0 || receiver == 0 ? 0 : sender + receiver;
}

/* Locked (marks). */
static void
apply_marks (ZmqgPipe *pipe)
{
  const InprocEnd *ours = pipe->owner;
  const InprocEnd *theirs = pipe->peer->owner;

  if (ours->is_joined)
    {
      zmqg_frame_queue_set_hwm (pipe->out, sum_of_marks (ours->send_hwm,
                                                         theirs->receive_hwm));
      zmqg_frame_queue_set_hwm (pipe->in, sum_of_marks (theirs->send_hwm,
                                                        ours->receive_hwm));
    }
  else
    {
      zmqg_frame_queue_set_hwm (pipe->out, ours->send_hwm);
      zmqg_frame_queue_set_hwm (pipe->in, ours->receive_hwm);
    }
}

static void
inproc_set_marks (ZmqgPipe *pipe,
                  guint send_hwm,
                  guint receive_hwm)
{
  InprocEnd *end = pipe->owner;

  zmqg_lock (&marks_lock);
  end->send_hwm = send_hwm;
  end->receive_hwm = receive_hwm;
  apply_marks (pipe);
  zmqg_unlock (&marks_lock);
}

static void
inproc_attend (ZmqgPipe *pipe)
{
  ZmqgClient *client = get_client (pipe->owner, FALSE);

  if (client == NULL)
    return;

  client->ops->attend (client);
  client->ops->unref (client);
}

static const ZmqgPipeOwner inproc_owner = {
  .post = inproc_post,
  .attend = inproc_attend,
  .set_marks = inproc_set_marks,
  .release = inproc_release,
};

static void
init_end (ZmqgPipe *pipe,
          ZmqgInprocRegistry *registry,
          ZmqgClient *client)
{
  InprocEnd *end = g_new0 (InprocEnd, 1);

  end->registry = registry;
  zmqg_lock_init (&end->lock);
  end->client = client;
  if (client != NULL)
    client->ops->ref (client);
  pipe->ops = &inproc_owner;
  pipe->owner = end;
}

/* What one socket is told of the other. */
static void
announce (ZmqgPipe *from,
          ZmqgClient *client,
          ZmqgOptions *options)
{
  g_autoptr (ZmqgLink) link = zmqg_link_new_fd (-1);
  ZmqgPeerRecord *record;

  record = zmqg_peer_record_new (client->ops->peer_ops, link, ZMQG_ZMTP_3_1,
                                 "NULL", NULL);
  record->type = zmqg_zmtp_type_get (client->table->number);
  if (options->routing_id != NULL)
    record->identity = g_bytes_ref (options->routing_id);
  if (options->metadata != NULL)
    record->properties = g_ptr_array_ref (options->metadata);
  zmqg_pipe_announce (from, &record->tag);
  zmqg_tag_unref (&record->tag);
}

/* What the peer hears first. */
static guint
say_hello (ZmqgPipe *pipe,
           ZmqgClient *client,
           ZmqgOptions *options)
{
  return client->table->greets ? say (pipe, options->hello_message) : 0;
}

/* Both sides are there: @pipe is the end of the one that bound. */
static void
join (ZmqgPipe *pipe,
      const Binding *binding)
{
  InprocEnd *end = pipe->owner;
  ZmqgClient *client = binding->client;
  ZmqgClient *other;
  guint said;

  zmqg_lock (&marks_lock);
  end->send_hwm = (guint) binding->options->send_hwm;
  end->receive_hwm = (guint) binding->options->receive_hwm;
  end->is_joined = TRUE;
  ((InprocEnd *) pipe->peer->owner)->is_joined = TRUE;
  apply_marks (pipe);
  zmqg_unlock (&marks_lock);
  pipe->endpoint = zmqg_tag_ref (binding->endpoint);
  announce (pipe, client, binding->options);
  said = say_hello (pipe, client, binding->options);
  if (client->table->hears_disconnects &&
      binding->options->disconnect_message != NULL)
    end->last_word = g_bytes_ref (binding->options->disconnect_message);

  zmqg_lock (&end->lock);
  client->ops->ref (client);
  end->client = client;
  zmqg_inbox_post (client->inbox, pipe, ZMQG_PIPE_ATTACHED | end->missed);
  zmqg_unlock (&end->lock);

  zmqg_pipe_post_peer (pipe, ZMQG_PIPE_PEER | ZMQG_PIPE_WRITABLE | said);
  client->ops->attend (client);

  other = get_client (pipe->peer->owner, FALSE);
  if (other != NULL)
    {
      other->ops->endpoint_changed (other, pipe->peer->endpoint,
                                    ZMQG_ENDPOINT_STATE_CONNECTED, NULL);
      other->ops->unref (other);
    }
}

/* --- Names -------------------------------------------------------------- */

static void
binding_free (gpointer data)
{
  Binding *self = data;

  self->client->ops->unref (self->client);
  zmqg_options_unref (self->options);
  zmqg_tag_unref (self->endpoint);
  g_free (self);
}

static void
waiting_free (gpointer data)
{
  Waiting *self = data;

  g_free (self->name);
  g_free (self);
}

ZmqgInprocRegistry *
zmqg_inproc_registry_new (void)
{
  ZmqgInprocRegistry *self = g_new0 (ZmqgInprocRegistry, 1);

  zmqg_lock_init (&self->lock);
  self->bindings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                          binding_free);
  self->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                         waiting_free);
  return self;
}

/* Takes those out that wait for a name (the end, with a reference each), in the
 * order in which they came. Locked. */
static void
take_waiting (ZmqgInprocRegistry *self,
              const char *name,
              GPtrArray *taken)
{
  Waiting *waiting = g_hash_table_lookup (self->waiting, name);

  for (guint n = waiting != NULL ? waiting->pipes.length : 0; n > 0; n--)
    {
      ZmqgPipe *pipe = g_queue_peek_head (&waiting->pipes);

      g_ptr_array_add (taken, pipe);
      leave_waiting (pipe->owner);
    }
}

void
zmqg_inproc_registry_free (ZmqgInprocRegistry *self)
{
  zmqg_inproc_forget_waiting (self);
  g_hash_table_unref (self->bindings);
  g_hash_table_unref (self->waiting);
  zmqg_lock_clear (&self->lock);
  g_free (self);
}

static void
unref_pipe (gpointer pipe)
{
  zmqg_pipe_unref (pipe);
}

void
zmqg_inproc_forget_waiting (ZmqgInprocRegistry *self)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new_with_free_func (unref_pipe);
  GHashTableIter iter;
  gpointer name;

  zmqg_lock (&self->lock);
  for (;;)
    {
      g_hash_table_iter_init (&iter, self->waiting);
      if (!g_hash_table_iter_next (&iter, &name, NULL))
        break;
      take_waiting (self, name, taken);
    }
  zmqg_unlock (&self->lock);
}

gboolean
zmqg_inproc_bind (ZmqgInprocRegistry *self,
                  const char *name,
                  ZmqgClient *client,
                  ZmqgOptions *options,
                  ZmqgTag *endpoint,
                  GError **error)
{
  g_autoptr (GPtrArray) waiting = g_ptr_array_new_with_free_func (unref_pipe);
  Binding *binding;
  Binding local;

  zmqg_lock (&self->lock);
  if (g_hash_table_contains (self->bindings, name))
    {
      zmqg_unlock (&self->lock);
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_ADDRESS_IN_USE,
                   "inproc://%s is bound already", name);
      return FALSE;
    }

  binding = g_new0 (Binding, 1);
  binding->client = client;
  client->ops->ref (client);
  binding->options = zmqg_options_ref (options);
  binding->endpoint = zmqg_tag_ref (endpoint);
  g_hash_table_insert (self->bindings, g_strdup (name), binding);
  local = *binding;

  take_waiting (self, name, waiting);
  zmqg_unlock (&self->lock);

  for (guint i = 0; i < waiting->len; i++)
    join (g_ptr_array_index (waiting, i), &local);

  return TRUE;
}

void
zmqg_inproc_unbind (ZmqgInprocRegistry *self,
                    const char *name,
                    ZmqgTag *endpoint)
{
  gpointer key = NULL;
  gpointer binding;

  zmqg_lock (&self->lock);
  binding = g_hash_table_lookup (self->bindings, name);
  if (binding != NULL && ((Binding *) binding)->endpoint == endpoint)
    g_hash_table_steal_extended (self->bindings, name, &key, NULL);
  else
    binding = NULL;
  zmqg_unlock (&self->lock);

  g_free (key);
  if (binding != NULL)
    binding_free (binding);
}

/* Locked. */
static void
add_waiting (ZmqgInprocRegistry *self,
             const char *name,
             ZmqgPipe *pipe)
{
  Waiting *waiting = g_hash_table_lookup (self->waiting, name);
  InprocEnd *end = pipe->owner;

  if (waiting == NULL)
    {
      waiting = g_new0 (Waiting, 1);
      waiting->name = g_strdup (name);
      g_hash_table_insert (self->waiting, waiting->name, waiting);
    }

  end->waiting = waiting;
  end->place.data = zmqg_pipe_ref (pipe);
  g_queue_push_tail_link (&waiting->pipes, &end->place);
}

ZmqgPipe *
zmqg_inproc_connect (ZmqgInprocRegistry *self,
                     const char *name,
                     ZmqgClient *client,
                     ZmqgOptions *options,
                     ZmqgTag *endpoint)
{
  Binding *found;
  Binding binding;
  ZmqgPipe *pipe;

  pipe = zmqg_client_new_pipe (client, options);
  pipe->endpoint = zmqg_tag_ref (endpoint);
  init_end (pipe, self, client);
  init_end (pipe->peer, self, NULL);
  inproc_set_marks (pipe, (guint) options->send_hwm,
                    (guint) options->receive_hwm);
  zmqg_account_open (pipe);
  zmqg_account_open (pipe->peer);
  announce (pipe, client, options);
  /* Whoever binds finds it when the end is attached. */
  say_hello (pipe, client, options);

  zmqg_lock (&self->lock);
  found = g_hash_table_lookup (self->bindings, name);
  if (found != NULL)
    {
      binding = *found;
      binding.client->ops->ref (binding.client);
      zmqg_options_ref (binding.options);
      zmqg_tag_ref (binding.endpoint);
    }
  else
    {
      add_waiting (self, name, pipe->peer);
    }
  zmqg_unlock (&self->lock);

  if (found != NULL)
    {
      join (pipe->peer, &binding);
      binding.client->ops->unref (binding.client);
      zmqg_options_unref (binding.options);
      zmqg_tag_unref (binding.endpoint);
    }

  return pipe;
}

const ZmqgTransport zmqg_inproc_transport = {
  .scheme = "inproc",
  .in_process = TRUE,
};
