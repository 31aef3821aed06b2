// The deletion of the messages of one person, which a moderator can request together with a ban. The page deletes one message after another.

import { isolated } from './direction.mjs';
import { t } from './language.mjs';

/** @import { Frame, Purge, Room } from './types.js' */

const MAX_MESSAGES = 100; // with the default limits of the server, the deletion takes 20 seconds

/**
 * Returns the seqs of a person's newest messages that the page has loaded, newest first.
 * @param {Room} room
 * @param {string} user
 */
export const messagesOf = ({ entries }, user) => entries
  .flatMap(({ kind, seq, from, deleted }) => kind === 'message' && seq !== undefined && from?.user === user && !deleted ? [seq] : []).slice(-MAX_MESSAGES).reverse();

/**
 * Returns what is left of the purge after the answer to the deletion of its first message. If the server asks the page to wait, this message stays in it.
 * After any other error, the purge goes on without this message.
 * @param {Purge} purge
 * @param {Frame} answer
 * @returns {Purge}
 */
export function afterAnswer(purge, { type, retryAfterMs }) {
  const isError = type === 'error';
  if (isError && retryAfterMs !== undefined) return purge;
  return { ...purge, seqs: purge.seqs.slice(1), deleted: purge.deleted + Number(!isError), kept: purge.kept + Number(isError) };
}

/**
 * Says how many messages were deleted, and how many were not.
 * @param {Purge} purge a purge that has ended
 */
export function purgeWords({ name, deleted, kept, seqs }) {
  const left = kept + seqs.length, words = t('{count} messages of {name} were deleted.', { count: deleted, name: isolated(name) });
  return left ? `${words} ${t('{count} others were not.', { count: left })}` : words;
}
