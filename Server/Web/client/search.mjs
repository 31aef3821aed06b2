// What a search has found.

/** @import { Found, Frame, State } from './types.js' */

/**
 * Returns the state after an answer to a search. The messages of a further page of the same query are added after the messages that the page already
 * has.
 * @param {State} state
 * @param {Frame} frame
 * @param {number | undefined} before the cursor that the page has sent; undefined for a first page
 * @returns {State}
 */
export function applyResults(state, frame, before) {
  const { query = '', messages = [] } = frame;
  const { found } = state;
  const earlier = found && before !== undefined && found.query === query && found.before === before ? found.messages : [];
  return { ...state, found: { query, messages: [...earlier, ...messages], before: frame.before ?? null } };
}

/**
 * Splits a snippet into parts. Each part says whether it is marked. Marks that do not fit into the text are ignored.
 * @param {{ text: string, marks: [number, number][] }} snippet
 * @returns {[string, boolean][]}
 */
export function markedPieces({ text, marks }) {
  /** @type {[string, boolean][]} */
  const pieces = [];
  let end = 0;
  for (const [start, length] of marks) {
    if (start < end || length <= 0 || start + length > text.length) continue;
    pieces.push([text.slice(end, start), false], [text.slice(start, start + length), true]);
    end = start + length;
  }
  pieces.push([text.slice(end), false]);
  return pieces.filter(([part]) => part);
}
