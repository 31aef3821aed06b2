// The connection to the server. The connection can change its transport, but the other modules see only one connection. This module handles
// frames, but not rooms.

import { backoffDelay } from './backoff.mjs';
import { serverWords } from './direction.mjs';
import { RetryableError } from './errors.mjs';
import { t } from './language.mjs';
import { FIRST_FINAL_CLOSE_CODE, TAKEN_OVER_CLOSE_CODE } from './protocol.mjs';
import { SELF } from './tab-hub.mjs';
import { FIRST_FRAME_WITHIN_MS } from './transports/http.mjs';

/** @import { CloseInfo, Frame, Status, Transport, TransportName } from './types.js' */
/** @import { TabHub } from './tab-hub.mjs' */
/** @import { TransportChoice } from './transport-choice.mjs' */

export const WELCOME_WITHIN_MS = 15_000;    // after a lost SYN, a browser waits for minutes, which is too long for a person

const STABLE_AFTER_MS = 5_000;              // after a connection that lasted this long, the delays begin again with the shortest delay
const SILENCE_MS = 40_000;                  // a page does not see the server's WebSocket pings, so after this much silence it sends a ping frame
const RECENT_MS = 2_000;                    // a connection that received data within this time needs no ping
const UNANSWERED_MS = 10_000;               // the server answers every frame; if an answer takes longer than this, the page sends a ping frame
const PONG_WITHIN_MS = 10_000;
const UPGRADE_AFTER_MS = 60_000;            // the time between two attempts to upgrade; it doubles after each attempt that fails
const MAX_UPGRADE_AFTER_MS = 30 * 60_000;
const BUSY_CHECK_MS = 50;
const SLEPT_MS = 5_000;                     // if the wall clock advanced this much more than the monotonic clock, the device slept

/**
 * The events and their details:
 *
 * - `welcome`: the welcome of a new connection
 * - `frame`: any other frame
 * - `refused`: an error that another attempt would not fix
 * - `transport`: a TransportChange; the page changes the transport, or has found that a proxy buffers the chosen transport
 * - `takeover`: no detail; another page has the name of this page's device
 * - `sent`: the text of a frame or a line that this page has sent
 * - `status`: a Status
 *
 *   connecting ──welcome──▶ online ──lost──▶ reconnecting ──timer──▶ (another attempt, perhaps with another transport) …
 *        └──────── a final close code, or a bye frame with `reconnect: false` ──▶ closed
 *
 * While the connection does not use the best transport, it tries the best transport in the background. When the best transport works, the
 * connection changes to it.
 */
export class Connection extends EventTarget {
  #create; #prepare; #choice; #isNetworkUp; #clocks;
  /** @type {Transport | null} */
  #transport = null;
  /** A better transport that is being tried in the background. @type {Transport | null} */
  #candidate = null;
  /** @type {AbortController | null} */
  #attemptAborter = null;
  /** @type {Status} */
  #status = { state: 'idle' };
  /** @type {Frame | null} */
  #bye = null;
  /** The welcome that `prepare` returned. @type {Frame | null} */
  #preparedWelcome = null;
  #attempt = 0; #onlineSince = 0; #upgradeAfter = UPGRADE_AFTER_MS;
  #retryTimer = 0; #welcomeTimer = 0; #heartbeat = 0; #upgradeTimer = 0;
  #activeAt = 0; #sentAt = 0; #pingedAt = 0; #dayMinusNow = 0;
  /** Shares this connection with other tabs; null if this tab does not lead. @type {TabHub | null} */
  router = null;

  /**
   * @param {(name: TransportName) => Transport} create creates a transport
   * @param {TransportChoice} choice
   * @param {(signal: AbortSignal) => Promise<{ welcome?: Frame, refusal?: Frame }>} prepare runs before each attempt. Rejects if a later
   *   attempt may succeed. Resolves to { refusal } if no later attempt can succeed, and otherwise to { welcome }, or to {} if there is no welcome
   * @param {() => boolean} isNetworkUp whether the device has a network
   * @param {{ now: () => number, day: () => number }} clocks in milliseconds. `now` is monotonic, so it measures durations. It may stop
   *   while the device sleeps. `day` is the time of day: it continues while the device sleeps, but a person can set it
   */
  constructor(create, choice, prepare, isNetworkUp = () => true, clocks = { now: () => performance.now(), day: () => Date.now() }) {
    super();
    this.#create = create;
    this.#choice = choice;
    this.#prepare = prepare;
    this.#isNetworkUp = isNetworkUp;
    this.#clocks = clocks;
  }

  get isOnline() { return this.#status.state === 'online'; }
  get hasTransport() { return this.#transport !== null; }
  get choice() { return this.#choice; }
  /** Whether other tabs send frames over this connection too. */
  get isShared() { return Boolean(this.#transport?.isShared || this.router?.isShared); }
  get transportName() { return this.#transport?.via ?? this.#choice.current; }

  open() {
    this.#tearDown();
    this.#attempt = 0;
    this.#setStatus({ state: 'connecting' });
    this.#connect();
  }

  /** Disconnects until open() is called. */
  stop() {
    this.#tearDown();
    this.#setStatus({ state: 'idle' });
  }

  /**
   * Uses only this transport from now on. With null, the page chooses the transport again, and begins with the best one.
   * @param {TransportName | null} transport
   */
  pin(transport) {
    this.#choice.setPin(transport);
    if (this.#status.state !== 'idle' && this.#status.state !== 'closed') this.open();
  }

  /**
   * Sends a frame. Returns whether the transport accepted the frame. Only the answer shows that the frame arrived.
   * @param {Frame} frame
   */
  send(frame) { return this.sendLine(JSON.stringify(frame)); }

  /**
   * Sends a line: a frame as JSON, or a command as a person typed it.
   * @param {string} line
   */
  sendLine(line) {
    if (!this.#write(line)) return false;
    this.dispatchEvent(new CustomEvent('sent', { detail: line }));
    this.router?.sent(SELF, line);
    return true;
  }

  /**
   * Sends a frame or a line of another tab.
   * @param {string} text
   */
  relay(text) { return this.#write(text); }

  retryNow() {
    if (this.#status.state !== 'reconnecting' && this.#status.state !== 'offline') return;
    clearTimeout(this.#retryTimer);
    this.#setStatus({ ...this.#status, state: 'reconnecting', retryAt: null });
    this.#connect();
  }

  /** Ends the wait for the next attempt, because another tab has reached the server. */
  hurry() { if (this.#status.retryAt) this.retryNow(); }

  /** Checks the connection now, without waiting for the timers. Call this when the network or the page has come back. */
  check() {
    if (!this.isOnline) this.retryNow();
    else if (!this.#pingedAt && this.#clocks.now() - this.#activeAt > RECENT_MS) this.#ping();
  }

  /** Connects again immediately, because another tab has begun to lead, or has stopped leading. */
  move() {
    if (this.#status.state === 'idle' || this.#status.state === 'closed') return;
    if (this.#bye?.reconnect === false) return this.end(this.#bye);
    this.#attempt = 0;
    this.#tearDown();
    this.#setStatus({ state: 'reconnecting', retryAt: null });
    this.#connect();
  }

  /**
   * Ends the connection as if the server had sent this frame.
   * @param {Frame} bye
   */
  end({ text, code }) {
    this.#tearDown();
    this.#setStatus({ state: 'closed', reason: text, code });
  }

  /** Closes the transport, but does not change the status. Call move() later to connect again. */
  suspend() { this.#tearDown(); }

  /** Checks the time limits now. The timers of a hidden page may be late. */
  tick() { if (this.isOnline && this.#transport) this.#checkHeartbeat(); }

  async #connect() {
    this.#tearDown();
    this.#bye = null;
    const { signal } = this.#attemptAborter = new AbortController();
    this.#welcomeTimer = setTimeout(() => this.#retryLater(t('The server does not answer.')), WELCOME_WITHIN_MS);
    try {
      const { refusal, welcome } = await this.#prepare(signal);
      if (signal.aborted) return;
      if (!refusal) return this.#openTransport(welcome ?? null);
      this.stop();
      this.dispatchEvent(new CustomEvent('refused', { detail: refusal }));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RetryableError) this.#retryLater(error.message, error.retryAfterMs);
      else this.#retryLater('');
    }
  }

  /** @param {Frame | null} preparedWelcome */
  #openTransport(preparedWelcome) {
    this.#preparedWelcome = preparedWelcome;
    clearTimeout(this.#welcomeTimer);
    const name = this.#choice.current;
    const transport = this.#create(name);
    if (name === 'ws' && !transport.isShared) {
      const timeout = this.#choice.hasAlternatives ? FIRST_FRAME_WITHIN_MS : WELCOME_WITHIN_MS;
      this.#welcomeTimer = setTimeout(() => this.#transportClosed({ reason: t('The server does not answer.'), hung: true }), timeout);
    }
    this.#use(transport);
    transport.open();
  }

  /** @param {Transport} transport */
  #use(transport) {
    this.#transport = transport;
    transport.onactivity = () => this.#markActivity();
    transport.onframe = (frame) => this.#receive(frame);
    transport.onready = transport.onreset = (welcome) => this.#goOnline(welcome ?? this.#preparedWelcome);
    transport.onclose = (info) => this.#transportClosed(info);
  }

  #markActivity() {
    this.#activeAt = this.#clocks.now();
    this.#sentAt = this.#pingedAt = 0;
  }

  /** @param {Frame} frame */
  #receive(frame) {
    for (const own of this.router?.receive(frame) ?? [frame]) {
      if (own.type === 'bye') this.#bye = own;
      this.dispatchEvent(new CustomEvent('frame', { detail: own }));
    }
  }

  /** @param {Frame | null} welcome */
  #goOnline(welcome) {
    clearTimeout(this.#welcomeTimer);
    clearInterval(this.#heartbeat);
    this.#markActivity();
    if (this.isOnline) this.#setStatus({ state: 'reconnecting', retryAt: null }); // requests that were sent before this welcome get no answer
    else this.#onlineSince = this.#clocks.now();
    this.#dayMinusNow = this.#clocks.day() - this.#clocks.now();
    this.#heartbeat = setInterval(() => this.#checkHeartbeat(), 1000);
    this.#setStatus({ state: 'online' });
    this.dispatchEvent(new CustomEvent('welcome', { detail: welcome }));
    this.#scheduleUpgrade();
  }

  #checkHeartbeat() {
    const now = this.#clocks.now();
    const dayMinusNow = this.#clocks.day() - now;
    const hasSlept = dayMinusNow - this.#dayMinusNow > SLEPT_MS;
    this.#dayMinusNow = dayMinusNow;
    if (this.#pingedAt) {
      if (now - this.#pingedAt > PONG_WITHIN_MS) this.#retryLater(t('The server stopped answering.'));
    } else if (hasSlept || now - this.#activeAt > SILENCE_MS || (this.#sentAt && now - this.#sentAt > UNANSWERED_MS)) {
      this.#ping();
    }
  }

  #ping() {
    this.#pingedAt = this.#clocks.now();
    this.#transport?.send('{"type":"ping","id":"heartbeat"}');
  }

  /** @param {string} text */
  #write(text) {
    if (!this.isOnline || !this.#transport?.send(text)) return false;
    this.#sentAt ||= this.#clocks.now();
    return true;
  }

  /** @param {CloseInfo} info */
  #transportClosed(info) {
    const bye = this.#bye;
    if (info.isMoved) return this.move();
    if (info.code === TAKEN_OVER_CLOSE_CODE) {
      this.dispatchEvent(new CustomEvent('takeover'));
      return this.#retryLater('');
    }
    const reason = serverWords(bye?.text ?? '') || info.reason || '';
    if (bye?.reconnect === false || (info.code ?? 0) >= FIRST_FINAL_CLOSE_CODE) {
      this.#tearDown();
      return this.#setStatus({ state: 'closed', reason: reason || t('The server closed this connection.'), code: bye?.code ?? info.code });
    }
    // If this tab uses the connection of another tab, the failure says nothing about the transports of this tab.
    if (this.#transport?.isShared) return this.#retryLater(reason, info.retryAfterMs);
    const from = this.#choice.current;
    const hadBuffers = this.#choice.buffers;
    // If the server itself has closed the connection by a `bye`, the transport works. So this is not reported as a failure of the transport.
    const changes = !bye && this.#choice.reportClose(info, this.#onlineSince ? this.#clocks.now() - this.#onlineSince : null);
    if (changes || this.#choice.buffers !== hadBuffers) {
      this.dispatchEvent(new CustomEvent('transport', { detail: { from, to: this.#choice.current, buffers: info.buffers, reason, code: info.code } }));
    }
    if (!changes) return this.#retryLater(reason, info.retryAfterMs);
    this.#attempt = 2 * this.#choice.rounds; // the next transport has not failed yet, so its first delay is short
    this.#tearDown();
    this.#setStatus({ state: 'connecting' });
    this.#connect();
  }

  /** @param {string} reason */
  #retryLater(reason, retryAfterMs = this.#bye?.afterMs ?? 0) {
    if (this.#onlineSince && this.#clocks.now() - this.#onlineSince > STABLE_AFTER_MS) this.#attempt = 0;
    this.#tearDown();
    const delay = retryAfterMs + backoffDelay(this.#attempt++);
    this.#retryTimer = setTimeout(() => this.retryNow(), delay);
    // A device without a network can still reach a server on the same device. So the page continues its attempts while it is offline. Only
    // its words differ.
    const state = this.#isNetworkUp() ? 'reconnecting' : 'offline';
    this.#setStatus({ state, reason, retryAt: this.#clocks.now() + delay, attempt: this.#attempt });
  }

  // Upgrading to the best transport

  #scheduleUpgrade() {
    clearTimeout(this.#upgradeTimer);
    if (this.#choice.canUpgrade && !this.#transport?.isShared) this.#upgradeTimer = setTimeout(() => this.#tryUpgrade(), this.#upgradeAfter);
  }

  #tryUpgrade() {
    const candidate = this.#candidate = this.#create(this.#choice.best);
    const giveUp = () => {
      this.#closeCandidate();
      this.#upgradeAfter = Math.min(MAX_UPGRADE_AFTER_MS, this.#upgradeAfter * 2);
      this.#scheduleUpgrade();
    };
    this.#upgradeTimer = setTimeout(giveUp, FIRST_FRAME_WITHIN_MS);
    candidate.onclose = giveUp;
    candidate.onready = (welcome) => {
      clearTimeout(this.#upgradeTimer);
      this.#upgradeWhenQuiet(candidate, welcome);
    };
    candidate.open();
  }

  /**
   * Changes to the new transport after the old transport has received all its answers, because these answers can't arrive over the new transport.
   * @param {Transport} candidate
   * @param {Frame | null} welcome
   */
  #upgradeWhenQuiet(candidate, welcome) {
    if (this.#transport?.isBusy) {
      this.#upgradeTimer = setTimeout(() => this.#upgradeWhenQuiet(candidate, welcome), BUSY_CHECK_MS);
      return;
    }
    const from = this.#choice.current;
    this.#candidate = null;
    this.#tearDown();
    this.#choice.useBest();
    this.#upgradeAfter = UPGRADE_AFTER_MS;
    this.#setStatus({ state: 'reconnecting', retryAt: null });
    this.#use(candidate);
    this.#goOnline(welcome);
    this.dispatchEvent(new CustomEvent('transport', { detail: { from, to: this.#choice.current } }));
  }

  #closeCandidate() {
    if (!this.#candidate) return;
    this.#candidate.onclose = this.#candidate.onready = () => {};
    this.#candidate.close();
    this.#candidate = null;
  }

  #tearDown() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#welcomeTimer);
    clearTimeout(this.#upgradeTimer);
    clearInterval(this.#heartbeat);
    this.#onlineSince = this.#sentAt = this.#pingedAt = 0;
    this.#attemptAborter?.abort();
    this.#closeCandidate();
    const transport = this.#transport;
    if (!transport) return;
    transport.onclose = transport.onframe = transport.onready = transport.onreset = transport.onactivity = () => {};
    transport.close();
    this.#transport = null;
  }

  /** @param {Status} status */
  #setStatus(status) {
    this.#status = { ...status, transport: this.transportName };
    this.dispatchEvent(new CustomEvent('status', { detail: this.#status }));
  }
}
