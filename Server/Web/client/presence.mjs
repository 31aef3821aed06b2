// Joins, leaves and new names in a room.

import { isolated } from './direction.mjs';
import { t } from './language.mjs';
import { rankOf } from './people.mjs';
import { addNotice, changeRoom, without, withRoom } from './rooms.mjs';

/** @import { Frame, PresenceChange, Room, State } from './types.js' */

// The server sends the names of at most this many members of a room, unless its welcome contains another limit. For a larger room it sends
// counts only.
const DEFAULT_NAMED_MEMBERS = 100;

/**
 * Applies a `presence` frame to its room.
 * @param {State} state
 * @param {Room} room
 * @param {Frame} frame
 */
export function applyPresence(state, room, { user, name, state: what, was, memberCount, role }) {
  const members = new Map(room.members);
  const maxNamed = state.limits.namedMembers ?? DEFAULT_NAMED_MEMBERS;
  if (what === 'left') members.delete(user);
  else if (user !== undefined && (members.has(user) || members.size < maxNamed)) members.set(user, name);
  const step = what === 'joined' ? Number(!room.members.has(user)) : what === 'left' ? -1 : 0;
  const roles = what === 'joined' && user !== undefined && room.roles.get(user) !== role ? new Map(room.roles).set(user, role ?? 'member') : room.roles;
  const away = what === 'left' && rankOf(room.roles.get(user)) ? new Map(room.away).set(user, room.members.get(user) ?? name) : what === 'joined' && room.away.has(user) ? without(room.away, user) : room.away;
  const next = changeRoom(state, room.name, { members, roles, away, memberCount: memberCount ?? Math.max(members.size, room.memberCount + step) });
  if (user === undefined || user === state.self?.user && what !== 'renamed') return next;
  return addPresenceNotice(next, room.name, { user, name, what, was });
}

/**
 * Adds a change to the log. Changes share one notice until somebody writes. If one person joins and leaves, the two changes cancel each other.
 * @param {State} state
 * @param {string} name
 * @param {PresenceChange} change
 */
function addPresenceNotice(state, name, change) {
  const room = state.rooms.get(name);
  if (!room) return state;
  const last = room.entries.at(-1);
  if (!last?.changes || last.tone !== 'presence') return addNotice(state, { room: name, tone: 'presence', changes: [change] });
  const opposite = change.what === 'joined' ? 'left' : change.what === 'left' ? 'joined' : undefined;
  const cancelled = last.changes.findLastIndex((old) => old.user === change.user && old.what === opposite);
  const changes = cancelled >= 0 ? last.changes.toSpliced(cancelled, 1) : [...last.changes, change];
  const entries = changes.length ? room.entries.with(-1, { ...last, changes }) : room.entries.slice(0, -1);
  return withRoom(state, { ...room, entries });
}

/**
 * The words for changes: "ann and bob joined · carl is now carol".
 * @param {PresenceChange[]} changes
 */
export function presenceText(changes) {
  const names = (/** @type {string} */ what) => changes.filter((change) => change.what === what).map((change) => isolated(change.name));
  const parts = [joinedWords(names('joined')), leftWords(names('left'))].filter(Boolean);
  for (const { what, was, name } of changes) if (what === 'renamed') parts.push(t('{before} is now {name}', { before: was === undefined ? t('somebody') : isolated(was), name: isolated(name) }));
  return parts.join(' · ');
}

const MAX_NAMES = 6;
const SHORTENED_TO = 5;

/** The names at the start of the list, and the number of the remaining names. @param {string[]} names */
const shortened = (names) => ({ names: names.slice(0, SHORTENED_TO).join(t(', ')), count: names.length - SHORTENED_TO });

/** @param {string[]} names */
const joinedWords = (names) => names.length > MAX_NAMES ? t('{names} and {count} more joined', shortened(names))
  : names.length ? t('{names} joined', { names: names.join(t(', ')), count: names.length }) : '';

/** @param {string[]} names */
const leftWords = (names) => names.length > MAX_NAMES ? t('{names} and {count} more left', shortened(names))
  : names.length ? t('{names} left', { names: names.join(t(', ')), count: names.length }) : '';
