// The page's own state: what is visible, and how far the logs are scrolled. It is not part of the chat's state.

import { state } from './store.mjs';

/** @import { Composing, LogView, Suggestion } from '../types.js' */

export const ui = {
  /** Whether the page shows the chat, and not the entrance. */
  inside: false,
  /** The side panel that is open on a narrow page. @type {'rail' | 'people' | null} */
  drawer: null,
  /** How far each room's log is scrolled. @type {Map<string, LogView>} */
  views: new Map(),
  /** The message to which the person replies, or which the person edits. @type {Composing | null} */
  composing: null,
  /** The visible suggestions. @type {Suggestion[]} */
  suggestions: [],
  /** The index of the suggestion that the person has chosen; -1 if none. */
  selected: -1,
};

/**
 * @param {string} room
 * @returns {LogView}
 */
export function viewOf(room) {
  const existing = ui.views.get(room);
  if (existing) return existing;
  /** @type {LogView} */
  const view = { following: true, place: null };
  ui.views.set(room, view);
  return view;
}

/**
 * Returns the `order` of the entry to which the reader has scrolled in a room, or null if the log follows the newest messages.
 * @param {string} room
 */
export function readerAt(room) {
  const view = ui.views.get(room);
  return view && !view.following ? view.place?.entry.order ?? null : null;
}

/** Returns the room whose newest messages the person can see, or null. */
export function watchedRoom() {
  const isWatching = ui.inside && !document.hidden && document.hasFocus();
  return isWatching && state.current && viewOf(state.current).following ? state.current : null;
}
