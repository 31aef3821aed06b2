// The words for the status of the connection and for its transport.

import { withoutDirectionControls } from './direction.mjs';
import { sentence } from './formatting.mjs';

/** @import { Status, TransportName } from './types.js' */

/** @type {Record<TransportName, { name: string, badge: string }>} */
export const TRANSPORT_NAMES = {
  ws: { name: 'WebSocket', badge: 'WebSocket' },
  sse: { name: 'server-sent events', badge: 'events' },
  stream: { name: 'HTTP streaming', badge: 'stream' },
  longpoll: { name: 'long-polling', badge: 'long-poll' },
  poll: { name: 'interval polling', badge: 'polling' },
  iframe: { name: 'forever iframe', badge: 'iframe' },
};

/** @param {string} name */
export const isTransportName = (name) => Object.hasOwn(TRANSPORT_NAMES, name);

const BUFFERS_WORDS = 'A proxy between you and the server delays streamed responses (it buffers them).';

/**
 * The banner's words for a status.
 * @param {Status} status
 * @param {{ host: string, isKnown: boolean, isFile: boolean }} where `isKnown` says whether the server has sent a welcome to this page
 */
export function statusWords({ state, reason, retryAt }, { host, isKnown, isFile }) {
  const why = reason ? `${sentence(withoutDirectionControls(reason))} ` : '';
  switch (state) {
    case 'connecting': return `Connecting to ${host}…`;
    case 'reconnecting': return `${why || (isKnown ? 'The connection was lost. ' : unreachableWords(host, isFile))}${retryAt ? 'Reconnecting' : 'Reconnecting…'}`;
    case 'offline': return 'You are offline. The page keeps your messages and sends them when the network is back.';
    case 'closed': return reason ? sentence(withoutDirectionControls(reason)) : 'Not connected.';
    default: return '';
  }
}

/**
 * @param {string} host
 * @param {boolean} isFile
 */
const unreachableWords = (host, isFile) => `Can’t reach ${host}${isFile ? ', or it refuses pages opened from disk' : ''}. `;

/**
 * The countdown beside the banner's words.
 * @param {Status} status
 * @param {number} now
 */
export function countdownWords({ state, retryAt }, now) {
  const seconds = retryAt ? Math.max(1, Math.ceil((retryAt - now) / 1000)) : 0;
  if (!seconds) return '';
  return state === 'offline' ? `Next attempt in ${seconds} s` : `in ${seconds} s`;
}

/**
 * The account dialog's words about the transport.
 * @param {TransportName} transport
 * @param {{ isOnline: boolean, usesCookie: boolean, isFile: boolean, pin: TransportName | null, buffers: boolean }} facts
 */
export function transportWords(transport, { isOnline, usesCookie, isFile, pin, buffers }) {
  const now = `${isOnline ? 'Connected by' : 'Not connected; trying'} ${TRANSPORT_NAMES[transport].name}.`;
  if (!usesCookie) return `${now} ${isFile ? 'A page opened from disk can only use WebSocket.' : 'Without cookies, only WebSocket works.'}`;
  return `${now} ${buffers ? `${BUFFERS_WORDS} ` : ''}${pin || transport === 'ws' ? '' : 'The page tries WebSocket again from time to time.'}`;
}

/**
 * The notice for a change of transport.
 * @param {{ from: TransportName, to: TransportName, buffers?: boolean }} change
 * @param {TransportName} best
 */
export function transportChangeWords({ from, to, buffers }, best) {
  const name = TRANSPORT_NAMES[to].name;
  if (buffers && from === to) return `${BUFFERS_WORDS} You chose ${name}, so messages may arrive late.`;
  if (buffers) return `${BUFFERS_WORDS} The page now uses ${name}.`;
  return to === best ? `Connected by ${name} again.` : `${capitalized(TRANSPORT_NAMES[from].name)} can’t be used here. The page now uses ${name}.`;
}

/** @param {string} words */
const capitalized = (words) => words[0].toUpperCase() + words.slice(1);
