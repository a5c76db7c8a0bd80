/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * ZmqgRoutingTable: finds a peer by its routing id, for ROUTER, REP and STREAM.
 *
 * Looking up takes no memory. An id is any string of one byte or more. Since
 * peers choose theirs, the hash is keyed with a secret of each table.
 *
 * Not thread-safe: the owner locks. Callbacks must not change the table.
 */
typedef struct _ZmqgRoutingTable ZmqgRoutingTable;

/* An entry. Its address stays the same until it is removed, so that
 * a peer can keep it and put the bytes before each message. */
typedef struct
{
  gpointer value; /* may be set at any time */
  gsize    size;
  guint8   data[];
} ZmqgRoutingId;

#define ZMQG_ROUTING_ID_GENERATED_SIZE 5

typedef enum
{
  ZMQG_ROUTING_OK,
  ZMQG_ROUTING_EXISTS,
  ZMQG_ROUTING_NO_MEMORY,
} ZmqgRoutingResult;

typedef void (*ZmqgRoutingFunc) (ZmqgRoutingId *id,
                                 gpointer       user_data);

ZmqgRoutingTable  *zmqg_routing_table_new              (void);
void               zmqg_routing_table_free             (ZmqgRoutingTable        *self);
ZmqgRoutingResult  zmqg_routing_table_insert           (ZmqgRoutingTable        *self,
                                                        const guint8            *data,
                                                        gsize                    size,
                                                        gpointer                 value,
                                                        ZmqgRoutingId          **id);
ZmqgRoutingResult  zmqg_routing_table_insert_generated (ZmqgRoutingTable        *self,
                                                        gpointer                 value,
                                                        ZmqgRoutingId          **id);
ZmqgRoutingId     *zmqg_routing_table_lookup           (const ZmqgRoutingTable  *self,
                                                        const guint8            *data,
                                                        gsize                    size);
void               zmqg_routing_table_remove           (ZmqgRoutingTable        *self,
                                                        ZmqgRoutingId           *id);
void               zmqg_routing_table_foreach          (const ZmqgRoutingTable  *self,
                                                        ZmqgRoutingFunc          func,
                                                        gpointer                 user_data);
guint32            zmqg_routing_table_get_n_ids        (const ZmqgRoutingTable  *self);
void               zmqg_routing_table_set_next         (ZmqgRoutingTable        *self,
                                                        guint32                  next);

G_END_DECLS
