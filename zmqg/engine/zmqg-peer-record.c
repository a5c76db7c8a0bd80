/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-peer-record-private.h"

#include "base/zmqg-error.h"
#include "base/zmqg-lock-private.h"

/* Guards the connections of all records; a leaf. */
static ZmqgLock connections_lock = ZMQG_LOCK_INIT;

void
zmqg_peer_record_connect (ZmqgPeerRecord *self,
                          const ZmqgPeerConnectionOps *ops,
                          gpointer connection)
{
  ops->ref (connection);
  zmqg_lock (&connections_lock);
  self->connection_ops = ops;
  self->connection = connection;
  zmqg_unlock (&connections_lock);

  /* By who heard of it before, from an event. */
  if (atomic_load (&self->dropped))
    ops->drop (connection);
}

void
zmqg_peer_record_disconnect (ZmqgPeerRecord *self)
{
  gpointer connection;

  zmqg_lock (&connections_lock);
  connection = g_steal_pointer (&self->connection);
  zmqg_unlock (&connections_lock);

  if (connection != NULL)
    self->connection_ops->unref (connection);
}

void
zmqg_peer_record_drop (ZmqgPeerRecord *self,
                       ZmqgPeerExcess excess)
{
  gpointer connection;

  if (excess != ZMQG_PEER_EXCESS_NONE)
    atomic_store (&self->excess, excess);
  atomic_store (&self->dropped, TRUE);

  zmqg_lock (&connections_lock);
  connection = self->connection;
  if (connection != NULL)
    self->connection_ops->ref (connection);
  zmqg_unlock (&connections_lock);

  if (connection == NULL)
    return;

  self->connection_ops->drop (connection);
  self->connection_ops->unref (connection);
}

GError *
zmqg_peer_record_explain_drop (ZmqgPeerRecord *self,
                               const char *who)
{
  switch ((ZmqgPeerExcess) atomic_load (&self->excess))
    {
    case ZMQG_PEER_EXCESS_SUBSCRIPTIONS:
      return g_error_new (ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                          "%s: The peer subscribed to more topics than "
                          "max-subscriptions allows", who);

    case ZMQG_PEER_EXCESS_SUBSCRIPTION_BYTES:
      return g_error_new (ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                          "%s: The topics that the peer subscribed to are "
                          "larger than max-subscription-bytes allows", who);

    case ZMQG_PEER_EXCESS_NONE:
    default:
      return g_error_new (ZMQG_ERROR, ZMQG_ERROR_PEER_LOST,
                          "%s: The peer was dropped by this program", who);
    }
}

static GPtrArray *
copy_properties (const ZmqgPeerMetadata *metadata)
{
  GPtrArray *properties = g_ptr_array_new_with_free_func (g_free);
  ZmqgMetadataIter iter = metadata->properties;
  ZmqgProperty property;

  while (zmqg_metadata_iter_next (&iter, &property) == ZMQG_METADATA_PROPERTY)
    {
      g_ptr_array_add (properties,
                       g_strndup (property.name, property.name_size));
      g_ptr_array_add (properties, g_strndup ((const char *) property.value,
                                              property.value_size));
    }

  return properties;
}

ZmqgPeerRecord *
zmqg_peer_record_new (const ZmqgTagOps *ops,
                      ZmqgLink *link,
                      ZmqgZmtpVersion version,
                      const char *mechanism,
                      const ZmqgPeerMetadata *metadata)
{
  ZmqgPeerRecord *self = g_new0 (ZmqgPeerRecord, 1);

  zmqg_tag_init (&self->tag, ops);
  zmqg_lock_init (&self->lock);
  self->version = version;
  self->mechanism = mechanism;
  self->remote = g_steal_pointer (&link->remote);
  self->credentials = g_steal_pointer (&link->credentials);
  self->remote_text = g_steal_pointer (&link->remote_text);
  self->local_text = g_steal_pointer (&link->local_text);
  self->peer_address = g_steal_pointer (&link->peer_address);
  if (link->fd >= 0)
    g_snprintf (self->fd, sizeof self->fd, "%d", link->fd);

  if (metadata != NULL)
    {
      self->type = metadata->type;
      if (metadata->has_identity && metadata->identity_size > 0)
        self->identity = g_bytes_new (metadata->identity,
                                      metadata->identity_size);
      self->properties = copy_properties (metadata);
    }

  return self;
}

static void
tally_connection (ZmqgPeerRecord *self,
                  ZmqgTally *tally)
{
  zmqg_account_read (self->account, tally);
  if (self->counted != NULL)
    zmqg_tally_subtract (tally, self->counted);

  /* What the socket does with them: it may still be at those of the
   * connection before. */
  tally->taken = tally->arrived;
  tally->in_dropped = 0;
  for (guint i = ZMQG_DROP_REASON_FILTERED; i < ZMQG_N_DROP_REASONS; i++)
    tally->dropped[i] = 0;
  tally->dropped[ZMQG_DROP_REASON_REPLACED] =
    tally->out_dropped - tally->dropped[ZMQG_DROP_REASON_LOST] -
    tally->dropped[ZMQG_DROP_REASON_UNSENT];
}

void
zmqg_peer_record_begin (ZmqgPeerRecord *self,
                        ZmqgAccount *account)
{
  static const ZmqgTally nothing;
  ZmqgTally before;

  zmqg_account_read (account, &before);
  /* What is queued already is for this connection. */
  before.copies = before.handed_on + before.out_dropped;
  zmqg_lock (&self->lock);
  self->account = zmqg_account_ref (account);
  if (memcmp (&before, &nothing, sizeof before) != 0)
    self->counted = g_memdup2 (&before, sizeof before);
  zmqg_unlock (&self->lock);
}

void
zmqg_peer_record_end (ZmqgPeerRecord *self)
{
  ZmqgAccount *account;
  ZmqgTally tally;

  zmqg_lock (&self->lock);
  account = self->account;
  if (account != NULL)
    {
      tally_connection (self, &tally);
      /* And what is still queued, for the next one. */
      tally.copies = tally.handed_on + tally.out_dropped;
      g_free (self->counted);
      self->counted = g_memdup2 (&tally, sizeof tally);
      self->account = NULL;
    }
  zmqg_unlock (&self->lock);

  if (account != NULL)
    zmqg_account_unref (account);
}

void
zmqg_peer_record_tally (ZmqgPeerRecord *self,
                        ZmqgTally *tally)
{
  zmqg_lock (&self->lock);
  if (self->account != NULL)
    tally_connection (self, tally);
  else if (self->counted != NULL)
    *tally = *self->counted;
  else
    memset (tally, 0, sizeof *tally);
  zmqg_unlock (&self->lock);
}

void
zmqg_peer_record_free (ZmqgPeerRecord *self)
{
  /* Somebody may be counting there: this must not wait for that. */
  g_clear_pointer (&self->account, zmqg_account_unref);
  g_free (self->counted);
  zmqg_lock_clear (&self->lock);
  g_clear_pointer (&self->identity, g_bytes_unref);
  g_clear_pointer (&self->properties, g_ptr_array_unref);
  g_clear_object (&self->remote);
  g_clear_object (&self->credentials);
  g_free (self->remote_text);
  g_free (self->local_text);
  g_free (self->peer_address);
  g_free (self->user_id);
  g_free (self);
}

const char *
zmqg_peer_record_get_property (ZmqgPeerRecord *self,
                               const char *name)
{
  if (g_str_equal (name, "Peer-Address"))
    return self->peer_address;
  if (g_str_equal (name, "User-Id"))
    return self->user_id;
  /* libzmq's ZMQ_SRCFD. */
  if (g_str_equal (name, "__fd") && self->fd[0] != '\0')
    return self->fd;

  for (guint i = 0; self->properties != NULL && i < self->properties->len;
       i += 2)
    {
      if (g_str_equal (g_ptr_array_index (self->properties, i), name))
        return g_ptr_array_index (self->properties, i + 1);
    }

  return NULL;
}
