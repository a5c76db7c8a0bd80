/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_MAX 2048

typedef struct
{
  gint64 due; /* monotonic µs */
  gsize size;
  guint8 data[];
} Packet;

/* One direction of the wire. */
typedef struct
{
  int from; /* the devices' descriptors */
  int to;
  gboolean cut;
  guint loss;    /* percent */
  guint delay;   /* ms */
  GQueue queue;  /* of Packet, the first to go first */
} Lane;

typedef struct
{
  void (*function) (gpointer data);
  gpointer data;
  gboolean done;
} Job;

struct _Network
{
  int devices[2]; /* near, far */
  int wake;       /* the wire's thread looks */
  gboolean exact; /* TCP tells the time */
  GThread *wire;
  GThread *far;

  GMutex lock; /* guards what follows */
  GCond cond;
  Lane lanes[2];
  gboolean over;
  Job *job;        /* for the far thread */
  gboolean ready;  /* the far thread has its device */
  GArray *ports;   /* of guint16, that connections were begun from */
  GArray *times;   /* of guint32, ms by the clock of TCP */
};

/* --- Devices ------------------------------------------------------------ */

/* Of the calling thread's namespace. */
static void
configure (const char *device,
           const char *address,
           gboolean up)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in inet = { .sin_family = AF_INET };
  struct ifreq request = { 0 };

  g_assert_no_errno (fd);
  g_strlcpy (request.ifr_name, device, IFNAMSIZ);
  if (address != NULL)
    {
      inet_pton (AF_INET, address, &inet.sin_addr);
      memcpy (&request.ifr_addr, &inet, sizeof inet);
      g_assert_no_errno (ioctl (fd, SIOCSIFADDR, &request));
      inet_pton (AF_INET, "255.255.255.0", &inet.sin_addr);
      memcpy (&request.ifr_netmask, &inet, sizeof inet);
      g_assert_no_errno (ioctl (fd, SIOCSIFNETMASK, &request));
    }
  g_assert_no_errno (ioctl (fd, SIOCGIFFLAGS, &request));
  if (up)
    request.ifr_flags |= IFF_UP;
  else
    request.ifr_flags &= ~IFF_UP;
  g_assert_no_errno (ioctl (fd, SIOCSIFFLAGS, &request));
  close (fd);
}

/* The times that segments tell begin at the same moment in all connections of
 * the calling thread's namespace. %FALSE where that may not be set. */
static gboolean
tell_time (void)
{
  int fd = open ("/proc/sys/net/ipv4/tcp_timestamps", O_WRONLY | O_CLOEXEC);
  gboolean done;

  if (fd < 0)
    return FALSE;

  done = write (fd, "2", 1) == 1;
  close (fd);
  return done;
}

/* A device in the calling thread's namespace; -1 with errno. */
static int
open_device (const char *address)
{
  struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
  int fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0)
    return -1;

  g_strlcpy (request.ifr_name, NETWORK_DEVICE, IFNAMSIZ);
  if (ioctl (fd, TUNSETIFF, &request) < 0)
    {
      int code = errno;

      close (fd);
      errno = code;
      return -1;
    }

  configure ("lo", NULL, TRUE);
  configure (NETWORK_DEVICE, address, TRUE);
  return fd;
}

/* --- The wire ----------------------------------------------------------- */

/* The time in the options of a segment (RFC 7323). */
static guint32
get_timestamp (const guint8 *tcp,
               gsize size)
{
  gsize end = MIN ((tcp[12] >> 4) * 4u, size);
  gsize at = 20;

  while (at + 10 <= end && tcp[at] != 8)
    at += tcp[at] == 1 ? 1 : MAX (tcp[at + 1], 2);
  g_assert_cmpuint (at + 10, <=, end);

  return (guint32) tcp[at + 2] << 24 | (guint32) tcp[at + 3] << 16 |
         (guint32) tcp[at + 4] << 8 | tcp[at + 5];
}

/* Locked. A SYN without ACK, from a port that was not seen yet. */
static void
note_attempt (Network *self,
              const guint8 *data,
              gsize size)
{
  gsize header = (data[0] & 0x0f) * 4u;
  guint16 port;
  guint32 time;

  if (size < header + 20 || data[0] >> 4 != 4 || data[9] != IPPROTO_TCP ||
      (data[header + 13] & 0x12) != 0x02)
    return;

  memcpy (&port, data + header, sizeof port);
  for (guint i = 0; i < self->ports->len; i++)
    if (g_array_index (self->ports, guint16, i) == port)
      return;

  time = self->exact ? get_timestamp (data + header, size - header)
                     : (guint32) (g_get_monotonic_time () / 1000);
  g_array_append_val (self->ports, port);
  g_array_append_val (self->times, time);
}

/* Locked: takes what comes into a lane. */
static void
take_packets (Network *self,
              Lane *lane)
{
  guint8 data[PACKET_MAX];
  gssize size;

  while ((size = read (lane->from, data, sizeof data)) > 0)
    {
      Packet *packet;

      if (lane == &self->lanes[NETWORK_TO_FAR])
        note_attempt (self, data, size);
      if (lane->cut || (guint) g_random_int_range (0, 100) < lane->loss)
        continue;

      packet = g_malloc (sizeof *packet + size);
      packet->due = g_get_monotonic_time () + lane->delay * 1000;
      packet->size = size;
      memcpy (packet->data, data, size);
      g_queue_push_tail (&lane->queue, packet);
    }
}

/* Locked: hands on what is due; returns when the next is, or -1. */
static gint64
hand_on (Lane *lane)
{
  Packet *packet;

  while ((packet = g_queue_peek_head (&lane->queue)) != NULL)
    {
      if (packet->due > g_get_monotonic_time ())
        return packet->due;

      /* What the other end does not take is lost. */
      if (write (lane->to, packet->data, packet->size) < 0)
        errno = 0;
      g_free (g_queue_pop_head (&lane->queue));
    }

  return -1;
}

static gpointer
wire_thread (gpointer data)
{
  Network *self = data;
  gboolean over = FALSE;

  while (!over)
    {
      struct pollfd fds[] = {
        { .fd = self->devices[0], .events = POLLIN },
        { .fd = self->devices[1], .events = POLLIN },
        { .fd = self->wake, .events = POLLIN },
      };
      gint64 due = -1;
      int timeout = -1;

      g_mutex_lock (&self->lock);
      for (guint i = 0; i < G_N_ELEMENTS (self->lanes); i++)
        {
          gint64 next;

          take_packets (self, &self->lanes[i]);
          next = hand_on (&self->lanes[i]);
          if (next >= 0 && (due < 0 || next < due))
            due = next;
        }
      over = self->over;
      g_mutex_unlock (&self->lock);

      if (due >= 0)
        timeout = (int) MAX (0, (due - g_get_monotonic_time () + 999) / 1000);
      if (!over)
        poll (fds, G_N_ELEMENTS (fds), timeout);
    }

  return NULL;
}

/* --- The far side ------------------------------------------------------- */

static gpointer
far_thread (gpointer data)
{
  Network *self = data;
  int fd = unshare (CLONE_NEWNET) == 0 ? open_device (NETWORK_FAR) : -1;

  g_mutex_lock (&self->lock);
  self->devices[1] = fd;
  self->ready = TRUE;
  g_cond_broadcast (&self->cond);
  while (!self->over)
    {
      if (self->job == NULL)
        {
          g_cond_wait (&self->cond, &self->lock);
          continue;
        }

      g_mutex_unlock (&self->lock);
      self->job->function (self->job->data);
      g_mutex_lock (&self->lock);
      self->job->done = TRUE;
      self->job = NULL;
      g_cond_broadcast (&self->cond);
    }
  g_mutex_unlock (&self->lock);

  return NULL;
}

void
network_far (Network *self,
             void (*function) (gpointer data),
             gpointer data)
{
  Job job = { function, data, FALSE };

  g_mutex_lock (&self->lock);
  self->job = &job;
  g_cond_broadcast (&self->cond);
  while (!job.done)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* --- Life --------------------------------------------------------------- */

Network *
network_new (void)
{
  Network *self;
  int near;

  /* The namespace, and its device, last as long as the main thread: one for
   * each test. */
  if (unshare (CLONE_NEWNET) < 0)
    {
      g_test_skip ("no network namespace may be made (needs root)");
      return NULL;
    }
  near = open_device (NETWORK_NEAR);
  if (near < 0)
    {
      g_test_skip ("no network device may be made (needs /dev/net/tun)");
      return NULL;
    }

  self = g_new0 (Network, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->ports = g_array_new (FALSE, FALSE, sizeof (guint16));
  self->times = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->wake = eventfd (0, EFD_CLOEXEC);
  g_assert_no_errno (self->wake);
  self->devices[0] = near;
  self->exact = tell_time ();
  self->far = g_thread_new ("far", far_thread, self);
  g_mutex_lock (&self->lock);
  while (!self->ready)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
  g_assert_cmpint (self->devices[1], >=, 0);

  for (guint i = 0; i < G_N_ELEMENTS (self->lanes); i++)
    {
      self->lanes[i].from = self->devices[i];
      self->lanes[i].to = self->devices[1 - i];
    }
  self->wire = g_thread_new ("wire", wire_thread, self);
  return self;
}

static void
wake_up (Network *self)
{
  guint64 one = 1;

  g_assert_cmpint (write (self->wake, &one, sizeof one), ==, sizeof one);
}

void
network_free (Network *self)
{
  g_mutex_lock (&self->lock);
  self->over = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  wake_up (self);
  g_thread_join (self->wire);
  g_thread_join (self->far);

  for (guint i = 0; i < G_N_ELEMENTS (self->lanes); i++)
    {
      g_queue_clear_full (&self->lanes[i].queue, g_free);
      close (self->devices[i]);
    }
  close (self->wake);
  g_array_unref (self->ports);
  g_array_unref (self->times);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

/* --- Weather ------------------------------------------------------------ */

void
network_cut (Network *self,
             NetworkDirection direction,
             gboolean cut)
{
  g_mutex_lock (&self->lock);
  self->lanes[direction].cut = cut;
  g_mutex_unlock (&self->lock);
}

void
network_lose (Network *self,
              NetworkDirection direction,
              guint percent)
{
  g_mutex_lock (&self->lock);
  self->lanes[direction].loss = percent;
  g_mutex_unlock (&self->lock);
}

void
network_delay (Network *self,
               NetworkDirection direction,
               guint msec)
{
  g_mutex_lock (&self->lock);
  self->lanes[direction].delay = msec;
  g_mutex_unlock (&self->lock);
}

void
network_plug (Network *self G_GNUC_UNUSED,
              gboolean in)
{
  configure (NETWORK_DEVICE, NULL, in);
}

gboolean
network_let_ports (Network *self G_GNUC_UNUSED,
                   guint first,
                   guint last)
{
  int fd = open ("/proc/sys/net/ipv4/ip_local_port_range",
                 O_WRONLY | O_CLOEXEC);
  g_autofree char *text = g_strdup_printf ("%u %u", first, last);
  gboolean done;

  if (fd < 0)
    return FALSE;

  done = write (fd, text, strlen (text)) == (gssize) strlen (text);
  close (fd);
  if (done)
    configure ("lo", NULL, TRUE); /* it has to speak to itself */
  return done;
}

void
network_forget_attempts (Network *self)
{
  g_mutex_lock (&self->lock);
  g_array_set_size (self->ports, 0);
  g_array_set_size (self->times, 0);
  g_mutex_unlock (&self->lock);
}

guint
network_count_attempts (Network *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->times->len;
  g_mutex_unlock (&self->lock);

  return n;
}

guint32
network_get_attempt (Network *self,
                     guint index)
{
  guint32 time;

  g_mutex_lock (&self->lock);
  g_assert_cmpuint (index, <, self->times->len);
  time = g_array_index (self->times, guint32, index);
  g_mutex_unlock (&self->lock);

  return time;
}
