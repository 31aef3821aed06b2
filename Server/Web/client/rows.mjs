// The rows of the log as the page draws them: the visible entries and the outbox, with dates and the mark of new messages between them.

import { isolated } from './direction.mjs';
import { filesWords } from './files.mjs';
import { byName, dayLabel, dayOf } from './formatting.mjs';
import { t } from './language.mjs';
import { eventAt, indexFor } from './log.mjs';
import { parsedText } from './message-text.mjs';
import { allowedRoomActions } from './room-actions.mjs';
import { hasNewest, isDirect, labelOf, titleOf } from './rooms.mjs';

/** @import { DrawnEntry, Entry, LogView, OutboxItem, Room, Row, User } from './types.js' */

const MAX_DRAWN = 500;               // messages in the DOM: a phone then lays out the page in less than a frame
const DRAWN_AFTER_TRIM = 300;        // trimming 200 rows at once costs one layout instead of 200
const DRAWN_IN_BURST = 100;          // more than a screen shows; the next drawing replaces all of them
const GROUP_WITHIN_MS = 5 * 60_000;   // after a pause of this length, the name and the time appear again
const MAX_GROUP_MS = 10 * 60_000;     // after this time, they appear again even if somebody writes without a pause
const MAX_GROUP = 12;                 // messages: about half of a screen, so that a screen always shows a name
const QUOTE_LENGTH = 200;            // more than a line of the page shows
const MAX_FACES = 6;                 // people that a new room shows

/**
 * Returns the part of the entries that the page draws, as [start, end]. The part ends with the newest entry if the reader follows the log.
 * @param {Entry[]} entries
 * @param {LogView} view
 * @returns {[number, number]}
 */
export function visibleRange(entries, view) {
  let start = view.top ? indexFor(entries, view.top) : 0;
  if (!view.following) return [start, Math.min(entries.length, start + MAX_DRAWN)];
  const count = entries.length - start;
  if (count > 2 * MAX_DRAWN) start = entries.length - DRAWN_IN_BURST; // all rows are new: this many arrived since the last drawing
  else if (count > MAX_DRAWN) start = entries.length - DRAWN_AFTER_TRIM;
  return [start, entries.length];
}

/**
 * Creates the rows of a room's log. Messages of one person that follow each other form a group. Only the first message of a group shows the
 * name. Each day has one divider, before its first message: if a clock was set back, a message of the day before can follow. Notices have the
 * page's own time, which may be wrong, and start no day.
 * @param {Room} room
 * @param {OutboxItem[]} outbox
 * @param {LogView} view
 * @param {User} self
 * @param {number} now the time, for "Today" and "Yesterday"
 */
export function createRows(room, outbox, view, self, now) {
  const [start, end] = visibleRange(room.entries, view);
  /** @type {Row[]} */
  const rows = [];
  /** @type {{ entry: DrawnEntry, day: string, seq: number } | null} */
  let before = null;
  /** The first message of the current group, and the number of its messages. @type {{ first: DrawnEntry, count: number } | null} */
  let group = null;
  const add = (/** @type {DrawnEntry} */ entry) => {
    const latest = before?.day ?? '';
    const own = entry.at && entry.kind !== 'notice' ? dayOf(entry.at) : '';
    const day = own > latest ? own : latest;
    if (entry.at && day !== latest) rows.push({ kind: 'day', key: `d${day}`, label: dayLabel(entry.at, now) });
    const marked = entry.seq && room.firstUnread && entry.seq >= room.firstUnread && before && before.seq < room.firstUnread;
    if (marked) rows.push({ kind: 'new', key: 'new', label: t('New') });
    const grouped = !marked && before && group && day === before.day && continuesGroup(entry, before.entry) && fitsGroup(entry, group);
    group = grouped && group ? { first: group.first, count: group.count + 1 } : { first: entry, count: 1 };
    rows.push({ kind: entry.kind, key: entry.key, entry, first: !grouped, label: entry.reply ? quoteOf(room.entries, entry.reply) : undefined });
    before = { entry, day, seq: entry.seq ?? before?.seq ?? 0 };
  };
  if (start > 0 || room.more) rows.push({ kind: 'older', key: 'older', label: t('Earlier messages') });
  else if (room.epoch) rows.push(startRow(room, self));
  for (let index = start; index < end; index += 1) add(room.entries[index]);
  if (end === room.entries.length && !hasNewest(room)) rows.push({ kind: 'newer', key: 'newer', label: t('Later messages') });
  else if (end === room.entries.length) {
    for (const item of outbox) {
      if (item.room === room.name && !item.echo) add({ ...item, kind: 'message', key: `o${item.id}`, from: senderOf(item, self), item });
    }
  }
  if (room.removed && room.epoch) rows.push({ kind: 'removed', key: 'removed', label: room.name });
  if (!room.epoch && !rows.length) rows.push({ kind: 'wait', key: 'wait', label: titleOf(room) });
  return rows;
}

/**
 * The top of a room whose history is complete. Until somebody has written, it describes the room.
 * @param {Room} room
 * @param {User} self
 * @returns {Row}
 */
function startRow(room, self) {
  const others = [...room.members].filter(([user]) => user !== self.user).map(([, name]) => name).sort(byName).slice(0, MAX_FACES);
  const isNew = !room.entries.some(({ kind }) => kind === 'message');
  return {
    kind: 'start', key: 'start', label: labelOf(room), isDirect: isDirect(room),
    room: { name: room.name, topic: room.topic, isPrivate: room.isPrivate, others, memberCount: room.memberCount, isNew, mayInvite: allowedRoomActions(room).includes('invite') },
  };
}

/**
 * Returns the message that a reply answers, in one line.
 * @param {Entry[]} entries
 * @param {number} seq
 */
function quoteOf(entries, seq) {
  const entry = eventAt(entries, seq);
  if (entry?.kind !== 'message') return t('an earlier message');
  const name = isolated(entry.from?.name ?? '?');
  if (entry.deleted) return t('{name}: deleted', { name });
  return t('{name}: {text}', { name, text: isolated(parsedText(entry).plain.slice(0, QUOTE_LENGTH)) || filesWords(entry.files) });
}

/**
 * @param {OutboxItem} item
 * @param {User} self
 * @returns {User}
 */
const senderOf = (item, self) => item.name && item.user !== self.user ? { user: item.user ?? '', name: item.name } : self;

/**
 * @param {DrawnEntry} entry
 * @param {DrawnEntry} before
 */
const continuesGroup = (entry, before) => entry.kind === 'message' && before.kind === 'message' && sameSender(entry, before)
  && Date.parse(entry.at ?? '') - Date.parse(before.at ?? '') < GROUP_WITHIN_MS;

/**
 * @param {DrawnEntry} entry
 * @param {{ first: DrawnEntry, count: number }} group
 */
const fitsGroup = (entry, { first, count }) => count < MAX_GROUP && Date.parse(entry.at ?? '') - Date.parse(first.at ?? '') < MAX_GROUP_MS;

/**
 * @param {DrawnEntry} a
 * @param {DrawnEntry} b
 */
const sameSender = (a, b) => a.from?.user === b.from?.user && a.from?.name === b.from?.name && !a.me && !b.me
  && a.state !== 'failed' && b.state !== 'failed';
