// The outbox of the state: messages that the server has not acknowledged, oldest first. All functions are pure:
// they return the next state.

import { isolated } from './direction.mjs';
import { errorText } from './error-text.mjs';
import { filesOf, sameFiles } from './files.mjs';
import { sameName } from './formatting.mjs';
import { t } from './language.mjs';
import { createEntry, indexFor } from './log.mjs';
import { TEMPORARY_ERRORS } from './protocol.mjs';
import { addEntries, changeRoom, withPlaceholders, withRoom, WITHOUT_MARK } from './rooms.mjs';

/** @import { Frame, OutboxItem, State } from './types.js' */

const MAX_AUTOMATIC_RETRIES = 5;

/**
 * Adds a message to the outbox.
 * @param {State} state
 * @param {Omit<OutboxItem, 'state' | 'tries'>} item
 * @returns {State}
 */
export const enqueueMessage = (state, item) => ({
  ...changeRoom(state, item.room, { ...WITHOUT_MARK, unread: 0, mentions: 0 }),
  outbox: [...state.outbox, { ...item, state: 'pending', tries: 0 }],
});

/**
 * The changes that mark a message as failed, and show it if it was hidden.
 * @type {Partial<OutboxItem> & { state: 'failed' }}
 */
export const FAILED = { state: 'failed', inFlight: false, waiting: false, hint: undefined, echo: undefined };

/**
 * Adds messages that another page left, or that this page stored before it was loaded again.
 * @param {State} state
 * @param {OutboxItem[]} items
 * @returns {State}
 */
export function addStoredMessages(state, items) {
  const known = new Set(state.outbox.map(({ id }) => id));
  const added = items.filter(({ id }) => !known.has(id)).map((item) => ({ ...item, tries: 0 }));
  const outbox = [...state.outbox, ...added].sort((a, b) => a.id < b.id ? -1 : 1);
  return added.length ? { ...withPlaceholders(state, added.map(({ room }) => room)), outbox } : state;
}

/**
 * Adapts the outbox to the page's current user. The server recognises a repeated message only if the same user sends it again. So a message
 * that was sent as another user fails, and the person decides whether to send it again. A message that was never sent gets the current user if
 * it has no user yet, or if the name stays the same. Otherwise this message fails, too.
 * @param {State} state
 * @param {{ user: string, name: string }} sender
 * @returns {State}
 */
export function assignSender(state, { user, name }) {
  const outbox = state.outbox.map((item) => {
    if (item.user === user) return item.name === name ? item : { ...item, name };
    if (!item.attempted && (item.user === null || sameName(item.name, name))) return { ...item, user, name };
    if (item.state === 'failed') return item;
    if (!item.attempted) return { ...item, ...FAILED, error: t('You wrote this as {before}. Retry sends it as {name}.', { before: isolated(item.name), name: isolated(name) }) };
    return { ...item, ...FAILED, doubt: true, error: t('This was sent when you were {before}, and may have arrived. Retry sends it as {name}.', { before: isolated(item.name), name: isolated(name) }) };
  });
  return outbox.every((item, index) => item === state.outbox[index]) ? state : { ...state, outbox };
}

/**
 * Returns the message of a room to send next, or null. A room has at most one message in flight, so that no message overtakes an
 * earlier one that is rejected or lost.
 * @param {State} state
 * @param {string} room
 */
export function nextToSend(state, room) {
  const pending = state.outbox.filter((item) => item.room === room && item.state === 'pending');
  return pending.some(({ inFlight, waiting }) => inFlight || waiting) ? null : pending[0] ?? null;
}

/**
 * @param {State} state
 * @param {string} id
 * @param {Partial<OutboxItem>} changes
 * @returns {State}
 */
export const changeMessage = (state, id, changes) => ({
  ...state, outbox: state.outbox.map((item) => item.id === id ? { ...item, ...changes } : item),
});

/**
 * @param {State} state
 * @param {string} id
 * @returns {State}
 */
export const removeMessage = (state, id) => ({ ...state, outbox: state.outbox.filter((item) => item.id !== id) });

/**
 * Moves a message that the server has stored from the outbox to the log. The room's cursor does not advance before the event itself
 * arrives, because earlier events may still be missing.
 * @param {State} state
 * @param {OutboxItem} item
 * @param {Frame} ack
 */
export function acknowledgeMessage(state, item, ack) {
  const next = removeMessage(state, item.id);
  const room = next.rooms.get(ack.room ?? item.room);
  // If the page sent the message again after a long time, the stored message can be older than the part of the log that the page has. Then the page
  // gets the message later, with the history.
  if (!room || !Number.isInteger(ack.seq) || ack.duplicate && ack.seq < room.oldest) return next;
  const created = createEntry({ seq: ack.seq, at: ack.at ?? item.at, from: state.self, text: item.text, me: item.me, reply: item.reply, files: item.files });
  if (!created) return next;
  const entry = { ...created, key: `o${item.id}`, id: item.id, local: true };
  const index = indexFor(room.entries, entry);
  const existing = room.entries[index];
  return withRoom(next, existing?.seq === ack.seq
    ? { ...room, entries: room.entries.with(index, { ...existing, id: item.id }) }
    : addEntries(room, [entry]));
}

/**
 * Applies the server's error to a message: if the error is temporary, the message waits for the next attempt; otherwise the message fails.
 * @param {State} state
 * @param {OutboxItem} item
 * @param {Frame} error
 */
export function rejectMessage(state, item, { code, text, hint, retryAfterMs }) {
  const retries = TEMPORARY_ERRORS.has(code) && retryAfterMs !== undefined && item.tries < MAX_AUTOMATIC_RETRIES;
  /** @type {Partial<OutboxItem>} */
  const changes = retries ? { state: 'pending', inFlight: false, waiting: true } : FAILED;
  return changeMessage(state, item.id, { ...changes, error: errorText({ code, text }), hint });
}

/**
 * Marks all messages as failed, because the page will not reconnect by itself.
 * @param {State} state
 * @param {string} error
 * @returns {State}
 */
export const failAll = (state, error) => ({
  ...state, outbox: state.outbox.map((item) => item.state === 'failed' ? item : { ...item, ...FAILED, error }),
});

/**
 * Marks the pending messages of a room as failed, because the page can't join the room.
 * @param {State} state
 * @param {string} room
 * @param {string} error
 * @returns {State}
 */
export const failRoom = (state, room, error) => ({
  ...state, outbox: state.outbox.map((item) => item.room === room && item.state === 'pending' ? { ...item, ...FAILED, error } : item),
});

/**
 * Hides the messages of the outbox that have arrived as events (`echo`). The connection can end after the server has stored a message, but
 * before the acknowledgement arrives. The page then gets the event without an acknowledgement. It can only guess that the event is the message in
 * the outbox. The page sends the message again. The acknowledgement has the seq of the event, which confirms the guess.
 * @param {State} state
 * @param {string} name the room
 * @param {Frame[]} events
 * @returns {State}
 */
export function matchEchoes(state, name, events) {
  let outbox = state.outbox;
  for (const event of events) {
    if (event.from?.user !== state.self?.user || (event.type ?? 'message') !== 'message') continue;
    const index = outbox.findIndex((item) => item.room === name && item.attempted && !item.echo && item.state === 'pending'
      && item.text === event.text && item.reply === event.reply && Boolean(item.me) === Boolean(event.me) && sameFiles(item.files, filesOf(event.files)));
    if (index >= 0) outbox = outbox.with(index, { ...outbox[index], echo: event.seq });
  }
  return outbox === state.outbox ? state : { ...state, outbox };
}
