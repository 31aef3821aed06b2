// The programs of a room: the tokens with which they post, and the webhook by which they get the events of the room.

import { isolated } from './direction.mjs';
import { fullTime } from './formatting.mjs';
import { t } from './language.mjs';
import { titleOf } from './rooms.mjs';

/** @import { FailedEvent, Form, Frame, ProgramToken, Room, Webhook } from './types.js' */

/**
 * @param {string} room
 * @param {'create' | 'list' | 'revoke'} what
 * @param {string} [name] the name of the token, which is the name of the program in the room
 * @returns {Frame}
 */
export const tokensFrame = (room, what, name) => ({ type: 'tokens', do: what, room, ...name !== undefined && { name } });

/**
 * Returns the valid tokens of an answer, oldest first.
 * @param {Frame} answer
 * @returns {ProgramToken[]}
 */
export const tokensOf = ({ tokens }) => (Array.isArray(tokens) ? tokens : []).filter((one) => typeof one?.name === 'string' && isTime(one.at))
  .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));

/** @param {unknown} at */
const isTime = (at) => typeof at === 'string' && !Number.isNaN(Date.parse(at));

/**
 * A command line that posts a message to the room.
 * @param {URL} base the address of the page
 * @param {string} room
 * @param {string} token
 */
export const postCommand = (base, room, token) =>
  `curl -H 'Authorization: Bearer ${token}' -d '{"text":"hello"}' ${quoted(new URL(`api/rooms/${segment(room)}/messages`, base).href)}`;

/**
 * The address for a tool that can post to Slack. The tool posts to this address instead.
 * @param {URL} base the address of the page
 * @param {string} token
 */
export const hookAddress = (base, token) => new URL(`hooks/${segment(token)}`, base).href;

/** @param {string} text */
const segment = (text) => encodeURIComponent(text).replaceAll("'", '%27');

/**
 * Puts an address into quotation marks if it contains a character that has a special meaning in a shell.
 * @param {string} address
 */
const quoted = (address) => /^[\w:/.%-]+$/.test(address) ? address : `'${address}'`;

/**
 * Asks before a token is revoked.
 * @param {string} name
 * @param {Room} room
 * @returns {Form}
 */
export const revokeForm = (name, room) => ({
  title: t('Revoke the token of {name}?', { name: isolated(name) }), isDangerous: true, yes: t('Revoke'),
  words: t('The program can no longer post in {room}. Its messages stay.', { room: titleOf(room) }),
  frame: () => tokensFrame(room.name, 'revoke', name),
});

/**
 * @param {string} room
 * @param {'set' | 'show' | 'retry' | 'remove'} what
 * @param {string} [url] the address to which the server sends the events
 * @returns {Frame}
 */
export const webhookFrame = (room, what, url) => ({ type: 'webhook', do: what, room, ...url !== undefined && { url } });

/**
 * Returns the webhook that an answer describes.
 * @param {Frame} answer
 * @returns {Webhook}
 */
export function webhookOf({ url, delivered, failing, failed }) {
  const { error, since, next } = failing ?? {};
  return {
    url: typeof url === 'string' ? url : undefined,
    delivered: Number(delivered) || 0,
    failing: isTime(since) ? { error: String(error || t('unknown error')), since, next: isTime(next) ? next : undefined } : undefined,
    failed: (Array.isArray(failed) ? failed : []).filter((one) => Number.isInteger(one?.seq) && typeof one.error === 'string' && isTime(one.at)),
  };
}

/**
 * The state of the delivery.
 * @param {Webhook} webhook
 * @param {number} newest the seq of the newest event of the room
 */
export function deliveryWords({ url, delivered, failing }, newest) {
  if (!url) return '';
  const waiting = newest > delivered ? t('{count} events wait for the delivery.', { count: newest - delivered }) : '';
  if (!failing) return waiting || t('No event waits for the delivery.');
  const next = !failing.next ? t('The receiver has turned the webhook off. To turn it on, set its address again.') : waiting && t('Next attempt: {time}.', { time: fullTime(failing.next) });
  return [t('Failing since {time}: {error}.', { time: fullTime(failing.since), error: isolated(failing.error) }), next, waiting].filter(Boolean).join(' ');
}

/** @param {FailedEvent} failed */
export function failedWords({ seq, at, attempts, error }) {
  const values = { seq, error: isolated(error), time: fullTime(at), count: attempts };
  return attempts > 0 ? t('Event {seq}: {error} (given up {time}, after {count} attempts)', values) : t('Event {seq}: {error} (given up {time})', values);
}

/**
 * Asks before a webhook is removed.
 * @param {Room} room
 * @returns {Form}
 */
export const removeWebhookForm = (room) => ({
  title: t('Remove the webhook of {room}?', { room: titleOf(room) }), isDangerous: true, yes: t('Remove'),
  words: t('The server sends no more events to its address, and forgets the events that failed.'),
  frame: () => webhookFrame(room.name, 'remove'),
});
