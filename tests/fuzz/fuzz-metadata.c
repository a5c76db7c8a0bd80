/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "fuzz-target.h"

#include "zmtp/zmqg-metadata-private.h"

static void
check_iter (const guint8 *data,
            gsize size)
{
  g_autoptr (GByteArray) again = g_byte_array_new ();
  ZmqgMetadataIter iter = { data, size };
  ZmqgProperty property;
  gboolean named = TRUE;

  while (zmqg_metadata_iter_next (&iter, &property) == ZMQG_METADATA_PROPERTY)
    {
      g_assert ((const guint8 *) property.name + property.name_size
                <= property.value);
      g_assert (property.value + property.value_size == iter.data);
      g_assert (iter.data + iter.size == data + size);

      named = named && property.name_size > 0;
      if (named)
        zmqg_metadata_append_property (again, property.name,
                                       property.name_size, property.value,
                                       property.value_size);
    }

  if (named)
    g_assert (again->len == size - iter.size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  guint number;

  check_iter (data, size);

  for (number = 0; number < ZMQG_N_ZMTP_TYPES; number++)
    {
      g_autoptr (GError) error = NULL;
      ZmqgPeerMetadata metadata;
      const guint8 *value;
      gsize value_size;
      gboolean ok;

      ok = zmqg_peer_metadata_parse (&metadata, data, size,
                                     zmqg_zmtp_type_get (number), &error);
      g_assert (ok == (error == NULL));
      if (!ok)
        continue;

      g_assert (metadata.has_identity
                == zmqg_peer_metadata_lookup (
                    &metadata, ZMQG_METADATA_IDENTITY, &value, &value_size));
      g_assert ((metadata.type != NULL)
                == zmqg_peer_metadata_lookup (
                    &metadata, ZMQG_METADATA_SOCKET_TYPE, &value,
                    &value_size));
      if (metadata.has_identity)
        g_assert (metadata.identity + metadata.identity_size <= data + size);
    }

  return 0;
}
