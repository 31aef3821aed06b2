// The entries of a room's log, sorted by (order, rank). A log event has its sequence number as order, and rank 0. A notice
// comes right after the event at which it appeared.

/** @import { Entry, Frame } from './types.js' */

/**
 * @param {{ order: number, rank: number }} a
 * @param {{ order: number, rank: number }} b
 */
const compareEntries = (a, b) => a.order - b.order || a.rank - b.rank;

/**
 * Returns the index of the first entry that is not before the given entry. If the log has the given entry, the result is its index.
 * Otherwise the result is the index at which to insert the given entry.
 * @param {Entry[]} entries
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
 * Inserts an entry in its order, unless the log already has it.
 * @param {Entry[]} entries
 * @param {Entry} entry
 */
export function insertEntry(entries, entry) {
  const index = indexFor(entries, entry);
  const existing = entries[index];
  if (existing && compareEntries(existing, entry) === 0) {
    // The server's copy replaces the page's own copy. The key and the id stay, so the page reuses the node.
    return existing.local ? entries.with(index, { ...entry, key: existing.key, id: existing.id }) : entries;
  }
  return index === entries.length ? [...entries, entry] : entries.toSpliced(index, 0, entry);
}

/**
 * Inserts entries in their order. Many entries that belong to the end of the log cost one copy of the log, not one copy for each.
 * @param {Entry[]} entries
 * @param {Entry[]} added
 */
export function insertEntries(entries, added) {
  /** @type {Entry[]} */
  let appended = [];
  for (const entry of added) {
    const last = appended.at(-1) ?? entries.at(-1);
    if (!last || compareEntries(last, entry) < 0) {
      appended.push(entry);
    } else {
      entries = insertEntry(appended.length ? [...entries, ...appended] : entries, entry);
      appended = [];
    }
  }
  return appended.length ? [...entries, ...appended] : entries;
}

/** @type {Record<string, (event: Frame) => Partial<Entry>>} */
const SHOWN_EVENTS = {
  message: (event) => ({ kind: 'message', text: event.text ?? '', me: Boolean(event.me), reply: event.reply, edited: event.edited, deleted: Boolean(event.deleted) }),
  topic: (event) => ({ kind: 'topic', text: event.text ?? event.topic ?? '' }),
};

/**
 * Creates the entry for a log event, or returns null if the log does not show such events.
 * @param {Omit<Frame, 'type'> & { type?: string }} event without a type it is a message
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
