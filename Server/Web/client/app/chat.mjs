// The page's requests to the server: rooms, messages, commands.

import { t } from '../language.mjs';
import { changeMessage, enqueueMessage, FAILED, nextToSend } from '../outbox.mjs';
import { changeRoom, isDirect } from '../rooms.mjs';
import { queryOf } from '../search.mjs';
import { isJoin } from '../state.mjs';
import { tooLongWords } from '../typed-input.mjs';
import { connection } from './connect.mjs';
import { identity } from './identity.mjs';
import { createId, nowIso } from './page.mjs';
import { outboxStore } from './storage.mjs';
import { commit, notify, state } from './store.mjs';

/** @import { AttachedFile, Frame, OutboxItem, Request, RequestKind, Room, SearchFilters } from '../types.js' */

const HISTORY_PAGE = 50;      // messages, when the page joins a room: more than a screen shows
const MAX_HISTORY_PAGE = 200; // messages, when the reader scrolls: the maximum that the server allows
const DIRECTORY_FRESH_MS = 15_000;

/** Requests by id, until the answer arrives or the connection ends. @type {Map<string, Request>} */
export const requests = new Map();

/** The server's current room for this connection. A typed line acts on this room. @type {string | null} */
let serverRoom = null;

/** @param {string | null} room */
export function setServerRoom(room) { serverRoom = room; }

/** The size of the largest file that the server takes; 0 if it takes none. */
export const maxFileBytes = () => state.limits.fileBytes ?? 0;

/** The length of the longest message that the server accepts, in UTF-16 code units. */
export const maxLength = () => state.limits.textLength ?? Infinity;

/**
 * Sends a request. Returns false if there is no connection.
 * @param {Frame} frame
 * @param {Request} request what update() needs to know when the answer arrives
 */
export function ask(frame, request) {
  const id = createId();
  if (!connection.send({ ...frame, id })) return false;
  requests.set(id, request);
  return true;
}

// Rooms

/**
 * Joins a room. If the page was in the room before, the server sends the events that the page missed.
 * @param {string} name
 * @param {{ kind?: RequestKind, show?: boolean }} options
 */
export function joinRoom(name, { kind = 'join', show = true } = {}) {
  const room = state.rooms.get(name);
  const resume = room?.epoch ? { after: room.cursor, epoch: room.epoch } : { limit: HISTORY_PAGE };
  const asked = ask({ type: 'join', room: name, ...resume }, { kind, room: name, show, after: resume.after });
  if (asked) serverRoom = name;
  return asked;
}

/**
 * Joins a room again. Does nothing if the person has left the room, if the page is already in it, or if an earlier join has no answer
 * yet.
 * @param {string} room
 * @param {RequestKind} kind
 */
export function joinAgain(room, kind = 'rejoin') {
  if (!connection.isOnline || state.rooms.get(room)?.live !== false) return;
  if ([...requests.values()].some((request) => isJoin(request) && request.room === room)) return;
  joinRoom(room, { kind, show: false });
}

/**
 * Asks which owners and moderators of the current room are away, once for each join. The request asks for only one of the present members, because the
 * page gets the members when it joins the room.
 */
export function askAway() {
  const room = state.rooms.get(state.current ?? '');
  if (!room?.live || room.knowsAway || isDirect(room)) return;
  if (ask({ type: 'who', room: room.name, limit: 1 }, { kind: 'who', room: room.name })) commit(changeRoom(state, room.name, { knowsAway: true }));
}

/**
 * @param {string} room
 * @param {string} [topic]
 * @param {boolean} [isPrivate]
 */
export function createRoom(room, topic, isPrivate) {
  return ask({ type: 'create', room, ...topic && { topic }, ...isPrivate && { private: true } }, { kind: 'create', room, show: true });
}

let directoryAskedAt = -Infinity; // by performance.now(), because the wall clock can be set back

/**
 * Asks for the list of rooms. The server sends only the largest ones.
 * @param {{ isFresh?: boolean }} options with `isFresh`, the page asks even if it has asked a short time ago
 */
export function askDirectory({ isFresh = false } = {}) {
  if (!isFresh && performance.now() - directoryAskedAt < DIRECTORY_FRESH_MS) return;
  if (ask({ type: 'rooms' }, { kind: 'rooms' })) directoryAskedAt = performance.now();
}

const SEARCH_AFTER_MS = 250; // the delay after the last letter, so that a whole word causes one request
const MAX_ROOM_NAME = 64;    // no room has a longer name

let searchTimer = 0;

/**
 * Asks for the rooms whose names contain a text, after the person has stopped typing. When the answer arrives, the
 * page adds these rooms to its list.
 * @param {string} match
 */
export function searchDirectory(match) {
  clearTimeout(searchTimer);
  if (!match || match.length > MAX_ROOM_NAME) return;
  searchTimer = setTimeout(() => ask({ type: 'rooms', match }, { kind: 'rooms', match }), SEARCH_AFTER_MS);
}

/**
 * Asks for a part of a room's history: the events before the first event of the log, the events after its last event, or the newest events.
 * @param {Room} room
 * @param {'older' | 'newer' | 'newest'} direction
 */
export function askHistory(room, direction) {
  const from = { older: { before: room.oldest }, newer: { after: room.end }, newest: {} }[direction];
  const limit = direction === 'newest' ? HISTORY_PAGE : MAX_HISTORY_PAGE;
  return ask({ type: 'history', room: room.name, ...from, limit }, { kind: 'history', room: room.name, direction });
}

/**
 * Asks for a message that the page does not have, and for the messages around it.
 * @param {string} room
 * @param {number} seq
 * @param {{ orNext?: boolean }} options with `orNext`, the page goes to the next message if there is no message with this seq
 */
export const askAround = (room, seq, { orNext = false } = {}) => ask({ type: 'history', room, around: seq, limit: HISTORY_PAGE }, { kind: 'history', room, seq, direction: 'around', orNext });

const MAX_QUOTES = 500; // the maximum for one room, so that a log full of replies costs the server little

/**
 * Asks for messages that replies refer to and that are not in the log.
 * @param {Room} room
 * @param {number[]} seqs
 */
export function askQuotes(room, seqs) {
  const quotes = new Map(room.quotes);
  for (const seq of seqs) if (quotes.size < MAX_QUOTES && ask({ type: 'history', room: room.name, around: seq, limit: 1 }, { kind: 'quote', room: room.name, seq })) quotes.set(seq, null);
  if (quotes.size > room.quotes.size) commit(changeRoom(state, room.name, { quotes }));
}

/**
 * Searches messages. Returns false if there is no connection.
 * @param {string} query what the person has typed
 * @param {SearchFilters} [filters]
 * @param {number} [before] the cursor of the next page
 */
export const askSearch = (query, filters, before) => ask({ type: 'search', query: queryOf(query, filters), ...before !== undefined && { before } }, { kind: 'search', before, query });

/** The message to show as soon as the page has joined its room. @type {{ room: string, seq: number } | null} */
let jumpAfterJoin = null;

/**
 * @param {string} room
 * @param {number} seq
 */
export function goAfterJoin(room, seq) {
  jumpAfterJoin = { room, seq };
}

/**
 * Returns the message to show in a room that the page has just joined, or null. A second call returns null.
 * @param {string} room
 */
export function takeJumpAfterJoin(room) {
  if (jumpAfterJoin?.room !== room) return null;
  const jump = jumpAfterJoin;
  jumpAfterJoin = null;
  return jump;
}

// Messages

let lastMessageAt = 0;

/** Creates an id of at most 64 characters. A later message has a greater id, because the outbox is sorted by id. */
function createMessageId() {
  lastMessageAt = Math.max(Date.now(), lastMessageAt + 1);
  return `${lastMessageAt.toString(36).padStart(9, '0')}-${createId()}`;
}

/**
 * Makes the ids of new messages greater than the ids of the messages that the page took over.
 * @param {OutboxItem[]} items
 */
export function continueIdsAfter(items) {
  lastMessageAt = Math.max(lastMessageAt, ...items.map(({ id }) => parseInt(id, 36) || 0));
}

/** False until the page has read the stored outbox. The page must send the older messages in this outbox first. */
let isOutboxReady = false;

export const outboxIsReady = () => isOutboxReady;

/** @param {boolean} isReady */
export function setOutboxReady(isReady) { isOutboxReady = isReady; }

/** @param {string} room */
const canSendTo = (room) => isOutboxReady && connection.isOnline && Boolean(state.rooms.get(room)?.live);

/**
 * Puts a message into the outbox of a room, and sends it if possible.
 * @param {string} text
 * @param {boolean} me
 * @param {{ reply?: number, files?: AttachedFile[], room?: string | null }} options `reply` is the seq of the message that this message
 *   answers, `files` are the files that the server has stored for this message, and `room` is the room
 */
export function say(text, me, { reply, files = [], room = state.current } = {}) {
  if (room === null) return;
  const isSentAtOnce = canSendTo(room) && !state.outbox.some((item) => item.room === room && item.state === 'pending');
  commit(enqueueMessage(state, {
    id: createMessageId(), room, text, me, reply, ...files.length > 0 && { files }, at: nowIso(), attempted: isSentAtOnce,
    user: state.self?.user ?? null, name: state.self?.name ?? identity.entering?.name ?? '',
  }));
  if (!isSentAtOnce) warnIfNotDurable();
  if (state.rooms.get(room)?.removed) joinAgain(room);
  sendNext(room);
}

/**
 * Sends the next message of a room, if there is one. The store marks a message as sent before the page sends the message. So even a page
 * that was loaded again knows which messages the server may already have.
 * @param {string} room
 * @returns {void}
 */
export function sendNext(room) {
  const item = canSendTo(room) ? nextToSend(state, room) : null;
  if (!item) return;
  if (item.attempted) return transmit(item);
  commit(changeMessage(state, item.id, { attempted: true, inFlight: true }));
  outboxStore.flush().then(() => {
    const now = state.outbox.find(({ id }) => id === item.id);
    if (now?.inFlight && canSendTo(room)) transmit(now);
  });
}

/**
 * @param {OutboxItem} item
 * @returns {void}
 */
function transmit({ id, room, text, me, reply, files, tries }) {
  // The server closes the connection if a frame is far too long, so the page does not send such a message.
  if (text.length > maxLength()) {
    commit(changeMessage(state, id, { ...FAILED, error: tooLongWords(text, maxLength()) }));
    return sendNext(room);
  }
  if (!connection.send({ type: 'say', id, room, text, ...me && { me: true }, ...reply && { reply }, ...files?.length && { files: files.map((file) => file.id) } })) return;
  serverRoom = room;
  commit(changeMessage(state, id, { inFlight: true, tries: tries + 1, waiting: false, error: undefined, hint: undefined }));
}

/** Sends the next message of each room. */
export function sendAll() {
  for (const room of new Set(state.outbox.map((item) => item.room))) sendNext(room);
}

/**
 * Sends a typed line. The line acts on the server's current room. So if another room is visible, the page first joins the visible room.
 * @param {string} line
 */
export function sendCommand(line) {
  if (!connection.isOnline) return false;
  if (state.current && (connection.isShared || serverRoom !== state.current)) joinRoom(state.current, { kind: 'rejoin', show: false });
  return connection.sendLine(line);
}

let hasWarned = false;
function warnIfNotDurable() {
  if (hasWarned || !isOutboxReady || outboxStore.isDurable) return;
  hasWarned = true;
  notify(t('This browser does not let the page store anything. If you close or reload the page, messages that wait here are lost.'));
}
