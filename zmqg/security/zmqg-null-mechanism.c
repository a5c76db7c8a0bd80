/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "security/zmqg-mechanism-private.h"

#include "base/zmqg-error.h"
#include "zmtp/zmqg-command-private.h"

#include <string.h>

/*
 * The mechanism NULL (ZMTP 3.1, section NULL security mechanism): both peers
 * send READY with their metadata at once, or ERROR.
 */
typedef struct
{
  ZmqgMechanism parent;
  const ZmqgZmtpType *type;
  guint8 *ready; /* the peer's READY, which the metadata look into */
  ZmqgPeerMetadata metadata;
} NullMechanism;

/* The application's properties. */
static ZmqgProperty *
make_properties (GPtrArray *metadata,
                 gsize *n)
{
  ZmqgProperty *properties;

  *n = metadata != NULL ? metadata->len / 2 : 0;
  properties = g_new (ZmqgProperty, *n);
  for (gsize i = 0; i < *n; i++)
    {
      const char *name = g_ptr_array_index (metadata, i * 2);
      const char *value = g_ptr_array_index (metadata, i * 2 + 1);

      properties[i] = (ZmqgProperty){ name, strlen (name),
                                      (const guint8 *) value,
                                      strlen (value) };
    }

  return properties;
}

static ZmqgMechanism *
null_start (const ZmqgHandshakeInfo *info,
            GByteArray *output)
{
  NullMechanism *self = g_new0 (NullMechanism, 1);
  gsize size = 0;
  const guint8 *identity = NULL;
  g_autofree ZmqgProperty *properties = NULL;
  gsize n_properties;

  if (info->routing_id != NULL)
    identity = g_bytes_get_data (info->routing_id, &size);

  self->parent.ops = &zmqg_null_mechanism;
  self->type = info->type;
  properties = make_properties (info->metadata, &n_properties);
  zmqg_metadata_append_ready (output, info->type, identity, size, properties,
                              n_properties);
  return &self->parent;
}

static ZmqgMechanismState
handle_ready (NullMechanism *self,
              const ZmqgCommand *command,
              ZmqgProtocolError *protocol_error,
              GError **error)
{
  if (self->ready != NULL)
    {
      *protocol_error = ZMQG_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND;
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL,
                           "The peer sent READY twice");
      return ZMQG_MECHANISM_FAILED;
    }

  /* Not NULL when it is empty: it has come. */
  self->ready = g_malloc (command->size + 1);
  memcpy (self->ready, command->data, command->size);
  if (!zmqg_peer_metadata_parse (&self->metadata, self->ready, command->size,
                                 self->type, error))
    return ZMQG_MECHANISM_FAILED;

  return ZMQG_MECHANISM_READY;
}

static ZmqgMechanismState
handle_error (NullMechanism *self,
              const ZmqgCommand *command,
              ZmqgProtocolError *protocol_error,
              GError **error)
{
  const char *reason;
  g_autofree char *text = NULL;
  gsize size;
  guint status;

  if (!zmqg_command_parse_error (command->data, command->size, &reason, &size,
                                 &status))
    {
      *protocol_error = ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR;
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL,
                           "The peer sent a malformed ERROR command");
      return ZMQG_MECHANISM_FAILED;
    }

  self->parent.status = status;
  text = g_utf8_make_valid (reason, (gssize) size);
  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_AUTHENTICATION,
               "The peer refused the connection: %s", text);
  return ZMQG_MECHANISM_FAILED;
}

static ZmqgMechanismState
null_handle (ZmqgMechanism *mechanism,
             const guint8 *body,
             gsize size,
             GByteArray *output G_GNUC_UNUSED,
             ZmqgProtocolError *protocol_error,
             GError **error)
{
  NullMechanism *self = (NullMechanism *) mechanism;
  ZmqgCommand command;

  switch (zmqg_command_parse (&command, body, size))
    {
    case ZMQG_COMMAND_READY:
      return handle_ready (self, &command, protocol_error, error);

    case ZMQG_COMMAND_ERROR:
      return handle_error (self, &command, protocol_error, error);

    default:
      *protocol_error = ZMQG_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND;
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL,
                           "Expected READY or ERROR of the peer");
      return ZMQG_MECHANISM_FAILED;
    }
}

static const ZmqgPeerMetadata *
null_get_metadata (ZmqgMechanism *mechanism)
{
  return &((NullMechanism *) mechanism)->metadata;
}

static void
null_free (ZmqgMechanism *mechanism)
{
  NullMechanism *self = (NullMechanism *) mechanism;

  g_free (self->ready);
  g_free (self);
}

const ZmqgMechanismOps zmqg_null_mechanism = {
  .name = "NULL",
  .start = null_start,
  .handle = null_handle,
  .get_metadata = null_get_metadata,
  .free = null_free,
};
