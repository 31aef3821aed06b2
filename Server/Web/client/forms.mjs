// The questions that the page asks before it sends a request about a person or a room. Each form has its texts, and creates its request.

import { isolated } from './direction.mjs';
import { t } from './language.mjs';
import { durationWords } from './moderation.mjs';
import { messagesOf } from './purge.mjs';
import { titleOf } from './rooms.mjs';

/** @import { Form, Room, User } from './types.js' */

const MAX_REASON = 500;
const MAX_TOPIC = 300;
const MAX_NAME = 64;

const MINUTE = 60, HOUR = 3_600, DAY = 86_400;
const FOR_GOOD = '';

/** @param {number[]} lengths */
const durations = (...lengths) => [...lengths.map((seconds) => ({ value: String(seconds), words: durationWords(seconds) })), { value: FOR_GOOD, words: t('for good') }];

/** @typedef {'mute' | 'unmute' | 'kick' | 'ban' | 'unban'} ModerationAction */

/**
 * @param {ModerationAction} action
 * @param {{ name: string, room: string }} values
 * @returns {{ title: string, words: string, yes: string, length?: number }}
 */
function moderationQuestion(action, values) {
  switch (action) {
    case 'mute': return { title: t('Mute {name} in {room}?', values), words: t('A muted person can read, but not write.'), yes: t('Mute'), length: 10 * MINUTE };
    case 'unmute': return { title: t('Unmute {name} in {room}?', values), words: t('The person can write again.'), yes: t('Unmute') };
    case 'kick': return { title: t('Remove {name} from {room}?', values), words: t('The person leaves the room, and can join it again.'), yes: t('Remove') };
    case 'ban': return { title: t('Ban {name} from {room}?', values), words: t('The person leaves the room, and can’t join it again in this time.'), yes: t('Ban'), length: DAY };
    case 'unban': return { title: t('Unban {name} from {room}?', values), words: t('The person can join the room again.'), yes: t('Unban') };
  }
}

/**
 * Asks how long and why a person is muted, removed or banned, or why a mute or a ban ends.
 * @param {ModerationAction} action
 * @param {User} person
 * @param {Room} room
 * @returns {Form}
 */
export function moderationForm(action, { user, name }, room) {
  const { title, words, yes, length } = moderationQuestion(action, { name: isolated(name), room: titleOf(room) });
  const seqs = action === 'ban' ? messagesOf(room, user) : [];
  return {
    title, words: `${words} ${t('Everybody in the room sees this and the reason.')}`, yes,
    choice: length === undefined ? undefined : { label: t('For how long'), value: String(length), options: durations(10 * MINUTE, HOUR, DAY, 7 * DAY) },
    field: { label: t('Reason, if any'), value: '', maxLength: MAX_REASON, isRequired: false },
    check: seqs.length ? { label: t('Also delete the {count} newest messages of this person that the page has loaded here.', { count: seqs.length }), purge: { room: room.name, name, seqs, deleted: 0, kept: 0 } } : undefined,
    frame: (reason, seconds) => ({ type: action, room: room.name, user: name, ...seconds && { seconds: Number(seconds) }, ...reason && { reason } }),
  };
}

/**
 * @param {'owner' | 'moderator' | 'member'} role
 * @param {{ name: string, room: string }} values
 */
function roleQuestion(role, values) {
  switch (role) {
    case 'owner': return { title: t('Make {name} an owner of {room}?', values), words: t('An owner can do everything in this room: give roles, remove people, and close the room.'), yes: t('Make owner') };
    case 'moderator': return { title: t('Make {name} a moderator of {room}?', values), words: t('A moderator can mute and remove members, and delete messages.'), yes: t('Make moderator') };
    case 'member': return { title: t('Make {name} a member of {room}?', values), words: t('A member has no rights over others.'), yes: t('Make member') };
  }
}

/**
 * Asks before a person gets another role.
 * @param {'owner' | 'moderator' | 'member'} role
 * @param {User} person
 * @param {Room} room
 * @returns {Form}
 */
export const roleForm = (role, { name }, room) => ({
  ...roleQuestion(role, { name: isolated(name), room: titleOf(room) }),
  frame: () => ({ type: 'role', room: room.name, user: name, role }),
});

/**
 * @param {Room} room
 * @returns {Form}
 */
export const topicForm = (room) => ({
  title: t('Topic of {room}', { room: titleOf(room) }), words: t('Everybody in the room sees it. Without a text, the room has no topic.'), yes: t('Set topic'),
  field: { label: t('Topic'), value: room.topic, maxLength: MAX_TOPIC, isRequired: false },
  frame: (text) => ({ type: 'topic', room: room.name, text }),
});

/**
 * @param {Room} room
 * @param {string[]} names people whom the person may want to invite
 * @returns {Form}
 */
export const inviteForm = (room, names) => ({
  title: t('Invite somebody to {room}', { room: titleOf(room) }),
  words: room.isPrivate ? t('This room is private: only people who were invited can join it.') : t('The person gets an invitation. A guest must be connected.'), yes: t('Invite'),
  field: { label: t('Name'), value: '', maxLength: MAX_NAME, isRequired: true, names },
  frame: (name) => ({ type: 'invite', room: room.name, user: withoutSign(name) }),
  done: (name) => t('You invited {name} to {room}.', { name: isolated(withoutSign(name)), room: titleOf(room) }),
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
    title: t('Slow mode of {room}', { room: titleOf(room) }), words: t('In slow mode, a member has to wait between two messages.'), yes: t('Set'),
    choice: {
      label: t('One message in'), value: String(room.slow),
      options: [{ value: '0', words: t('no limit') }, ...lengths.map((seconds) => ({ value: String(seconds), words: durationWords(seconds) }))],
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
  title: t('Close {room} for everybody?', { room: titleOf(room) }), isDangerous: true, yes: t('Close the room'),
  words: [t('The room and all of its messages are removed for good, for all {count} members. Nobody can bring them back.', { count: room.memberCount }),
    unsent ? t('{count} unsent messages of yours will be lost too.', { count: unsent }) : ''].filter(Boolean).join(' '),
  frame: () => ({ type: 'close', room: room.name }),
});
