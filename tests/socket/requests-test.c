/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

#include "message/zmqg-message.h"

#include <string.h>

void
answer_clear (Answer *self)
{
  g_clear_pointer (&self->reply, zmqg_message_unref);
  g_clear_error (&self->error);
  self->n_ends = 0;
}

static void
on_end (GObject *object,
        GAsyncResult *result,
        gpointer user_data)
{
  Answer *self = user_data;

  g_assert_cmpuint (self->n_ends++, ==, 0);
  self->reply = zmqg_req_socket_request_finish (ZMQG_REQ_SOCKET (object),
                                                result, &self->error);
  g_assert_true ((self->reply == NULL) == (self->error != NULL));
}

void
answer_ask (Answer *self,
            ZmqgSocket *req,
            const char *text,
            int timeout_msec,
            GCancellable *cancellable)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (text);

  zmqg_req_socket_request_async (ZMQG_REQ_SOCKET (req), message, timeout_msec,
                                 cancellable, on_end, self);
}

void
answer_expect (Answer *self,
               const char *text)
{
  g_autofree char *got = NULL;

  ZMQG_TEST_AWAIT (self->n_ends > 0, SOCKET_TEST_DEADLINE_MS);
  g_assert_no_error (self->error);
  g_assert_cmpuint (zmqg_message_get_n_frames (self->reply), ==, 1);
  got = zmqg_message_get_string (self->reply, 0);
  g_assert_cmpstr (got, ==, text);
}

void
answer_expect_error (Answer *self,
                     GQuark domain,
                     int code)
{
  ZMQG_TEST_AWAIT (self->n_ends > 0, SOCKET_TEST_DEADLINE_MS);
  g_assert_error (self->error, domain, code);
}

void
asked_clear (Asked *self)
{
  g_clear_pointer (&self->peer, g_free);
  g_clear_pointer (&self->text, g_free);
}

void
asked_receive (Asked *self,
               ZmqgSocket *router)
{
  g_autoptr (ZmqgMessage) message = NULL;
  const guint8 *data;
  gsize size;

  asked_clear (self);
  message = socket_test_receive (router);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 4);
  self->peer = zmqg_message_get_string (message, 0);
  data = zmqg_message_get_data (message, 1, &size);
  g_assert_cmpuint (size, ==, sizeof self->id);
  memcpy (&self->id, data, sizeof self->id);
  zmqg_message_get_data (message, 2, &size);
  g_assert_cmpuint (size, ==, 0);
  self->text = zmqg_message_get_string (message, 3);
}

void
asked_expect (Asked *self,
              ZmqgSocket *router,
              const char *text)
{
  asked_receive (self, router);
  g_assert_cmpstr (self->text, ==, text);
}

void
asked_reply (const Asked *self,
             ZmqgSocket *router,
             const char *text)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (self->peer);
  GError *error = NULL;

  zmqg_message_append_data (message, (const guint8 *) &self->id,
                            sizeof self->id);
  zmqg_message_append_string (message, "");
  zmqg_message_append_string (message, text);
  zmqg_socket_send (router, message, NULL, &error);
  g_assert_no_error (error);
}

ZmqgReqSocket *
requests_test_meet (SocketTest *test,
                    ZmqgSocket **router)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autofree char *uri = NULL;

  *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  zmqg_router_socket_set_mandatory (ZMQG_ROUTER_SOCKET (*router), TRUE);
  uri = socket_test_bind (test, *router);
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_await_peers (req, 1);
  return ZMQG_REQ_SOCKET (req);
}

/* --- Services ---------------------------------------------------------- */

static void
keep_request (ZmqgSocket *rep G_GNUC_UNUSED,
              ZmqgRequest *request,
              gpointer user_data)
{
  g_ptr_array_add (user_data, g_object_ref (request));
}

GPtrArray *
service_test_serve (ZmqgSocket *rep)
{
  GPtrArray *requests = g_ptr_array_new_with_free_func (g_object_unref);

  g_signal_connect (rep, "request", G_CALLBACK (keep_request), requests);
  return requests;
}

void
service_test_await (GPtrArray *requests,
                    guint n)
{
  ZMQG_TEST_AWAIT (requests->len >= n, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpuint (requests->len, ==, n);
}

char *
service_test_get_text (ZmqgRequest *request)
{
  return zmqg_message_get_string (zmqg_request_get_message (request), 0);
}

void
service_test_reply (GPtrArray *requests,
                    guint i,
                    const char *text)
{
  GError *error = NULL;

  zmqg_request_reply_string (g_ptr_array_index (requests, i), text, &error);
  g_assert_no_error (error);
}

void
service_test_refuses (ZmqgRequest *request,
                      ZmqgError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_request_reply_string (request, "x", &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
}

ZmqgSocket *
service_test_meet (SocketTest *test,
                   GType type,
                   ZmqgSocket **rep)
{
  ZmqgSocket *client = socket_test_new (test, type);
  g_autofree char *uri = NULL;

  *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  uri = socket_test_bind (test, *rep);
  socket_test_connect (client, uri);
  socket_test_await_peers (client, 1);
  return client;
}
