// The reactions to a message, in words.

import { isolated } from './direction.mjs';

/** @import { Reactions, User } from './types.js' */

const MAX_SHOWN = 24; // a message with more emoji would fill the screen
const MAX_NAMES = 12;

/**
 * The reactions as the page shows them: the emoji, how many people chose it, whether this user is one of them, and who they are.
 * @param {Reactions | undefined} reactions
 * @param {string | undefined} self the id of this user
 */
export const shownReactions = (reactions, self) => [...reactions ?? []].slice(0, MAX_SHOWN).map(([emoji, people]) => ({
  emoji, count: people.length, isOwn: people.some(({ user }) => user === self), names: namesOf(people, self),
}));

/**
 * How many emoji of the reactions are not shown.
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
  const own = others.length < people.length ? ['you'] : [];
  const rest = others.length - MAX_NAMES;
  const words = rest > 0 ? [...others.slice(0, MAX_NAMES), ...own, `${rest} more`] : [...others, ...own];
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}` : words[0] ?? '';
}
