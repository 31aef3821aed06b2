// The questions that the page asks before a request about a person or a room: what they say, and the request that they send.

import { isolated } from './direction.mjs';
import { plural } from './formatting.mjs';
import { durationWords } from './moderation.mjs';
import { titleOf } from './rooms.mjs';

/** @import { Form, Room, User } from './types.js' */

const MAX_REASON = 500;
const MAX_TOPIC = 300;
const MAX_NAME = 64;

const MINUTE = 60, HOUR = 3_600, DAY = 86_400;
const FOR_GOOD = '';

/** @param {number[]} lengths */
const durations = (...lengths) => [...lengths.map((seconds) => ({ value: String(seconds), words: durationWords(seconds) })), { value: FOR_GOOD, words: 'for good' }];

const REASON = { label: 'Reason, if any', value: '', maxLength: MAX_REASON, isRequired: false };

/** @typedef {'mute' | 'unmute' | 'kick' | 'ban' | 'unban'} ModerationAction */

/** @type {Record<ModerationAction, { verb: string, where: string, words: string, length?: number }>} */
const MODERATION = {
  mute: { verb: 'Mute', where: 'in', words: 'A muted person can read, but not write.', length: 10 * MINUTE },
  unmute: { verb: 'Unmute', where: 'in', words: 'The person can write again.' },
  kick: { verb: 'Remove', where: 'from', words: 'The person leaves the room, and can join it again.' },
  ban: { verb: 'Ban', where: 'from', words: 'The person leaves the room, and can’t join it again in this time.', length: DAY },
  unban: { verb: 'Unban', where: 'from', words: 'The person can join the room again.' },
};

/**
 * Asks how long and why a person is muted, removed or banned, or why a mute or a ban ends.
 * @param {ModerationAction} action
 * @param {User} person
 * @param {Room} room
 * @returns {Form}
 */
export function moderationForm(action, { name }, room) {
  const { verb, where, words, length } = MODERATION[action];
  return {
    title: `${verb} ${isolated(name)} ${where} ${titleOf(room)}?`,
    words: `${words} Everybody in the room sees this and the reason.`, yes: verb,
    choice: length === undefined ? undefined : { label: 'For how long', value: String(length), options: durations(10 * MINUTE, HOUR, DAY, 7 * DAY) },
    field: REASON,
    frame: (reason, seconds) => ({ type: action, room: room.name, user: name, ...seconds && { seconds: Number(seconds) }, ...reason && { reason } }),
  };
}

/** @type {Record<string, { article: string, words: string }>} */
const ROLES = {
  owner: { article: 'an owner', words: 'An owner can do everything in this room: give roles, remove people, and close the room.' },
  moderator: { article: 'a moderator', words: 'A moderator can mute and remove members, and delete messages.' },
  member: { article: 'a member', words: 'A member has no rights over others.' },
};

/**
 * Asks before a person gets another role.
 * @param {'owner' | 'moderator' | 'member'} role
 * @param {User} person
 * @param {Room} room
 * @returns {Form}
 */
export const roleForm = (role, { name }, room) => ({
  title: `Make ${isolated(name)} ${ROLES[role].article} of ${titleOf(room)}?`, words: ROLES[role].words, yes: `Make ${ROLES[role].article.split(' ')[1]}`,
  frame: () => ({ type: 'role', room: room.name, user: name, role }),
});

/**
 * @param {Room} room
 * @returns {Form}
 */
export const topicForm = (room) => ({
  title: `Topic of ${titleOf(room)}`, words: 'Everybody in the room sees it. Without a text, the room has no topic.', yes: 'Set topic',
  field: { label: 'Topic', value: room.topic, maxLength: MAX_TOPIC, isRequired: false },
  frame: (text) => ({ type: 'topic', room: room.name, text }),
});

/**
 * @param {Room} room
 * @returns {Form}
 */
export const inviteForm = (room) => ({
  title: `Invite somebody to ${titleOf(room)}`,
  words: room.isPrivate ? 'This room is private: only people who were invited can join it.' : 'The person gets an invitation. A guest must be connected.', yes: 'Invite',
  field: { label: 'Name', value: '', maxLength: MAX_NAME, isRequired: true },
  frame: (name) => ({ type: 'invite', room: room.name, user: withoutSign(name) }),
  done: (name) => `You invited ${isolated(withoutSign(name))} to ${titleOf(room)}.`,
});

/** @param {string} name */
const withoutSign = (name) => name.replace(/^@/, '');

const SLOW_SECONDS = [5, 10, 30, MINUTE, 5 * MINUTE, HOUR];

/**
 * @param {Room} room
 * @returns {Form}
 */
export function slowForm(room) {
  const lengths = [...new Set([...SLOW_SECONDS, ...room.slow > 0 ? [room.slow] : []])].sort((a, b) => a - b);
  return {
    title: `Slow mode of ${titleOf(room)}`, words: 'In slow mode, a member has to wait between two messages.', yes: 'Set',
    choice: {
      label: 'One message in', value: String(room.slow),
      options: [{ value: '0', words: 'no limit' }, ...lengths.map((seconds) => ({ value: String(seconds), words: durationWords(seconds) }))],
    },
    frame: (_, seconds) => ({ type: 'slow', room: room.name, seconds: Number(seconds) }),
  };
}

/**
 * Asks before a room is removed, and names what is lost.
 * @param {Room} room
 * @param {number} unsent how many messages of the outbox are for this room
 * @returns {Form}
 */
export const closeForm = (room, unsent) => ({
  title: `Close ${titleOf(room)} for everybody?`, isDangerous: true, yes: 'Close the room',
  words: `The room and all of its messages are removed for good, for all ${plural(room.memberCount, 'member')}. Nobody can bring them back.${
    unsent ? ` ${plural(unsent, 'unsent message')} of yours will be lost too.` : ''}`,
  frame: () => ({ type: 'close', room: room.name }),
});
