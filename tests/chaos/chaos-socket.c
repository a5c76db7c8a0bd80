/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"

/* --- Addresses ---------------------------------------------------------- */

static gboolean
may_meet (ZmqgSocketType a,
          ZmqgSocketType b)
{
  static const guint partners[CHAOS_N_TYPES] = {
    [ZMQG_SOCKET_TYPE_PAIR] = 1u << ZMQG_SOCKET_TYPE_PAIR,
    [ZMQG_SOCKET_TYPE_PUB] =
      1u << ZMQG_SOCKET_TYPE_SUB | 1u << ZMQG_SOCKET_TYPE_XSUB,
    [ZMQG_SOCKET_TYPE_SUB] =
      1u << ZMQG_SOCKET_TYPE_PUB | 1u << ZMQG_SOCKET_TYPE_XPUB,
    [ZMQG_SOCKET_TYPE_REQ] =
      1u << ZMQG_SOCKET_TYPE_REP | 1u << ZMQG_SOCKET_TYPE_ROUTER,
    [ZMQG_SOCKET_TYPE_REP] =
      1u << ZMQG_SOCKET_TYPE_REQ | 1u << ZMQG_SOCKET_TYPE_DEALER,
    [ZMQG_SOCKET_TYPE_DEALER] = 1u << ZMQG_SOCKET_TYPE_REP |
                                1u << ZMQG_SOCKET_TYPE_DEALER |
                                1u << ZMQG_SOCKET_TYPE_ROUTER,
    [ZMQG_SOCKET_TYPE_ROUTER] = 1u << ZMQG_SOCKET_TYPE_REQ |
                                1u << ZMQG_SOCKET_TYPE_DEALER |
                                1u << ZMQG_SOCKET_TYPE_ROUTER,
    [ZMQG_SOCKET_TYPE_PULL] = 1u << ZMQG_SOCKET_TYPE_PUSH,
    [ZMQG_SOCKET_TYPE_PUSH] = 1u << ZMQG_SOCKET_TYPE_PULL,
    [ZMQG_SOCKET_TYPE_XPUB] =
      1u << ZMQG_SOCKET_TYPE_SUB | 1u << ZMQG_SOCKET_TYPE_XSUB,
    [ZMQG_SOCKET_TYPE_XSUB] =
      1u << ZMQG_SOCKET_TYPE_PUB | 1u << ZMQG_SOCKET_TYPE_XPUB,
  };

  return (partners[a] >> b) & 1;
}

char *
chaos_pick_address (Chaos *self,
                    GRand *rand,
                    const ZmqgSocketType *type)
{
  guint begin = g_rand_int_range (rand, 0, CHAOS_N_ADDRESSES);
  char *uri = NULL;

  zmqg_lock (&self->lock);
  for (guint i = 0; i < CHAOS_N_ADDRESSES && uri == NULL; i++)
    {
      ChaosAddress *address =
        &self->addresses[(begin + i) % CHAOS_N_ADDRESSES];

      if (address->uri != NULL &&
          (type == NULL || may_meet (address->type, *type)))
        uri = g_strdup (address->uri);
    }
  zmqg_unlock (&self->lock);

  return uri;
}

void
chaos_add_address (Chaos *self,
                   GRand *rand,
                   const char *uri,
                   ZmqgSocketType type)
{
  ChaosAddress *address =
    &self->addresses[g_rand_int_range (rand, 0, CHAOS_N_ADDRESSES)];

  zmqg_lock (&self->lock);
  g_free (address->uri);
  address->uri = g_strdup (uri);
  address->type = type;
  zmqg_unlock (&self->lock);
}

/* --- Life --------------------------------------------------------------- */

ZmqgSocket *
chaos_socket_new (Chaos *self,
                  GRand *rand,
                  ZmqgSocketType type)
{
  ZmqgSocket *socket = zmqg_context_create_socket (self->context, type);

  g_object_set (socket, "send-timeout", 4, "receive-timeout", 4,
                "linger", 10 * g_rand_int_range (rand, 0, 3),
                "reconnect-interval", 1 + g_rand_int_range (rand, 0, 5),
                "send-hwm", 50, "receive-hwm", 50,
                "immediate", g_rand_boolean (rand), NULL);
  if (g_rand_boolean (rand))
    {
      g_autofree char *identity = NULL;

      identity = g_strdup_printf ("id%d", g_rand_int_range (rand, 0, 8));
      zmqg_socket_set_routing_id_string (socket, identity);
    }
  if (ZMQG_IS_SUB_SOCKET (socket))
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), "Z", NULL);
  else if (ZMQG_IS_XSUB_SOCKET (socket))
    zmqg_xsub_socket_subscribe (ZMQG_XSUB_SOCKET (socket), "Z", NULL);

  return socket;
}

/* References of GObjects are counted where ThreadSanitizer does not see it:
 * the lock tells it. */
void
chaos_socket_drop (Chaos *self,
                   ZmqgSocket *socket)
{
  zmqg_lock (&self->lock);
  zmqg_unlock (&self->lock);
  g_object_unref (socket);
}

ZmqgSocket *
chaos_socket_pick (Chaos *self,
                   GRand *rand)
{
  ZmqgSocket *socket;

  zmqg_lock (&self->lock);
  socket = g_object_ref (
    self->sockets[g_rand_int_range (rand, 0, CHAOS_N_SLOTS)]);
  zmqg_unlock (&self->lock);

  return socket;
}

void
chaos_socket_replace (Chaos *self,
                      GRand *rand,
                      guint slot)
{
  ZmqgSocket *socket = chaos_socket_new (self, rand, slot % CHAOS_N_TYPES);
  ZmqgSocket *old;

  if (g_rand_boolean (rand))
    chaos_socket_bind (self, rand, socket);
  if (g_rand_boolean (rand))
    chaos_socket_connect (self, rand, socket);

  zmqg_lock (&self->lock);
  old = self->sockets[slot];
  self->sockets[slot] = socket;
  zmqg_unlock (&self->lock);

  if (old == NULL)
    return;

  if (g_rand_boolean (rand))
    zmqg_socket_close (old);
  chaos_socket_drop (self, old);
}

/* --- Endpoints ---------------------------------------------------------- */

void
chaos_socket_bind (Chaos *self,
                   GRand *rand,
                   ZmqgSocket *socket)
{
  guint number = atomic_fetch_add (&self->n_names, 1);
  g_autofree char *bound = NULL;
  g_autofree char *uri = NULL;

  switch (g_rand_int_range (rand, 0, 4))
    {
    case 0:
      uri = g_strdup ("tcp://127.0.0.1:0");
      break;
    case 1:
      uri = g_strdup_printf ("ipc://%s/%u", self->folder, number % 100);
      break;
    case 2:
      uri = g_strdup_printf ("inproc://%u", number % 100);
      break;
    default:
      /* One that others have, or had. */
      uri = chaos_pick_address (self, rand, NULL);
      break;
    }

  if (uri == NULL || !zmqg_socket_bind (socket, uri, NULL))
    return;

  bound = zmqg_socket_get_last_endpoint (socket);
  if (bound != NULL)
    chaos_add_address (self, rand, bound,
                       zmqg_socket_get_socket_type (socket));
}

void
chaos_socket_connect (Chaos *self,
                      GRand *rand,
                      ZmqgSocket *socket)
{
  ZmqgSocketType type = zmqg_socket_get_socket_type (socket);
  g_autofree char *uri = NULL;

  if (g_rand_int_range (rand, 0, 8) == 0)
    uri = g_strdup_printf ("inproc://%d", g_rand_int_range (rand, 0, 100));
  else if (g_rand_int_range (rand, 0, 16) == 0)
    uri = g_strdup ("tcp://localhost:9");
  else
    uri = chaos_pick_address (self, rand,
                              g_rand_int_range (rand, 0, 8) == 0 ? NULL
                                                                 : &type);
  if (uri != NULL)
    zmqg_socket_connect_to (socket, uri, NULL);
}

void
chaos_socket_leave (Chaos *self,
                    GRand *rand,
                    ZmqgSocket *socket)
{
  g_autofree char *uri = zmqg_socket_get_last_endpoint (socket);

  if (uri == NULL || g_rand_int_range (rand, 0, 4) == 0)
    {
      g_free (uri);
      uri = chaos_pick_address (self, rand, NULL);
    }
  if (uri == NULL)
    return;

  if (g_rand_boolean (rand))
    zmqg_socket_unbind (socket, uri, NULL);
  else
    zmqg_socket_disconnect_from (socket, uri, NULL);
}

/* --- Options ------------------------------------------------------------ */

void
chaos_socket_set_option (GRand *rand,
                         ZmqgSocket *socket)
{
  static const struct
  {
    const char *name;
    int values[4];
  } options[] = {
    { "send-hwm", { 0, 1, 5, 100 } },
    { "receive-hwm", { 0, 1, 5, 100 } },
    { "linger", { 0, 5, 20, 50 } },
    { "heartbeat-interval", { 0, 5, 20, 100 } },
    { "heartbeat-timeout", { -1, 0, 10, 100 } },
    { "heartbeat-ttl", { 0, 100, 200, 300 } },
    { "reconnect-interval", { -1, 1, 5, 20 } },
    { "reconnect-interval-max", { 0, 0, 5, 20 } },
    { "handshake-interval", { 0, 5, 50, 1000 } },
    { "connect-timeout", { 0, 5, 50, 1000 } },
    { "send-buffer", { -1, -1, 4096, 65536 } },
    { "receive-buffer", { -1, -1, 4096, 65536 } },
    { "backlog", { 0, 1, 10, 100 } },
    { "max-frames", { 0, 2, 10, 100 } },
    { "immediate", { FALSE, TRUE, FALSE, TRUE } },
    { "conflate", { FALSE, FALSE, FALSE, TRUE } },
  };
  guint option = g_rand_int_range (rand, 0, G_N_ELEMENTS (options));

  g_object_set (socket, options[option].name,
                options[option].values[g_rand_int_range (rand, 0, 4)], NULL);
}

void
chaos_socket_subscribe (GRand *rand,
                        ZmqgSocket *socket)
{
  static const char *const topics[] = { "", "Z", "ZM", "ZMQG", "none" };
  const char *topic =
    topics[g_rand_int_range (rand, 0, G_N_ELEMENTS (topics))];
  gboolean more = g_rand_boolean (rand);

  if (ZMQG_IS_SUB_SOCKET (socket) && more)
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_SUB_SOCKET (socket))
    zmqg_sub_socket_unsubscribe (ZMQG_SUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_XSUB_SOCKET (socket) && more)
    zmqg_xsub_socket_subscribe (ZMQG_XSUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_XSUB_SOCKET (socket))
    zmqg_xsub_socket_unsubscribe (ZMQG_XSUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_REQ_SOCKET (socket))
    g_object_set (socket, "relaxed", more, "correlate", more, NULL);
  else if (ZMQG_IS_ROUTER_SOCKET (socket))
    g_object_set (socket, "mandatory", more, "handover", !more, NULL);
  else if (ZMQG_IS_XPUB_SOCKET (socket))
    g_object_set (socket, "verboser", more, NULL);
}
