// Describes the actions of moderators in words.

import { isolated } from './direction.mjs';
import { plural } from './formatting.mjs';

/** @import { Moderation } from './types.js' */

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

/** @type {Record<string, (whom: string, moderation: Moderation) => string>} */
const ACTS = {
  kick: (whom) => `removed ${whom}`,
  ban: (whom) => `banned ${whom}`,
  unban: (whom) => `lifted the ban of ${whom}`,
  mute: (whom) => `muted ${whom}`,
  unmute: (whom) => `unmuted ${whom}`,
  invite: (whom) => `invited ${whom}`,
  role: (whom, { role }) => `made ${whom} ${role === 'owner' ? 'an owner' : `a ${isolated(role ?? 'member')}`}`,
};

/**
 * Describes an action of a moderator, without the moderator's name: "muted bob for 1 minute: please calm down".
 * @param {Moderation} moderation
 */
export function moderationText(moderation) {
  const { action, name, seconds, reason } = moderation;
  const why = reason ? `: ${isolated(reason)}` : '.';
  if (action === 'slow') return `${seconds ? `set slow mode: one message in ${durationWords(seconds)}` : 'ended slow mode'}${why}`;
  const whom = isolated(name ?? 'somebody');
  const act = Object.hasOwn(ACTS, action) ? ACTS[action](whom, moderation) : `${isolated(String(action))} ${whom}`;
  return `${act}${seconds ? ` for ${durationWords(seconds)}` : ''}${why}`;
}
