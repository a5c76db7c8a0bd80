/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "topic-log.h"

#include "zmqg-test.h"

#include <string.h>

/* For how long something that must happen may take. */
#define DEADLINE_MS 20000

static void
note (TopicLog *self,
      char sign,
      ZmqgPeer *peer,
      GBytes *topic)
{
  gsize size;
  const char *data = g_bytes_get_data (topic, &size);

  g_string_append_printf (self->text, "%c%.*s ", sign, (int) size, data);
  g_set_object (&self->peer, peer);
  self->n++;
}

static void
on_subscribed (ZmqgSocket *socket G_GNUC_UNUSED,
               ZmqgPeer *peer,
               GBytes *topic,
               gpointer user_data)
{
  note (user_data, '+', peer, topic);
}

static void
on_unsubscribed (ZmqgSocket *socket G_GNUC_UNUSED,
                 ZmqgPeer *peer,
                 GBytes *topic,
                 gpointer user_data)
{
  note (user_data, '-', peer, topic);
}

void
topic_log_init (TopicLog *self,
                ZmqgSocket *publisher)
{
  *self = (TopicLog) { .publisher = publisher };
  self->text = g_string_new (NULL);
  g_signal_connect (publisher, "subscribed", G_CALLBACK (on_subscribed), self);
  g_signal_connect (publisher, "unsubscribed", G_CALLBACK (on_unsubscribed),
                    self);
}

void
topic_log_clear (TopicLog *self)
{
  g_signal_handlers_disconnect_by_data (self->publisher, self);
  g_string_free (self->text, TRUE);
  g_clear_object (&self->peer);
}

void
topic_log_expect (TopicLog *self,
                  const char *text)
{
  ZMQG_TEST_AWAIT (self->text->len >= strlen (text), DEADLINE_MS);
  g_assert_cmpstr (self->text->str, ==, text);
  g_string_truncate (self->text, 0);
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static char *
sorted (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  qsort (words, g_strv_length (words), sizeof *words, compare);
  return g_strjoinv (" ", words);
}

void
topic_log_expect_all (TopicLog *self,
                      const char *text)
{
  g_autofree char *expected = sorted (text);
  g_autofree char *told = NULL;

  ZMQG_TEST_AWAIT (self->text->len >= strlen (text), DEADLINE_MS);
  told = sorted (self->text->str);
  g_assert_cmpstr (told, ==, expected);
  g_string_truncate (self->text, 0);
}
