// Events that change a message of the log: `edited`, `deleted` and `reacted`. An answer to a history request can already contain the effect of an
// event. So an event must change nothing if its effect is already there. All functions are pure: they return a changed copy.

import { indexFor } from './log.mjs';

/** @import { Entry, Frame, Reactions } from './types.js' */

/** @type {Record<string, (entry: Entry, event: Frame) => Entry>} */
const CHANGES = {
  edited(entry, { at, text, mentions }) {
    // The event has no text if a later edit has replaced this one: the server keeps only the newest text.
    if (entry.deleted || typeof text !== 'string' || isEarlier(at, entry.edited)) return entry;
    return { ...entry, text, edited: at, mentions };
  },

  deleted: (entry) => entry.deleted ? entry : { ...entry, text: '', deleted: true, mentions: undefined, reactions: undefined, files: undefined },

  reacted(entry, { from, emoji, off }) {
    if (entry.deleted || typeof emoji !== 'string' || !emoji || !from) return entry;
    /** @type {Reactions} */
    const before = entry.reactions ?? new Map();
    const people = before.get(emoji) ?? [];
    if (people.some(({ user }) => user === from.user) !== Boolean(off)) return entry;
    const left = off ? people.filter(({ user }) => user !== from.user) : [...people, { user: from.user, name: from.name }];
    const reactions = new Map(before);
    if (left.length) reactions.set(emoji, left);
    else reactions.delete(emoji);
    return { ...entry, reactions: reactions.size ? reactions : undefined };
  },
};

/**
 * Whether a time is before another time.
 * @param {string} time
 * @param {string | undefined} other
 */
const isEarlier = (time, other) => other !== undefined && Date.parse(time) < Date.parse(other);

/**
 * Applies the changes among these events to the entries. An event of another type, or of a message that the entries do not have, changes
 * nothing.
 * @param {Entry[]} entries
 * @param {Frame[]} events
 * @returns {Entry[]}
 */
export function applyChanges(entries, events) {
  /** @type {Entry[] | null} */
  let changed = null; // one copy of the log for all events
  for (const event of events) {
    if (!Object.hasOwn(CHANGES, event.type ?? '') || !Number.isInteger(event.of)) continue;
    const list = changed ?? entries;
    const index = indexFor(list, { order: event.of, rank: 0 });
    const entry = list[index];
    if (entry?.kind !== 'message' || entry.seq !== event.of) continue;
    const next = CHANGES[event.type](entry, event);
    if (next === entry) continue;
    changed ??= [...entries];
    changed[index] = next;
  }
  return changed ?? entries;
}
