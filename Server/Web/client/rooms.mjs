// The rooms of the state. All functions are pure: they return the next state.

import { applyChanges } from './changes.mjs';
import { hashed, isolated } from './direction.mjs';
import { t } from './language.mjs';
import { createEntry, daysFrom, eventAt, indexFor, insertEntries, insertEntry, messageFrom, withDays } from './log.mjs';
import { mentionsUser } from './mentions.mjs';

/** @import { Entry, Frame, Notice, ReadMark, Room, State, User } from './types.js' */

// The maximum number of entries of a log, and how many of them stay when the page shortens the log. 10,000 entries need about 4 MB. The page can get
// the dropped entries from the server again.
const OPEN_ROOM = { max: 120_000, kept: 100_000 };
const OTHER_ROOM = { max: 10_000, kept: 9_000 };

const MAX_BOTS = 50; // rooms have fewer bots in practice

/**
 * @param {string} name
 * @returns {Room}
 */
export const newRoom = (name) => ({
  name, topic: '', epoch: null, role: null, isPrivate: false, members: new Map(), memberCount: 0, early: [],
  roles: new Map(), // the owners and moderators that the page knows, present or not
  away: new Map(),  // the owners and moderators who are not in the room now
  knowsAway: false, // whether the page has asked the server for `away` since it joined the room
  bots: new Map(),  // the bots whose messages the page has
  entries: [],
  quotes: new Map(), // messages that replies answer and that are not in the log
  days: [],         // where each calendar day begins in the log
  live: false,      // joined over the current connection; otherwise frames do not advance the cursor
  joinedAt: 0,      // the newest seq at the moment of joining: events up to this seq arrive in order
  cursor: 0,        // the page has all events up to this seq: `after` of the next join
  oldest: Infinity, // the oldest seq that the page has: `before` of the next history request
  end: Infinity,    // the seq of the last kept entry, if the page has dropped the newest ones: `after` of the next history request
  tail: [],         // entries after `end` that arrived since the last request for history
  more: false, loading: false,
  removed: false,   // the user was kicked or banned: the page does not join the room again by itself
  with: null, writers: new Map(),
  notify: 'all', slow: 0,
  read: 0,          // how far this user has read, on any device
  countedTo: 0,     // the server's counts of unread messages include the events up to this seq
  unread: 0, mentions: 0, firstUnread: null,
  isOffline: false, // the log shows messages of an earlier visit, because the page can't reach the server
  mark: null,       // where the mark of new messages was before the page was loaded again
  seen: null,       // how far this user had read when the page stored the messages of the room
});

// The server gives these names to direct rooms only.
const DIRECT_NAME = /^dm-[\da-f]{32}$/;

/**
 * Whether this is the name of a direct room. The page can know the name before it knows the two people.
 * @param {string} name
 */
export const isDirectName = (name) => DIRECT_NAME.test(name);

/**
 * Whether the room is the private room of two people.
 * @param {Pick<Room, 'name' | 'with'>} room
 */
export const isDirect = (room) => room.with !== null || isDirectName(room.name);

/**
 * The name that the page shows for a room, without a sign: a direct room has the name of the other person.
 * @param {Pick<Room, 'name' | 'with'>} room
 */
export const labelOf = (room) => isDirect(room) ? room.with?.name || t('Direct message') : room.name;

/**
 * The name of a room as a person knows it, for a sentence of the page.
 * @param {Pick<Room, 'name' | 'with'>} room
 */
export const titleOf = (room) => isDirect(room) ? isolated(labelOf(room)) : hashed(room.name);

/**
 * The rooms in the order in which the page lists them: direct rooms come last.
 * @param {Map<string, Room>} rooms
 */
export const roomsInOrder = (rooms) => [...rooms.values()].sort((a, b) => Number(isDirect(a)) - Number(isDirect(b)));

/**
 * Returns the direct room with a person, or undefined.
 * @param {State} state
 * @param {string} user
 */
export const directRoomWith = (state, user) => [...state.rooms.values()].find((room) => room.with?.user === user);

/**
 * Returns the room with the counts of the server. If the server's read mark is earlier than the page's own, returns the room unchanged.
 * @param {Room} room
 * @param {{ read: number, unread: number, mentions?: number }} counts
 * @returns {Room}
 */
export function withCounts(room, { read, unread, mentions = 0 }) {
  if (read < room.read) return room;
  // If the page has not loaded the first unread message, the mark gets the seq after the read mark. The first unread
  // message has this seq or a later one.
  const first = read > 0 && unread > 0 ? room.oldest > read + 1 ? read + 1 : messageFrom(room.entries, read + 1)?.seq : undefined;
  return { ...room, read, unread, mentions, firstUnread: first ?? (unread ? room.firstUnread : null) };
}

/**
 * Adds the rooms that the page is about to join, so that a person can write before the server answers.
 * @param {State} state
 * @param {string[]} names
 * @returns {State}
 */
export function withPlaceholders(state, names) {
  const rooms = new Map(state.rooms);
  for (const name of names) if (!rooms.has(name)) rooms.set(name, newRoom(name));
  return rooms.size === state.rooms.size ? state : { ...state, rooms };
}

/**
 * Gives the placeholders of direct rooms the names of the other people.
 * @param {State} state
 * @param {[room: string, person: User][]} people
 * @returns {State}
 */
export const withDirectNames = (state, people) => people.reduce((next, [name, person]) =>
  isDirectName(name) && next.rooms.get(name)?.epoch === null ? changeRoom(next, name, { with: person }) : next, state);

/**
 * Gives the placeholders the marks of new messages that the page showed before it was loaded again.
 * @param {State} state
 * @param {[room: string, mark: ReadMark][]} marks
 * @returns {State}
 */
export const withMarks = (state, marks) => marks.reduce((next, [name, mark]) =>
  next.rooms.get(name)?.epoch === null ? changeRoom(next, name, { mark }) : next, state);

/**
 * Returns the room with the mark of new messages that it had before the page was loaded again, unless messages are unread now.
 * @param {Room} room
 * @returns {Room}
 */
export const withStoredMark = (room) =>
  room.mark === null ? room : { ...room, mark: null, firstUnread: room.firstUnread ?? (room.mark.epoch === room.epoch ? room.mark.seq : null) };

/**
 * Returns the room without the messages of an earlier visit.
 * @template {Room | undefined} R
 * @param {R} room
 * @returns {R}
 */
export const withoutOfflineMessages = (room) => room?.isOffline ? { ...room, isOffline: false, firstUnread: null, days: [], entries: room.entries.filter(({ kind }) => kind === 'notice') } : room;

/**
 * Returns the other person of a direct room. The server does not know the name of a guest who has left. For such a guest, the page uses the name in
 * the newest messages. If none of these messages is from the guest, the page uses the name that it has known before.
 * @param {User | null | undefined} other what the server has sent
 * @param {Room | undefined} known
 * @param {Frame[]} events the newest messages
 * @returns {User | null}
 */
export function otherPerson(other, known, events) {
  if (!other || other.name) return other ?? null;
  const author = events.findLast(({ from }) => from?.user === other.user)?.from;
  return { ...other, name: author?.name ?? known?.with?.name ?? '' };
}

/**
 * Renames a placeholder when the server spells the room's name differently.
 * @param {State} state
 * @param {string | undefined} given the name that the page asked for
 * @param {string} name
 * @returns {State}
 */
export function useServerSpelling(state, given, name) {
  if (!given || given === name || state.rooms.get(given)?.epoch !== null) return state;
  const rooms = new Map([...state.rooms].filter(([other]) => other !== given));
  const outbox = state.outbox.map((item) => item.room === given ? { ...item, room: name } : item);
  return { ...withPlaceholders({ ...state, rooms }, [name]), outbox, current: state.current === given ? name : state.current };
}

/**
 * Whether the page has never joined the room, and the outbox has no message for the room.
 * @param {State} state
 * @param {string} name
 */
export const isUnusedPlaceholder = (state, name) =>
  state.rooms.get(name)?.epoch === null && !state.outbox.some((item) => item.room === name);

/**
 * @param {State} state
 * @param {Room} room
 * @returns {State}
 */
export const withRoom = (state, room) => ({ ...state, rooms: new Map(state.rooms).set(room.name, room) });

/**
 * @param {State} state
 * @param {string | null} name
 * @param {Partial<Room>} changes
 * @returns {State}
 */
export function changeRoom(state, name, changes) {
  const room = state.rooms.get(name ?? '');
  return room ? withRoom(state, { ...room, ...changes }) : state;
}

/**
 * Removes a room, and its messages in the outbox. If the room was the current one, its neighbour becomes the current room.
 * @param {State} state
 * @param {string} name
 * @returns {State}
 */
export function withoutRoom(state, name) {
  const names = roomsInOrder(state.rooms).map((room) => room.name);
  const rooms = new Map(state.rooms);
  rooms.delete(name);
  const neighbour = names[names.indexOf(name) + 1] ?? names[names.indexOf(name) - 1] ?? null;
  const outbox = state.outbox.filter((item) => item.room !== name);
  return { ...state, rooms, outbox, current: state.current === name ? neighbour : state.current };
}

/** The changes that remove the mark of new messages from a room. */
export const WITHOUT_MARK = { firstUnread: null, mark: null };

/**
 * Makes a room the current one. A room keeps its mark of new messages until the person opens another room.
 * @param {State} state
 * @param {string} name
 * @returns {State}
 */
export function openRoom(state, name) {
  if (!state.rooms.has(name) || state.current === name) return state;
  return { ...changeRoom(state, state.current, WITHOUT_MARK), current: name };
}

/**
 * @param {State} state
 * @param {string} name
 */
export function markRead(state, name) {
  const room = state.rooms.get(name);
  if (!room || room.isOffline) return state; // the page does not have all unread messages, so it must not mark them as read
  const newest = hasNewest(room) ? room.entries.findLast(({ kind, seq }) => kind === 'message' && seq !== undefined)?.seq ?? 0 : 0;
  return room.unread || newest > room.read ? withRoom(state, { ...room, unread: 0, mentions: 0, read: Math.max(room.read, newest) }) : state;
}

/**
 * Creates the map of members (user → name) from the list of a frame.
 * @param {{ user: string, name: string }[] | undefined} list
 * @returns {Map<string, string>}
 */
export const membersOf = (list) => new Map((list ?? []).map(({ user, name }) => [user, name]));

/**
 * Creates the map of roles (user → role) from the list of members of a frame.
 * @param {{ user: string, role?: string }[] | undefined} list
 * @returns {Map<string, string>}
 */
export const rolesOf = (list) => new Map((list ?? []).flatMap(({ user, role }) => role ? [[user, role]] : []));

/**
 * Returns a map without a key.
 * @template K, V
 * @param {Map<K, V>} map
 * @param {K} key
 */
export function without(map, key) {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

/**
 * Whether the page keeps the newest events of the room. If the reader has scrolled far up, the page may have dropped these events.
 * @param {Room} room
 */
export const hasNewest = (room) => room.end === Infinity;

/**
 * Adds events to a room's log. If the log becomes too long, the page drops the entries that are far from the reader's position.
 * @param {Room} room
 * @param {Frame[]} events
 * @param {{ self: User | null, watching: string | null, current?: string | null, readerAt?: (room: string) => number | null } | null} reader the
 *   person for whom unread messages are counted, or null if the events are old
 * @returns {Room}
 */
export const insertEvents = (room, events, reader) =>
  trim(addEvents(room, events, reader), reader?.readerAt?.(room.name) ?? null, reader && reader.current !== undefined && reader.current !== room.name ? OTHER_ROOM : OPEN_ROOM);

/**
 * Adds the events of a `history` answer to the log, and drops the entries that are far from the reader's position.
 * @param {Room} room
 * @param {Frame[]} events
 * @param {boolean} hasMore whether the server has more events in the requested direction
 * @param {'older' | 'newer' | 'newest'} direction
 * @returns {Room}
 */
export function insertHistory(room, events, hasMore, direction) {
  const answered = { ...room, loading: false, tail: [] };
  const more = hasMore && events.length > 0;
  if (direction === 'older') return trim({ ...addEvents(answered, events, null), more }, room.oldest);
  if (direction === 'newer') {
    // If the server has no more events, the answer and the tail (the events that arrived since the request) complete the log.
    const complete = { ...answered, end: more ? events[events.length - 1].seq : Infinity };
    return trim(addEvents(more ? complete : addEntries(complete, room.tail), events, null), room.end);
  }
  const first = events[0]?.seq ?? Infinity;
  const known = room.entries.filter(({ order }) => order >= first);
  return { ...addEvents(addEntries({ ...answered, entries: [], days: [], oldest: Infinity, end: Infinity }, [...known, ...room.tail]), events, null), more };
}

/**
 * Adds the events around one event to the log. The log must not have a hole. So if events are missing between these events and the log, these events
 * replace the log.
 * @param {Room} room
 * @param {Frame[]} events without a hole, oldest first
 * @returns {Room}
 */
export function insertAround(room, events) {
  if (!events.length) return { ...room, loading: false, tail: [] };
  const [first, last] = [events[0].seq, events[events.length - 1].seq];
  const newest = hasNewest(room) ? Math.max(room.cursor, last) : room.end;
  const older = first > 1;
  if (first > newest + 1 || last < room.oldest - 1) {
    return { ...addEvents({ ...room, loading: false, tail: [], entries: [], days: [], oldest: Infinity, end: last }, events, null), more: older };
  }
  const grown = { ...room, loading: false, tail: [], end: hasNewest(room) ? Infinity : Math.max(room.end, last), more: first < room.oldest ? older : room.more };
  return trim(addEvents(grown, events, null), first);
}

/**
 * Adds entries to the log. If the page has dropped the newest entries of the log, it can't add entries after `end`, because the entries in between
 * are missing. While a request for the missing entries is running, new entries wait in the tail, because the answer may not contain them.
 * @param {Room} room
 * @param {Entry[]} added
 * @returns {Room}
 */
export function addEntries(room, added) {
  const kept = hasNewest(room) ? added : added.filter(({ order }) => order <= room.end);
  const waiting = room.loading && kept.length < added.length ? added.filter(({ order }) => order > room.end) : [];
  return { ...room, entries: insertEntries(room.entries, kept), days: withDays(room.days, kept), tail: insertEntries(room.tail, waiting) };
}

/**
 * @param {Room} room
 * @param {Frame[]} events
 * @param {{ self: User | null, watching: string | null } | null} reader
 * @returns {Room}
 */
function addEvents(room, events, reader) {
  let { cursor, oldest, topic, slow, writers, unread, mentions, firstUnread, roles, bots, away, quotes } = room;
  /** @type {Entry[]} */
  const added = [];
  /** @type {Set<number>} */
  const changedUnread = new Set();
  for (const event of events) {
    if (!Number.isInteger(event.seq)) continue;
    const entry = createEntry(event);
    const isNew = event.seq > cursor && !eventAt(room.entries, event.seq);
    if (entry) added.push(entry);
    if (entry && event.type === 'topic' && isNew) topic = entry.text ?? '';
    if (event.type === 'moderated' && event.action === 'slow' && isNew) slow = event.seconds ?? 0;
    if (event.type === 'moderated' && event.action === 'role' && isNew) [roles, away] = [new Map(roles).set(event.user, event.role), room.members.has(event.user) ? away : new Map(away).set(event.user, event.name)];
    if (event.type === 'moderated' && event.action === 'ban' && away.has(event.user)) away = without(away, event.user);
    if (event.from?.bot && bots.size < MAX_BOTS && bots.get(event.from.user) !== event.from.name) bots = new Map(bots).set(event.from.user, event.from.name);
    if (quotes.has(event.of)) quotes = without(quotes, event.of); // drop the old text of a changed message, so that the page requests the message again
    oldest = Math.min(oldest, event.seq);
    // Events up to joinedAt arrive in order. If such an event does not follow the cursor, the server sent it before the join. It must not advance
    // the cursor, because the events between the cursor and this event have not arrived yet.
    if (room.live && (event.seq === cursor + 1 || event.seq > room.joinedAt)) cursor = Math.max(cursor, event.seq);
    if (isNew && entry?.kind === 'message' && writers.has(event.from?.user)) {
      writers = new Map(writers);
      writers.delete(event.from?.user);
    }
    if (event.seq <= room.read || event.seq <= room.countedTo) continue;
    if (!reader || !isNew || reader.watching === room.name) continue;
    if (event.of > room.read) changedUnread.add(event.of);
    if (entry?.kind !== 'message' || entry.from?.user === reader.self?.user) continue;
    if (!unread) firstUnread = event.seq;
    unread += 1;
    if (mentionsUser(entry, reader.self)) mentions += 1;
  }
  const next = addEntries(room, added);
  const entries = applyChanges(next.entries, events);
  for (const seq of changedUnread) {
    const [before, after] = [countsOf(eventAt(next.entries, seq), reader?.self), countsOf(eventAt(entries, seq), reader?.self)];
    unread = Math.max(0, unread + after.unread - before.unread);
    mentions = Math.max(0, mentions + after.mentions - before.mentions);
  }
  return {
    ...next, entries, tail: applyChanges(next.tail, events),
    cursor, oldest, topic, slow, writers, unread, mentions, firstUnread, roles, bots, away, quotes,
  };
}

/**
 * Counts the unread messages after a read mark. It counts only messages that the page has.
 * @param {Room} room
 * @param {number} read
 * @param {User | null} self
 */
export function countsAfter(room, read, self) {
  const counts = room.entries.filter(({ seq }) => seq !== undefined && seq > read).map((entry) => countsOf(entry, self));
  return { unread: counts.reduce((sum, one) => sum + one.unread, 0), mentions: counts.reduce((sum, one) => sum + one.mentions, 0) };
}

/**
 * What an unread entry adds to the counts of its room.
 * @param {Entry | undefined} entry
 * @param {User | null | undefined} self
 */
function countsOf(entry, self) {
  const isCounted = entry?.kind === 'message' && !entry.deleted && entry.from?.user !== self?.user;
  return { unread: Number(isCounted), mentions: Number(isCounted && mentionsUser(entry, self)) };
}

/**
 * Shortens a log that is too long. The entries around the reader stay.
 * @param {Room} room
 * @param {number | null} order the order of the entry that the reader sees, or null if the reader follows the end
 * @param {{ max: number, kept: number }} limit
 * @returns {Room}
 */
function trim(room, order, { max, kept } = OPEN_ROOM) {
  const { entries: { length } } = room;
  if (length <= max) return room;
  const reader = order === null ? length : indexFor(room.entries, { order, rank: 0 });
  const start = Math.max(0, Math.min(reader - kept / 2, length - kept));
  const entries = room.entries.slice(start, start + kept);
  return {
    ...room, entries, days: daysFrom(room.days, entries[0]),
    ...start > 0 && { oldest: entries.find(({ seq }) => seq)?.seq ?? room.oldest, more: true },
    ...start + kept < length && { end: entries.findLast(({ seq }) => seq)?.seq ?? room.end },
  };
}

/**
 * Drops most entries of a long log when the reader opens another room.
 * @param {State} state
 * @param {string} name
 * @param {number | null} order the order of the entry that the reader saw, or null if the reader followed the end
 */
export function trimRoom(state, name, order) {
  const room = state.rooms.get(name);
  const next = room && trim(room, order, OTHER_ROOM);
  return next && next !== room ? withRoom(state, next) : state;
}

/**
 * Adds a notice from the page itself to a room's log.
 * @param {State} state
 * @param {Notice} notice
 * @returns {State}
 */
export function addNotice(state, { room: name, order, at = null, tone = 'info', ...rest }) {
  const room = state.rooms.get(name ?? state.current ?? '');
  if (!room) return state;
  const serial = state.serial + 1;
  /** @type {Entry} */
  const entry = { kind: 'notice', key: `n${serial}`, order: order ?? newestOrder(room), rank: serial, at, tone, ...rest };
  return { ...withRoom(state, { ...room, entries: insertEntry(room.entries, entry) }), serial };
}

/** @param {Room} room */
const newestOrder = (room) => Math.max(room.cursor, room.entries.at(-1)?.order ?? 0);
