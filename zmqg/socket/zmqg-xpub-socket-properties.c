/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-xpub-socket-private.h"

#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-xpub-private.h"

static gboolean
get_flag (ZmqgXpubSocket *self,
          gsize offset)
{
  ZmqgSocket *socket = ZMQG_SOCKET (self);

  return zmqg_socket_get_flag (socket, G_STRUCT_MEMBER_P (socket->core->state,
                                                          offset));
}

static void
set_flag (ZmqgXpubSocket *self,
          gsize offset,
          gboolean value,
          ZmqgXpubSocketProperty property)
{
  ZmqgSocket *socket = ZMQG_SOCKET (self);

  zmqg_socket_change_flag (socket,
                           G_STRUCT_MEMBER_P (socket->core->state, offset),
                           value, zmqg_xpub_socket_properties[property]);
}

/**
 * zmqg_xpub_socket_get_verbose:
 * @self: a socket
 *
 * Tells whether every subscription is received.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_verbose (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  return get_flag (self, offsetof (ZmqgXpub, verbose));
}

/**
 * zmqg_xpub_socket_set_verbose:
 * @self: a socket
 * @verbose: the new value
 *
 * Sets whether every subscription is received.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_verbose (ZmqgXpubSocket *self, gboolean verbose)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  g_object_freeze_notify (G_OBJECT (self));
  set_flag (self, offsetof (ZmqgXpub, verbose), verbose,
            ZMQG_XPUB_PROP_VERBOSE);
  set_flag (self, offsetof (ZmqgXpub, verboser), FALSE,
            ZMQG_XPUB_PROP_VERBOSER);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * zmqg_xpub_socket_get_verboser:
 * @self: a socket
 *
 * Tells whether every subscription and every cancellation is received.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_verboser (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  return get_flag (self, offsetof (ZmqgXpub, verboser));
}

/**
 * zmqg_xpub_socket_set_verboser:
 * @self: a socket
 * @verboser: the new value
 *
 * Sets whether every subscription and every cancellation is received.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_verboser (ZmqgXpubSocket *self, gboolean verboser)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  g_object_freeze_notify (G_OBJECT (self));
  set_flag (self, offsetof (ZmqgXpub, verbose), verboser,
            ZMQG_XPUB_PROP_VERBOSE);
  set_flag (self, offsetof (ZmqgXpub, verboser), verboser,
            ZMQG_XPUB_PROP_VERBOSER);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * zmqg_xpub_socket_get_manual:
 * @self: a socket
 *
 * Tells whether the program decides what peers get.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_manual (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  return get_flag (self, offsetof (ZmqgXpub, manual));
}

/**
 * zmqg_xpub_socket_set_manual:
 * @self: a socket
 * @manual: the new value
 *
 * Sets whether the program decides what peers get.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_manual (ZmqgXpubSocket *self, gboolean manual)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  set_flag (self, offsetof (ZmqgXpub, manual), manual, ZMQG_XPUB_PROP_MANUAL);
}

/**
 * zmqg_xpub_socket_get_manual_last_value:
 * @self: a socket
 *
 * Tells whether the first message after a subscription goes to its sender
 * only.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_manual_last_value (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  return get_flag (self, offsetof (ZmqgXpub, manual_last_value));
}

/**
 * zmqg_xpub_socket_set_manual_last_value:
 * @self: a socket
 * @manual_last_value: the new value
 *
 * Sets whether the first message after a subscription goes to its sender
 * only.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_manual_last_value (ZmqgXpubSocket *self,
                                        gboolean manual_last_value)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  g_object_freeze_notify (G_OBJECT (self));
  set_flag (self, offsetof (ZmqgXpub, manual_last_value), manual_last_value,
            ZMQG_XPUB_PROP_MANUAL_LAST_VALUE);
  set_flag (self, offsetof (ZmqgXpub, manual), manual_last_value,
            ZMQG_XPUB_PROP_MANUAL);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * zmqg_xpub_socket_get_no_drop:
 * @self: a socket
 *
 * Tells whether sending waits for peers that have no room.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_no_drop (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  return get_flag (self, offsetof (ZmqgXpub, publisher.no_drop));
}

/**
 * zmqg_xpub_socket_set_no_drop:
 * @self: a socket
 * @no_drop: the new value
 *
 * Sets whether sending waits for peers that have no room.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_no_drop (ZmqgXpubSocket *self, gboolean no_drop)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  set_flag (self, offsetof (ZmqgXpub, publisher.no_drop), no_drop,
            ZMQG_XPUB_PROP_NO_DROP);
}

/**
 * zmqg_xpub_socket_get_invert_matching:
 * @self: a socket
 *
 * Tells whether messages go to the peers that have no subscription for them.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_invert_matching (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  return get_flag (self, offsetof (ZmqgXpub, publisher.invert_matching));
}

/**
 * zmqg_xpub_socket_set_invert_matching:
 * @self: a socket
 * @invert_matching: the new value
 *
 * Sets whether messages go to the peers that have no subscription for them.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_invert_matching (ZmqgXpubSocket *self,
                                      gboolean invert_matching)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  set_flag (self, offsetof (ZmqgXpub, publisher.invert_matching),
            invert_matching, ZMQG_XPUB_PROP_INVERT_MATCHING);
}

/**
 * zmqg_xpub_socket_get_only_first_subscribe:
 * @self: a socket
 *
 * Tells whether later frames are subscriptions only if the first one is.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_only_first_subscribe (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  return get_flag (self, offsetof (ZmqgXpub, publisher.only_first_subscribe));
}

/**
 * zmqg_xpub_socket_set_only_first_subscribe:
 * @self: a socket
 * @only_first_subscribe: the new value
 *
 * Sets whether later frames are subscriptions only if the first one is.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_only_first_subscribe (ZmqgXpubSocket *self,
                                           gboolean only_first_subscribe)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  set_flag (self, offsetof (ZmqgXpub, publisher.only_first_subscribe),
            only_first_subscribe, ZMQG_XPUB_PROP_ONLY_FIRST_SUBSCRIBE);
}

/**
 * zmqg_xpub_socket_get_welcome_message:
 * @self: a socket
 *
 * Gets the message that each new peer is sent first.
 *
 * Returns: (transfer full) (nullable): the message, of one frame, or %NULL
 *
 * Since: 1.0
 */
GBytes *
zmqg_xpub_socket_get_welcome_message (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), NULL);

  return zmqg_publisher_dup_welcome (ZMQG_SOCKET (self));
}

/**
 * zmqg_xpub_socket_set_welcome_message:
 * @self: a socket
 * @message: (nullable): the message, of one frame; %NULL or empty for none
 *
 * Sets the message that each new peer is sent first, whatever it subscribed
 * to. Peers that are there already do not get it.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_welcome_message (ZmqgXpubSocket *self, GBytes *message)
{
  const guint8 *data = NULL;
  gsize size = 0;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  if (message != NULL)
    data = g_bytes_get_data (message, &size);
  zmqg_xpub_socket_set_welcome_message_data (self, data, size);
}

/**
 * zmqg_xpub_socket_set_welcome_message_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the message, of one frame
 * @size: its size in bytes; 0 for no message
 *
 * Sets [property@Zmqg.XpubSocket:welcome-message].
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_welcome_message_data (ZmqgXpubSocket *self,
                                           const guint8 *data,
                                           gsize size)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  if (zmqg_publisher_set_welcome (ZMQG_SOCKET (self), data, size))
    g_object_notify_by_pspec (
      G_OBJECT (self),
      zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_WELCOME_MESSAGE]);
}

/**
 * zmqg_xpub_socket_set_welcome_message_string:
 * @self: a socket
 * @string: (nullable): the message, of one frame; %NULL or empty for none
 *
 * Sets [property@Zmqg.XpubSocket:welcome-message] to text.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_welcome_message_string (ZmqgXpubSocket *self,
                                             const char *string)
{
  gsize size = string != NULL ? strlen (string) : 0;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  zmqg_xpub_socket_set_welcome_message_data (self, (const guint8 *) string,
                                             size);
}

/**
 * zmqg_xpub_socket_get_topics_count:
 * @self: a socket
 *
 * Gets how many different topics have a subscriber.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
zmqg_xpub_socket_get_topics_count (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), 0);

  return zmqg_publisher_count_topics (ZMQG_SOCKET (self));
}
