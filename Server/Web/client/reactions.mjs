// Describes the reactions to a message in words.

import { isolated } from './direction.mjs';
import { listWords } from './formatting.mjs';
import { t } from './language.mjs';

/** @import { Reactions, User } from './types.js' */

const MAX_SHOWN = 24; // a message with more emoji would fill the screen
const MAX_NAMES = 12;

/**
 * Returns the reactions as the page shows them: the emoji, the number of people who chose it, whether this user is one of these people, and their names.
 * @param {Reactions | undefined} reactions
 * @param {string | undefined} self the id of this user
 */
export const shownReactions = (reactions, self) => [...reactions ?? []].slice(0, MAX_SHOWN).map(([emoji, people]) => ({
  emoji, count: people.length, isOwn: people.some(({ user }) => user === self), names: namesOf(people, self),
}));

/**
 * Returns the number of emoji that the page does not show.
 * @param {Reactions | undefined} reactions
 */
export const hiddenReactions = (reactions) => Math.max(0, (reactions?.size ?? 0) - MAX_SHOWN);

/**
 * Names the people: "ann, bob and you".
 * @param {User[]} people
 * @param {string | undefined} self
 */
function namesOf(people, self) {
  const others = people.filter(({ user }) => user !== self).map(({ name }) => isolated(name));
  const own = others.length < people.length ? [t('you')] : [];
  const rest = others.length - MAX_NAMES;
  return listWords(rest > 0 ? [...others.slice(0, MAX_NAMES), ...own, t('{count} more', { count: rest })] : [...others, ...own]);
}
