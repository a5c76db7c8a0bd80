/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-context-core-private.h"

#include "base/zmqg-error.h"
#include "socket/zmqg-socket-types-private.h"

/**
 * ZmqgContext:
 *
 * What sockets share: the threads that do input and output (or the main
 * context that does it), and the names of inproc. Most programs need just
 * the default one, see [func@Context.get_default].
 *
 * All methods may be called from any thread.
 *
 * Since: 1.0
 */
struct _ZmqgContext
{
  GObject parent_instance;

  ZmqgContextCore *core;
  ZmqgEngineMode engine_mode; /* until constructed */
};

struct _ZmqgContextClass
{
  GObjectClass parent_class;
};

typedef enum
{
  PROP_ENGINE_MODE = 1,
  PROP_IO_THREADS,
  PROP_MAX_SOCKETS,
  PROP_MAX_MESSAGE_SIZE,
  PROP_IPV6,
  PROP_THREAD_NAME_PREFIX,
  PROP_THREAD_PRIORITY,
  PROP_THREAD_SCHEDULING_POLICY,
  PROP_BLOCKY,
  N_PROPS,
} ZmqgContextProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_TYPE (ZmqgContext, zmqg_context, G_TYPE_OBJECT)

static void
zmqg_context_constructed (GObject *object)
{
  ZmqgContext *self = ZMQG_CONTEXT (object);

  self->core = zmqg_context_core_new (self->engine_mode);

  G_OBJECT_CLASS (zmqg_context_parent_class)->constructed (object);
}

static void
zmqg_context_finalize (GObject *object)
{
  ZmqgContext *self = ZMQG_CONTEXT (object);

  zmqg_order_after_drop (self);
  /* Sockets that linger keep the core. */
  g_clear_pointer (&self->core, zmqg_context_core_unref);

  G_OBJECT_CLASS (zmqg_context_parent_class)->finalize (object);
}

static void
zmqg_context_get_property (GObject *object,
                           guint property_id,
                           GValue *value,
                           GParamSpec *pspec)
{
  ZmqgContextCore *core = ZMQG_CONTEXT (object)->core;

  zmqg_lock (&core->lock);
  switch ((ZmqgContextProperty) property_id)
    {
    case PROP_ENGINE_MODE:
      g_value_set_enum (value, core->mode);
      break;
    case PROP_IO_THREADS:
      g_value_set_uint (value, core->io_threads);
      break;
    case PROP_MAX_SOCKETS:
      g_value_set_uint (value, core->max_sockets);
      break;
    case PROP_MAX_MESSAGE_SIZE:
      g_value_set_int64 (value, core->max_message_size);
      break;
    case PROP_IPV6:
      g_value_set_boolean (value, core->ipv6);
      break;
    case PROP_THREAD_NAME_PREFIX:
      g_value_set_string (value, core->name_prefix);
      break;
    case PROP_THREAD_PRIORITY:
      g_value_set_int (value, core->thread_options.priority);
      break;
    case PROP_THREAD_SCHEDULING_POLICY:
      g_value_set_enum (value, core->thread_options.policy);
      break;
    case PROP_BLOCKY:
      g_value_set_boolean (value, core->blocky);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
  zmqg_unlock (&core->lock);
}

/* One that is an option of the core. */
static void
set_option (ZmqgContextCore *core,
            ZmqgContextProperty property,
            const GValue *value)
{
  zmqg_lock (&core->lock);
  switch (property)
    {
    case PROP_IO_THREADS:
      if (core->engines == NULL)
        core->io_threads = g_value_get_uint (value);
      break;
    case PROP_MAX_SOCKETS:
      core->max_sockets = g_value_get_uint (value);
      break;
    case PROP_MAX_MESSAGE_SIZE:
      core->max_message_size = g_value_get_int64 (value);
      break;
    case PROP_IPV6:
      core->ipv6 = g_value_get_boolean (value);
      break;
    case PROP_THREAD_NAME_PREFIX:
      g_free (core->name_prefix);
      core->name_prefix = g_value_dup_string (value);
      break;
    case PROP_THREAD_PRIORITY:
      core->thread_options.priority = g_value_get_int (value);
      break;
    case PROP_THREAD_SCHEDULING_POLICY:
      core->thread_options.policy = g_value_get_enum (value);
      break;
    case PROP_BLOCKY:
      core->blocky = g_value_get_boolean (value);
      break;
    case PROP_ENGINE_MODE:
    case N_PROPS:
    default:
      break;
    }
  zmqg_unlock (&core->lock);
}

static void
zmqg_context_set_property (GObject *object,
                           guint property_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  ZmqgContext *self = ZMQG_CONTEXT (object);
  g_auto (GValue) before = G_VALUE_INIT;
  g_auto (GValue) after = G_VALUE_INIT;

  if (property_id == PROP_ENGINE_MODE)
    {
      self->engine_mode = g_value_get_enum (value);
      return;
    }

  g_value_init (&before, pspec->value_type);
  g_value_init (&after, pspec->value_type);
  zmqg_context_get_property (object, property_id, &before, pspec);
  set_option (self->core, (ZmqgContextProperty) property_id, value);
  zmqg_context_get_property (object, property_id, &after, pspec);
  if (g_param_values_cmp (pspec, &before, &after) != 0)
    g_object_notify_by_pspec (object, pspec);
}

static void
zmqg_context_class_init (ZmqgContextClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags =
    G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = zmqg_context_constructed;
  object_class->finalize = zmqg_context_finalize;
  object_class->get_property = zmqg_context_get_property;
  object_class->set_property = zmqg_context_set_property;

  /**
   * ZmqgContext:engine-mode: (getter get_engine_mode)
   *
   * Where input and output run. With %ZMQG_ENGINE_MODE_MAIN_CONTEXT they run
   * in the main context that was thread-default when the first socket bound
   * or connected, and in calls that wait.
   *
   * Since: 1.0
   */
  properties[PROP_ENGINE_MODE] =
    g_param_spec_enum ("engine-mode", NULL, NULL, ZMQG_TYPE_ENGINE_MODE,
                       ZMQG_ENGINE_MODE_THREADS,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                         G_PARAM_STATIC_STRINGS);
  /**
   * ZmqgContext:io-threads: (getter get_io_threads) (setter set_io_threads)
   *
   * The number of I/O threads, fixed once the first endpoint needed one. With
   * 0 only inproc works.
   *
   * Since: 1.0
   */
  properties[PROP_IO_THREADS] =
    g_param_spec_uint ("io-threads", NULL, NULL, 0, G_MAXINT, 1, flags);
  /**
   * ZmqgContext:max-sockets:
   *
   * The largest number of sockets that are open at the same time.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_SOCKETS] =
    g_param_spec_uint ("max-sockets", NULL, NULL, 1, G_MAXINT, 1023, flags);
  /**
   * ZmqgContext:max-message-size:
   *
   * What [property@Socket:max-message-size] of new sockets is, in bytes; -1
   * for no limit.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_MESSAGE_SIZE] =
    g_param_spec_int64 ("max-message-size", NULL, NULL, -1, G_MAXINT64,
                        G_GINT64_CONSTANT (1) << 30, flags);
  /**
   * ZmqgContext:ipv6:
   *
   * What [property@Socket:ipv6] of new sockets is.
   *
   * Since: 1.0
   */
  properties[PROP_IPV6] =
    g_param_spec_boolean ("ipv6", NULL, NULL, FALSE, flags);
  /**
   * ZmqgContext:thread-name-prefix:
   *
   * What the names of I/O threads start with, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_THREAD_NAME_PREFIX] =
    g_param_spec_string ("thread-name-prefix", NULL, NULL, NULL, flags);
  /**
   * ZmqgContext:thread-priority:
   *
   * The priority of I/O threads that are started later; -1 to leave it. With
   * one of the real-time policies it is that of the policy; else it lowers
   * the nice value by as much, by 20 at the most. Where the system refuses it
   * binding and connecting fail with a %G_IO_ERROR.
   *
   * Since: 1.0
   */
  properties[PROP_THREAD_PRIORITY] =
    g_param_spec_int ("thread-priority", NULL, NULL, -1, G_MAXINT, -1, flags);
  /**
   * ZmqgContext:thread-scheduling-policy:
   *
   * The scheduling policy of I/O threads that are started later. Where the
   * system refuses it binding and connecting fail with a %G_IO_ERROR.
   *
   * Since: 1.0
   */
  properties[PROP_THREAD_SCHEDULING_POLICY] =
    g_param_spec_enum ("thread-scheduling-policy", NULL, NULL,
                       ZMQG_TYPE_SCHEDULING_POLICY,
                       ZMQG_SCHEDULING_POLICY_DEFAULT, flags);
  /**
   * ZmqgContext:blocky:
   *
   * Whether [property@Socket:linger] of new sockets is -1; else it is 0.
   *
   * Since: 1.0
   */
  properties[PROP_BLOCKY] =
    g_param_spec_boolean ("blocky", NULL, NULL, TRUE, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties),
                                     properties);
}

static void
zmqg_context_init (ZmqgContext *self G_GNUC_UNUSED)
{
}

ZmqgContextCore *
zmqg_context_get_core (ZmqgContext *self)
{
  return self->core;
}

/**
 * zmqg_context_new:
 *
 * Makes a context of its own, with I/O threads. For another engine mode use
 * the property at construction.
 *
 * Returns: (transfer full): a new context
 *
 * Since: 1.0
 */
ZmqgContext *
zmqg_context_new (void)
{
  return g_object_new (ZMQG_TYPE_CONTEXT, NULL);
}

/**
 * zmqg_context_get_default:
 *
 * Gets the context that sockets belong to which are made without one. It
 * lives as long as the process.
 *
 * It is one for the whole program: once somebody has terminated it, and in
 * the child of a fork, it stays unusable, and whatever is tried with it fails
 * with %ZMQG_ERROR_TERMINATED or %ZMQG_ERROR_FORKED. Programs that do either
 * make contexts of their own, see [ctor@Context.new].
 *
 * Returns: (transfer none): the default context
 *
 * Since: 1.0
 */
ZmqgContext *
zmqg_context_get_default (void)
{
  static gsize context = 0;

  if (g_once_init_enter (&context))
    g_once_init_leave (&context, (gsize) zmqg_context_new ());

  return (ZmqgContext *) context;
}

/**
 * zmqg_context_create_socket:
 * @self: a context
 * @type: a type of socket
 *
 * Makes a socket of a type.
 *
 * Returns: (transfer full): a new socket
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_context_create_socket (ZmqgContext *self,
                            ZmqgSocketType type)
{
  GType gtype;

  g_return_val_if_fail (ZMQG_IS_CONTEXT (self), NULL);

  gtype = zmqg_socket_type_to_gtype (type);
  g_return_val_if_fail (gtype != G_TYPE_INVALID, NULL);

  return g_object_new (gtype, "context", self, NULL);
}

/**
 * zmqg_context_shutdown:
 * @self: a context
 *
 * Makes all calls on sockets of the context fail with
 * %ZMQG_ERROR_TERMINATED, also those that wait. Closing sockets still works.
 * Returns at once; doing it again does nothing.
 *
 * Since: 1.0
 */
void
zmqg_context_shutdown (ZmqgContext *self)
{
  g_return_if_fail (ZMQG_IS_CONTEXT (self));

  if (!zmqg_context_core_is_forked (self->core))
    zmqg_context_core_shutdown (self->core);
}

/**
 * zmqg_context_terminate:
 * @self: a context
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Shuts the context down, waits until all of its sockets are closed, also those
 * that were never used, and what they had to send is sent (or has lingered long
 * enough), and ends its threads. When it was cancelled it can be called again.
 *
 * Fails with %ZMQG_ERROR_FORKED, %ZMQG_ERROR_NO_RESOURCES or a %G_IO_ERROR.
 *
 * Returns: %TRUE once everything has ended
 *
 * Since: 1.0
 */
gboolean
zmqg_context_terminate (ZmqgContext *self,
                        GCancellable *cancellable,
                        GError **error)
{
  g_return_val_if_fail (ZMQG_IS_CONTEXT (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (zmqg_context_core_is_forked (self->core))
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_FORKED,
                           "The context was made before the process forked");
      return FALSE;
    }

  zmqg_context_core_shutdown (self->core);
  if (!zmqg_context_core_wait_for_end (self->core, cancellable, NULL, error))
    return FALSE;

  zmqg_context_core_stop_engines (self->core, TRUE);
  /* Nobody will bind a name any more. */
  zmqg_inproc_forget_waiting (self->core->inproc);
  zmqg_order_before_drop (self);
  return TRUE;
}

static void
terminate_in_thread (GTask *task,
                     gpointer source,
                     gpointer task_data,
                     GCancellable *cancellable)
{
  ZmqgContextCore *core = task_data;
  GError *error = NULL;
  gboolean terminated;

  atomic_load_explicit (&core->refs, memory_order_acquire);
  terminated = zmqg_context_terminate (source, cancellable, &error);
  /* Whoever gets the result drops the reference. */
  zmqg_order_before_drop (core);
  if (terminated)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * zmqg_context_terminate_async:
 * @self: a context
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Does what [method@Context.terminate] does, without blocking.
 *
 * Since: 1.0
 */
void
zmqg_context_terminate_async (ZmqgContext *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (ZMQG_IS_CONTEXT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, zmqg_context_terminate_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  /* Release pairs with the acquire in the thread: ThreadSanitizer cannot see
   * the locks of GTask. */
  atomic_fetch_add_explicit (&self->core->refs, 1, memory_order_release);
  g_task_set_task_data (task, self->core,
                        (GDestroyNotify) zmqg_context_core_unref);
  g_task_run_in_thread (task, terminate_in_thread);
}

/**
 * zmqg_context_terminate_finish:
 * @self: a context
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Context.terminate_async].
 *
 * Returns: %TRUE once everything has ended
 *
 * Since: 1.0
 */
gboolean
zmqg_context_terminate_finish (ZmqgContext *self,
                               GAsyncResult *result,
                               GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * zmqg_context_get_engine_mode: (get-property engine-mode)
 * @self: a context
 *
 * Gets where input and output run.
 *
 * Returns: the engine mode
 *
 * Since: 1.0
 */
ZmqgEngineMode
zmqg_context_get_engine_mode (ZmqgContext *self)
{
  g_return_val_if_fail (ZMQG_IS_CONTEXT (self), ZMQG_ENGINE_MODE_THREADS);

  return self->core->mode;
}

/**
 * zmqg_context_get_io_threads: (get-property io-threads)
 * @self: a context
 *
 * Gets the number of I/O threads.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
zmqg_context_get_io_threads (ZmqgContext *self)
{
  guint io_threads;

  g_return_val_if_fail (ZMQG_IS_CONTEXT (self), 0);

  g_object_get (self, "io-threads", &io_threads, NULL);
  return io_threads;
}

/**
 * zmqg_context_set_io_threads: (set-property io-threads)
 * @self: a context
 * @io_threads: the number; 0 allows only inproc
 *
 * Sets the number of I/O threads, before the first endpoint that needs one.
 *
 * Since: 1.0
 */
void
zmqg_context_set_io_threads (ZmqgContext *self,
                             guint io_threads)
{
  g_return_if_fail (ZMQG_IS_CONTEXT (self));

  g_object_set (self, "io-threads", io_threads, NULL);
}

/* The place of a processor in the list; -1 when it is not there. */
static int
find_cpu (const GArray *cpus,
          guint cpu)
{
  for (guint i = 0; i < cpus->len; i++)
    if (g_array_index (cpus, guint, i) == cpu)
      return (int) i;

  return -1;
}

/**
 * zmqg_context_add_thread_affinity:
 * @self: a context
 * @cpu: the number of a processor, 0 to 1023
 *
 * Lets I/O threads that are started later run on that processor. As soon as
 * there is one, they run on no other. Where the system has none of them
 * binding and connecting fail with a %G_IO_ERROR.
 *
 * Since: 1.0
 */
void
zmqg_context_add_thread_affinity (ZmqgContext *self,
                                  guint cpu)
{
  GArray *cpus;

  g_return_if_fail (ZMQG_IS_CONTEXT (self));
  g_return_if_fail (cpu < 1024);

  zmqg_lock (&self->core->lock);
  cpus = self->core->thread_options.cpus;
  if (find_cpu (cpus, cpu) < 0)
    g_array_append_val (cpus, cpu);
  zmqg_unlock (&self->core->lock);
}

/**
 * zmqg_context_remove_thread_affinity:
 * @self: a context
 * @cpu: the number of a processor
 *
 * Takes back [method@Context.add_thread_affinity], for I/O threads that are
 * started later. Without a processor that was added they run on any.
 *
 * Returns: %TRUE if it had been added
 *
 * Since: 1.0
 */
gboolean
zmqg_context_remove_thread_affinity (ZmqgContext *self,
                                     guint cpu)
{
  GArray *cpus;
  int place;

  g_return_val_if_fail (ZMQG_IS_CONTEXT (self), FALSE);

  zmqg_lock (&self->core->lock);
  cpus = self->core->thread_options.cpus;
  place = find_cpu (cpus, cpu);
  if (place >= 0)
    g_array_remove_index (cpus, place);
  zmqg_unlock (&self->core->lock);

  return place >= 0;
}
