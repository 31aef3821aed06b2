// Describes the actions of moderators in words.

import { isolated } from './direction.mjs';
import { currentLanguage, t } from './language.mjs';

/** @import { Moderation, ModerationWords, User } from './types.js' */

const UNITS = /** @type {const} */ ([[86_400, 'day'], [3_600, 'hour'], [60, 'minute'], [1, 'second']]);

/**
 * Returns a duration in its two largest units: "1 hour 30 minutes".
 * @param {number} seconds
 */
export function durationWords(seconds) {
  const count = (/** @type {number} */ value, /** @type {string} */ unit) => new Intl.NumberFormat(currentLanguage(), { style: 'unit', unit, unitDisplay: 'long' }).format(value);
  /** @type {string[]} */
  const parts = [];
  let rest = seconds;
  for (const [size, unit] of UNITS) {
    const value = Math.floor(rest / size);
    rest -= value * size;
    if (value) parts.push(count(value, unit));
  }
  return parts.length ? new Intl.ListFormat(currentLanguage(), { type: 'unit', style: 'narrow' }).format(parts.slice(0, 2)) : count(0, 'second');
}

/**
 * Ends a sentence with its reason, or with a full stop if the reason is empty.
 * @param {string} sentence
 * @param {string} reason
 */
export const withReason = (sentence, reason) => reason ? t('{sentence}: {reason}', { sentence, reason }) : t('{sentence}.', { sentence });

/**
 * The sentence for an action, without the reason or full stop at its end. The names of the people stay placeholders.
 * @param {Moderation} moderation
 * @param {boolean} isSelf
 */
function sentenceOf({ action, role, seconds }, isSelf) {
  const values = { duration: durationWords(seconds ?? 0) };
  switch (action) {
    case 'slow': return seconds ? t('{actor} set slow mode: one message in {duration}', values) : t('{actor} ended slow mode');
    case 'kick': return isSelf ? t('{actor} removed you') : t('{actor} removed {name}');
    case 'ban':
      if (seconds) return isSelf ? t('{actor} banned you for {duration}', values) : t('{actor} banned {name} for {duration}', values);
      return isSelf ? t('{actor} banned you') : t('{actor} banned {name}');
    case 'unban': return isSelf ? t('{actor} ended your ban') : t('{actor} ended the ban of {name}');
    case 'mute':
      if (seconds) return isSelf ? t('{actor} muted you for {duration}', values) : t('{actor} muted {name} for {duration}', values);
      return isSelf ? t('{actor} muted you') : t('{actor} muted {name}');
    case 'unmute': return isSelf ? t('{actor} unmuted you') : t('{actor} unmuted {name}');
    case 'invite': return isSelf ? t('{actor} invited you') : t('{actor} invited {name}');
    case 'role':
      if (role === 'owner') return isSelf ? t('{actor} made you an owner') : t('{actor} made {name} an owner');
      if (role === 'moderator') return isSelf ? t('{actor} made you a moderator') : t('{actor} made {name} a moderator');
      return isSelf ? t('{actor} made you a member') : t('{actor} made {name} a member');
    default: return `{actor} ${isolated(String(action))} {name}`; // a newer server has more actions than this page knows
  }
}

/**
 * Describes an action of a moderator. The text has the placeholders {actor}, {name} (unless the action concerns the reader, or the room) and
 * {reason}, which the log replaces by nodes.
 * @param {Moderation} moderation
 * @param {User | null} [self] the person who reads the words
 * @returns {ModerationWords}
 */
export function moderationWords(moderation, self) {
  const { user, name, reason } = moderation;
  const isSelf = user !== undefined && user === self?.user;
  return { text: withReason(sentenceOf(moderation, isSelf), reason ? '{reason}' : ''), whom: { user: user ?? '', name: name ?? t('somebody') }, isSelf, reason };
}
