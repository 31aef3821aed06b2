// Suggests how to complete the word that a person types.

import { commandText } from './error-text.mjs';
import { byName } from './formatting.mjs';
import { t } from './language.mjs';

/** @import { State, Suggestion } from './types.js' */

// A phone has space for six suggestions above its keyboard. The list does not scroll, because nobody could scroll the list by keyboard.
const MAX_SUGGESTIONS = 6;

/**
 * Returns the suggestions for the word at the caret: /commands at the start of the text, #rooms and @names anywhere.
 * @param {State} state
 * @param {string} text
 * @param {number} caret
 * @returns {Suggestion[]}
 */
export function suggestionsFor(state, text, caret) {
  const head = text.slice(0, caret);
  const word = /(?:^|\s)([#@]\S*)$/u.exec(head)?.[1] ?? /^\/\S*$/.exec(head)?.[0];
  if (!word) return [];
  const start = caret - word.length;
  const typed = word.slice(1).toLowerCase();
  return candidates(state, word[0]).filter(({ what }) => what.slice(1).toLowerCase().startsWith(typed))
    .slice(0, MAX_SUGGESTIONS).map((item) => ({ ...item, start }));
}

/**
 * What a key does while suggestions are visible, or null if the key is not for the suggestions. The Tab key completes the word. The Enter key sends the
 * text, unless the person has chosen a suggestion with the arrow keys.
 * @param {{ key: string, shiftKey: boolean, altKey: boolean }} event
 * @param {number} count how many suggestions are visible
 * @param {number} selected the index of the chosen suggestion, or -1
 * @returns {{ kind: 'select' | 'accept', index: number } | { kind: 'close' } | null}
 */
export function suggestionKey({ key, shiftKey, altKey }, count, selected) {
  if (!count || altKey) return null;
  if (key === 'ArrowDown') return { kind: 'select', index: (selected + 1) % count };
  if (key === 'ArrowUp') return { kind: 'select', index: selected > 0 ? selected - 1 : count - 1 };
  if (key === 'Tab' && !shiftKey) return { kind: 'accept', index: Math.max(0, selected) };
  if (key === 'Enter' && !shiftKey && selected >= 0) return { kind: 'accept', index: selected };
  return key === 'Escape' ? { kind: 'close' } : null;
}

/**
 * The part of a room's name that the person has typed before the caret: "lob" for "#lob"; undefined if the word does not begin with #.
 * @param {string} text
 * @param {number} caret
 */
export const roomBeingTyped = (text, caret) => /(?:^|\s)#(\S*)$/u.exec(text.slice(0, caret))?.[1];

/**
 * @param {State} state
 * @param {string} sign
 * @returns {Omit<Suggestion, 'start'>[]}
 */
function candidates(state, sign) {
  if (sign === '/') return [...state.commands.map((one) => ({ what: `/${one.command}`, usage: one.usage, more: commandText(one.text).words })), { what: '/diagnostics', more: t('Connection diagnostics') }];
  if (sign === '#') return state.directory.map(({ room, topic }) => ({ what: `#${room}`, more: topic ?? '' }));
  const { members = new Map(), away = new Map() } = state.rooms.get(state.current ?? '') ?? {};
  return [...new Map([...away, ...members]).values()].sort(byName).map((name) => ({ what: `@${name}`, more: '' }));
}
