// Functions that create the test data of several tests.

import { insertEvents, newRoom, withRoom } from '../../Server/Web/client/rooms.mjs';
import { EMPTY_STATE, update } from '../../Server/Web/client/state.mjs';

export const ANN = { user: 'u-ann', name: 'ann' };
export const BOB = { user: 'u-bob', name: 'bob' };
export const NOON = '2026-05-04T12:00:00.000Z';

/** Returns the time that is `minutes` minutes after noon. */
export const at = (minutes) => new Date(Date.parse(NOON) + minutes * 60_000).toISOString();

export const message = (seq, text, from = BOB, more = {}) => ({ type: 'message', room: 'lobby', seq, at: at(seq), from, text, ...more });

/** Creates an `edited`, `deleted` or `reacted` frame: a change of the message with the seq `of`. */
export const change = (type, seq, of, more = {}) => ({ type, room: 'lobby', seq, at: at(seq), from: BOB, of, ...more });

export const messages = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index, `text ${from + index}`));

/** Creates a `joined` frame for the lobby whose newest event has the given seq. */
export const joined = (seq, events = [], more = {}) => ({
  type: 'joined', room: 'lobby', epoch: 'e1', seq, role: 'member', members: [ANN, BOB], memberCount: 2, messages: events, ...more,
});

/** Applies a frame to a state. */
export const receive = (state, frame, context = {}) => update(state, frame, { watching: null, at: NOON, ...context });

/** Creates a state in which Ann is in the lobby, and the lobby's log has the given events. */
export function inLobby(events = []) {
  const welcomed = receive(EMPTY_STATE, { type: 'welcome', ...ANN, guest: true, limits: { textLength: 100 } });
  return receive(welcomed, joined(events.at(-1)?.seq ?? 0, events), { request: { kind: 'join', room: 'lobby', show: true } });
}

export const lobby = (state) => state.rooms.get('lobby');
export const textsOf = (state) => lobby(state).entries.map(({ text }) => text);
export const noticesOf = (state) => lobby(state).entries.filter(({ kind }) => kind === 'notice');

/** The part of the log to draw: all entries, if the log has at most 100. */
export const WHOLE = { segments: [{ start: 0, end: 100, above: 0 }], below: 0 };

/** Creates a room with these events. */
export const roomWith = (events, changes = {}) => insertEvents({ ...newRoom('lobby'), live: true, epoch: 'e1', ...changes }, events, null);

export const outboxItem = (id, changes = {}) => ({
  id, room: 'lobby', text: `text ${id}`, me: false, at: NOON, ...ANN, attempted: false, state: 'pending', tries: 0, ...changes,
});

/** Returns a copy of the state with these messages in the outbox. */
export const withOutbox = (state, ...items) => ({ ...state, outbox: items });

export { EMPTY_STATE, newRoom, withRoom };
