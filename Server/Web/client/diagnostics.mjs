// The diagnostics of the page's connection: its latency, its latest events and errors, and the last frames. A person can copy a report of all this into a
// bug report. So the report contains no secrets, no names of people and no texts of messages. It contains the names of rooms.

import { withoutDirectionControls } from './direction.mjs';
import { inEnglish } from './language.mjs';
import { parseJson } from './protocol.mjs';

/** @import { DiagnosticFacts, Frame, Status, TransportChange } from './types.js' */

export const MAX_FRAMES = 40;
export const MAX_EVENTS = 30;
const MAX_LATENCIES = 20;
const MAX_LENGTH = 200; // characters of each text
const MAX_FIELDS = 40;
const MAX_DEPTH = 3;

/** The report shows the texts of these fields only. A text in any other field may be a secret, for example in a field that a newer server adds. */
const SHOWN_FIELDS = new Set(['type', 'id', 'room', 'epoch', 'at', 'code', 'state', 'action', 'role', 'do', 'level', 'notify', 'server']);
const HIDDEN = '…';

/**
 * @param {unknown} value
 * @param {string} field
 * @returns {unknown}
 */
function withoutSecrets(value, field, depth = 0) {
  if (typeof value === 'string') return SHOWN_FIELDS.has(field) ? value.slice(0, MAX_LENGTH) : HIDDEN;
  if (Array.isArray(value)) return `${value.length} items`;
  if (value === null || typeof value !== 'object') return value;
  if (depth === MAX_DEPTH) return HIDDEN;
  return Object.fromEntries(Object.entries(value).slice(0, MAX_FIELDS).map(([name, inner]) => [name.slice(0, MAX_LENGTH), withoutSecrets(inner, name, depth + 1)]));
}

/**
 * Returns a frame as the report shows it. If a person typed a line, the report shows only the name of the command: "/login …" for "/login ann secret".
 * @param {unknown} frame a frame, or a line that a person typed
 */
export const frameText = (frame) => typeof frame === 'string' ? (/^\/[a-z]+(?= |$)/i.exec(frame)?.[0] ?? '') + (/^\/[a-z]+$/i.test(frame) ? '' : ` ${HIDDEN}`)
  : JSON.stringify(withoutSecrets(frame, ''));

/**
 * Returns a text of the server without the parts in quotation marks, because these parts can be names, or words that a person has typed.
 * @param {string} text
 */
const withoutQuotes = (text) => withoutDirectionControls(text).replace(/"[^"]*"/g, `"${HIDDEN}"`).slice(0, MAX_LENGTH);

/**
 * Adds an item to a list that has a maximum length.
 * @template T
 * @param {T[]} list
 * @param {T} item
 * @param {number} max
 */
function add(list, item, max) {
  list.push(item);
  if (list.length > max) list.shift();
}

export class Diagnostics {
  /** The last frames, oldest first. @type {{ at: string, isSent: boolean, text: string }[]} */
  #frames = [];
  /** The latest events and errors of the connection, oldest first. @type {{ at: string, status?: Status, change?: TransportChange, error?: string, english: string }[]} */
  #events = [];
  /** The times from a ping to its answer, in milliseconds. @type {number[]} */
  #latencies = [];
  /** The last ping and its time; null if the ping has been answered. @type {{ id: unknown, now: number } | null} */
  #ping = null;
  #server = '';
  #connections = 0;
  /** The time of day at which the page connected; null if it is not connected. @type {string | null} */
  #since = null;

  get events() { return this.#events; }
  get server() { return this.#server; }
  get since() { return this.#since; }
  /** How many times the page has connected again. */
  get reconnections() { return Math.max(0, this.#connections - 1); }

  /** The last latency, and the median, the maximum and the number of the kept latencies. Latencies are in milliseconds. Null before the first answer. */
  get latency() {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted.length ? { last: this.#latencies[this.#latencies.length - 1], median: sorted[sorted.length >> 1], max: sorted[sorted.length - 1], count: sorted.length } : null;
  }

  /**
   * @param {string} text a frame as JSON, or a line that a person typed
   * @param {string} at the time of day
   * @param {number} now the time of a monotonic clock, in milliseconds
   */
  sent(text, at, now) {
    const frame = text.startsWith('{') ? parseJson(text) : text;
    if (frame?.type === 'ping') this.#ping = { id: frame.id, now };
    add(this.#frames, { at, isSent: true, text: frameText(frame ?? '') }, MAX_FRAMES);
  }

  /**
   * @param {Frame} frame
   * @param {string} at
   * @param {number} now
   */
  received(frame, at, now) {
    if (frame.type === 'pong' && this.#ping && frame.id === this.#ping.id) {
      add(this.#latencies, now - this.#ping.now, MAX_LATENCIES);
      this.#ping = null;
    }
    if (frame.type === 'welcome' && typeof frame.server === 'string') this.#server = frame.server.slice(0, MAX_LENGTH);
    if (frame.type === 'error') this.failed(`${frame.code}: ${withoutQuotes(String(frame.text ?? ''))}`, at);
    add(this.#frames, { at, isSent: false, text: frameText(frame) }, MAX_FRAMES);
  }

  /**
   * @param {string} error an error of the server or of the page's script, in English
   * @param {string} at
   */
  failed(error, at) { add(this.#events, { at, error, english: `error ${error}` }, MAX_EVENTS); }

  /**
   * @param {Status} status
   * @param {string} at
   */
  changed(status, at) {
    const { state, transport = '', reason = '', code = '' } = status;
    this.#since = state === 'online' ? at : null;
    if (state === 'online') this.#connections += 1;
    const why = withoutQuotes(inEnglish(reason));
    if (state !== 'idle') add(this.#events, { at, status, english: [state, transport, code, why].filter((part) => part !== '').join(' ') }, MAX_EVENTS);
  }

  /**
   * @param {TransportChange} change
   * @param {string} at
   */
  switched(change, at) {
    const { from, to, buffers, reason = '', code = '' } = change;
    const why = withoutQuotes(inEnglish(reason));
    add(this.#events, { at, change, english: ['transport', from, '->', to, buffers ? 'a proxy buffers' : '', code, why].filter((part) => part !== '').join(' ') }, MAX_EVENTS);
  }

  /**
   * Returns the report. It is always in English, because the developers read it.
   * @param {DiagnosticFacts} facts
   */
  report({ at, address, browser, language, state, transport, why, rooms, pending, failed, oldest }) {
    const { latency } = this;
    const ms = (/** @type {number} */ value) => `${value.toFixed(1)} ms`;
    return [
      'RawSocketChat diagnostics',
      `time: ${at}`, `page: ${address}`, `server: ${this.#server || 'unknown'}`, `browser: ${browser}`, `language: ${language}`,
      `connection: ${state}${this.#since ? ` since ${this.#since}` : ''}`, `transport: ${transport}, ${why}`,
      `latency: ${latency ? `last ${ms(latency.last)}, median ${ms(latency.median)}, max ${ms(latency.max)} of ${latency.count} pings` : 'unknown'}`,
      `reconnections: ${this.reconnections}`, `unsent messages: ${pending} waiting, ${failed} failed${oldest ? `, oldest ${oldest}` : ''}`, `rooms: ${rooms}`,
      '', 'events:', ...this.#events.map((event) => `${event.at} ${event.english}`),
      '', 'frames (> sent, < received; … is left out):', ...this.#frames.map((frame) => `${frame.at} ${frame.isSent ? '>' : '<'} ${frame.text}`),
    ].join('\n');
  }
}
