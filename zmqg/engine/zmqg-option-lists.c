/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-options-private.h"

#include <net/if.h>
#include <string.h>

/* Options that are added to. */

/* Of all metadata together: the peer limits what a handshake may have. */
#define METADATA_MAX (32u * 1024u)

#define METADATA_NAME_MAX 255

/* --- Metadata ----------------------------------------------------------- */

/* ZMTP 3.1, section metadata: name = OCTET 1*255name-char. */
static gboolean
is_metadata_name (const char *name)
{
  gsize length = strlen (name);

  if (!g_str_has_prefix (name, "X-") || length > METADATA_NAME_MAX)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) && strchr ("-_.+", name[i]) == NULL)
      return FALSE;

  return TRUE;
}

gboolean
zmqg_options_add_metadata (ZmqgOptions *self,
                           const char *name,
                           const char *value,
                           GError **error)
{
  g_autoptr (GPtrArray) metadata = g_ptr_array_new_with_free_func (g_free);
  gsize size = strlen (name) + strlen (value);

  if (!is_metadata_name (name))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "“%s” is no name of a property: they begin with X-, and "
                   "have up to %d letters, digits and -_.+", name,
                   METADATA_NAME_MAX);
      return FALSE;
    }
  if (value[0] == '\0')
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "The property %s has no value", name);
      return FALSE;
    }

  for (guint i = 0; self->metadata != NULL && i < self->metadata->len; i++)
    {
      const char *text = g_ptr_array_index (self->metadata, i);

      if (i % 2 == 0 && g_ascii_strcasecmp (text, name) == 0)
        return TRUE;
      size += strlen (text);
      g_ptr_array_add (metadata, g_strdup (text));
    }

  if (size > METADATA_MAX)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   "With %s the properties of the socket have more than %u "
                   "bytes", name, METADATA_MAX);
      return FALSE;
    }

  g_ptr_array_add (metadata, g_strdup (name));
  g_ptr_array_add (metadata, g_strdup (value));
  g_clear_pointer (&self->metadata, g_ptr_array_unref);
  self->metadata = g_steal_pointer (&metadata);
  return TRUE;
}

/* --- Filters ------------------------------------------------------------ */

/* A copy with one more. */
static void
append (GArray **array,
        gsize size,
        gconstpointer element)
{
  GArray *copy = g_array_new (FALSE, FALSE, size);

  if (*array != NULL)
    {
      g_array_append_vals (copy, (*array)->data, (*array)->len);
      g_array_unref (*array);
    }
  g_array_append_vals (copy, element, 1);
  *array = copy;
}

/* The name or number of an interface; 0 for none. */
static guint32
parse_zone (const char *text)
{
  guint64 number;

  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT32, &number, NULL))
    return (guint32) number;

  return if_nametoindex (text);
}

/* "127.0.0.1", "::1", "[::1]", "fe80::1%eth0" or "[fe80::1%eth0]". */
static gboolean
parse_filter_address (ZmqgAddressFilter *filter,
                      char *host)
{
  g_autoptr (GInetAddress) address = NULL;
  gsize length = strlen (host);
  char *zone;

  if (host[0] == '[' && host[length - 1] == ']')
    {
      host[length - 1] = '\0';
      host++;
    }

  zone = strchr (host, '%');
  if (zone != NULL)
    *zone++ = '\0';

  address = g_inet_address_new_from_string (host);
  if (address == NULL)
    return FALSE;

  filter->size = g_inet_address_get_native_size (address);
  memcpy (filter->bytes, g_inet_address_to_bytes (address), filter->size);
  if (zone == NULL)
    return TRUE;

  /* Addresses of IPv4 have none. */
  filter->zone = filter->size == 16 ? parse_zone (zone) : 0;
  return filter->zone != 0;
}

gboolean
zmqg_options_add_accept_filter (ZmqgOptions *self,
                                const char *text,
                                GError **error)
{
  const char *slash = strchr (text, '/');
  g_autofree char *host = slash != NULL ? g_strndup (text, slash - text)
                                        : g_strdup (text);
  ZmqgAddressFilter filter = { 0 };
  guint64 bits;

  if (!parse_filter_address (&filter, host))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "“%s” does not begin with a numeric address", text);
      return FALSE;
    }

  bits = filter.size * 8;
  if (slash != NULL &&
      !g_ascii_string_to_unsigned (slash + 1, 10, 0, filter.size * 8, &bits,
                                   NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "“%s” does not end with a number of bits from 0 to %u",
                   text, filter.size * 8);
      return FALSE;
    }

  filter.bits = bits;
  append (&self->accept_filters, sizeof filter, &filter);
  return TRUE;
}

void
zmqg_options_add_ipc_filter (ZmqgOptions *self,
                             ZmqgIpcFilterKind kind,
                             guint id)
{
  ZmqgIpcFilter filter = { kind, id };

  append (&self->ipc_filters, sizeof filter, &filter);
}
