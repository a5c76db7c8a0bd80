/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

#include "zmqg-version.h"

#include "base/zmqg-enums.h"
#include "base/zmqg-error.h"
#include "base/zmqg-types.h"
#include "message/zmqg-message.h"
#include "socket/zmqg-context.h"
#include "socket/zmqg-dealer-socket.h"
#include "socket/zmqg-endpoint.h"
#include "socket/zmqg-event.h"
#include "socket/zmqg-pair-socket.h"
#include "socket/zmqg-peer.h"
#include "socket/zmqg-pub-socket.h"
#include "socket/zmqg-pull-socket.h"
#include "socket/zmqg-push-socket.h"
#include "socket/zmqg-rep-socket.h"
#include "socket/zmqg-req-socket.h"
#include "socket/zmqg-request.h"
#include "socket/zmqg-router-socket.h"
#include "socket/zmqg-socket.h"
#include "socket/zmqg-statistics.h"
#include "socket/zmqg-sub-socket.h"
#include "socket/zmqg-xpub-socket.h"
#include "socket/zmqg-xsub-socket.h"
