/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-peer-private.h"

#include "base/zmqg-lock-private.h"
#include "socket/zmqg-socket-core-private.h"
#include "socket/zmqg-statistics-private.h"

/**
 * ZmqgPeer:
 *
 * The other end of one connection, as the handshake made it known. A new
 * connection is a new peer. Constant, but for
 * [property@Peer:connected]. All methods may be called from any thread, also
 * after the socket was closed.
 *
 * Peers are made by sockets. One that a program makes is not connected, and
 * nothing is known of it.
 *
 * Since: 1.0
 */
struct _ZmqgPeer
{
  GObject parent_instance;

  ZmqgPeerRecord *record;

  /* Copies for the user, made when they are asked for: an I/O thread may be
   * the last to hold the record, and must not drop what the user can see. */
  GSocketAddress *remote;
  GCredentials *credentials;
};

struct _ZmqgPeerClass
{
  GObjectClass parent_class;
};

G_DEFINE_TYPE (ZmqgPeer, zmqg_peer, G_TYPE_OBJECT)

typedef enum
{
  PROP_REMOTE_ADDRESS = 1,
  PROP_REMOTE_URI,
  PROP_CREDENTIALS,
  PROP_IDENTITY,
  PROP_SOCKET_TYPE,
  PROP_MECHANISM,
  PROP_STATISTICS,
  PROP_USER_ID,
  PROP_METADATA,
  PROP_CONNECTED,
} ZmqgPeerProperty;

static GParamSpec *properties[PROP_CONNECTED + 1];

/* Guards the weak references of all records. */
static ZmqgLock objects_lock = ZMQG_LOCK_INIT;

static GSocketAddress *
copy_address (GSocketAddress *address)
{
  gssize size = g_socket_address_get_native_size (address);
  g_autofree guint8 *native = size > 0 ? g_malloc (size) : NULL;

  if (native == NULL ||
      !g_socket_address_to_native (address, native, size, NULL))
    return NULL;

  return g_socket_address_new_from_native (native, size);
}

static GSocketAddress *
get_remote (ZmqgPeer *self)
{
  GSocketAddress *remote;

  zmqg_lock (&objects_lock);
  if (self->remote == NULL && self->record->remote != NULL)
    self->remote = copy_address (self->record->remote);
  remote = self->remote;
  zmqg_unlock (&objects_lock);

  zmqg_order_before_drop (self);
  return remote;
}

static GCredentials *
get_credentials (ZmqgPeer *self)
{
  GCredentials *credentials;

  zmqg_lock (&objects_lock);
  if (self->credentials == NULL && self->record->credentials != NULL)
    {
      self->credentials = g_credentials_new ();
#ifdef __linux__
      g_credentials_set_native (
        self->credentials, G_CREDENTIALS_TYPE_LINUX_UCRED,
        g_credentials_get_native (self->record->credentials,
                                  G_CREDENTIALS_TYPE_LINUX_UCRED));
#endif
    }
  credentials = self->credentials;
  zmqg_unlock (&objects_lock);

  zmqg_order_before_drop (self);
  return credentials;
}

static void
zmqg_peer_finalize (GObject *object)
{
  ZmqgPeer *self = ZMQG_PEER (object);

  zmqg_order_after_drop (self);
  g_clear_object (&self->remote);
  g_clear_object (&self->credentials);

  zmqg_tag_unref (&self->record->tag);

  G_OBJECT_CLASS (zmqg_peer_parent_class)->finalize (object);
}

static void
zmqg_peer_get_property (GObject *object,
                        guint property_id,
                        GValue *value,
                        GParamSpec *pspec)
{
  ZmqgPeer *self = ZMQG_PEER (object);

  switch ((ZmqgPeerProperty) property_id)
    {
    case PROP_REMOTE_ADDRESS:
      g_value_set_object (value, get_remote (self));
      break;
    case PROP_REMOTE_URI:
      g_value_set_string (value, self->record->remote_text);
      break;
    case PROP_CREDENTIALS:
      g_value_set_object (value, get_credentials (self));
      break;
    case PROP_IDENTITY:
      g_value_set_boxed (value, self->record->identity);
      break;
    case PROP_SOCKET_TYPE:
      g_value_set_string (value, zmqg_peer_get_socket_type (self));
      break;
    case PROP_MECHANISM:
      g_value_set_string (value, self->record->mechanism);
      break;
    case PROP_STATISTICS:
      g_value_take_boxed (value, zmqg_peer_get_statistics (self));
      break;
    case PROP_USER_ID:
      g_value_set_string (value, self->record->user_id);
      break;
    case PROP_METADATA:
      g_value_take_variant (value, zmqg_peer_get_metadata (self));
      break;
    case PROP_CONNECTED:
      g_value_set_boolean (value, zmqg_peer_is_connected (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_peer_class_init (ZmqgPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = zmqg_peer_finalize;
  object_class->get_property = zmqg_peer_get_property;

  /**
   * ZmqgPeer:remote-address: (getter get_remote_address)
   *
   * The address of the peer, %NULL where there is none (inproc).
   *
   * Since: 1.0
   */
  properties[PROP_REMOTE_ADDRESS] =
    g_param_spec_object ("remote-address", NULL, NULL, G_TYPE_SOCKET_ADDRESS,
                         flags);
  /**
   * ZmqgPeer:remote-uri: (getter get_remote_uri)
   *
   * The address of the peer as text, for example `tcp://127.0.0.1:40122`.
   *
   * Since: 1.0
   */
  properties[PROP_REMOTE_URI] =
    g_param_spec_string ("remote-uri", NULL, NULL, NULL, flags);
  /**
   * ZmqgPeer:credentials: (getter get_credentials)
   *
   * User, group and process of the peer, for ipc.
   *
   * Since: 1.0
   */
  properties[PROP_CREDENTIALS] =
    g_param_spec_object ("credentials", NULL, NULL, G_TYPE_CREDENTIALS,
                         flags);
  /**
   * ZmqgPeer:identity: (getter get_identity)
   *
   * The routing id that the peer gave itself (1 to 255 bytes), where the
   * socket's type uses it.
   *
   * Since: 1.0
   */
  properties[PROP_IDENTITY] =
    g_param_spec_boxed ("identity", NULL, NULL, G_TYPE_BYTES, flags);
  /**
   * ZmqgPeer:socket-type: (getter get_socket_type)
   *
   * The peer's type as ZMTP names it, for example `SUB`; %NULL when the peer
   * did not tell (ZMTP 1 and 2).
   *
   * Since: 1.0
   */
  properties[PROP_SOCKET_TYPE] =
    g_param_spec_string ("socket-type", NULL, NULL, NULL, flags);
  /**
   * ZmqgPeer:mechanism: (getter get_mechanism)
   *
   * The security mechanism of the connection, for example `NULL`.
   *
   * Since: 1.0
   */
  properties[PROP_MECHANISM] =
    g_param_spec_string ("mechanism", NULL, NULL, NULL, flags);
  /**
   * ZmqgPeer:statistics: (getter get_statistics)
   *
   * What was sent and received over this connection, until now. Does not
   * notify.
   *
   * Since: 1.0
   */
  properties[PROP_STATISTICS] =
    g_param_spec_boxed ("statistics", NULL, NULL, ZMQG_TYPE_STATISTICS,
                        flags);
  /**
   * ZmqgPeer:user-id: (getter get_user_id)
   *
   * Who the peer is to an authenticator; %NULL when none was asked.
   *
   * Since: 1.0
   */
  properties[PROP_USER_ID] =
    g_param_spec_string ("user-id", NULL, NULL, NULL, flags);
  /**
   * ZmqgPeer:metadata: (getter get_metadata)
   *
   * What is known of the connection by name, a dictionary of strings (`a{ss}`).
   *
   * Since: 1.0
   */
  properties[PROP_METADATA] =
    g_param_spec_variant ("metadata", NULL, NULL, G_VARIANT_TYPE ("a{ss}"),
                          NULL, flags);
  /**
   * ZmqgPeer:connected: (getter is_connected)
   *
   * Whether the connection to the peer is still there. Notifies in the socket's
   * main context, before [signal@Socket::peer-removed].
   *
   * Since: 1.0
   */
  properties[PROP_CONNECTED] =
    g_param_spec_boolean ("connected", NULL, NULL, TRUE, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties),
                                     properties);
}

/* Of those that a program makes: any binding can. */
static ZmqgPeerRecord *
get_nobody (void)
{
  static gsize nobody = 0;

  if (g_once_init_enter (&nobody))
    {
      g_autoptr (ZmqgLink) link = zmqg_link_new_fd (-1);
      ZmqgPeerRecord *record;

      record = zmqg_peer_record_new (&zmqg_peer_record_ops, link,
                                     ZMQG_ZMTP_UNKNOWN, "NULL", NULL);
      atomic_store (&record->gone, TRUE);
      g_once_init_leave (&nobody, (gsize) record);
    }

  return (ZmqgPeerRecord *) nobody;
}

static void
zmqg_peer_init (ZmqgPeer *self)
{
  self->record = (ZmqgPeerRecord *) zmqg_tag_ref (&get_nobody ()->tag);
}

static ZmqgPeer *
dup_object (GWeakRef *weak)
{
  return weak != NULL ? g_weak_ref_get (weak) : NULL;
}

ZmqgPeer *
zmqg_peer_for_record (ZmqgPeerRecord *record)
{
  g_autoptr (ZmqgPeer) made = NULL;
  ZmqgPeer *peer;

  zmqg_lock (&objects_lock);
  peer = dup_object (record->object);
  zmqg_unlock (&objects_lock);
  if (peer != NULL)
    return peer;

  made = g_object_new (ZMQG_TYPE_PEER, NULL);
  zmqg_tag_unref (&made->record->tag);
  made->record = (ZmqgPeerRecord *) zmqg_tag_ref (&record->tag);

  zmqg_lock (&objects_lock);
  peer = dup_object (record->object);
  if (peer == NULL)
    {
      if (record->object == NULL)
        {
          record->object = g_new0 (GWeakRef, 1);
          g_weak_ref_init (record->object, NULL);
        }
      g_weak_ref_set (record->object, made);
      peer = g_object_ref (made);
    }
  zmqg_unlock (&objects_lock);

  return peer;
}

void
zmqg_peer_record_notify (ZmqgPeerRecord *record)
{
  g_autoptr (ZmqgPeer) peer = NULL;

  zmqg_lock (&objects_lock);
  peer = dup_object (record->object);
  zmqg_unlock (&objects_lock);

  if (peer != NULL)
    g_object_notify_by_pspec (G_OBJECT (peer), properties[PROP_CONNECTED]);
}

ZmqgPeerRecord *
zmqg_peer_get_record (ZmqgPeer *self)
{
  return self->record;
}

static void
record_release (ZmqgTag *tag)
{
  ZmqgPeerRecord *record = (ZmqgPeerRecord *) tag;

  /* The object held a reference: it is gone. */
  if (record->object != NULL)
    {
      g_weak_ref_clear (record->object);
      g_free (record->object);
    }
  zmqg_peer_record_free (record);
}

static ZmqgPeer *
record_dup_peer (ZmqgTag *tag)
{
  return zmqg_peer_for_record ((ZmqgPeerRecord *) tag);
}

static const char *
record_get_property (ZmqgTag *tag,
                     const char *name)
{
  return zmqg_peer_record_get_property ((ZmqgPeerRecord *) tag, name);
}

extern const ZmqgTagOps zmqg_peer_record_ops;

const ZmqgTagOps zmqg_peer_record_ops = {
  .release = record_release,
  .dup_peer = record_dup_peer,
  .get_property = record_get_property,
};

/**
 * zmqg_peer_get_remote_address: (get-property remote-address)
 * @self: a peer
 *
 * Gets the address of the peer.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL
 *
 * Since: 1.0
 */
GSocketAddress *
zmqg_peer_get_remote_address (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  return get_remote (self);
}

/**
 * zmqg_peer_get_remote_uri: (get-property remote-uri)
 * @self: a peer
 *
 * Gets the address of the peer as text.
 *
 * Returns: (nullable): the address, or %NULL
 *
 * Since: 1.0
 */
const char *
zmqg_peer_get_remote_uri (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  return self->record->remote_text;
}

/**
 * zmqg_peer_get_credentials: (get-property credentials)
 * @self: a peer
 *
 * Gets user, group and process of the peer, for ipc.
 *
 * Returns: (transfer none) (nullable): the credentials, or %NULL
 *
 * Since: 1.0
 */
GCredentials *
zmqg_peer_get_credentials (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  return get_credentials (self);
}

/**
 * zmqg_peer_get_identity: (get-property identity)
 * @self: a peer
 *
 * Gets the routing id that the peer gave itself.
 *
 * Returns: (transfer none) (nullable): the routing id, or %NULL
 *
 * Since: 1.0
 */
GBytes *
zmqg_peer_get_identity (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  return self->record->identity;
}

/**
 * zmqg_peer_get_socket_type: (get-property socket-type)
 * @self: a peer
 *
 * Gets the peer's socket type as ZMTP names it.
 *
 * Returns: (nullable): the type, or %NULL
 *
 * Since: 1.0
 */
const char *
zmqg_peer_get_socket_type (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  return self->record->type != NULL ? self->record->type->name : NULL;
}

/**
 * zmqg_peer_get_mechanism: (get-property mechanism)
 * @self: a peer
 *
 * Gets the security mechanism of the connection.
 *
 * Returns: the mechanism
 *
 * Since: 1.0
 */
const char *
zmqg_peer_get_mechanism (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  return self->record->mechanism;
}

/**
 * zmqg_peer_get_statistics: (get-property statistics)
 * @self: a peer
 *
 * Gets what was sent and received over this connection until now, or, when it
 * has ended, until then. Any thread may ask.
 *
 * Returns: (transfer full): the statistics of this moment
 *
 * Since: 1.0
 */
ZmqgStatistics *
zmqg_peer_get_statistics (ZmqgPeer *self)
{
  ZmqgStatistics *statistics;
  ZmqgTally tally;

  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  zmqg_peer_record_tally (self->record, &tally);
  statistics = zmqg_statistics_new (&tally);
  statistics->messages_sent = tally.handed_on;
  statistics->messages_received = tally.arrived;
  statistics->peers = atomic_load (&self->record->gone) ? 0 : 1;
  return statistics;
}

/**
 * zmqg_peer_lookup_metadata:
 * @self: a peer
 * @name: a name, as on the wire
 *
 * Gets what is known of the connection by a name: what the peer sent in the
 * handshake (`Socket-Type`, `Identity`, `X-…`), `Peer-Address` or `User-Id`. All
 * of it is [property@Peer:metadata].
 *
 * Returns: (nullable): the value, or %NULL
 *
 * Since: 1.0
 */
const char *
zmqg_peer_lookup_metadata (ZmqgPeer *self,
                           const char *name)
{
  const char *value;

  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  value = zmqg_peer_record_get_property (self->record, name);
  return value != NULL && g_utf8_validate (value, -1, NULL) ? value : NULL;
}

/**
 * zmqg_peer_get_user_id: (get-property user-id)
 * @self: a peer
 *
 * Gets who the peer is to an authenticator.
 *
 * Returns: (nullable): the user id, or %NULL
 *
 * Since: 1.0
 */
const char *
zmqg_peer_get_user_id (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  return self->record->user_id;
}

static void
add_metadata (GVariantBuilder *builder,
              GHashTable *names,
              const char *name,
              const char *value)
{
  if (value == NULL || !g_utf8_validate (name, -1, NULL) ||
      !g_utf8_validate (value, -1, NULL) ||
      !g_hash_table_add (names, (gpointer) name))
    return;

  g_variant_builder_add (builder, "{ss}", name, value);
}

/**
 * zmqg_peer_get_metadata: (get-property metadata)
 * @self: a peer
 *
 * Gets what is known of the connection by name: what the peer sent in the
 * handshake (`Socket-Type`, `Identity`, `X-…`), `Peer-Address` and `User-Id`.
 * What is no text is left out; of a name that came twice the first counts.
 *
 * Returns: (transfer full): a dictionary of strings, of the type `a{ss}`
 *
 * Since: 1.0
 */
GVariant *
zmqg_peer_get_metadata (ZmqgPeer *self)
{
  g_autoptr (GHashTable) names = NULL;
  GVariantBuilder builder;
  GPtrArray *told;

  g_return_val_if_fail (ZMQG_IS_PEER (self), NULL);

  names = g_hash_table_new (g_str_hash, g_str_equal);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  add_metadata (&builder, names, "Peer-Address", self->record->peer_address);
  add_metadata (&builder, names, "User-Id", self->record->user_id);
  told = self->record->properties;
  for (guint i = 0; told != NULL && i < told->len; i += 2)
    add_metadata (&builder, names, g_ptr_array_index (told, i),
                  g_ptr_array_index (told, i + 1));

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/**
 * zmqg_peer_is_connected: (get-property connected)
 * @self: a peer
 *
 * Tells whether the connection to the peer is still there.
 *
 * Returns: %TRUE while it is
 *
 * Since: 1.0
 */
gboolean
zmqg_peer_is_connected (ZmqgPeer *self)
{
  g_return_val_if_fail (ZMQG_IS_PEER (self), FALSE);

  return !atomic_load (&self->record->gone);
}

/**
 * zmqg_peer_drop:
 * @self: a peer
 *
 * Ends the connection to the peer, now: what was queued for it and is not
 * written yet is not waited for, what was received from it can still be
 * received. An endpoint that connects connects again after
 * [property@Socket:reconnect-interval], and sends what was queued then; a
 * connection that was accepted is gone, though the peer may come again, and
 * within the process (inproc) neither side connects again.
 *
 * [signal@Socket::peer-removed] tells of it with %ZMQG_ERROR_PEER_LOST. Returns
 * at once; dropping a peer that is not connected any more does nothing.
 *
 * Since: 1.0
 */
void
zmqg_peer_drop (ZmqgPeer *self)
{
  g_return_if_fail (ZMQG_IS_PEER (self));

  zmqg_peer_record_drop (self->record, ZMQG_PEER_EXCESS_NONE);
}
