// The base of all transports that use HTTP requests.

import { serverWords } from '../direction.mjs';
import { RetryableError } from '../errors.mjs';
import { t } from '../language.mjs';
import { isTimestamp, parseFrame } from '../protocol.mjs';

/** @import { CloseInfo, Frame, HttpSessionState, Transport } from '../types.js' */

/** The time limit for the first frame. The server has just answered another request, so if the frame takes longer, the transport does not work. */
export const FIRST_FRAME_WITHIN_MS = 6_000;
export const ANSWER_WITHIN_MS = 15_000;     // long enough for an answer that waits for the server's disk

const MAX_FRAMES_PER_POST = 20;             // 20 texts of the default maximum length have at most 480 KB; a POST may have 1 MB
const NO_CURSOR = 1;                        // no frame has this cursor, so the answer to a request with this cursor contains a welcome

/**
 * Sends frames by POST /send. Reads frames by GET requests. The cursor in a request says which frames have arrived. Each subclass
 * implements the reading.
 * @implements {Transport}
 */
export class HttpTransport {
  #base; #session; #isPosting = false; #isOpen = false; #closing = new AbortController();
  /** @type {string[]} */
  #outgoing = [];
  /** @type {Frame[]} */
  #received = [];
  onready(/** @type {Frame | null} */ _welcome) {}
  onframe(/** @type {Frame} */ _frame) {}
  onreset(/** @type {Frame} */ _welcome) {}
  onactivity() {}
  onclose(/** @type {CloseInfo} */ _info) {}

  /**
   * @param {string} base the page's address
   * @param {HttpSessionState} session the state that this transport shares with the next transport
   */
  constructor(base, session) {
    this.#base = base;
    this.#session = session;
  }

  get isBusy() { return this.#isPosting || this.#outgoing.length > 0; }
  get isOpen() { return this.#isOpen; }
  get signal() { return this.#closing.signal; }
  get session() { return this.#session; }
  get meter() { return this.#session.meter; }

  async open() {
    this.#isOpen = true;
    try {
      // The page drops the frames of rooms in this first answer, because it joins its rooms again: the answers to the joins contain these events.
      const { next, frames } = await this.request(this.path('poll'), { within: FIRST_FRAME_WITHIN_MS });
      this.#session.cursor = next;
      await this.startReading();
      if (!this.#isOpen) return;
      this.onready(frames.findLast((/** @type {Frame} */ { type }) => type === 'welcome') ?? null);
      for (const frame of frames) if (frame.type !== 'welcome' && !frame.room) this.#deliver(frame);
      this.#deliverReceived();
      if (this.#isOpen) await this.readAll();
    } catch (error) {
      this.fail(closeInfoFrom(error));
    }
  }

  /**
   * Starts to read. Resolves when the page knows that reading works.
   * @returns {Promise<void>}
   */
  async startReading() {}

  /**
   * Reads until the transport closes. Returns immediately if the transport receives frames by events.
   * @returns {Promise<void>}
   */
  async readAll() {}

  stopReading() {}

  /** @param {string} text */
  send(text) {
    if (!this.#isOpen) return false;
    this.#outgoing.push(text.startsWith('{') ? text : JSON.stringify(text)); // a typed line is sent as a JSON string
    this.#post();
    return true;
  }

  close() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closing.abort();
    this.stopReading();
  }

  /**
   * Closes the transport and reports that it closed.
   * @param {CloseInfo} info
   */
  fail(info) {
    if (!this.#isOpen) return;
    this.close();
    this.onclose(info);
  }

  /** @param {string} name */
  path(name, query = '') {
    return this.#withDevice(`${name}?after=${this.#session.cursor ?? NO_CURSOR}${query}${this.#session.timestamps ? '&wire=1' : ''}`);
  }

  /** @param {string} path */
  #withDevice(path) {
    return this.#session.device ? `${path}${path.includes('?') ? '&' : '?'}device=${this.#session.device}` : path;
  }

  /** @param {string} path */
  url(path) { return new URL(path, this.#base); }

  /**
   * Makes a request with a time limit. Without a limit, a browser may wait for minutes on a connection that broke while it was
   * idle.
   * @param {string} path
   * @param {{ within: number, body?: string }} options
   */
  async request(path, { within, body }) {
    const response = await fetch(this.url(path), {
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(within)]), cache: 'no-store', credentials: 'same-origin',
      ...body !== undefined && { method: 'POST', headers: { 'content-type': 'application/json' }, body },
    });
    const text = await response.text();
    this.meter?.countRequest(text.length + (body?.length ?? 0));
    if (!response.ok) throw errorFromResponse(response, text);
    this.onactivity();
    return JSON.parse(text);
  }

  /**
   * Receives a frame from the reading request.
   * @param {Frame | null} frame
   * @param {number} cursor the cursor with which the next request confirms the frame; 0 if the frame has none
   */
  receive(frame, cursor) {
    this.onactivity();
    if (cursor) this.#session.cursor = cursor;
    if (frame && !isTimestamp(frame)) this.meter?.countFrame(JSON.stringify(frame).length);
    if (frame) this.#received.push(frame);
    if (!this.#isPosting) this.#deliverReceived();
  }

  /**
   * Receives the answer of a poll. A timestamp and the comma before it exist only for the measurement, so their bytes do not count.
   * @param {{ next: number, frames: Frame[] }} batch
   */
  receiveBatch({ next, frames }) {
    for (const frame of frames) {
      if (isTimestamp(frame)) this.meter?.countBytes(-JSON.stringify(frame).length - 1);
      this.receive(frame, next);
    }
  }

  /** Posts the waiting frames. Delivers the answers before other frames, so that the acknowledgement of a message comes before the copy of the message. */
  async #post() {
    if (this.#isPosting) return;
    this.#isPosting = true;
    try {
      await null; // frames that are sent in one turn of the event loop share a request
      while (this.#isOpen && this.#outgoing.length) {
        const frames = this.#outgoing.splice(0, MAX_FRAMES_PER_POST);
        /** @type {Frame[]} */
        const answers = await this.request(this.#withDevice('send'), { within: ANSWER_WITHIN_MS, body: `[${frames}]` });
        answers.forEach((answer) => this.onframe(answer));
        this.#deliverReceived();
        this.afterAnswers(answers);
      }
      this.#isPosting = false;
      this.afterPost();
    } catch (error) {
      this.fail(closeInfoFrom(error));
    }
  }

  /** Called when all waiting frames are sent and answered. A subclass may override this method. */
  afterPost() {}

  /** Called after each answer to a POST. A subclass may override this method. */
  afterAnswers(/** @type {Frame[]} */ _answers) {}

  #deliverReceived() {
    for (let frame; this.#isOpen && (frame = this.#received.shift());) this.#deliver(frame);
  }

  /** @param {Frame} frame */
  #deliver(frame) {
    if (frame.type === 'welcome') return this.onreset(frame);
    this.onframe(frame);
    if (frame.type === 'bye') this.fail({ code: frame.code, reason: serverWords(frame.text ?? '') });
  }
}

/**
 * @param {Response} response
 * @param {string} text
 */
export function errorFromResponse({ status }, text) {
  const error = parseFrame(text);
  // 401: the session has ended. The next attempt starts another session, so the page shows no error.
  return new RetryableError(status === 401 ? '' : error?.text !== undefined ? serverWords(error.text) : t('The server answered {status}.', { status: String(status) }), error?.retryAfterMs);
}

/**
 * @param {any} error
 * @returns {CloseInfo}
 */
export function closeInfoFrom(error) {
  if (error instanceof RetryableError) return { reason: error.message, retryAfterMs: error.retryAfterMs, ...error.details };
  const timedOut = error.name === 'TimeoutError';
  return { reason: timedOut ? t('The server does not answer.') : '', hung: timedOut };
}
