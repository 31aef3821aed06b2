// The members who are writing in a room.

import { isolated } from './direction.mjs';
import { listWords } from './formatting.mjs';
import { t } from './language.mjs';
import { changeRoom } from './rooms.mjs';

/** @import { Frame, State, Writer } from './types.js' */

const MAX_WRITERS = 50;
const MAX_NAMES = 3;

/**
 * Applies a `typing` frame.
 * @param {State} state
 * @param {Frame} frame
 * @returns {State}
 */
export function applyTyping(state, { room: name, user, name: writer, off }) {
  const room = state.rooms.get(name);
  if (!room || user === state.self?.user || typeof writer !== 'string') return state;
  if (off) return endTyping(state, name, user);
  if (room.writers.size >= MAX_WRITERS && !room.writers.has(user)) return state;
  return changeRoom(state, name, { writers: new Map(room.writers).set(user, { name: writer }) });
}

/**
 * Removes a person from the people who are writing.
 * @param {State} state
 * @param {string} name the room
 * @param {string} user
 * @param {Writer} [writer] the object of an earlier `typing` frame: if a newer frame has replaced it, nothing changes
 * @returns {State}
 */
export function endTyping(state, name, user, writer) {
  const current = state.rooms.get(name)?.writers.get(user);
  if (!current || writer && current !== writer) return state;
  const writers = new Map(state.rooms.get(name)?.writers);
  writers.delete(user);
  return changeRoom(state, name, { writers });
}

/**
 * Returns the text that names the writers: "ann and bob are writing…".
 * @param {Map<string, Writer>} writers
 */
export function typingWords(writers) {
  const names = [...writers.values()].map(({ name }) => isolated(name));
  if (names.length > MAX_NAMES) return t('{count} people are writing…', { count: names.length });
  return names.length ? t('{names} are writing…', { names: listWords(names), count: names.length }) : '';
}
