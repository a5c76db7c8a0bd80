/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-types-private.h"

#include "socket/zmqg-dealer-socket.h"
#include "socket/zmqg-pair-socket.h"
#include "socket/zmqg-pub-socket.h"
#include "socket/zmqg-pull-socket.h"
#include "socket/zmqg-push-socket.h"
#include "socket/zmqg-rep-socket.h"
#include "socket/zmqg-req-socket.h"
#include "socket/zmqg-router-socket.h"
#include "socket/zmqg-sub-socket.h"
#include "socket/zmqg-xpub-socket.h"
#include "socket/zmqg-xsub-socket.h"

GType
zmqg_socket_type_to_gtype (ZmqgSocketType type)
{
  switch (type)
    {
    case ZMQG_SOCKET_TYPE_PAIR:
      return ZMQG_TYPE_PAIR_SOCKET;
    case ZMQG_SOCKET_TYPE_PUB:
      return ZMQG_TYPE_PUB_SOCKET;
    case ZMQG_SOCKET_TYPE_SUB:
      return ZMQG_TYPE_SUB_SOCKET;
    case ZMQG_SOCKET_TYPE_REQ:
      return ZMQG_TYPE_REQ_SOCKET;
    case ZMQG_SOCKET_TYPE_REP:
      return ZMQG_TYPE_REP_SOCKET;
    case ZMQG_SOCKET_TYPE_DEALER:
      return ZMQG_TYPE_DEALER_SOCKET;
    case ZMQG_SOCKET_TYPE_ROUTER:
      return ZMQG_TYPE_ROUTER_SOCKET;
    case ZMQG_SOCKET_TYPE_PULL:
      return ZMQG_TYPE_PULL_SOCKET;
    case ZMQG_SOCKET_TYPE_PUSH:
      return ZMQG_TYPE_PUSH_SOCKET;
    case ZMQG_SOCKET_TYPE_XPUB:
      return ZMQG_TYPE_XPUB_SOCKET;
    case ZMQG_SOCKET_TYPE_XSUB:
      return ZMQG_TYPE_XSUB_SOCKET;
    default:
      return G_TYPE_INVALID;
    }
}
