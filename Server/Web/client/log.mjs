// The entries of a room's log, sorted by (order, rank). A log event has its sequence number as order, and rank 0. A notice
// has the order of the event after which it appears, and a rank above 0.

import { filesOf } from './files.mjs';
import { dayOf } from './formatting.mjs';

/** @import { Day, Entry, Frame, Reactions } from './types.js' */

/**
 * The order of the log. The result is negative if `a` comes first.
 * @param {{ order: number, rank: number }} a
 * @param {{ order: number, rank: number }} b
 */
export const compareEntries = (a, b) => a.order - b.order || a.rank - b.rank;

/**
 * Returns the index of the first entry that is not before the given entry. If the log has the given entry, the result is its index.
 * Otherwise the result is the index at which to insert the given entry.
 * @param {{ order: number, rank: number }[]} entries
 * @param {{ order: number, rank: number }} entry
 */
export function indexFor(entries, entry) {
  let low = 0, high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareEntries(entries[middle], entry) < 0) low = middle + 1; else high = middle;
  }
  return low;
}

/**
 * Returns the entry of the log event with this sequence number, or undefined.
 * @param {Entry[]} entries
 * @param {number} seq
 */
export function eventAt(entries, seq) {
  const entry = entries[indexFor(entries, { order: seq, rank: 0 })];
  return entry?.seq === seq ? entry : undefined;
}

/**
 * Returns the first message at or after a seq, or undefined.
 * @param {Entry[]} entries
 * @param {number} seq
 */
export function messageFrom(entries, seq) {
  for (let index = indexFor(entries, { order: seq, rank: 0 }); index < entries.length; index += 1) if (entries[index].kind === 'message') return entries[index];
  return undefined;
}

/**
 * Inserts an entry at its place in the order. If the log already has this entry, only updates it (see withCopy).
 * @param {Entry[]} entries
 * @param {Entry} entry
 */
export const insertEntry = (entries, entry) => insertEntries(entries, [entry]);

/**
 * Inserts entries at their places in the order. Only updates the entries that the log already has (see withCopy). Copies the log once for all
 * entries.
 * @param {Entry[]} entries
 * @param {Entry[]} added
 */
export function insertEntries(entries, added) {
  /** @type {Entry[][]} */
  const parts = [];
  /** The last part: added entries that follow each other, without an old entry of the log between them. @type {Entry[]} */
  let run = [];
  let from = 0;
  for (const entry of added.toSorted(compareEntries)) {
    const last = run.at(-1);
    if (last && compareEntries(last, entry) === 0) {
      run[run.length - 1] = withCopy(last, entry);
      continue;
    }
    const index = indexFor(entries, entry);
    const existing = index < entries.length && compareEntries(entries[index], entry) === 0 ? entries[index] : null;
    const next = existing ? withCopy(existing, entry) : entry;
    if (next === existing) continue;
    if (index > from || !parts.length) parts.push(from === 0 && index === entries.length ? entries : entries.slice(from, index), run = []);
    run.push(next);
    from = index + Number(existing !== null);
  }
  return parts.length ? parts[0].concat(...parts.slice(1), entries.slice(from)) : entries;
}

/**
 * Returns the entry that replaces an existing entry when another copy of it arrives.
 * @param {Entry} existing
 * @param {Entry} copy
 * @returns {Entry}
 */
const withCopy = (existing, copy) =>
  // The server's copy replaces the page's own copy. The key and the id stay, so the page reuses the node.
  existing.local ? { ...copy, key: existing.key, id: existing.id } : withNewerState(existing, copy);

/**
 * Returns an entry with the changes that a later copy from the server contains. The page may have missed the events of these changes.
 * @param {Entry} existing
 * @param {Entry} copy
 * @returns {Entry}
 */
function withNewerState(existing, copy) {
  if (existing.kind !== 'message' || existing.deleted) return existing;
  if (copy.deleted) return { ...copy, key: existing.key, id: existing.id };
  const isEdited = copy.edited !== undefined && (existing.edited === undefined || Date.parse(copy.edited) > Date.parse(existing.edited));
  if (!isEdited && !copy.reactions) return existing;
  return { ...existing, ...isEdited && { text: copy.text, edited: copy.edited, mentions: copy.mentions }, ...copy.reactions && { reactions: copy.reactions } };
}

/**
 * Returns the days of a log after entries were added. A log has one divider for each day, before the first entry of that day. If the server's
 * clock was set back, entries of an earlier day can follow a divider: these entries get no divider of their own. A notice never gets a divider,
 * because it has the page's own time, which may be wrong.
 * @param {Day[]} days in order
 * @param {Entry[]} added
 */
export function withDays(days, added) {
  for (const { kind, at, order, rank } of added) {
    if (!at || kind === 'notice') continue;
    const day = dayOf(at);
    const index = indexFor(days, { order, rank });
    if (index > 0 && day <= days[index - 1].day || days[index]?.order === order) continue;
    days = [...days.slice(0, index), { order, rank, day }, ...days.slice(index).filter((later) => later.day > day)];
  }
  return days;
}

/**
 * Returns the dividers for the entries from `first` to the end of the log.
 * @param {Day[]} days
 * @param {Entry} first
 */
export function daysFrom(days, { order, rank }) {
  const index = indexFor(days, { order, rank });
  const isDivider = days[index]?.order === order;
  return isDivider || index === 0 ? days.slice(index) : [{ order, rank, day: days[index - 1].day }, ...days.slice(index)];
}

/** @type {Record<string, (event: Frame) => Partial<Entry>>} */
const SHOWN_EVENTS = {
  message: (event) => ({
    kind: 'message', text: event.deleted ? '' : event.text ?? '', me: Boolean(event.me), reply: event.reply, edited: event.edited, deleted: Boolean(event.deleted),
    mentions: event.mentions, reactions: reactionsOf(event), files: event.deleted ? undefined : filesOf(event.files),
  }),
  topic: (event) => ({ kind: 'topic', text: event.text ?? event.topic ?? '' }),
  moderated: ({ action, user, name, role, seconds, reason }) => ({ kind: 'moderated', moderation: { action, user, name, role, seconds, reason } }),
};

/**
 * The reactions of a message (emoji → people), or undefined if it has none. Uses a Map, because an emoji is foreign text.
 * @param {Omit<Frame, 'type'>} event
 * @returns {Reactions | undefined}
 */
function reactionsOf({ reactions, deleted }) {
  if (deleted || !reactions || typeof reactions !== 'object') return undefined;
  const pairs = Object.entries(reactions).filter(([emoji, people]) => emoji && Array.isArray(people) && people.length);
  return pairs.length ? new Map(pairs) : undefined;
}

/**
 * Creates the entry for a log event, or returns null if the log does not show such events.
 * @param {Omit<Frame, 'type'> & { type?: string }} event an event without a type is a message
 */
export function createEntry(event) {
  const type = event.type ?? 'message';
  const shown = SHOWN_EVENTS[type];
  if (!shown) return null;
  return /** @type {Entry} */ ({
    key: `s${event.seq}`, seq: event.seq, order: event.seq, rank: 0, at: event.at, from: event.from ?? { user: '', name: '?' },
    state: 'sent', ...shown({ ...event, type }),
  });
}
