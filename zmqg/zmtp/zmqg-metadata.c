/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-metadata-private.h"

#include "base/zmqg-error.h"
#include "message/zmqg-frame-private.h"
#include "zmtp/zmqg-command-private.h"

#include <string.h>

#define VALUE_SIZE_SIZE 4

/* Appends one property (ZMTP 3.1, section metadata). */
void
zmqg_metadata_append_property (GByteArray *metadata,
                               const char *name,
                               gsize name_size,
                               const guint8 *value,
                               gsize value_size)
{
  guint8 name_length = (guint8) name_size;
  guint32 be = GUINT32_TO_BE ((guint32) value_size);

  g_assert (name_size >= 1 && name_size <= G_MAXUINT8);
  g_assert (value_size <= G_MAXINT32);

  g_byte_array_append (metadata, &name_length, 1);
  g_byte_array_append (metadata, (const guint8 *) name, name_size);
  g_byte_array_append (metadata, (const guint8 *) &be, sizeof be);
  if (value_size > 0)
    g_byte_array_append (metadata, value, value_size);
}

static int
compare_names (gconstpointer a,
               gconstpointer b,
               gpointer user_data)
{
  const ZmqgProperty *pa = a, *pb = b;
  int order = memcmp (pa->name, pb->name, MIN (pa->name_size, pb->name_size));

  if (order != 0)
    return order;
  return (pa->name_size > pb->name_size) - (pa->name_size < pb->name_size);
}

static gsize
property_size (gsize name_size,
               gsize value_size)
{
  return 1 + name_size + VALUE_SIZE_SIZE + value_size;
}

static gsize
metadata_size (const ZmqgZmtpType *type,
               gsize identity_size,
               const ZmqgProperty *properties,
               gsize n_properties)
{
  gsize size, i;

  size = property_size (strlen (ZMQG_METADATA_SOCKET_TYPE),
                        strlen (type->name));
  if (type->sends_identity)
    size += property_size (strlen (ZMQG_METADATA_IDENTITY), identity_size);
  for (i = 0; i < n_properties; i++)
    size += property_size (properties[i].name_size, properties[i].value_size);

  return size;
}

/*
 * Appends our metadata: Socket-Type, Identity if the type sends one, and the
 * application's properties in the order of their names' bytes.
 */
void
zmqg_metadata_append (GByteArray *metadata,
                      const ZmqgZmtpType *type,
                      const guint8 *identity,
                      gsize identity_size,
                      const ZmqgProperty *properties,
                      gsize n_properties)
{
  g_autofree ZmqgProperty *sorted = NULL;
  gsize i;

  zmqg_metadata_append_property (metadata, ZMQG_METADATA_SOCKET_TYPE,
                                 strlen (ZMQG_METADATA_SOCKET_TYPE),
                                 (const guint8 *) type->name,
                                 strlen (type->name));
  if (type->sends_identity)
    zmqg_metadata_append_property (metadata, ZMQG_METADATA_IDENTITY,
                                   strlen (ZMQG_METADATA_IDENTITY), identity,
                                   identity_size);
  if (n_properties == 0)
    return;

  sorted = g_memdup2 (properties, n_properties * sizeof *properties);
  g_qsort_with_data (sorted, (gint) n_properties, sizeof *sorted,
                     compare_names, NULL);
  for (i = 0; i < n_properties; i++)
    zmqg_metadata_append_property (metadata, sorted[i].name,
                                   sorted[i].name_size, sorted[i].value,
                                   sorted[i].value_size);
}

/* Appends the frame of a READY command with our metadata. */
void
zmqg_metadata_append_ready (GByteArray *frames,
                            const ZmqgZmtpType *type,
                            const guint8 *identity,
                            gsize identity_size,
                            const ZmqgProperty *properties,
                            gsize n_properties)
{
  guint8 header[ZMQG_FRAME_HEADER_MAX];
  gsize header_size, prefix_size;

  zmqg_command_get_prefix (ZMQG_COMMAND_READY, &prefix_size);
  header_size = zmqg_frame_encode_header (
      header, ZMQG_FRAME_COMMAND,
      prefix_size
          + metadata_size (type, identity_size, properties, n_properties));

  g_byte_array_append (frames, header, header_size);
  zmqg_command_append (frames, ZMQG_COMMAND_READY, NULL, 0);
  zmqg_metadata_append (frames, type, identity, identity_size, properties,
                        n_properties);
}

/*
 * Reads the next property, as libzmq does: what remains must be a property,
 * except that one may be cut off behind its name or behind the size of its
 * value, if nothing at all follows; it counts for nothing then. Names may be
 * empty.
 */
ZmqgMetadataResult
zmqg_metadata_iter_next (ZmqgMetadataIter *self,
                         ZmqgProperty *property)
{
  const guint8 *p = self->data;
  gsize left = self->size;
  gsize name_size;
  guint32 value_size;

  if (left == 0)
    return ZMQG_METADATA_END;
  if (left == 1)
    return ZMQG_METADATA_MALFORMED;

  name_size = *p++;
  left--;
  if (left < name_size)
    return ZMQG_METADATA_MALFORMED;

  property->name = (const char *) p;
  property->name_size = name_size;
  p += name_size;
  left -= name_size;
  if (left < VALUE_SIZE_SIZE)
    return left == 0 ? ZMQG_METADATA_END : ZMQG_METADATA_MALFORMED;

  memcpy (&value_size, p, sizeof value_size);
  value_size = GUINT32_FROM_BE (value_size);
  p += VALUE_SIZE_SIZE;
  left -= VALUE_SIZE_SIZE;
  if (left < value_size)
    return left == 0 ? ZMQG_METADATA_END : ZMQG_METADATA_MALFORMED;

  property->value = p;
  property->value_size = value_size;
  self->data = p + value_size;
  self->size = left - value_size;
  return ZMQG_METADATA_PROPERTY;
}

static gboolean
has_name (const ZmqgProperty *property,
          const char *name)
{
  return property->name_size == strlen (name)
         && memcmp (property->name, name, property->name_size) == 0;
}

static gboolean
take_socket_type (ZmqgPeerMetadata *self,
                  const ZmqgProperty *property,
                  const ZmqgZmtpType *our_type,
                  GError **error)
{
  const ZmqgZmtpType *type;

  type = zmqg_zmtp_type_find ((const char *) property->value,
                              (gssize) property->value_size);
  if (type == NULL)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_INCOMPATIBLE,
                           "The peer's socket type is not known");
      return FALSE;
    }

  if (our_type != NULL
      && !zmqg_zmtp_types_compatible (our_type->name, type->name))
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INCOMPATIBLE,
                   "A %s socket cannot talk to the peer's %s socket",
                   our_type->name, type->name);
      return FALSE;
    }

  if (self->type == NULL)
    self->type = type;
  return TRUE;
}

/*
 * Reads the metadata of a READY or INITIATE command: the bytes behind the
 * name. Fails with ZMQG_ERROR_PROTOCOL when they are malformed, and with
 * ZMQG_ERROR_INCOMPATIBLE when the peer's type does not go with @our_type
 * (NULL checks only that it is known). @self is a view of @data, and holds
 * nothing of worth after a failure.
 *
 * Names are compared exactly, as libzmq does, though ZMTP 3.1 would have case
 * ignored. No Socket-Type is accepted; of several, each has to fit.
 */
gboolean
zmqg_peer_metadata_parse (ZmqgPeerMetadata *self,
                          const guint8 *data,
                          gsize size,
                          const ZmqgZmtpType *our_type,
                          GError **error)
{
  ZmqgMetadataIter iter = { data, size };
  ZmqgMetadataResult result;
  ZmqgProperty property;

  *self = (ZmqgPeerMetadata) { .properties = iter };

  while ((result = zmqg_metadata_iter_next (&iter, &property))
         == ZMQG_METADATA_PROPERTY)
    {
      if (has_name (&property, ZMQG_METADATA_SOCKET_TYPE))
        {
          if (!take_socket_type (self, &property, our_type, error))
            return FALSE;
        }
      else if (has_name (&property, ZMQG_METADATA_IDENTITY))
        {
          self->has_identity = TRUE;
          self->identity = property.value;
          self->identity_size = property.value_size;
        }
    }

  if (result == ZMQG_METADATA_END)
    return TRUE;

  g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL,
                       "The peer's metadata is malformed");
  return FALSE;
}

/*
 * Finds the value of a property; of several with that name, the first. That
 * holds for Identity too, as a property: libzmq routes by the last and shows
 * the first.
 */
gboolean
zmqg_peer_metadata_lookup (const ZmqgPeerMetadata *self,
                           const char *name,
                           const guint8 **value,
                           gsize *value_size)
{
  ZmqgMetadataIter iter = self->properties;
  ZmqgProperty property;

  while (zmqg_metadata_iter_next (&iter, &property) == ZMQG_METADATA_PROPERTY)
    {
      if (has_name (&property, name))
        {
          *value = property.value;
          *value_size = property.value_size;
          return TRUE;
        }
    }

  return FALSE;
}
