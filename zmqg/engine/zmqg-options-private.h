/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"

#include <stdatomic.h>

/* Addresses that may connect: those whose first @bits are these, and which
 * have that zone, if they have any. */
typedef struct
{
  guint8 bytes[16];
  guint size; /* 4 or 16 */
  guint bits;
  guint32 zone; /* 0: any */
} ZmqgAddressFilter;

typedef enum
{
  ZMQG_IPC_FILTER_UID,
  ZMQG_IPC_FILTER_GID,
  ZMQG_IPC_FILTER_PID,
} ZmqgIpcFilterKind;

/* Processes that may connect. */
typedef struct
{
  ZmqgIpcFilterKind kind;
  guint id;
} ZmqgIpcFilter;

/*
 * ZmqgOptions: every option of a socket, in one counted record. A socket
 * copies it before it changes one that others refer to; an endpoint keeps
 * the record of its bind or connect. Fields are read by the engine and the
 * transports; they are set through the table below only.
 */
typedef struct
{
  atomic_uint refs;

  int send_hwm;               /* messages per pipe, 0 = no limit */
  int receive_hwm;            /* messages per pipe, 0 = no limit */
  int linger;                 /* ms, -1 = for ever */
  int send_timeout;           /* ms, -1 = for ever */
  int receive_timeout;        /* ms, -1 = for ever */
  int reconnect_interval;     /* ms, 0 and -1 = never */
  int reconnect_interval_max; /* ms, 0 = no back-off */
  int handshake_interval;     /* ms, 0 = no limit */
  int connect_timeout;        /* ms, 0 = the system's */
  int heartbeat_interval;     /* ms, 0 = none */
  int heartbeat_timeout;      /* ms, 0 = any time, -1 = heartbeat_interval */
  int heartbeat_ttl;          /* ms, a multiple of 100; 0 = none */
  int reconnect_stop;         /* ZmqgReconnectStop */
  int backlog;                /* connections */
  int send_buffer;            /* bytes, -1 = the system's */
  int receive_buffer;         /* bytes, -1 = the system's */
  int in_batch_size;          /* bytes of a message of a raw peer */
  int out_batch_size;         /* bytes; no effect */
  int tos;                    /* IP_TOS and IPV6_TCLASS, 0 = leave */
  int priority;               /* SO_PRIORITY, 0 = leave */
  int busy_poll;              /* SO_BUSY_POLL in µs, 0 = leave */
  int tcp_max_retransmit;     /* ms, 0 = the system's */
  int tcp_keepalive;          /* -1 = the system's, 0, 1 */
  int tcp_keepalive_count;    /* probes, -1 = the system's */
  int tcp_keepalive_idle;     /* s, -1 = the system's */
  int tcp_keepalive_interval; /* s, -1 = the system's */
  int use_fd;                 /* to listen on a copy of; -1 = none */
  guint64 affinity;           /* bit i = I/O thread i; 0 = any */
  gint64 max_message_size;    /* bytes of a whole message, -1 = no limit */
  gint64 max_frame_size;      /* bytes of one frame, -1 = no limit */
  int max_frames;             /* frames of a message, 0 = no limit */
  int max_subscriptions;      /* of one peer, 0 = no limit */
  int max_subscription_bytes; /* of all topics of one peer, 0 = no limit */
  gboolean immediate;
  gboolean conflate;
  gboolean ipv6;
  gboolean raw;               /* peers speak no ZMTP, but bytes */
  char *bind_to_device;       /* nullable: none */
  char *socks_proxy;          /* host:port, nullable: none */
  char *socks_username;       /* nullable: none */
  char *socks_password;       /* nullable: none */
  GBytes *routing_id;         /* nullable: none */
  GBytes *hello_message;      /* nullable: none */
  GBytes *disconnect_message; /* the same */
  GBytes *hiccup_message;     /* the same */

  /* Lists, nullable: never changed, but replaced as a whole. */
  GPtrArray *metadata;        /* names and values in turn */
  GArray *accept_filters;     /* of ZmqgAddressFilter */
  GArray *ipc_filters;        /* of ZmqgIpcFilter */
} ZmqgOptions;

ZmqgOptions *zmqg_options_new (void);
ZmqgOptions *zmqg_options_ref (ZmqgOptions *self);
void zmqg_options_unref (ZmqgOptions *self);

/* A record that only the caller holds: @self itself (transfer full) when it
 * is that already. */
ZmqgOptions *zmqg_options_make_writable (ZmqgOptions *self);

typedef enum
{
  ZMQG_OPTION_INT,
  ZMQG_OPTION_INT64,
  ZMQG_OPTION_UINT64,
  ZMQG_OPTION_BOOLEAN,
  ZMQG_OPTION_FLAGS,
  ZMQG_OPTION_STRING,
  ZMQG_OPTION_BYTES,
} ZmqgOptionType;

/*
 * One option: where it lies in the record, what it may be. Property setters
 * and the plain C API both go through zmqg_options_set ().
 */
typedef struct
{
  const char *name; /* of the property */
  ZmqgOptionType type;
  gsize offset;
  gint64 minimum; /* of the value, or of the size of a string or bytes; a */
  gint64 maximum; /* UINT64 may be anything */
  gint64 fallback; /* the default */
  int step;        /* integers are rounded down to multiples of it; 0 = 1 */
  GType (*get_type) (void); /* of flags */
} ZmqgOptionSpec;

extern const ZmqgOptionSpec zmqg_option_specs[];
extern const guint zmqg_n_option_specs;

const ZmqgOptionSpec *zmqg_option_spec_find (const char *name);

/* @value holds what the type says; strings and GBytes are nullable, and none
 * when they are empty. @self must be writable. */
gboolean zmqg_options_set (ZmqgOptions *self, const ZmqgOptionSpec *spec,
                           const GValue *value, GError **error);
/* Those that are lists, and no properties. @self must be writable. A name of
 * metadata that is there keeps its value. */
gboolean zmqg_options_add_metadata (ZmqgOptions *self, const char *name,
                                    const char *value, GError **error);
gboolean zmqg_options_add_accept_filter (ZmqgOptions *self, const char *text,
                                         GError **error);
void zmqg_options_add_ipc_filter (ZmqgOptions *self, ZmqgIpcFilterKind kind,
                                  guint id);

void zmqg_options_get (const ZmqgOptions *self, const ZmqgOptionSpec *spec,
                       GValue *value);
