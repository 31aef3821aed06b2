// The actions that a person can use on another person: message, mention, and what the role allows (Protocol/README.md, "Roles and moderation").

import { byName } from './formatting.mjs';
import { t } from './language.mjs';
import { isDirect } from './rooms.mjs';

/** @import { ListedMember, MemberGroup, MenuItem, PersonAction, Room, State, User } from './types.js' */

const MAX_SUGGESTED = 500;

/** @param {string | null | undefined} role */
export const rankOf = (role) => role === 'owner' ? 2 : role === 'moderator' ? 1 : 0;

/**
 * Returns the role of a member: what the server has sent, or what the loaded log shows. Returns null if the page does not know the role.
 * @param {Room} room
 * @param {string} user
 */
export function knownRole(room, user) {
  const sent = room.roles.get(user);
  if (sent) return sent;
  const last = room.entries.findLast(({ moderation }) => moderation?.action === 'role' && moderation.user === user);
  return last?.moderation?.role ?? null;
}

const NEWEST_ENTRIES = 20;

/**
 * Whether a moderator has just removed the person from the room.
 * @param {Room} room
 * @param {string} user
 */
export const wasRemoved = ({ entries }, user) =>
  entries.slice(-NEWEST_ENTRIES).some(({ moderation }) => moderation?.user === user && (moderation.action === 'kick' || moderation.action === 'ban'));

/**
 * Returns the person with the current name. A message contains the author's name at the time of posting, but the server finds people by
 * their current names.
 * @param {Room} room
 * @param {User} person
 * @returns {User}
 */
export const withPresentName = (room, { user, name }) =>
  ({ user, name: room.members.get(user) ?? (room.with?.user === user && room.with.name ? room.with.name : name) });

/**
 * Returns the actions that the person may use on another person, in the order of the menu. There are no actions on oneself.
 * @param {User} person
 * @param {Room} room
 * @param {User | null} self
 * @returns {PersonAction[]}
 */
export function allowedPersonActions(person, room, self) {
  if (!person.user || person.user === self?.user) return [];
  if (room.bots.has(person.user)) return ['mention'];
  /** @type {PersonAction[]} */
  const actions = room.with?.user === person.user ? ['mention'] : ['message', 'mention'];
  const rank = room.removed || isDirect(room) ? 0 : rankOf(room.role);
  const role = knownRole(room, person.user);
  if (rank === 2) actions.push(.../** @type {PersonAction[]} */ (['owner', 'moderator', 'member']).filter((one) => one !== role));
  if (rank === 0 || role !== null && role !== 'member' && rankOf(role) >= rank) return actions;
  const isListed = room.members.has(person.user);
  actions.push('mute', 'unmute');
  // In a large room, the page does not know all members.
  if (isListed || room.memberCount > room.members.size) actions.push('kick');
  actions.push('ban');
  if (!isListed) actions.push('unban');
  return actions;
}

/**
 * Returns words about a person in a room: the role, and whether the person is in the room now.
 * @param {User} person
 * @param {Room} room
 */
export function personWords({ user }, room) {
  if (room.bots.has(user)) return t('Bot: a program that writes here');
  const role = isDirect(room) ? null : knownRole(room, user);
  const isHere = room.members.has(user), isAway = !isHere && (room.away.has(user) || room.memberCount <= room.members.size);
  if (role === 'owner') return isHere ? t('Owner, here now') : isAway ? t('Owner, not here now') : t('Owner');
  if (role === 'moderator') return isHere ? t('Moderator, here now') : isAway ? t('Moderator, not here now') : t('Moderator');
  return isHere ? t('Here now') : isAway ? t('Not here now') : '';
}

/**
 * Returns the list of members in groups: owners, moderators, other members and bots. A group without members is left out. Owners, moderators and the
 * other person of a direct room are in the list even if they are away.
 * @param {Room} room
 * @param {User | null} self
 * @param {boolean} [isOtherHere] whether the other person of a direct room is present in any room of the page
 * @returns {MemberGroup[]}
 */
export function memberGroups(room, self, isOtherHere = false) {
  /** @type {Record<MemberGroup['kind'], ListedMember[]>} */
  const groups = { owner: [], moderator: [], member: [], bot: [] };
  const add = (/** @type {string | null | undefined} */ role, /** @type {ListedMember} */ member) => groups[role === 'owner' || role === 'moderator' ? role : 'member'].push(member);
  for (const [user, name] of room.members) {
    add(isDirect(room) ? null : user === self?.user ? room.role : room.roles.get(user), { user, name, isAway: false, isBot: false });
  }
  for (const [user, name] of room.away) if (rankOf(room.roles.get(user)) && !room.members.has(user)) add(room.roles.get(user), { user, name, isAway: true, isBot: false });
  if (room.with?.name && !room.members.has(room.with.user)) add(null, { user: room.with.user, name: room.with.name, isAway: !isOtherHere, isBot: false });
  groups.bot = [...room.bots].map(([user, name]) => ({ user, name, isAway: false, isBot: true }));
  return /** @type {MemberGroup['kind'][]} */ (['owner', 'moderator', 'member', 'bot'])
    .map((kind) => ({ kind, members: groups[kind].sort((a, b) => byName(a.name, b.name)) })).filter(({ members }) => members.length);
}

/**
 * Returns the names of the people whom the page knows from other rooms and who are not in this room, in alphabetical order.
 * @param {State} state
 * @param {Room} room
 */
export function peopleElsewhere({ rooms, self }, room) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const { members, away, with: other } of rooms.values()) for (const [user, name] of [...away, ...other ? [/** @type {const} */ ([other.user, other.name])] : [], ...members]) found.set(user, name);
  return [...found].filter(([user, name]) => name && user !== self?.user && !room.members.has(user)).map(([, name]) => name).sort(byName).slice(0, MAX_SUGGESTED);
}

/** @type {Record<PersonAction, Omit<MenuItem, 'id'>>} */
const ITEMS = {
  message: { get words() { return t('Message'); }, group: 0 },
  mention: { get words() { return t('Mention'); }, group: 0 },
  owner: { get words() { return t('Make owner…'); }, group: 1 },
  moderator: { get words() { return t('Make moderator…'); }, group: 1 },
  member: { get words() { return t('Make member…'); }, group: 1 },
  mute: { get words() { return t('Mute…'); }, group: 2 },
  unmute: { get words() { return t('Unmute…'); }, group: 2 },
  kick: { get words() { return t('Remove from the room…'); }, group: 2, isDangerous: true },
  ban: { get words() { return t('Ban…'); }, group: 2, isDangerous: true },
  unban: { get words() { return t('Unban…'); }, group: 2 },
};

/**
 * The menu of a person.
 * @param {PersonAction[]} actions
 * @returns {MenuItem[]}
 */
export const personMenu = (actions) => actions.map((id) => ({ id, ...ITEMS[id] }));

/** A name that needs no quotation marks in a mention: a word that does not end with a full stop or a dash. */
const PLAIN_NAME = /^[\p{L}\p{N}\p{M}_.-]*[\p{L}\p{N}\p{M}_]$/u;

/**
 * Returns the text that mentions a person.
 * @param {string} name
 */
export const mentionOf = (name) => PLAIN_NAME.test(name) ? `@${name}` : `@"${name}"`;

/**
 * Returns the mention as it is inserted into a text, with the spaces that separate it from the words around it.
 * @param {string} before the text before the mention
 * @param {string} after the text after the mention
 * @param {string} name
 */
export const insertedMention = (before, after, name) =>
  `${before === '' || /\s$/u.test(before) ? '' : ' '}${mentionOf(name)}${/^\s/u.test(after) ? '' : ' '}`;
