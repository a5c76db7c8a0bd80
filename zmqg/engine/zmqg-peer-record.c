/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-peer-record-private.h"

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
  g_free (self);
}

const char *
zmqg_peer_record_get_property (ZmqgPeerRecord *self,
                               const char *name)
{
  if (g_str_equal (name, "Peer-Address"))
    return self->peer_address;

  for (guint i = 0; self->properties != NULL && i < self->properties->len;
       i += 2)
    {
      if (g_str_equal (g_ptr_array_index (self->properties, i), name))
        return g_ptr_array_index (self->properties, i + 1);
    }

  return NULL;
}
