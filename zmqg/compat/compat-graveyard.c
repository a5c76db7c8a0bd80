/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-graveyard-private.h"

#include "base/zmqg-lock-private.h"

#define GRAVES 256

static ZmqgLock lock = ZMQG_LOCK_INIT;
static gpointer graves[GRAVES];
static guint next_grave;

void
compat_bury (gpointer block)
{
  gpointer old;

  zmqg_lock (&lock);
  old = graves[next_grave];
  graves[next_grave] = block;
  next_grave = (next_grave + 1) % GRAVES;
  zmqg_unlock (&lock);

  g_free (old);
}
