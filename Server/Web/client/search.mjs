// The query and the results of a search.

/** @import { Found, Frame, Request, SearchFilters, State } from './types.js' */

/**
 * Returns a time of the query language. Returns a day that JavaScript can't read as it is, so that the server says what is wrong.
 * @param {string} day such as 2026-11-01
 * @param {number} later the number of days after this day
 */
function startOf(day, later) {
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + later);
  return Number.isNaN(at.getTime()) ? day : at.toISOString();
}

/**
 * Returns the query for the server (Protocol/README.md, "Search"). A word with at least three letters also finds the longer words that begin with it.
 * @param {string} text what the person has typed; may contain filters and phrases of the query language
 * @param {SearchFilters} filters
 */
export const queryOf = (text, { room, author, since, until, hasFile } = {}) => [
  text.trim().replace(/(\w+:)?"[^"]*"?|\S+/gu, (part) => /^[\p{L}\p{N}\p{M}]{3,}$/u.test(part) ? `${part}*` : part),
  room && `in:${room}`, author && `from:"${author}"`, since && `after:${startOf(since, 0)}`, until && `before:${startOf(until, 1)}`, hasFile && 'has:file',
].filter(Boolean).join(' ');

/**
 * Returns the state after an answer to a search. If the answer continues the results of the same query, its messages come after the earlier messages.
 * @param {State} state
 * @param {Frame} frame
 * @param {Request | undefined} request undefined if the person has typed the request as a command
 * @returns {State}
 */
export function applyResults(state, frame, request) {
  const { messages = [] } = frame, { before, query = frame.query ?? '' } = request ?? {};
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
