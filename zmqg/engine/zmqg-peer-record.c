/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-peer-record-private.h"

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
zmqg_peer_record_drop (ZmqgPeerRecord *self)
{
  gpointer connection;

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
  self->version = version;
  self->mechanism = mechanism;
  self->remote = g_steal_pointer (&link->remote);
  self->credentials = g_steal_pointer (&link->credentials);
  self->remote_text = g_steal_pointer (&link->remote_text);
  self->local_text = g_steal_pointer (&link->local_text);
  self->peer_address = g_steal_pointer (&link->peer_address);

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

void
zmqg_peer_record_free (ZmqgPeerRecord *self)
{
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

  for (guint i = 0; self->properties != NULL && i < self->properties->len;
       i += 2)
    {
      if (g_str_equal (g_ptr_array_index (self->properties, i), name))
        return g_ptr_array_index (self->properties, i + 1);
    }

  return NULL;
}
