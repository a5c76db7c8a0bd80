/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg.h"

G_BEGIN_DECLS

/*
 * TopicLog: what a publisher tells of its subscribers: "+topic " for each
 * ::subscribed, "-topic " for each ::unsubscribed.
 */
typedef struct
{
  ZmqgSocket *publisher; /* borrowed */
  GString *text;
  guint n;
  ZmqgPeer *peer; /* the last; counted */
} TopicLog;

void topic_log_init (TopicLog *self, ZmqgSocket *publisher);
void topic_log_clear (TopicLog *self);

/* What comes next, and nothing with it; in this order, or in any. */
void topic_log_expect (TopicLog *self, const char *text);
void topic_log_expect_all (TopicLog *self, const char *text);

G_END_DECLS
