// The rows of the log as the page draws them: a part of the entries and the outbox, with dates and the mark of new messages between them.

import { isolated } from './direction.mjs';
import { filesWords } from './files.mjs';
import { byName, dayLabel, dayOf } from './formatting.mjs';
import { t } from './language.mjs';
import { eventAt, indexFor } from './log.mjs';
import { parsedText } from './message-text.mjs';
import { allowedRoomActions } from './room-actions.mjs';
import { hasNewest, isDirect, labelOf, titleOf } from './rooms.mjs';

/** @import { DrawnEntry, Entry, OutboxItem, Room, Row, RowSegment, User } from './types.js' */

const GROUP_WITHIN_MS = 5 * 60_000;   // if nobody writes for this time, the next message begins a group, with the name and the time
const MAX_GROUP_MS = 10 * 60_000;     // the maximum time from the first to the last message of a group
const MAX_GROUP = 12;                 // messages of a group: they fill about half of a screen, so a screen always shows a name
const BLOCK = 240;                    // no group crosses a seq that is a multiple of BLOCK, so the groups of a part of the log do not depend on the rest
const QUOTE_LENGTH = 200;            // characters; one line of the page shows fewer
const MAX_FACES = 6;                 // people whose avatars the top of a new room shows

/**
 * Creates the rows of a part of a room's log. Messages of one person that follow each other form a group. Only the first message of a group shows
 * the name. An entry has the same rows in every part that contains it.
 * @param {Room} room
 * @param {OutboxItem[]} outbox
 * @param {{ segments: RowSegment[], below: number }} part the entries to draw, and the space that the other entries take
 * @param {User} self
 * @param {number} now the time, for "Today" and "Yesterday"
 */
export function createRows(room, outbox, { segments, below }, self, now) {
  const { entries } = room;
  const isComplete = (segments.at(-1)?.end ?? 0) >= entries.length;
  /** @type {DrawnEntry[]} */
  const waiting = !isComplete || !hasNewest(room) ? [] : outbox.filter((item) => item.room === room.name && !item.echo)
    .map((item) => ({ ...item, kind: 'message', key: `o${item.id}`, from: senderOf(item, self), item }));
  /** @type {Row[]} */
  const rows = [];
  segments.forEach(({ start, end, above }, index) => {
    if (above > 0) rows.push({ kind: 'space', key: `space${index}`, label: String(above) });
    if (start === 0 && room.more) rows.push({ kind: 'older', key: 'older', label: t('Earlier messages') });
    else if (start === 0 && room.epoch) rows.push(startRow(room, self));
    addRows(rows, room, start, end, now, index === segments.length - 1 ? waiting : []);
  });
  if (below > 0) rows.push({ kind: 'space', key: 'below', label: String(below) });
  if (isComplete && !hasNewest(room)) rows.push({ kind: 'newer', key: 'newer', label: t('Later messages') });
  if (room.removed && room.epoch) rows.push({ kind: 'removed', key: 'removed', label: room.name });
  if (!room.epoch && !rows.length) rows.push({ kind: 'wait', key: 'wait', label: titleOf(room) });
  return rows;
}

/**
 * Adds the rows of the entries from `start` to `end`, and then the rows of the outbox.
 * @param {Row[]} rows
 * @param {Room} room
 * @param {number} start
 * @param {number} end
 * @param {number} now
 * @param {DrawnEntry[]} waiting
 */
function addRows(rows, { entries, days, firstUnread, quotes }, start, end, now, waiting) {
  // Start at the beginning of the first row's block: the group of this row can begin before the row, but never before the block.
  const { order = 0 } = entries[start] ?? entries.at(-1) ?? {};
  const from = start === 0 ? 0 : indexFor(entries, { order: order - order % BLOCK, rank: 0 });
  /** @type {DrawnEntry | undefined} */
  let before = entries[from - 1];
  let seq = 0; // the newest seq so far
  for (let index = from - 1; index >= 0 && !seq; index -= 1) seq = entries[index].seq ?? 0;
  let nextDay = entries[from] ? indexFor(days, entries[from]) : 0;
  let day = days[nextDay - 1]?.day ?? '';
  let block = NaN;
  /** The first message of the current group, and the number of its messages. @type {{ first: DrawnEntry, count: number } | null} */
  let group = null;
  const inOrder = [...entries.slice(from, end), ...waiting];
  inOrder.forEach((/** @type {DrawnEntry} */ entry, index) => {
    const isNewDay = entry.item ? dayOf(entry.at ?? '') > day : entry.rank === 0 && days[nextDay]?.order === entry.order;
    if (isNewDay) day = entry.item ? dayOf(entry.at ?? '') : days[nextDay++].day;
    const isNewBlock = entry.order !== undefined && Math.floor(entry.order / BLOCK) !== block;
    if (isNewBlock) block = Math.floor((entry.order ?? 0) / BLOCK);
    const marked = entry.seq && firstUnread && entry.seq >= firstUnread && before && seq < firstUnread;
    const grouped = !marked && !isNewDay && !isNewBlock && before && group && continuesGroup(entry, before) && fitsGroup(entry, group);
    group = grouped && group ? { first: group.first, count: group.count + 1 } : { first: entry, count: 1 };
    before = entry;
    seq = entry.seq ?? seq;
    if (from + index < start) return;
    if (isNewDay) rows.push({ kind: 'day', key: `d${entry.key}`, label: dayLabel(`${day}T12:00`, now) });
    if (marked) rows.push({ kind: 'new', key: 'new', label: t('New') });
    rows.push({ kind: entry.kind, key: entry.key, entry, first: !grouped, label: entry.reply ? quoteOf(eventAt(entries, entry.reply) ?? quotes.get(entry.reply)) : undefined });
  });
}

/**
 * The top of a room whose history is complete. Until somebody has written, this row describes the room.
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
 * Returns one line with the message that a reply answers.
 * @param {Entry | null | undefined} entry undefined or null if the page does not have the message
 */
function quoteOf(entry) {
  if (entry?.kind !== 'message') return t('an earlier message');
  const name = isolated(entry.from?.name ?? '?');
  if (entry.deleted) return t('{name}: deleted', { name });
  return t('{name}: {text}', { name, text: quotedText(entry) });
}

/**
 * Returns one line with the text of a message, or with words for its files.
 * @param {Entry} entry
 */
export const quotedText = (entry) => isolated(parsedText(entry).plain.slice(0, QUOTE_LENGTH)) || filesWords(entry.files);

/**
 * Returns the answered messages that the page does not have and has not asked for.
 * @param {Row[]} rows
 * @param {Room} room
 */
export const missingQuotes = (rows, { entries, quotes }) => [...new Set(rows.flatMap(({ entry }) => entry?.reply && !quotes.has(entry.reply) && !eventAt(entries, entry.reply) ? [entry.reply] : []))];

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
