/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-session-tables-private.h"

#include "base/zmqg-enums.h"
#include "message/zmqg-frame-private.h"

/* Where a reply to a REQ is. */
enum
{
  REPLY_START,
  REPLY_DELIMITER, /* behind a request id */
  REPLY_BODY,
};

/* A reply is an empty frame, perhaps behind a request id of four bytes, and
 * then at least one frame (RFC 28, request-reply envelope). */
static gboolean
check_reply_frame (guint *state,
                   guint flags,
                   const guint8 *payload G_GNUC_UNUSED,
                   guint64 size)
{
  gboolean more = (flags & ZMQG_FRAME_MORE) != 0;

  switch (*state)
    {
    case REPLY_START:
      if (!more || (size != 0 && size != 4))
        return FALSE;
      *state = size == 0 ? REPLY_BODY : REPLY_DELIMITER;
      return TRUE;

    case REPLY_DELIMITER:
      if (!more || size != 0)
        return FALSE;
      *state = REPLY_BODY;
      return TRUE;

    case REPLY_BODY:
    default:
      if (!more)
        *state = REPLY_START;
      return TRUE;
    }
}

const ZmqgSessionTable zmqg_pair_session = {
  .number = ZMQG_SOCKET_TYPE_PAIR,
};

const ZmqgSessionTable zmqg_pub_session = {
  .number = ZMQG_SOCKET_TYPE_PUB,
  .conflates = TRUE,
  .takes_subscriptions = TRUE,
  .drops_inbound = TRUE,
};

const ZmqgSessionTable zmqg_sub_session = {
  .number = ZMQG_SOCKET_TYPE_SUB,
  .conflates = TRUE,
  .resubscribes = TRUE,
};

const ZmqgSessionTable zmqg_req_session = {
  .number = ZMQG_SOCKET_TYPE_REQ,
  .check_frame = check_reply_frame,
};

const ZmqgSessionTable zmqg_rep_session = {
  .number = ZMQG_SOCKET_TYPE_REP,
  .greets = TRUE,
};

const ZmqgSessionTable zmqg_dealer_session = {
  .number = ZMQG_SOCKET_TYPE_DEALER,
  .conflates = TRUE,
  .greets = TRUE,
  .hears_hiccups = TRUE,
};

const ZmqgSessionTable zmqg_router_session = {
  .number = ZMQG_SOCKET_TYPE_ROUTER,
  .greets = TRUE,
  .hears_disconnects = TRUE,
};

const ZmqgSessionTable zmqg_pull_session = {
  .number = ZMQG_SOCKET_TYPE_PULL,
  .conflates = TRUE,
};

const ZmqgSessionTable zmqg_push_session = {
  .number = ZMQG_SOCKET_TYPE_PUSH,
  .conflates = TRUE,
  .drops_inbound = TRUE,
};

const ZmqgSessionTable zmqg_xpub_session = {
  .number = ZMQG_SOCKET_TYPE_XPUB,
  .takes_subscriptions = TRUE,
};

const ZmqgSessionTable zmqg_xsub_session = {
  .number = ZMQG_SOCKET_TYPE_XSUB,
  .resubscribes = TRUE,
};
