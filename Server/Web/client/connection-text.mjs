// The words for the status of the connection and for its transport.

import { isolated, splitServerWords, withoutDirectionControls } from './direction.mjs';
import { sentence } from './formatting.mjs';
import { t } from './language.mjs';

/** @import { Status, TransportChange, TransportName } from './types.js' */

/** The names in the current language. @type {Record<TransportName, { readonly name: string, readonly badge: string }>} */
export const TRANSPORT_NAMES = {
  ws: { name: 'WebSocket', badge: 'WebSocket' },
  sse: { get name() { return t('server-sent events'); }, get badge() { return t('events'); } },
  stream: { get name() { return t('HTTP streaming'); }, get badge() { return t('stream'); } },
  longpoll: { get name() { return t('long-polling'); }, get badge() { return t('long-poll'); } },
  poll: { get name() { return t('interval polling'); }, get badge() { return t('polling'); } },
  iframe: { get name() { return t('forever iframe'); }, badge: 'iframe' },
};

/** @param {string} name */
export const isTransportName = (name) => Object.hasOwn(TRANSPORT_NAMES, name);

const buffersWords = () => t('A proxy between you and the server delays streamed responses (it buffers them).');

/**
 * The banner's words for a status.
 * @param {Status} status
 * @param {{ host: string, isKnown: boolean, isFile: boolean }} where `isKnown` says whether the server has sent a welcome to this page
 */
export function statusWords({ state, reason, retryAt }, { host, isKnown, isFile }) {
  const why = reason ? `${reasonWords(reason)} ` : '';
  switch (state) {
    case 'connecting': return t('Connecting to {host}…', { host: isolated(host) });
    case 'reconnecting': return `${why || `${isKnown ? t('The connection was lost.') : unreachableWords(host, isFile)} `}${retryAt ? t('Reconnecting') : t('Reconnecting…')}`;
    case 'offline': return t('You are offline. The page keeps your messages and sends them when the network is back.');
    case 'closed': return reason ? reasonWords(reason) : t('Not connected.');
    default: return '';
  }
}

/**
 * @param {string} host
 * @param {boolean} isFile
 */
const unreachableWords = (host, isFile) => isFile ? t('Can’t reach {host}, or it refuses pages opened from disk.', { host: isolated(host) }) : t('Can’t reach {host}.', { host: isolated(host) });

/**
 * The countdown beside the banner's words.
 * @param {Status} status
 * @param {number} now
 */
export function countdownWords({ state, retryAt }, now) {
  const seconds = retryAt ? Math.max(1, Math.ceil((retryAt - now) / 1000)) : 0;
  if (!seconds) return '';
  return state === 'offline' ? t('Next attempt in {seconds} s', { seconds }) : t('in {seconds} s', { seconds });
}

/**
 * The account dialog's words about the transport.
 * @param {TransportName} transport
 * @param {{ isOnline: boolean, usesCookie: boolean, isFile: boolean, pin: TransportName | null, buffers: boolean }} facts
 */
export function transportWords(transport, { isOnline, usesCookie, isFile, pin, buffers }) {
  const { name } = TRANSPORT_NAMES[transport];
  const now = isOnline ? t('Connected by {name}.', { name }) : t('Not connected; trying {name}.', { name });
  if (!usesCookie) return `${now} ${isFile ? t('A page opened from disk can only use WebSocket.') : t('Without cookies, only WebSocket works.')}`;
  return `${now} ${buffers ? `${buffersWords()} ` : ''}${pin || transport === 'ws' ? '' : t('The page tries WebSocket again from time to time.')}`;
}

/** @typedef {{ isShared: boolean, usesCookie: boolean, isFile: boolean, pin: TransportName | null, buffers: boolean, isBest: boolean }} ChoiceFacts */

/**
 * Why the page uses its transport. The report of the diagnostics has the names of these reasons.
 * @param {ChoiceFacts} facts
 */
export function transportReason({ isShared, usesCookie, isFile, pin, buffers, isBest }) {
  if (isShared) return 'shared';
  if (!usesCookie) return isFile ? 'file' : 'no-cookie';
  return pin ? 'chosen' : isBest ? 'best' : buffers ? 'buffered' : 'fallback';
}

/**
 * The words for a result of transportReason().
 * @param {ReturnType<typeof transportReason>} reason
 */
export function transportReasonWords(reason) {
  switch (reason) {
    case 'shared': return t('This tab uses the connection of another tab.');
    case 'file': return t('A page opened from disk can only use WebSocket.');
    case 'no-cookie': return t('Without cookies, only WebSocket works.');
    case 'chosen': return t('You have chosen it in the settings.');
    case 'best': return t('It is the best transport, and it works here.');
    case 'buffered': return buffersWords();
    default: return t('The better transports do not work here.');
  }
}

/**
 * The notice for a change of transport.
 * @param {TransportChange} change
 * @param {TransportName} best
 */
export function transportChangeWords({ from, to, buffers }, best) {
  const name = TRANSPORT_NAMES[to].name;
  if (buffers && from === to) return `${buffersWords()} ${t('You chose {name}, so messages may arrive late.', { name })}`;
  if (buffers) return `${buffersWords()} ${t('The page now uses {name}.', { name })}`;
  return to === best ? t('Connected by {name} again.', { name }) : capitalized(t('{from} can’t be used here. The page now uses {name}.', { from: TRANSPORT_NAMES[from].name, name }));
}

/**
 * Returns the reason as a sentence. If the server wrote the reason, the sentence keeps the marks of serverWords().
 * @param {string} reason
 */
const reasonWords = (reason) => sentence(splitServerWords(reason).length > 1 ? reason : withoutDirectionControls(reason));

/** @param {string} words */
const capitalized = (words) => words[0].toUpperCase() + words.slice(1);
