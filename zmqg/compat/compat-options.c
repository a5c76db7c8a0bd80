/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "base/zmqg-error.h"
#include "compat/compat-error-private.h"
#include "socket/zmqg-sub-socket.h"
#include "socket/zmqg-xpub-socket.h"

#include <string.h>
#include <sys/types.h>

/*
 * zmq_setsockopt () and zmq_getsockopt (): a table from libzmq's numbers to
 * properties, with what libzmq accepts.
 */

typedef enum
{
  NUMBER,   /* int in a range */
  SWITCH,   /* int: 0 or 1 */
  POSITIVE, /* int: not negative; not 0 is true */
  ANY,      /* int; not 0 is true */
  BITS,     /* int in a range; flags */
  NUMBER64, /* int64_t */
  BITS64,   /* uint64_t */
  STRING,   /* of a size in a range; NULL and 0 for none */
  BYTES,    /* the same */
} Kind;

#define TYPE(name) (1u << ZMQ_##name)
#define ALL_TYPES 0x7ffu
#define ROUTERS (TYPE (ROUTER) | TYPE (REP))
#define PUBLISHERS (TYPE (XPUB) | TYPE (PUB))

#define GETS 0x1u
#define SETS 0x2u
/* A string of no bytes is none, too, when there is a pointer. */
#define MAY_BE_EMPTY 0x4u

typedef struct _Option Option;

struct _Option
{
  int number;
  Kind kind;
  const char *property; /* NULL, or not of the type: kept, without effect */
  gint64 minimum;
  gint64 maximum;
  guint flags;
  guint types;
  int fallback; /* of what is kept */
};

static const Option options[] = {
  { ZMQ_AFFINITY, BITS64, "affinity", 0, 0, GETS | SETS, ALL_TYPES },
  { ZMQ_ROUTING_ID, BYTES, "routing-id", 1, 255, GETS | SETS, ALL_TYPES },
  { ZMQ_RATE, NUMBER, NULL, 1, G_MAXINT, GETS | SETS, ALL_TYPES, 100 },
  { ZMQ_RECOVERY_IVL, NUMBER, NULL, 0, G_MAXINT, GETS | SETS, ALL_TYPES,
    10000 },
  { ZMQ_SNDBUF, NUMBER, "send-buffer", -1, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_RCVBUF, NUMBER, "receive-buffer", -1, G_MAXINT, GETS | SETS,
    ALL_TYPES },
  { ZMQ_LINGER, NUMBER, "linger", -1, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_RECONNECT_IVL, NUMBER, "reconnect-interval", -1, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_BACKLOG, NUMBER, "backlog", 0, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_RECONNECT_IVL_MAX, NUMBER, "reconnect-interval-max", 0, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_MAXMSGSIZE, NUMBER64, "max-frame-size", G_MININT64, G_MAXINT64,
    GETS | SETS, ALL_TYPES },
  { ZMQ_SNDHWM, NUMBER, "send-hwm", 0, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_RCVHWM, NUMBER, "receive-hwm", 0, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_MULTICAST_HOPS, NUMBER, NULL, 1, G_MAXINT, GETS | SETS, ALL_TYPES,
    1 },
  { ZMQ_RCVTIMEO, NUMBER, "receive-timeout", -1, G_MAXINT, GETS | SETS,
    ALL_TYPES },
  { ZMQ_SNDTIMEO, NUMBER, "send-timeout", -1, G_MAXINT, GETS | SETS,
    ALL_TYPES },
  { ZMQ_ROUTER_MANDATORY, POSITIVE, "mandatory", 0, 0, SETS, ROUTERS },
  { ZMQ_TCP_KEEPALIVE, NUMBER, "tcp-keepalive", -1, 1, GETS | SETS,
    ALL_TYPES },
  { ZMQ_TCP_KEEPALIVE_CNT, NUMBER, "tcp-keepalive-count", -1, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_TCP_KEEPALIVE_IDLE, NUMBER, "tcp-keepalive-idle", -1, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_TCP_KEEPALIVE_INTVL, NUMBER, "tcp-keepalive-interval", -1, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_IMMEDIATE, SWITCH, "immediate", 0, 1, GETS | SETS, ALL_TYPES },
  { ZMQ_XPUB_VERBOSE, POSITIVE, "verbose", 0, 0, SETS, PUBLISHERS },
  { ZMQ_ROUTER_RAW, POSITIVE, "raw", 0, 0, SETS, ROUTERS },
  { ZMQ_IPV6, SWITCH, "ipv6", 0, 1, GETS | SETS, ALL_TYPES },
  { ZMQ_MECHANISM, NUMBER, NULL, 0, 0, GETS, ALL_TYPES, ZMQ_NULL },
  { ZMQ_PLAIN_SERVER, SWITCH, NULL, 0, 1, GETS, ALL_TYPES },
  { ZMQ_PLAIN_USERNAME, STRING, NULL, 1, 255, GETS, ALL_TYPES },
  { ZMQ_PLAIN_PASSWORD, STRING, NULL, 1, 255, GETS, ALL_TYPES },
  { ZMQ_ZAP_DOMAIN, STRING, NULL, 1, 255, GETS, ALL_TYPES },
  { ZMQ_ZAP_ENFORCE_DOMAIN, ANY, NULL, 0, 0, GETS, ALL_TYPES },
  { ZMQ_PROBE_ROUTER, POSITIVE, "probe-router", 0, 0, SETS,
    ROUTERS | TYPE (DEALER) | TYPE (REQ) },
  { ZMQ_REQ_CORRELATE, POSITIVE, "correlate", 0, 0, SETS, TYPE (REQ) },
  { ZMQ_REQ_RELAXED, POSITIVE, "relaxed", 0, 0, SETS, TYPE (REQ) },
  { ZMQ_CONFLATE, SWITCH, "conflate", 0, 1, GETS | SETS, ALL_TYPES },
  { ZMQ_ROUTER_HANDOVER, POSITIVE, "handover", 0, 0, SETS, ROUTERS },
  { ZMQ_TOS, NUMBER, "tos", 0, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_CONNECT_ROUTING_ID, BYTES, "connect-routing-id", 1, G_MAXINT64, SETS,
    ROUTERS },
  { ZMQ_HANDSHAKE_IVL, NUMBER, "handshake-interval", 0, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_SOCKS_PROXY, STRING, "socks-proxy", 1, G_MAXINT64, GETS | SETS,
    ALL_TYPES },
  { ZMQ_XPUB_NODROP, POSITIVE, "no-drop", 0, 0, SETS, PUBLISHERS },
  { ZMQ_XPUB_MANUAL, POSITIVE, "manual", 0, 0, SETS, PUBLISHERS },
  { ZMQ_XPUB_WELCOME_MSG, BYTES, "welcome-message", 0, G_MAXINT64,
    SETS | MAY_BE_EMPTY, PUBLISHERS },
  { ZMQ_INVERT_MATCHING, ANY, "invert-matching", 0, 0, GETS | SETS,
    ALL_TYPES },
  { ZMQ_HEARTBEAT_IVL, NUMBER, "heartbeat-interval", 0, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_HEARTBEAT_TTL, NUMBER, "heartbeat-ttl", -99, 6553599, GETS | SETS,
    ALL_TYPES },
  { ZMQ_HEARTBEAT_TIMEOUT, NUMBER, "heartbeat-timeout", 0, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_XPUB_VERBOSER, POSITIVE, "verboser", 0, 0, SETS, PUBLISHERS },
  { ZMQ_CONNECT_TIMEOUT, NUMBER, "connect-timeout", 0, G_MAXINT, GETS | SETS,
    ALL_TYPES },
  { ZMQ_TCP_MAXRT, NUMBER, "tcp-max-retransmit", 0, G_MAXINT, GETS | SETS,
    ALL_TYPES },
  { ZMQ_MULTICAST_MAXTPDU, NUMBER, NULL, 1, G_MAXINT, GETS | SETS, ALL_TYPES,
    1500 },
  { ZMQ_USE_FD, NUMBER, "use-fd", -1, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_BINDTODEVICE, STRING, "bind-to-device", 1, 16, GETS | SETS,
    ALL_TYPES },
  { ZMQ_LOOPBACK_FASTPATH, ANY, NULL, 0, 0, GETS | SETS, ALL_TYPES },
  { ZMQ_MULTICAST_LOOP, ANY, NULL, 0, 0, GETS | SETS, ALL_TYPES, 1 },
  { ZMQ_ROUTER_NOTIFY, BITS, "notify-peers", 0, 3, SETS, ROUTERS },
  { ZMQ_ROUTER_NOTIFY, BITS, "notify-peers", 0, 3, GETS, ALL_TYPES },
  { ZMQ_XPUB_MANUAL_LAST_VALUE, POSITIVE, "manual-last-value", 0, 0, SETS,
    PUBLISHERS },
  { ZMQ_SOCKS_USERNAME, STRING, "socks-username", 0, 255,
    GETS | SETS | MAY_BE_EMPTY, ALL_TYPES },
  { ZMQ_SOCKS_PASSWORD, STRING, "socks-password", 0, 255,
    GETS | SETS | MAY_BE_EMPTY, ALL_TYPES },
  { ZMQ_IN_BATCH_SIZE, NUMBER, "in-batch-size", 1, G_MAXINT, GETS | SETS,
    ALL_TYPES },
  { ZMQ_OUT_BATCH_SIZE, NUMBER, "out-batch-size", 1, G_MAXINT, GETS | SETS,
    ALL_TYPES },
  { ZMQ_ONLY_FIRST_SUBSCRIBE, POSITIVE, "only-first-subscribe", 0, 0, SETS,
    PUBLISHERS | TYPE (XSUB) },
  { ZMQ_RECONNECT_STOP, BITS, "reconnect-stop", G_MININT, G_MAXINT,
    GETS | SETS, ALL_TYPES },
  { ZMQ_HELLO_MSG, BYTES, "hello-message", 0, G_MAXINT64,
    SETS | MAY_BE_EMPTY, ALL_TYPES },
  { ZMQ_DISCONNECT_MSG, BYTES, "disconnect-message", 0, G_MAXINT64,
    SETS | MAY_BE_EMPTY, ALL_TYPES },
  { ZMQ_PRIORITY, NUMBER, "priority", 0, G_MAXINT, GETS | SETS, ALL_TYPES },
  { ZMQ_BUSY_POLL, NUMBER, "busy-poll", G_MININT, G_MAXINT, SETS,
    ALL_TYPES },
  { ZMQ_HICCUP_MSG, BYTES, "hiccup-message", 0, G_MAXINT64,
    SETS | MAY_BE_EMPTY, ALL_TYPES },
  { ZMQ_XSUB_VERBOSE_UNSUBSCRIBE, ANY, "verbose-unsubscribe", 0, 0, SETS,
    TYPE (XSUB) },
};

G_STATIC_ASSERT (G_N_ELEMENTS (options) <= COMPAT_OPTIONS_MAX);

static const Option *
find (CompatSocket *self,
      int number,
      guint flag)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (options[i].number == number && (options[i].flags & flag) != 0 &&
        (options[i].types & 1u << self->core->ops->type) != 0)
      return &options[i];

  return NULL;
}

static GParamSpec *
find_property (CompatSocket *self,
               const Option *option)
{
  return option->property != NULL
           ? g_object_class_find_property (G_OBJECT_GET_CLASS (self->socket),
                                           option->property)
           : NULL;
}

/* --- Setting ----------------------------------------------------------------- */

static gboolean
set_number (CompatSocket *self,
            const Option *option,
            int number)
{
  GParamSpec *pspec = find_property (self, option);
  g_auto (GValue) value = G_VALUE_INIT;

  if (pspec == NULL)
    {
      zmqg_lock (&self->lock);
      self->kept[option - options] = number - option->fallback;
      zmqg_unlock (&self->lock);
      return TRUE;
    }

  g_value_init (&value, pspec->value_type);
  if (G_VALUE_HOLDS_BOOLEAN (&value))
    g_value_set_boolean (&value, number != 0);
  else if (G_VALUE_HOLDS_FLAGS (&value))
    g_value_set_flags (&value, (guint) number &
                                 G_PARAM_SPEC_FLAGS (pspec)->flags_class->mask);
  else
    g_value_set_int (&value, number);
  /* What libzmq takes as "none". */
  g_param_value_validate (pspec, &value);
  g_object_set_property (G_OBJECT (self->socket), option->property, &value);
  return TRUE;
}

static gboolean
is_in_range (const Option *option,
             int number)
{
  switch (option->kind)
    {
    case POSITIVE:
      return number >= 0;
    case SWITCH:
      return number == 0 || number == 1;
    case NUMBER:
    case BITS:
      return number >= option->minimum && number <= option->maximum;
    case ANY:
    case NUMBER64:
    case BITS64:
    case STRING:
    case BYTES:
    default:
      return TRUE;
    }
}

static gboolean
set_text (CompatSocket *self,
          const Option *option,
          const void *data,
          gsize size)
{
  GParamSpec *pspec = find_property (self, option);
  g_auto (GValue) value = G_VALUE_INIT;
  gboolean none = size == 0 &&
                  (data == NULL || (option->flags & MAY_BE_EMPTY) != 0);

  if (!none && (data == NULL || size < (gsize) option->minimum ||
                size > (gsize) option->maximum))
    return FALSE;
  if (none && option->kind == BYTES && (option->flags & MAY_BE_EMPTY) == 0)
    return FALSE;
  if (pspec == NULL)
    return TRUE;

  g_value_init (&value, pspec->value_type);
  if (!none && option->kind == STRING)
    g_value_take_string (&value, g_strndup (data, size));
  else if (!none)
    g_value_take_boxed (&value, g_bytes_new (data, size));
  g_object_set_property (G_OBJECT (self->socket), option->property, &value);
  return TRUE;
}

static gboolean
set_option (CompatSocket *self,
            const Option *option,
            const void *data,
            gsize size)
{
  gint64 wide;
  int number;

  switch (option->kind)
    {
    case NUMBER64:
    case BITS64:
      if (size != sizeof wide || data == NULL)
        return FALSE;
      memcpy (&wide, data, sizeof wide);
      if (option->kind == BITS64)
        g_object_set (self->socket, option->property, (guint64) wide, NULL);
      else
        g_object_set (self->socket, option->property, MAX (wide, -1), NULL);
      return TRUE;

    case STRING:
    case BYTES:
      return set_text (self, option, data, size);

    case NUMBER:
    case SWITCH:
    case POSITIVE:
    case ANY:
    case BITS:
    default:
      if (size != sizeof number || data == NULL)
        return FALSE;
      memcpy (&number, data, sizeof number);
      return is_in_range (option, number) &&
             set_number (self, option, number);
    }
}

/* --- Those that are methods ---------------------------------------------------- */

static int
result_of (gboolean ok,
           GError *error)
{
  if (ok)
    return 0;
  return error != NULL ? compat_fail_with (error) : compat_fail (EINVAL);
}

static int
subscribe (CompatSocket *self,
           gboolean on,
           const void *data,
           gsize size)
{
  g_autoptr (GBytes) topic = g_bytes_new (data, data != NULL ? size : 0);
  GError *error = NULL;
  gboolean ok = FALSE;

  if (ZMQG_IS_SUB_SOCKET (self->socket))
    ok = on ? zmqg_sub_socket_subscribe_bytes (ZMQG_SUB_SOCKET (self->socket),
                                               topic, &error)
            : zmqg_sub_socket_unsubscribe_bytes (
                ZMQG_SUB_SOCKET (self->socket), topic, &error);
  else if (ZMQG_IS_XPUB_SOCKET (self->socket))
    ok = on ? zmqg_xpub_socket_subscribe_bytes (
                ZMQG_XPUB_SOCKET (self->socket), topic, &error)
            : zmqg_xpub_socket_unsubscribe_bytes (
                ZMQG_XPUB_SOCKET (self->socket), topic, &error);

  /* A topic that was not subscribed to is no error. */
  if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND))
    {
      g_error_free (error);
      return 0;
    }
  if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_STATE))
    {
      g_error_free (error);
      return compat_fail (EINVAL);
    }
  return result_of (ok, error);
}

static int
add_accept_filter (CompatSocket *self,
                   const void *data,
                   gsize size)
{
  g_autofree char *text = NULL;
  GError *error = NULL;

  if (data == NULL && size == 0)
    {
      zmqg_socket_clear_accept_filters (self->socket);
      return 0;
    }
  if (data == NULL || size == 0 || size > 255)
    return compat_fail (EINVAL);

  text = g_strndup (data, size);
  return result_of (zmqg_socket_add_accept_filter (self->socket, text,
                                                   &error), error);
}

static int
add_ipc_filter (CompatSocket *self,
                int number,
                const void *data,
                gsize size)
{
  guint32 id;

  if (data == NULL && size == 0)
    {
      zmqg_socket_clear_ipc_filters (self->socket);
      return 0;
    }
  if (data == NULL || size != sizeof id)
    return compat_fail (EINVAL);

  memcpy (&id, data, sizeof id);
  if (number == ZMQ_IPC_FILTER_PID)
    zmqg_socket_add_ipc_filter_pid (self->socket, id);
  else if (number == ZMQ_IPC_FILTER_UID)
    zmqg_socket_add_ipc_filter_uid (self->socket, id);
  else
    zmqg_socket_add_ipc_filter_gid (self->socket, id);
  return 0;
}

/* "X-name:value", and not of four bytes, which would be a number. */
static int
add_metadata (CompatSocket *self,
              const void *data,
              gsize size)
{
  g_autofree char *text = NULL;
  GError *error = NULL;
  char *colon;

  if (data == NULL || size == 0 || size == sizeof (int))
    return compat_fail (EINVAL);

  text = g_strndup (data, size);
  colon = strchr (text, ':');
  if (colon == NULL || colon == text || colon[1] == '\0')
    return compat_fail (EINVAL);

  *colon = '\0';
  return result_of (zmqg_socket_add_metadata (self->socket, text, colon + 1,
                                              &error), error);
}

static int
set_ipv4_only (CompatSocket *self,
               const void *data,
               gsize size)
{
  int number;

  if (data == NULL || size != sizeof number)
    return compat_fail (EINVAL);

  memcpy (&number, data, sizeof number);
  if (number != 0 && number != 1)
    return compat_fail (EINVAL);

  g_object_set (self->socket, "ipv6", number == 0, NULL);
  return 0;
}

static int
set_any (CompatSocket *self,
         int number,
         const void *data,
         gsize size)
{
  const Option *option;

  switch (number)
    {
    case ZMQ_SUBSCRIBE:
    case ZMQ_UNSUBSCRIBE:
      return subscribe (self, number == ZMQ_SUBSCRIBE, data, size);
    case ZMQ_IPV4ONLY:
      return set_ipv4_only (self, data, size);
    case ZMQ_TCP_ACCEPT_FILTER:
      return add_accept_filter (self, data, size);
    case ZMQ_IPC_FILTER_PID:
    case ZMQ_IPC_FILTER_UID:
    case ZMQ_IPC_FILTER_GID:
      return add_ipc_filter (self, number, data, size);
    case ZMQ_METADATA:
      return add_metadata (self, data, size);
    default:
      option = find (self, number, SETS);
      return option != NULL && set_option (self, option, data, size)
               ? 0
               : compat_fail (EINVAL);
    }
}

int
zmq_setsockopt (void *s_,
                int option_,
                const void *optval_,
                size_t optvallen_)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatSocket *self = compat_socket_enter (s_);
  int result;

  if (self == NULL)
    return -1;

  if (compat_socket_is_terminated (self))
    result = compat_fail (ETERM);
  else if (compat_socket_is_forked (self))
    result = 0; /* nothing comes of it, nor of the socket */
  else
    result = set_any (self, option_, optval_, optvallen_);
  compat_socket_leave (self);
  return result;
}

/* --- Getting ------------------------------------------------------------------ */

/* Exactly of its size, as most are. */
static int
give (const void *value,
      gsize size,
      void *data,
      gsize *room)
{
  if (*room != size)
    return compat_fail (EINVAL);

  memcpy (data, value, size);
  return 0;
}

/* Of no more than the room, whose rest is cleared. */
static int
give_within (const void *value,
             gsize size,
             void *data,
             gsize *room)
{
  if (*room < size)
    return compat_fail (EINVAL);

  memset (data, 0, *room);
  if (size > 0)
    memcpy (data, value, size);
  *room = size;
  return 0;
}

static int
give_int_within (int value,
                 void *data,
                 gsize *room)
{
  return give_within (&value, sizeof value, data, room);
}

static int
get_number (CompatSocket *self,
            const Option *option)
{
  GParamSpec *pspec = find_property (self, option);
  g_auto (GValue) value = G_VALUE_INIT;
  int number;

  if (pspec == NULL)
    {
      zmqg_lock (&self->lock);
      number = self->kept[option - options] + option->fallback;
      zmqg_unlock (&self->lock);
      return option->kind == ANY ? number != 0 : number;
    }

  g_value_init (&value, pspec->value_type);
  g_object_get_property (G_OBJECT (self->socket), option->property, &value);
  if (G_VALUE_HOLDS_BOOLEAN (&value))
    return g_value_get_boolean (&value);
  if (G_VALUE_HOLDS_FLAGS (&value))
    return (int) g_value_get_flags (&value);
  return g_value_get_int (&value);
}

static int
get_option (CompatSocket *self,
            const Option *option,
            void *data,
            gsize *room)
{
  g_autofree char *string = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gint64 wide;
  int number;

  switch (option->kind)
    {
    case NUMBER64:
    case BITS64:
      g_object_get (self->socket, option->property, &wide, NULL);
      return give (&wide, sizeof wide, data, room);

    case STRING:
      if (find_property (self, option) != NULL)
        g_object_get (self->socket, option->property, &string, NULL);
      return give_within (string != NULL ? string : "",
                          string != NULL ? strlen (string) + 1 : 1, data,
                          room);

    case BYTES:
      g_object_get (self->socket, option->property, &bytes, NULL);
      return give_within (bytes != NULL ? g_bytes_get_data (bytes, NULL)
                                        : NULL,
                          bytes != NULL ? g_bytes_get_size (bytes) : 0, data,
                          room);

    case NUMBER:
    case SWITCH:
    case POSITIVE:
    case ANY:
    case BITS:
    default:
      number = get_number (self, option);
      return give (&number, sizeof number, data, room);
    }
}

static int
get_topics_count (CompatSocket *self,
                  void *data,
                  gsize *room)
{
  guint n;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (self->socket),
                                    "topics-count") == NULL)
    return compat_fail (EINVAL);

  g_object_get (self->socket, "topics-count", &n, NULL);
  return give_int_within ((int) n, data, room);
}

static int
get_last_endpoint (CompatSocket *self,
                   void *data,
                   gsize *room)
{
  g_autofree char *endpoint = zmqg_socket_get_last_endpoint (self->socket);
  const char *text = endpoint != NULL ? endpoint : "";

  return give_within (text, strlen (text) + 1, data, room);
}

static int
get_any (CompatSocket *self,
         int number,
         void *data,
         gsize *room)
{
  const Option *option;
  gboolean ipv6;
  int value;

  switch (number)
    {
    case ZMQ_RCVMORE:
      return give_int_within (atomic_load (&self->more), data, room);
    case ZMQ_EVENTS:
      if (*room < sizeof value)
        return compat_fail (EINVAL);
      return give_int_within (compat_socket_process (self), data, room);
    case ZMQ_FD:
      if (*room < sizeof value)
        return compat_fail (EINVAL);
      value = compat_socket_get_fd (self);
      return value < 0 ? -1 : give_int_within (value, data, room);
    case ZMQ_TYPE:
      value = (int) self->core->ops->type;
      return give (&value, sizeof value, data, room);
    case ZMQ_THREAD_SAFE:
      /* Each is; but to libzmq's programs this means the types that have
       * neither a descriptor nor messages of many frames. */
      return give_int_within (0, data, room);
    case ZMQ_LAST_ENDPOINT:
      return get_last_endpoint (self, data, room);
    case ZMQ_TOPICS_COUNT:
      return get_topics_count (self, data, room);
    case ZMQ_IPV4ONLY:
      g_object_get (self->socket, "ipv6", &ipv6, NULL);
      value = !ipv6;
      return give (&value, sizeof value, data, room);
    default:
      option = find (self, number, GETS);
      return option != NULL ? get_option (self, option, data, room)
                            : compat_fail (EINVAL);
    }
}

int
zmq_getsockopt (void *s_,
                int option_,
                void *optval_,
                size_t *optvallen_)
{
  CompatSocket *self = compat_socket_enter (s_);
  int result;

  if (self == NULL)
    return -1;

  if (compat_socket_is_terminated (self))
    result = compat_fail (ETERM);
  else if (optval_ == NULL || optvallen_ == NULL)
    result = compat_fail (EFAULT);
  else
    result = get_any (self, option_, optval_, optvallen_);
  compat_socket_leave (self);
  return result;
}
