// Chooses the page's transport.

/** @import { CloseInfo, TransportName } from './types.js' */

/**
 * All transports, the best first.
 * @type {TransportName[]}
 */
export const TRANSPORT_ORDER = ['ws', 'sse', 'stream', 'longpoll', 'poll', 'iframe'];

/** Transports whose responses a buffering proxy delays. */
const STREAMED = new Set(['sse', 'stream', 'iframe']);

const MAX_FAILURE_SCORE = 4;
const STEADY_AFTER_MS = 30_000; // a connection that lasted this long proves that its transport works

/**
 * Chooses the transport: the best one that works, or the pinned one. The page tries the next transport if the current transport hangs, if a proxy
 * buffers it, after two failed attempts to connect, or after four connections that did not last 30 seconds. The caller does not report an
 * attempt that failed because the server could not be reached: this is not a failure of the transport.
 */
export class TransportChoice {
  /** @type {TransportName[]} */
  #order;
  /** @type {TransportName | null} */
  #pin;
  #index = 0; #failureScore = 0; #rounds = 0; #buffers = false;

  /**
   * @param {TransportName[]} order the transports that can be used, the best first
   * @param {TransportName | null} pin the only transport to use, if the person chose one
   * @param {{ transport: TransportName, buffers: boolean } | null} remembered what `memory()` returned on an earlier visit
   */
  constructor(order, pin, remembered) {
    this.#order = order;
    this.#pin = pin;
    this.#buffers = Boolean(remembered?.buffers);
    this.#index = pin || !remembered ? 0 : Math.max(0, order.indexOf(remembered.transport));
  }

  get current() { return this.#pin ?? this.#order[this.#index]; }
  get pin() { return this.#pin; }
  get best() { return this.#order[0]; }
  get hasAlternatives() { return !this.#pin && this.#order.length > 1; }
  get canUpgrade() { return !this.#pin && this.#index > 0; }

  /** Whether a proxy on the path delays streamed responses. */
  get buffers() { return this.#buffers; }

  /** How many times the page has tried all transports in vain. A connection that lasts longer than STEADY_AFTER_MS resets the number. */
  get rounds() { return this.#rounds; }

  /** Returns the transport with which the next visit starts, or null if the best transport works. */
  memory() { return this.#index ? { transport: this.current, buffers: this.#buffers } : null; }

  /** @param {TransportName | null} pin */
  setPin(pin) {
    this.#pin = pin;
    this.useBest();
  }

  /** Selects the best transport. Call this when the best transport works again, or when the pin has changed. */
  useBest() {
    this.#index = this.#failureScore = 0;
    this.#buffers = false;
  }

  /**
   * Records that a transport closed. Returns whether to try another transport immediately.
   * @param {CloseInfo} info
   * @param {number | null} lastedMs how long the connection worked, or null if the connection never worked
   */
  reportClose({ hung, buffers }, lastedMs) {
    if (buffers) this.#buffers = true;
    if (this.#pin) return false;
    if (lastedMs !== null && lastedMs > STEADY_AFTER_MS) this.#failureScore = this.#rounds = 0;
    else this.#failureScore += hung || buffers ? MAX_FAILURE_SCORE : lastedMs === null ? 2 : 1;
    if (this.#failureScore < MAX_FAILURE_SCORE) return false;
    this.#failureScore = 0;
    do this.#index = (this.#index + 1) % this.#order.length; while (this.#buffers && STREAMED.has(this.current));
    if (this.#index === 0) this.#rounds += 1;
    return this.#order.length > 1;
  }
}
