/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmtp/zmqg-zmtp-types-private.h"

G_BEGIN_DECLS

#define ZMQG_METADATA_SOCKET_TYPE "Socket-Type"
#define ZMQG_METADATA_IDENTITY "Identity"

/* A property of a connection; a view. Names have no terminating zero. */
typedef struct
{
  const char *name;
  gsize name_size;
  const guint8 *value;
  gsize value_size;
} ZmqgProperty;

void     zmqg_metadata_append_property (GByteArray         *metadata,
                                        const char         *name,
                                        gsize               name_size,
                                        const guint8       *value,
                                        gsize               value_size);
void     zmqg_metadata_append          (GByteArray         *metadata,
                                        const ZmqgZmtpType *type,
                                        const guint8       *identity,
                                        gsize               identity_size,
                                        const ZmqgProperty *properties,
                                        gsize               n_properties);
void     zmqg_metadata_append_ready    (GByteArray         *frames,
                                        const ZmqgZmtpType *type,
                                        const guint8       *identity,
                                        gsize               identity_size,
                                        const ZmqgProperty *properties,
                                        gsize               n_properties);

/* Walks over metadata. Initialise with the bytes behind the command's name. */
typedef struct
{
  const guint8 *data;
  gsize size;
} ZmqgMetadataIter;

typedef enum
{
  ZMQG_METADATA_PROPERTY,
  ZMQG_METADATA_END,
  ZMQG_METADATA_MALFORMED,
} ZmqgMetadataResult;

ZmqgMetadataResult zmqg_metadata_iter_next (ZmqgMetadataIter *self,
                                            ZmqgProperty     *property);

/*
 * ZmqgPeerMetadata: what a peer tells of itself in READY or INITIATE; a view.
 */
typedef struct
{
  const ZmqgZmtpType *type; /* NULL when the peer does not tell */
  gboolean has_identity;
  const guint8 *identity; /* the last one, if there are several */
  gsize identity_size;
  ZmqgMetadataIter properties; /* all of them, checked */
} ZmqgPeerMetadata;

gboolean zmqg_peer_metadata_parse  (ZmqgPeerMetadata       *self,
                                    const guint8           *data,
                                    gsize                   size,
                                    const ZmqgZmtpType     *our_type,
                                    GError                **error);
gboolean zmqg_peer_metadata_lookup (const ZmqgPeerMetadata *self,
                                    const char             *name,
                                    const guint8          **value,
                                    gsize                  *value_size);

G_END_DECLS
