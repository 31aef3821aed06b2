// Describes the actions of moderators in words.

import { isolated } from './direction.mjs';
import { plural } from './formatting.mjs';

/** @import { Moderation, ModerationWords, User } from './types.js' */

const UNITS = /** @type {const} */ ([[86_400, 'day'], [3_600, 'hour'], [60, 'minute'], [1, 'second']]);

/**
 * Returns a duration in its largest units: "1 hour 30 minutes".
 * @param {number} seconds
 */
export function durationWords(seconds) {
  /** @type {string[]} */
  const parts = [];
  let rest = seconds;
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(plural(count, unit));
  }
  return parts.slice(0, 2).join(' ') || plural(0, 'second');
}

/** The words before the name of the person whom an action concerns. @type {Record<string, string>} */
const ACTS = { kick: 'removed', ban: 'banned', unban: 'ended the ban of', mute: 'muted', unmute: 'unmuted', invite: 'invited', role: 'made' };

/**
 * Describes an action of a moderator, without the moderator's name, in the parts that the log shows: "muted", bob, " for 1 minute: ",
 * "please calm down".
 * @param {Moderation} moderation
 * @param {User | null} [self] the person who reads the words
 * @returns {ModerationWords}
 */
export function moderationWords({ action, user, name, role, seconds, reason }, self) {
  const end = reason ? ': ' : '.';
  if (action === 'slow') return { act: `${seconds ? `set slow mode: one message in ${durationWords(seconds)}` : 'ended slow mode'}${end}`, rest: '', reason };
  const act = Object.hasOwn(ACTS, action) ? ACTS[action] : isolated(String(action));
  const newRole = action === 'role' ? ` ${role === 'owner' ? 'an owner' : `a ${isolated(role ?? 'member')}`}` : '';
  const isSelf = user !== undefined && user === self?.user;
  return { act: `${act} `, whom: { user: user ?? '', name: isSelf ? 'you' : name ?? 'somebody' }, isSelf, rest: `${newRole}${seconds ? ` for ${durationWords(seconds)}` : ''}${end}`, reason };
}

/**
 * Describes an action of a moderator in one text, without the moderator's name: "muted bob for 1 minute: please calm down".
 * @param {Moderation} moderation
 * @param {User | null} [self]
 */
export function moderationText(moderation, self) {
  const { act, whom, rest, reason } = moderationWords(moderation, self);
  return `${act}${isolated(whom?.name ?? '')}${rest}${isolated(reason ?? '')}`;
}
