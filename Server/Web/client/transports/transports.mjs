// The transports by name.

import { HttpStreamingTransport } from './http-streaming.mjs';
import { IframeTransport } from './iframe.mjs';
import { LongPollingTransport } from './long-polling.mjs';
import { PollingTransport } from './polling.mjs';
import { ServerSentEventsTransport } from './server-sent-events.mjs';
import { WebSocketTransport } from './web-socket.mjs';

/** @import { Transport, TransportName, TransportOptions } from '../types.js' */

/** @type {Record<TransportName, (options: TransportOptions) => Transport>} */
const CREATE = {
  ws: ({ socketUrl, http }) => new WebSocketTransport(socketUrl(), http.meter),
  sse: ({ base, http }) => new ServerSentEventsTransport(base, http),
  stream: ({ base, http }) => new HttpStreamingTransport(base, http),
  longpoll: ({ base, http }) => new LongPollingTransport(base, http),
  poll: ({ base, http }) => new PollingTransport(base, http),
  iframe: ({ base, http }) => new IframeTransport(base, http),
};

/**
 * Creates a transport. It does not connect before open() is called.
 * @param {TransportName} name
 * @param {TransportOptions} options
 */
export const createTransport = (name, options) => CREATE[name](options);

/** The transports that a proxy can buffer. */
export const STREAM_TRANSPORTS = [ServerSentEventsTransport, HttpStreamingTransport, IframeTransport];
