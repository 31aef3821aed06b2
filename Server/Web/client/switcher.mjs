// What the switcher offers for a query: rooms, people and a search of messages.

import { hashed, isolated } from './direction.mjs';
import { filesOf, filesWords } from './files.mjs';
import { byName } from './formatting.mjs';
import { t } from './language.mjs';
import { isDirect, labelOf } from './rooms.mjs';
import { urgencyOf } from './room-list.mjs';

/** @import { State, SwitcherItem } from './types.js' */

const MAX_OF_A_KIND = 6;
const MAX_MESSAGES = 5;

/**
 * How well a name fits a query: 3 if the name begins with the query, 2 if a later word of the name does, 1 if the name contains the query elsewhere,
 * and 0 if it does not contain the query. An empty query fits all names.
 * @param {string} name
 * @param {string} query in lower case
 */
export function rankOf(name, query) {
  const lower = name.toLowerCase();
  const index = lower.indexOf(query);
  if (index <= 0) return index < 0 ? 0 : 3;
  for (let at = index; at > 0; at = lower.indexOf(query, at + 1)) if (/[\s._-]/u.test(lower[at - 1])) return 2;
  return 1;
}

/**
 * Returns what the switcher offers: first rooms that the person is in, then people, rooms to join, the diagnostics, and messages that a search has
 * found. A query that begins with # is for rooms only. A query that begins with @ is for people only.
 * @param {State} state
 * @param {string} typed
 * @param {string[]} favourites
 * @returns {SwitcherItem[]}
 */
export function switcherItems(state, typed, favourites = []) {
  const text = typed.trim();
  const sign = text[0] === '#' || text[0] === '@' ? text[0] : '';
  const query = text.slice(sign.length).toLowerCase();
  const known = new Set(favourites);
  const joined = [...state.rooms.values()].filter((room) => sign !== '@' || isDirect(room)).filter((room) => sign !== '#' || !isDirect(room))
    .map((room) => ({ room, rank: rankOf(labelOf(room), query), weight: urgencyOf(room) * 2 + Number(known.has(room.name)) }))
    .filter(({ rank, room }) => rank > 0 && (query !== '' || room.name !== state.current))
    .sort((a, b) => b.rank - a.rank || b.weight - a.weight)
    .slice(0, query ? MAX_OF_A_KIND : 2 * MAX_OF_A_KIND)
    .map(({ room }) => /** @type {SwitcherItem} */ ({ kind: 'room', id: room.name, label: labelOf(room), isDirect: isDirect(room), detail: isDirect(room) ? '' : room.topic, unread: room.unread }));
  if (!query) return joined;
  return [
    ...joined,
    ...sign === '#' ? [] : peopleIn(state, query),
    ...sign === '@' ? [] : state.directory.filter(({ room }) => !state.rooms.has(room))
      .map(({ room, topic }) => ({ rank: rankOf(room, query), room, topic })).filter(({ rank }) => rank > 0)
      .sort((a, b) => b.rank - a.rank || byName(a.room, b.room)).slice(0, MAX_OF_A_KIND)
      .map(({ room, topic }) => /** @type {SwitcherItem} */ ({ kind: 'join', id: room, label: room, detail: topic ?? '' })),
    ...sign || Math.max(rankOf('diagnostics', query), rankOf(t('Connection diagnostics'), query)) < 2 ? [] : [/** @type {SwitcherItem} */ ({ kind: 'diagnostics', id: '', label: t('Connection diagnostics') })],
    ...sign ? [] : messagesFor(state, text),
  ];
}

/**
 * The people of all rooms with whom the person has no direct room yet.
 * @param {State} state
 * @param {string} query
 * @returns {SwitcherItem[]}
 */
function peopleIn(state, query) {
  /** @type {Map<string, string>} */
  const people = new Map();
  const direct = new Set([...state.rooms.values()].map((room) => room.with?.user));
  for (const room of state.rooms.values()) {
    for (const [user, name] of room.members) if (user !== state.self?.user && !direct.has(user)) people.set(user, name);
  }
  return [...people].map(([user, name]) => ({ user, name, rank: rankOf(name, query) })).filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || byName(a.name, b.name)).slice(0, MAX_OF_A_KIND)
    .map(({ user, name }) => ({ kind: 'person', id: user, label: name, detail: t('Message') }));
}

/**
 * The messages that a search for exactly this text has found, and an item that opens the search itself.
 * @param {State} state
 * @param {string} text
 * @returns {SwitcherItem[]}
 */
function messagesFor({ found }, text) {
  const messages = found?.query === text ? found.messages.slice(0, MAX_MESSAGES) : [];
  return [
    ...messages.map(({ room, seq, from, text: words, snippet, files }) => /** @type {SwitcherItem} */ ({
      kind: 'message', id: room, seq, label: (snippet?.text ?? words) || filesWords(filesOf(files)), detail: t('{name} in {room}', { name: isolated(from?.name ?? '?'), room: hashed(room) }) })),
    { kind: 'search', id: text, label: text, detail: '' },
  ];
}
