/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-options-private.h"

#include "base/zmqg-error.h"

#include <string.h>

#define INT(name, field, minimum, fallback) \
  { name, ZMQG_OPTION_INT, G_STRUCT_OFFSET (ZmqgOptions, field), minimum, \
    G_MAXINT, fallback }
#define INT_TO(name, field, minimum, maximum, fallback) \
  { name, ZMQG_OPTION_INT, G_STRUCT_OFFSET (ZmqgOptions, field), minimum, \
    maximum, fallback }
#define MESSAGE(name, field) \
  { name, ZMQG_OPTION_BYTES, G_STRUCT_OFFSET (ZmqgOptions, field), 1, \
    G_MAXINT64, 0 }
#define BOOLEAN(name, field, fallback) \
  { name, ZMQG_OPTION_BOOLEAN, G_STRUCT_OFFSET (ZmqgOptions, field), 0, 1, \
    fallback }

const ZmqgOptionSpec zmqg_option_specs[] = {
  INT ("send-hwm", send_hwm, 0, 1000),
  INT ("receive-hwm", receive_hwm, 0, 1000),
  INT ("linger", linger, -1, -1),
  INT ("send-timeout", send_timeout, -1, -1),
  INT ("receive-timeout", receive_timeout, -1, -1),
  INT ("reconnect-interval", reconnect_interval, -1, 100),
  INT ("reconnect-interval-max", reconnect_interval_max, 0, 0),
  INT ("handshake-interval", handshake_interval, 0, 30000),
  INT ("connect-timeout", connect_timeout, 0, 0),
  INT ("heartbeat-interval", heartbeat_interval, 0, 0),
  INT ("heartbeat-timeout", heartbeat_timeout, -1, -1),
  { "heartbeat-ttl", ZMQG_OPTION_INT,
    G_STRUCT_OFFSET (ZmqgOptions, heartbeat_ttl), 0, 65535 * 100 + 99, 0,
    100 },
  { "reconnect-stop", ZMQG_OPTION_FLAGS,
    G_STRUCT_OFFSET (ZmqgOptions, reconnect_stop), 0, 7, 0, 0,
    zmqg_reconnect_stop_get_type },
  INT ("backlog", backlog, 0, 100),
  INT ("send-buffer", send_buffer, -1, -1),
  INT ("receive-buffer", receive_buffer, -1, -1),
  INT ("in-batch-size", in_batch_size, 1, 8192),
  INT ("out-batch-size", out_batch_size, 1, 8192),
  INT ("tos", tos, 0, 0),
  INT ("priority", priority, 0, 0),
  INT ("busy-poll", busy_poll, 0, 0),
  INT ("tcp-max-retransmit", tcp_max_retransmit, 0, 0),
  INT_TO ("tcp-keepalive", tcp_keepalive, -1, 1, -1),
  INT ("tcp-keepalive-count", tcp_keepalive_count, -1, -1),
  INT ("tcp-keepalive-idle", tcp_keepalive_idle, -1, -1),
  INT ("tcp-keepalive-interval", tcp_keepalive_interval, -1, -1),
  INT ("use-fd", use_fd, -1, -1),
  { "affinity", ZMQG_OPTION_UINT64, G_STRUCT_OFFSET (ZmqgOptions, affinity),
    0, 0, 0 },
  { "max-message-size", ZMQG_OPTION_INT64,
    G_STRUCT_OFFSET (ZmqgOptions, max_message_size), -1, G_MAXINT64,
    G_GINT64_CONSTANT (1) << 30 },
  { "max-frame-size", ZMQG_OPTION_INT64,
    G_STRUCT_OFFSET (ZmqgOptions, max_frame_size), -1, G_MAXINT64, -1 },
  INT ("max-frames", max_frames, 0, 65536),
  INT ("max-subscriptions", max_subscriptions, 0, 1024 * 1024),
  INT ("max-subscription-bytes", max_subscription_bytes, 0,
       64 * 1024 * 1024),
  BOOLEAN ("immediate", immediate, FALSE),
  BOOLEAN ("conflate", conflate, FALSE),
  BOOLEAN ("ipv6", ipv6, FALSE),
  /* The kernel's names have 16 bytes with the zero at the end; libzmq takes
   * them without, and the kernel then knows no such device. */
  { "bind-to-device", ZMQG_OPTION_STRING,
    G_STRUCT_OFFSET (ZmqgOptions, bind_to_device), 1, 16, 0 },
  { "socks-proxy", ZMQG_OPTION_STRING,
    G_STRUCT_OFFSET (ZmqgOptions, socks_proxy), 1, G_MAXINT64, 0 },
  /* RFC 1929, section 2: their lengths are one byte. */
  { "socks-username", ZMQG_OPTION_STRING,
    G_STRUCT_OFFSET (ZmqgOptions, socks_username), 1, 255, 0 },
  { "socks-password", ZMQG_OPTION_STRING,
    G_STRUCT_OFFSET (ZmqgOptions, socks_password), 1, 255, 0 },
  { "routing-id", ZMQG_OPTION_BYTES,
    G_STRUCT_OFFSET (ZmqgOptions, routing_id), 1, 255, 0 },
  MESSAGE ("hello-message", hello_message),
  MESSAGE ("disconnect-message", disconnect_message),
  MESSAGE ("hiccup-message", hiccup_message),
};

const guint zmqg_n_option_specs = G_N_ELEMENTS (zmqg_option_specs);

ZmqgOptions *
zmqg_options_new (void)
{
  ZmqgOptions *self = g_new0 (ZmqgOptions, 1);

  atomic_init (&self->refs, 1);

  for (guint i = 0; i < zmqg_n_option_specs; i++)
    {
      const ZmqgOptionSpec *spec = &zmqg_option_specs[i];
      gpointer field = G_STRUCT_MEMBER_P (self, spec->offset);

      switch (spec->type)
        {
        case ZMQG_OPTION_INT:
        case ZMQG_OPTION_BOOLEAN:
        case ZMQG_OPTION_FLAGS:
          *(int *) field = (int) spec->fallback;
          break;
        case ZMQG_OPTION_INT64:
        case ZMQG_OPTION_UINT64:
          *(gint64 *) field = spec->fallback;
          break;
        case ZMQG_OPTION_STRING:
        case ZMQG_OPTION_BYTES:
        default:
          break;
        }
    }

  return self;
}

ZmqgOptions *
zmqg_options_ref (ZmqgOptions *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

/* Calls a function for each field that points to memory of the record. */
static void
for_each_pointer (ZmqgOptions *self,
                  void (*function) (ZmqgOptionType type, gpointer *field))
{
  for (guint i = 0; i < zmqg_n_option_specs; i++)
    {
      const ZmqgOptionSpec *spec = &zmqg_option_specs[i];

      if (spec->type == ZMQG_OPTION_STRING || spec->type == ZMQG_OPTION_BYTES)
        function (spec->type, G_STRUCT_MEMBER_P (self, spec->offset));
    }
}

static void
drop_pointer (ZmqgOptionType type,
              gpointer *field)
{
  if (type == ZMQG_OPTION_BYTES)
    g_clear_pointer ((GBytes **) field, g_bytes_unref);
  else
    g_clear_pointer (field, g_free);
}

static void
copy_pointer (ZmqgOptionType type,
              gpointer *field)
{
  if (type == ZMQG_OPTION_BYTES && *field != NULL)
    g_bytes_ref (*field);
  else if (type == ZMQG_OPTION_STRING)
    *field = g_strdup (*field);
}

void
zmqg_options_unref (ZmqgOptions *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  for_each_pointer (self, drop_pointer);
  g_clear_pointer (&self->metadata, g_ptr_array_unref);
  g_clear_pointer (&self->accept_filters, g_array_unref);
  g_clear_pointer (&self->ipc_filters, g_array_unref);
  g_free (self);
}

ZmqgOptions *
zmqg_options_make_writable (ZmqgOptions *self)
{
  const gsize first = G_STRUCT_OFFSET (ZmqgOptions, send_hwm);
  ZmqgOptions *copy;

  /* Acquire: what others did with the record before they let it go. */
  if (atomic_load_explicit (&self->refs, memory_order_acquire) == 1)
    return self;

  /* All but the counter, which others change meanwhile. */
  copy = g_new0 (ZmqgOptions, 1);
  memcpy ((guint8 *) copy + first, (guint8 *) self + first,
          sizeof *self - first);
  atomic_init (&copy->refs, 1);
  for_each_pointer (copy, copy_pointer);
  if (copy->metadata != NULL)
    g_ptr_array_ref (copy->metadata);
  if (copy->accept_filters != NULL)
    g_array_ref (copy->accept_filters);
  if (copy->ipc_filters != NULL)
    g_array_ref (copy->ipc_filters);
  zmqg_options_unref (self);
  return copy;
}

const ZmqgOptionSpec *
zmqg_option_spec_find (const char *name)
{
  for (guint i = 0; i < zmqg_n_option_specs; i++)
    if (g_str_equal (zmqg_option_specs[i].name, name))
      return &zmqg_option_specs[i];

  return NULL;
}

static gboolean
check_range (const ZmqgOptionSpec *spec,
             gint64 value,
             GError **error)
{
  if (value >= spec->minimum && value <= spec->maximum)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "%" G_GINT64_FORMAT " is not in the range of %s: %"
               G_GINT64_FORMAT " to %" G_GINT64_FORMAT, value, spec->name,
               spec->minimum, spec->maximum);
  return FALSE;
}

static gboolean
set_bytes (GBytes **field,
           const ZmqgOptionSpec *spec,
           GBytes *bytes,
           GError **error)
{
  if (bytes != NULL && g_bytes_get_size (bytes) == 0)
    bytes = NULL;
  if (bytes != NULL && !check_range (spec, g_bytes_get_size (bytes), error))
    return FALSE;

  if (bytes != NULL)
    bytes = g_bytes_new (g_bytes_get_data (bytes, NULL),
                         g_bytes_get_size (bytes));
  g_clear_pointer (field, g_bytes_unref);
  *field = bytes;
  return TRUE;
}

static gboolean
set_string (char **field,
            const ZmqgOptionSpec *spec,
            const char *string,
            GError **error)
{
  if (string != NULL && string[0] == '\0')
    string = NULL;
  if (string != NULL && !check_range (spec, strlen (string), error))
    {
      g_prefix_error (error, "“%s”, its length: ", string);
      return FALSE;
    }

  g_free (*field);
  *field = g_strdup (string);
  return TRUE;
}

gboolean
zmqg_options_set (ZmqgOptions *self,
                  const ZmqgOptionSpec *spec,
                  const GValue *value,
                  GError **error)
{
  gpointer field = G_STRUCT_MEMBER_P (self, spec->offset);

  switch (spec->type)
    {
    case ZMQG_OPTION_INT:
      if (!check_range (spec, g_value_get_int (value), error))
        return FALSE;
      *(int *) field = g_value_get_int (value);
      if (spec->step > 1)
        *(int *) field -= *(int *) field % spec->step;
      return TRUE;

    case ZMQG_OPTION_INT64:
      if (!check_range (spec, g_value_get_int64 (value), error))
        return FALSE;
      *(gint64 *) field = g_value_get_int64 (value);
      return TRUE;

    case ZMQG_OPTION_UINT64:
      *(guint64 *) field = g_value_get_uint64 (value);
      return TRUE;

    case ZMQG_OPTION_BOOLEAN:
      *(gboolean *) field = g_value_get_boolean (value);
      return TRUE;

    case ZMQG_OPTION_FLAGS:
      if (!check_range (spec, g_value_get_flags (value), error))
        return FALSE;
      *(guint *) field = g_value_get_flags (value);
      return TRUE;

    case ZMQG_OPTION_STRING:
      return set_string (field, spec, g_value_get_string (value), error);

    case ZMQG_OPTION_BYTES:
    default:
      return set_bytes (field, spec, g_value_get_boxed (value), error);
    }
}

void
zmqg_options_get (const ZmqgOptions *self,
                  const ZmqgOptionSpec *spec,
                  GValue *value)
{
  gconstpointer field = G_STRUCT_MEMBER_P (self, spec->offset);

  switch (spec->type)
    {
    case ZMQG_OPTION_INT:
      g_value_set_int (value, *(const int *) field);
      break;

    case ZMQG_OPTION_INT64:
      g_value_set_int64 (value, *(const gint64 *) field);
      break;

    case ZMQG_OPTION_UINT64:
      g_value_set_uint64 (value, *(const guint64 *) field);
      break;

    case ZMQG_OPTION_BOOLEAN:
      g_value_set_boolean (value, *(const gboolean *) field);
      break;

    case ZMQG_OPTION_FLAGS:
      g_value_set_flags (value, *(const guint *) field);
      break;

    case ZMQG_OPTION_STRING:
      g_value_set_string (value, *(char *const *) field);
      break;

    case ZMQG_OPTION_BYTES:
    default:
      g_value_set_boxed (value, *(GBytes *const *) field);
      break;
    }
}
