// Deletes the messages of one person, one after another.

import { afterAnswer, purgeWords } from '../purge.mjs';
import { ask } from './chat.mjs';
import { notify } from './store.mjs';

/** @import { Frame, Purge } from '../types.js' */

/** @param {Purge} purge */
export function continuePurge(purge) {
  const [seq] = purge.seqs;
  if (seq === undefined || !ask({ type: 'delete', room: purge.room, seq }, { kind: 'purge', purge })) endPurge(purge);
}

/**
 * Deletes the next message after the answer of the server.
 * @param {Purge} purge
 * @param {Frame} answer
 */
export function answerPurge(purge, answer) {
  setTimeout(() => continuePurge(afterAnswer(purge, answer)), answer.retryAfterMs ?? 0);
}

/**
 * Shows the result in the log. If the connection was lost, the rest of the messages stays.
 * @param {Purge} purge
 */
export function endPurge(purge) {
  notify(purgeWords(purge), { room: purge.room });
}
