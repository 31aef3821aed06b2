// The base of the transports that read an HTTP response that stays open.

import { PROBES, judgeProbes } from '../buffering.mjs';
import { RetryableError } from '../errors.mjs';
import { t } from '../language.mjs';
import { FIRST_FRAME_WITHIN_MS, HttpTransport } from './http.mjs';

/** @import { CloseInfo, Frame } from '../types.js' */

// If a stream is silent for this time, the page opens it again. By default, the server sends a keep-alive every 15 s, but only HTTP streaming shows
// keep-alives to the page. So with the other transports, the page also reopens a stream that is only idle.
const SILENCE_MS = 45_000;
const OWN_COPY_WITHIN_MS = 4_000; // the copy of the page's own message arrives within this time, unless the stream is broken
const TICK_MS = 50;
const MAX_PROBINGS = 4;         // streams; if the page was too busy to judge the probes of a stream, it opens another stream

/**
 * Reads a response that stays open. Each subclass has its own `connect` and `disconnect`. Each stream begins with probes that show whether
 * a proxy buffers it.
 */
export class StreamTransport extends HttpTransport {
  /** @type {{ sent: number, arrived: number }[]} */
  #probes = [];
  /** @type {PromiseWithResolvers<void> | null} */
  #probing = null;
  #probings = 1;
  /** The acknowledgement of a message whose copy has not arrived. @type {Frame | null} */
  #awaitedCopy = null;
  /** The newest seq of each room. @type {Map<string, number>} */
  #newest = new Map();
  #silenceTimer = 0; #copyTimer = 0; #ticker = 0; #lastTick = 0; #longestPause = 0;

  connect() {}
  disconnect() {}

  /** @override */
  async startReading() {
    const probing = this.#probing = Promise.withResolvers();
    const timer = setTimeout(() => probing.reject(new RetryableError(t('The server does not answer.'), undefined, { hung: true, buffers: true })), FIRST_FRAME_WITHIN_MS);
    this.signal.addEventListener('abort', () => probing.resolve());
    this.#lastTick = performance.now();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    try {
      this.connect();
      await probing.promise;
    } finally {
      clearTimeout(timer);
      clearInterval(this.#ticker);
    }
    this.#probing = null;
  }

  /**
   * @override
   * @param {Frame | null} frame
   * @param {number} cursor
   */
  receive(frame, cursor) {
    this.markActivity();
    if (frame?.type === 'pong') return this.#receiveProbe(frame);
    if (frame?.seq && frame.type === 'message') this.#newest.set(frame.room, frame.seq);
    if (this.#awaitedCopy && this.#hasCopyOf(this.#awaitedCopy)) this.#stopAwaitingCopy();
    super.receive(frame, cursor);
  }

  /**
   * Waits for the copy of the page's own message. A browser does not report when the connection of an iframe breaks, or when
   * nothing arrives any more. So if the copy does not arrive in time, the page opens the stream again.
   * @override
   * @param {Frame[]} answers
   */
  afterAnswers(answers) {
    const ack = answers.findLast(({ type, seq, duplicate }) => type === 'ack' && seq && !duplicate);
    if (!ack || !this.isOpen || this.#hasCopyOf(ack)) return;
    this.#stopAwaitingCopy();
    this.#awaitedCopy = ack;
    this.#copyTimer = setTimeout(() => {
      this.#awaitedCopy = null;
      this.reconnect();
    }, OWN_COPY_WITHIN_MS);
  }

  /** @param {Frame} ack */
  #hasCopyOf({ room, seq }) { return (this.#newest.get(room) ?? 0) >= seq; }

  #stopAwaitingCopy() {
    this.#awaitedCopy = null;
    clearTimeout(this.#copyTimer);
  }

  /**
   * Records that the stream works. If the stream then stays silent for too long, the page opens the stream again. The new stream contains
   * the missed frames.
   */
  markActivity() {
    if (!this.isOpen) return;
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.reconnect(), SILENCE_MS);
    this.onactivity();
  }

  reconnect() {
    this.disconnect();
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.fail({ reason: t('The server stopped answering.') }), FIRST_FRAME_WITHIN_MS);
    this.connect();
  }

  /**
   * Reports that the stream ended. The owner of the transport decides whether to connect again.
   * @param {CloseInfo} info
   */
  reportStreamEnd(info = {}) {
    if (this.#probing) this.#probing.reject(new RetryableError(info.reason, info.retryAfterMs));
    else this.fail(info);
  }

  /** @override */
  stopReading() {
    clearTimeout(this.#silenceTimer);
    clearInterval(this.#ticker);
    this.#stopAwaitingCopy();
    this.disconnect();
  }

  #tick() {
    const now = performance.now();
    this.#longestPause = Math.max(this.#longestPause, now - this.#lastTick);
    this.#lastTick = now;
  }

  #probeAgain() {
    this.#probings += 1;
    this.#probes = [];
    this.#longestPause = 0;
    this.disconnect();
    this.connect();
  }

  /** @param {Frame} probe */
  #receiveProbe({ at }) {
    const probing = this.#probing;
    if (!probing) return;
    this.#tick();
    this.#probes.push({ sent: Date.parse(at), arrived: performance.now() });
    if (this.session.trusted.has(this.constructor)) return probing.resolve();
    if (this.#probes.length < PROBES) return;
    const judgement = judgeProbes(this.#probes, this.#longestPause);
    if (judgement === 'buffered') return probing.reject(new RetryableError('', 0, { buffers: true }));
    if (judgement === 'unknown' && this.#probings < MAX_PROBINGS) return this.#probeAgain();
    this.session.trusted.add(this.constructor);
    probing.resolve();
  }
}
