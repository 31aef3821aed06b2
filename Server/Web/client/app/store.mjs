// Holds the state. Modules read `state` and replace it by commit().

import { addNotice } from '../rooms.mjs';
import { EMPTY_STATE } from '../state.mjs';
import { nowIso } from './page.mjs';

/** @import { Notice, State } from '../types.js' */

export let state = EMPTY_STATE;

/** @type {((before: State, after: State) => void)[]} */
const listeners = [];

/**
 * Registers a function to call after each change.
 * @param {(before: State, after: State) => void} listener
 */
export function onChange(listener) { listeners.push(listener); }

/** @param {State} next */
export function commit(next) {
  if (next === state) return;
  const before = state;
  state = next;
  for (const listener of listeners) listener(before, next);
}

/**
 * Adds a notice with the current time to the current room's log.
 * @param {string} text
 * @param {Omit<Notice, 'text'>} options
 */
export const notify = (text, options = {}) => commit(addNotice(state, { at: nowIso(), text, ...options }));
