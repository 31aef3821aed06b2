// The results of a search.

/** @import { Found, Frame, State } from './types.js' */

/**
 * Returns the state after an answer to a search. If the answer continues the results of the same query, its messages come after the earlier messages.
 * @param {State} state
 * @param {Frame} frame
 * @param {number | undefined} before the cursor of the request; undefined if the request was for the first results
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
