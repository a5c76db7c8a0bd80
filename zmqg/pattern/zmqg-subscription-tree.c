/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-subscription-tree-private.h"

#include "pattern/zmqg-number-index-private.h"
#include "pattern/zmqg-radix-tree-private.h"

/*
 * Each subscription is noted twice: at the topic (who has it) and at the target
 * (what it has), and each note says where the other one is, so that either is
 * found from the other without a search.
 *
 * At the topic: the slot of the radix tree. With one target it holds that
 * target's number and the place of the other note in the target's list; with
 * more it points to a set of such pairs. Bit 0 tells them apart:
 *
 *     place (32 bits) | number of the target (31 bits) | 1
 *     address of a TopicSet                            | 0
 *
 * At the target: a list of addresses of slots, or of sets with bit 0 set. So a
 * subscription costs 8 bytes at the topic and 8 at the target. Slots move when
 * the tree changes; the tree tells us, and one address is put right: that is
 * why the lists of the targets of a set lead to the set and not to the slot.
 */

#define MAX_TARGETS (G_MAXINT32 - 1)
#define SMALL_SET 16 /* sets up to here are searched from end to end */

typedef struct
{
  guint32 target; /* index into targets */
  guint32 place;  /* index into the target's topics */
} Member;

typedef struct
{
  guint64 *slot;
  Member *members;
  guint32 n_members;
  guint32 capacity;
  ZmqgNumberIndex index; /* by number of target; unused in small sets */
} TopicSet;

typedef struct
{
  gpointer address;
  guintptr *topics; /* slot, or TopicSet with bit 0 set */
  gsize n_bytes;    /* of all of these topics */
  guint32 n_topics; /* 0 in a free record, whose place is the next free one */
  guint32 capacity;
} Target;

struct _ZmqgSubscriptionTree
{
  ZmqgRadixTree *tree;
  gsize n_subscriptions;

  Target *targets;
  guint32 n_targets; /* records ever used, free ones among them */
  guint32 capacity;
  guint32 first_free; /* chain of free records, through their capacity */
  ZmqgNumberIndex numbers; /* by address */
};

static inline gboolean
is_single (guint64 value)
{
  return (value & 1) != 0;
}

static inline guint64
make_single (Member member)
{
  return (guint64) member.place << 32 | (guint64) member.target << 1 | 1;
}

static inline Member
get_single (guint64 value)
{
  return (Member) { (guint32) value >> 1, (guint32) (value >> 32) };
}

static inline TopicSet *
get_set (guint64 value)
{
  return (TopicSet *) (guintptr) value;
}

static guint64
get_member_key (gconstpointer owner,
                guint32       number)
{
  const TopicSet *set = owner;

  return set->members[number].target;
}

static guint64
get_target_key (gconstpointer owner,
                guint32       number)
{
  const ZmqgSubscriptionTree *self = owner;

  return (guintptr) self->targets[number].address;
}

/* Gives an array room for one more element. Returns: the array, %NULL if there
 * is no memory for it */
static gpointer
reserve_one (gpointer  array,
             gsize     element_size,
             guint32   n,
             guint32  *capacity)
{
  guint64 wanted;
  gpointer larger;

  if (n < *capacity)
    return array;

  wanted = MAX (2, (guint64) n + n / 2);
  if (wanted >= G_MAXUINT32)
    return NULL;
  larger = g_try_realloc_n (array, wanted, element_size);
  if (larger != NULL)
    *capacity = wanted;

  return larger;
}

/* Gives memory back when most of an array is unused. Returns: the array */
static gpointer
release_some (gpointer  array,
              gsize     element_size,
              guint32   n,
              guint32  *capacity)
{
  gpointer smaller;

  if (*capacity <= 8 || n >= *capacity / 4)
    return array;

  smaller = g_try_realloc_n (array, *capacity / 2, element_size);
  if (smaller == NULL)
    return array;

  *capacity /= 2;
  return smaller;
}

static guint32
set_find (const TopicSet *set,
          guint32         target)
{
  if (set->n_members > SMALL_SET)
    return zmqg_number_index_lookup (&set->index, set, target);

  for (guint32 i = 0; i < set->n_members; i++)
    {
      if (set->members[i].target == target)
        return i;
    }

  return ZMQG_NUMBER_NONE;
}

static void
set_free (TopicSet *set)
{
  zmqg_number_index_clear (&set->index);
  g_free (set->members);
  g_free (set);
}

static gboolean
set_add (TopicSet *set,
         Member    member)
{
  guint32 n = set->n_members;
  Member *members = reserve_one (set->members, sizeof member, n,
                                 &set->capacity);

  if (members == NULL)
    return FALSE;
  set->members = members;

  if (n >= SMALL_SET)
    {
      if (!zmqg_number_index_reserve (&set->index, set, n + 1))
        return FALSE;

      /* The set has just become too large to be searched. */
      for (guint32 i = set->index.n_used; i < n; i++)
        zmqg_number_index_insert (&set->index, set->members[i].target, i);
      zmqg_number_index_insert (&set->index, member.target, n);
    }

  set->members[n] = member;
  set->n_members++;
  return TRUE;
}

static void
set_remove (TopicSet *set,
            guint32   at)
{
  guint32 last = set->n_members - 1;

  if (set->n_members > SMALL_SET)
    {
      zmqg_number_index_remove (&set->index, set, set->members[at].target);
      if (at != last)
        zmqg_number_index_change (&set->index, set->members[last].target,
                                  last, at);
    }

  set->members[at] = set->members[last];
  set->n_members--;
  set->members = release_some (set->members, sizeof set->members[0],
                               set->n_members, &set->capacity);
  if (set->n_members <= SMALL_SET)
    zmqg_number_index_clear (&set->index);
  else
    zmqg_number_index_reserve (&set->index, set, set->n_members);
}

/* Returns: a set with the target that the slot holds, and room for another */
static TopicSet *
set_new_from_single (ZmqgSubscriptionTree *self,
                     guint64              *slot)
{
  Member member = get_single (*slot);
  TopicSet *set = g_try_new0 (TopicSet, 1);
  Member *members = g_try_new (Member, 2);

  if (set == NULL || members == NULL)
    {
      g_free (set);
      g_free (members);
      return NULL;
    }

  set->slot = slot;
  set->members = members;
  set->members[0] = member;
  set->n_members = 1;
  set->capacity = 2;
  set->index.key_func = get_member_key;
  *slot = (guintptr) set;
  self->targets[member.target].topics[member.place] = (guintptr) set | 1;

  return set;
}

static void
slot_moved (guint64  *slot,
            gpointer  user_data)
{
  ZmqgSubscriptionTree *self = user_data;

  if (is_single (*slot))
    {
      Member member = get_single (*slot);

      self->targets[member.target].topics[member.place] = (guintptr) slot;
    }
  else
    {
      get_set (*slot)->slot = slot;
    }
}

static guint64 *
get_slot (guintptr topic)
{
  if ((topic & 1) != 0)
    return ((TopicSet *) (topic & ~(guintptr) 1))->slot;

  return (guint64 *) topic;
}

static guint32
find_target (const ZmqgSubscriptionTree *self,
             gpointer                    address)
{
  return zmqg_number_index_lookup (&self->numbers, self, (guintptr) address);
}

/* Gives a target without topics a record. */
static guint32
add_target (ZmqgSubscriptionTree *self,
            gpointer              address)
{
  guint32 number = self->first_free;
  guint32 n = self->n_targets;

  if (number == ZMQG_NUMBER_NONE)
    {
      Target *targets = NULL;

      if (n < MAX_TARGETS)
        targets = reserve_one (self->targets, sizeof (Target), n,
                               &self->capacity);
      if (targets == NULL)
        return ZMQG_NUMBER_NONE;
      self->targets = targets;
      number = n;
    }

  if (!zmqg_number_index_reserve (&self->numbers, self,
                                  self->numbers.n_used + 1))
    return ZMQG_NUMBER_NONE;

  if (number == n)
    self->n_targets++;
  else
    self->first_free = self->targets[number].capacity;
  self->targets[number] = (Target) { .address = address };
  zmqg_number_index_insert (&self->numbers, (guintptr) address, number);

  return number;
}

/* Gives up the record of a target that has no topics left. */
static void
drop_target (ZmqgSubscriptionTree *self,
             guint32               number)
{
  Target *target = &self->targets[number];

  zmqg_number_index_remove (&self->numbers, self, (guintptr) target->address);
  g_free (target->topics);
  *target = (Target) { .capacity = self->first_free };
  self->first_free = number;

  if (self->numbers.n_used == 0)
    {
      zmqg_number_index_clear (&self->numbers);
      g_clear_pointer (&self->targets, g_free);
      self->n_targets = 0;
      self->capacity = 0;
      self->first_free = ZMQG_NUMBER_NONE;
    }
  else
    {
      zmqg_number_index_reserve (&self->numbers, self, self->numbers.n_used);
    }
}

/* Takes the note at the topic away. Returns: whether it was the last one */
static gboolean
detach_from_topic (ZmqgSubscriptionTree *self,
                   guint64              *slot,
                   guint32               number)
{
  TopicSet *set;

  self->n_subscriptions--;
  if (is_single (*slot))
    {
      zmqg_radix_tree_remove_slot (self->tree, slot);
      return TRUE;
    }

  set = get_set (*slot);
  set_remove (set, set_find (set, number));
  if (set->n_members == 1)
    {
      Member left = set->members[0];

      *slot = make_single (left);
      self->targets[left.target].topics[left.place] = (guintptr) slot;
      set_free (set);
    }

  return FALSE;
}

/* Takes the note at the target away: the last one of its list goes there. */
static void
detach_from_target (ZmqgSubscriptionTree *self,
                    guint32               number,
                    guint32               place)
{
  Target *target = &self->targets[number];
  guint32 last = --target->n_topics;
  guintptr topic = target->topics[last];

  if (place != last)
    {
      guint64 *slot = get_slot (topic);

      target->topics[place] = topic;
      if (is_single (*slot))
        {
          *slot = make_single ((Member) { number, place });
        }
      else
        {
          TopicSet *set = get_set (*slot);

          set->members[set_find (set, number)].place = place;
        }
    }

  target->topics = release_some (target->topics, sizeof target->topics[0],
                                 target->n_topics, &target->capacity);
}

/* Finds the subscription. Returns: its slot, or %NULL */
static guint64 *
find_subscription (const ZmqgSubscriptionTree *self,
                   const guint8               *topic,
                   gsize                       size,
                   gpointer                    address,
                   Member                     *member)
{
  guint64 *slot = zmqg_radix_tree_lookup (self->tree, topic, size);
  guint32 number = slot != NULL ? find_target (self, address)
                                : ZMQG_NUMBER_NONE;

  if (number == ZMQG_NUMBER_NONE)
    return NULL;

  if (is_single (*slot))
    {
      *member = get_single (*slot);
      return member->target == number ? slot : NULL;
    }
  else
    {
      TopicSet *set = get_set (*slot);
      guint32 at = set_find (set, number);

      if (at == ZMQG_NUMBER_NONE)
        return NULL;
      *member = set->members[at];
      return slot;
    }
}

/* Notes the target at the topic; its list of topics has room. */
static ZmqgSubscriptionAdded
attach_to_topic (ZmqgSubscriptionTree *self,
                 const guint8         *topic,
                 gsize                 size,
                 guint32               number)
{
  Target *target = &self->targets[number];
  Member member = { number, target->n_topics };
  gboolean is_new;
  guint64 *slot;
  TopicSet *set;

  slot = zmqg_radix_tree_insert (self->tree, topic, size, &is_new);
  if (slot == NULL)
    return ZMQG_SUBSCRIPTION_ADD_FAILED;

  if (is_new)
    {
      *slot = make_single (member);
      target->topics[member.place] = (guintptr) slot;
      return ZMQG_SUBSCRIPTION_ADDED_FIRST;
    }

  if (is_single (*slot))
    {
      if (get_single (*slot).target == number)
        return ZMQG_SUBSCRIPTION_DUPLICATE;
      set = set_new_from_single (self, slot);
    }
  else
    {
      set = get_set (*slot);
      if (set_find (set, number) != ZMQG_NUMBER_NONE)
        return ZMQG_SUBSCRIPTION_DUPLICATE;
    }

  if (set == NULL || !set_add (set, member))
    return ZMQG_SUBSCRIPTION_ADD_FAILED;

  target->topics[member.place] = (guintptr) set | 1;
  return ZMQG_SUBSCRIPTION_ADDED;
}

static void
free_set_of_slot (const guint8 *key G_GNUC_UNUSED,
                  gsize         size G_GNUC_UNUSED,
                  guint64      *slot,
                  gpointer      user_data G_GNUC_UNUSED)
{
  if (!is_single (*slot))
    set_free (get_set (*slot));
}

ZmqgSubscriptionTree *
zmqg_subscription_tree_new (void)
{
  ZmqgSubscriptionTree *self = g_new0 (ZmqgSubscriptionTree, 1);

  self->tree = zmqg_radix_tree_new (slot_moved, self);
  self->first_free = ZMQG_NUMBER_NONE;
  self->numbers.key_func = get_target_key;

  return self;
}

void
zmqg_subscription_tree_free (ZmqgSubscriptionTree *self)
{
  zmqg_radix_tree_foreach (self->tree, free_set_of_slot, NULL);
  zmqg_radix_tree_free (self->tree);
  for (guint32 i = 0; i < self->n_targets; i++)
    g_free (self->targets[i].topics);
  g_free (self->targets);
  zmqg_number_index_clear (&self->numbers);
  g_free (self);
}

ZmqgSubscriptionAdded
zmqg_subscription_tree_add (ZmqgSubscriptionTree *self,
                            const guint8         *topic,
                            gsize                 size,
                            gpointer              target)
{
  ZmqgSubscriptionAdded added = ZMQG_SUBSCRIPTION_ADD_FAILED;
  guint32 number = find_target (self, target);
  Target *record;
  guintptr *topics;

  if (number == ZMQG_NUMBER_NONE)
    number = add_target (self, target);
  if (number == ZMQG_NUMBER_NONE)
    return ZMQG_SUBSCRIPTION_ADD_FAILED;

  record = &self->targets[number];
  topics = reserve_one (record->topics, sizeof record->topics[0],
                        record->n_topics, &record->capacity);
  if (topics != NULL)
    {
      record->topics = topics;
      added = attach_to_topic (self, topic, size, number);
    }

  if (added == ZMQG_SUBSCRIPTION_ADDED_FIRST ||
      added == ZMQG_SUBSCRIPTION_ADDED)
    {
      record->n_topics++;
      record->n_bytes += size;
      self->n_subscriptions++;
    }
  else if (record->n_topics == 0)
    {
      drop_target (self, number);
    }

  return added;
}

ZmqgSubscriptionRemoved
zmqg_subscription_tree_remove (ZmqgSubscriptionTree *self,
                               const guint8         *topic,
                               gsize                 size,
                               gpointer              target)
{
  Member member;
  guint64 *slot = find_subscription (self, topic, size, target, &member);
  gboolean was_last;

  if (slot == NULL)
    return ZMQG_SUBSCRIPTION_NOT_FOUND;

  /* First here, while the slot is sure not to move. */
  detach_from_target (self, member.target, member.place);
  was_last = detach_from_topic (self, slot, member.target);
  self->targets[member.target].n_bytes -= size;
  if (self->targets[member.target].n_topics == 0)
    drop_target (self, member.target);

  return was_last ? ZMQG_SUBSCRIPTION_REMOVED_LAST : ZMQG_SUBSCRIPTION_REMOVED;
}

/* Takes all topics of a target away, in the order in which it got them unless
 * it has given up others meanwhile. @func may be %NULL. */
void
zmqg_subscription_tree_remove_target (ZmqgSubscriptionTree      *self,
                                      gpointer                   target,
                                      ZmqgSubscriptionTopicFunc  func,
                                      gpointer                   user_data)
{
  guint32 number = find_target (self, target);

  if (number == ZMQG_NUMBER_NONE)
    return;

  for (guint32 i = 0; i < self->targets[number].n_topics; i++)
    {
      guint64 *slot = get_slot (self->targets[number].topics[i]);

      if (func != NULL)
        {
          gsize size;
          const guint8 *topic = zmqg_radix_tree_get_key (self->tree, slot,
                                                         &size);

          func (topic, size, is_single (*slot), user_data);
        }
      detach_from_topic (self, slot, number);
    }

  self->targets[number].n_topics = 0;
  drop_target (self, number);
}

/* Returns: whether the target has exactly this topic */
gboolean
zmqg_subscription_tree_contains (const ZmqgSubscriptionTree *self,
                                 const guint8               *topic,
                                 gsize                       size,
                                 gpointer                    target)
{
  Member member;

  return find_subscription (self, topic, size, target, &member) != NULL;
}

/* Calls @func for each target of each topic that is a prefix of @data, so
 * that a target with several of them comes several times. */
void
zmqg_subscription_tree_match (const ZmqgSubscriptionTree *self,
                              const guint8               *data,
                              gsize                       size,
                              ZmqgSubscriptionTargetFunc  func,
                              gpointer                    user_data)
{
  ZmqgRadixMatch match;
  guint64 *slot;

  zmqg_radix_match_init (&match, self->tree, data, size);
  while ((slot = zmqg_radix_match_next (&match)) != NULL)
    {
      if (is_single (*slot))
        {
          func (self->targets[get_single (*slot).target].address, user_data);
        }
      else
        {
          const TopicSet *set = get_set (*slot);

          for (guint32 i = 0; i < set->n_members; i++)
            func (self->targets[set->members[i].target].address, user_data);
        }
    }
}

/* Returns: whether any target has a topic that is a prefix of @data */
gboolean
zmqg_subscription_tree_contains_any (const ZmqgSubscriptionTree *self,
                                     const guint8               *data,
                                     gsize                       size)
{
  return zmqg_radix_tree_match_any (self->tree, data, size);
}

gsize
zmqg_subscription_tree_get_n_topics (const ZmqgSubscriptionTree *self)
{
  return zmqg_radix_tree_get_n_keys (self->tree);
}

/* Returns: the number of pairs of topic and target */
gsize
zmqg_subscription_tree_get_n_subscriptions (const ZmqgSubscriptionTree *self)
{
  return self->n_subscriptions;
}

/* Returns: the number of topics that one target has, and, in @n_bytes
 * (nullable), the size of all of them */
gsize
zmqg_subscription_tree_get_n_target_topics (const ZmqgSubscriptionTree *self,
                                            gpointer                    target,
                                            gsize                      *n_bytes)
{
  guint32 number = find_target (self, target);
  const Target *record;

  record = number != ZMQG_NUMBER_NONE ? &self->targets[number] : NULL;
  if (n_bytes != NULL)
    *n_bytes = record != NULL ? record->n_bytes : 0;
  return record != NULL ? record->n_topics : 0;
}
