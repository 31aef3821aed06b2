// The tabs of one browser that share a session. One of these tabs leads: it has the connection to the server, and the other tabs use this connection.

import { within } from './outbox-store.mjs';
import { TabHub } from './tab-hub.mjs';

/** @import { CloseInfo, Frame, Status, TabMessage, TransportName } from './types.js' */
/** @import { TabTransport } from './transports/tab.mjs' */

const LOCK_WITHIN_MS = 3_000;
const SWEEP_MS = 60_000;
const MAX_SILENT_SWEEPS = 4; // the browser slows the timers of a hidden tab to one a minute

const FROM_LEADER = new Set(['lead', 'ready', 'frame', 'close', 'pong', 'alone']);

/**
 * The members of a tab's own connection that Tabs uses.
 * @typedef {{ isOnline: boolean, transportName: TransportName, router: TabHub | null, relay(text: string): boolean, move(): void, hurry(): void,
 *   tick(): void, suspend(): void, end(bye: Frame): void }} OwnConnection
 */

/**
 * The tab that holds a Web Lock leads. The browser passes the lock to the next tab when the leading tab is closed or crashes. If the leading tab does
 * not answer, another tab steals the lock (see TabTransport). The tabs exchange messages over a
 * BroadcastChannel.
 *
 *   alone ──choose()──▶ leader              the lock was free
 *   alone ──choose()──▶ follower ──▶ leader   the browser passes the lock to this tab, or this tab steals it
 *   leader ──the lock was stolen──▶ alone     the tab's connection starts again, and calls choose()
 *   any ──leave()──▶ alone
 */
export class Tabs {
  #id; #lockName; #locks; #channel; #createId; #isAllowed; #adopt;
  /** @type {'alone' | 'leader' | 'follower'} */
  #role = 'alone';
  /** @type {OwnConnection | null} */
  #connection = null;
  /** How many times leave() has ended the role of this tab. */
  #generation = 0;
  #transports = 0;
  /** Releases the lock. @type {(() => void) | null} */
  #release = null;
  /** Ends the wait for the lock. @type {AbortController | null} */
  #waiting = null;
  /** The user of the connection, while this tab leads and is online. @type {{ user: string, guest: boolean } | null} */
  #user = null;
  /** For each tab that follows, the number of sweeps since its last message. @type {Map<string, number>} */
  #silent = new Map();
  #sweeping = 0;
  /** The user for whom this tab, as the leader, has last connected again: the fields `user` and `guest` with a space between them. */
  #adopted = '';
  /** Whether this tab can't share a connection: the leading tab has another session, or the browser does not grant locks. */
  #isOutcast = false;
  /** The open transport of this tab, if this tab follows. @type {TabTransport | null} */
  transport = null;
  isVisible;

  /**
   * @param {string} id the name of this tab
   * @param {{ lockName: string, locks: Pick<LockManager, 'request'>, channel: Pick<BroadcastChannel, 'postMessage' | 'addEventListener'>, createId: () => string,
   *   isAllowed: () => boolean, isVisible: () => boolean, adopt: (user: { user: string, name: string, guest: boolean }) => void }} options `isAllowed`
   *   returns whether this tab may share a connection. `adopt` connects again as another user, because the browser's session has changed
   */
  constructor(id, { lockName, locks, channel, createId, isAllowed, isVisible, adopt }) {
    this.#id = id;
    this.#lockName = lockName;
    this.#locks = locks;
    this.#channel = channel;
    this.#createId = createId;
    this.#isAllowed = isAllowed;
    this.#adopt = adopt;
    this.isVisible = isVisible;
    channel.addEventListener('message', ({ data }) => this.#receive(data));
  }

  get isFollower() { return this.#role === 'follower'; }
  get isSharing() { return this.#role !== 'alone'; }

  /** @param {OwnConnection} connection */
  use(connection) { this.#connection = connection; }

  /** Decides the role of this tab. Call this before each attempt to connect. */
  async choose() {
    if (!this.#isAllowed() || this.#isOutcast) return this.leave();
    if (this.isSharing) return;
    const generation = this.#generation;
    const isFree = await within(LOCK_WITHIN_MS, this.#take({ ifAvailable: true })).catch(() => { this.#isOutcast = true; });
    if (this.#isOutcast) return this.leave();
    if (isFree || generation !== this.#generation || this.isSharing) return;
    this.#role = 'follower';
    this.#waiting = new AbortController();
    this.#take({ signal: this.#waiting.signal });
  }

  /** Ends the role of this tab as leader or follower. Call this when the tab needs no connection any more, or must have its own connection. */
  leave() {
    this.#generation += 1;
    this.#stepDown();
    this.#waiting?.abort();
    this.#waiting = null;
  }

  /** Takes the lead from a tab that does not answer. */
  steal() {
    if (this.#role === 'follower') this.#take({ steal: true });
  }

  /** Asks the leading tab whether it is alive. Call this when this tab has become visible. */
  check() { this.transport?.check(); }

  /** Lets another tab lead. Call this when the browser is about to freeze this tab. */
  freeze() {
    if (!this.#connection?.router?.others.length) return;
    this.#connection.suspend();
    this.leave();
  }

  /** Tells all tabs that this tab leads and is online. @param {Frame} welcome */
  welcome({ user, guest }) {
    if (this.#role !== 'leader') return;
    this.#user = { user, guest: Boolean(guest) };
    this.#connection?.router?.reset(user);
    this.post({ kind: 'lead' });
  }

  /** @param {Status} status */
  changed({ state, reason, code }) {
    const router = this.#connection?.router;
    if (state !== 'online') this.#user = null;
    if (router && state === 'closed') this.post({ kind: 'close', info: { reason, code } });
    else if (router && (state === 'reconnecting' || state === 'offline') && router.others.length) this.post({ kind: 'close', to: router.others, info: { reason } });
    if (state === 'closed' || state === 'idle') this.leave();
  }

  /**
   * Creates a name for a transport of this tab. Each transport has a name of its own, so that it does not get the answers to
   * an earlier transport.
   */
  createName() { return `${this.#id}/${++this.#transports}`; }

  /** @param {Omit<TabMessage, 'from'> & { from?: string }} message */
  post(message) { this.#channel.postMessage({ from: this.#id, ...message }); }

  /**
   * Asks for the lock. Resolves to true when this tab has the lock and leads, and to false if this tab does not get the lock.
   * @param {LockOptions} options
   * @returns {Promise<boolean>}
   */
  #take(options) {
    const generation = this.#generation;
    return new Promise((resolve) => {
      /** @type {(() => void) | null} */
      let own = null;
      this.#locks.request(this.#lockName, options, (lock) => {
        if (!lock || generation !== this.#generation) return resolve(false);
        return new Promise((release) => {
          own = () => release(undefined);
          this.#lead(own);
          resolve(true);
        });
      }).catch((error) => { // another tab has stolen the lock, or this tab has stopped waiting for it
        if (error.name !== 'AbortError') this.#isOutcast = true; // a browser may forbid locks by its settings
        resolve(false);
        if (own === null || this.#release !== own) return;
        this.#stepDown();
        this.#connection?.move();
      });
    });
  }

  /** @param {() => void} release */
  #lead(release) {
    const followed = this.#role === 'follower';
    this.#waiting?.abort();
    this.#waiting = null;
    this.#release = release;
    this.#role = 'leader';
    const connection = this.#connection;
    if (!connection) return;
    connection.router = new TabHub((to, frame) => this.post({ kind: 'frame', to, frame }), (text) => connection.relay(text), this.#createId,
      (work, ms) => setTimeout(work, ms));
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS);
    this.post({ kind: 'lead' });
    if (followed) connection.move();
  }

  /**
   * Detaches tabs that have not sent anything for a long time. The browser may have frozen such a tab, and would store all frames for this tab. When the
   * tab runs again, it sends a ping, learns that it is detached, and joins its rooms again.
   */
  #sweep() {
    const router = this.#connection?.router;
    for (const tab of router?.others ?? []) {
      const count = (this.#silent.get(tab) ?? 0) + 1;
      this.#silent.set(tab, count);
      if (count > MAX_SILENT_SWEEPS) router?.detach(tab);
    }
  }

  #stepDown() {
    clearInterval(this.#sweeping);
    this.#silent.clear();
    this.#role = 'alone';
    this.#user = null;
    this.#adopted = '';
    if (this.#connection) this.#connection.router = null;
    const release = this.#release;
    this.#release = null;
    release?.();
  }

  /** @param {TabMessage} message */
  #receive(message) {
    const { to, kind } = message;
    const name = to?.find((one) => one.split('/')[0] === this.#id);
    if (to && name === undefined) return;
    const router = this.#connection?.router;
    if (router) return this.#serve(router, message);
    if (this.#role !== 'follower' || !FROM_LEADER.has(kind) || to && name !== this.transport?.name) return;
    if (kind === 'alone') this.#isOutcast = true;
    if (this.transport) this.transport.receive(message);
    else if (kind === 'lead') this.#connection?.hurry();
  }

  /**
   * Handles a message of a tab that follows.
   * @param {TabHub} router
   * @param {TabMessage} message
   */
  #serve(router, message) {
    const { from, kind, texts = [] } = message;
    this.#silent.delete(from);
    if (kind === 'hello') this.#greet(router, message);
    else if (kind === 'send') texts.forEach((text) => router.send(from, text));
    else if (kind === 'gone') router.detach(from);
    else if (kind === 'frame' && message.frame?.type === 'bye') this.#connection?.end(message.frame); // from the previous leading tab
    else if (kind === 'ping') {
      this.#connection?.tick(); // this tab may be hidden, so its own timers may be slow
      this.post({ kind: this.#user && !(message.isAttached && router.has(from)) ? 'lead' : 'pong', to: [from] });
    }
  }

  /**
   * @param {TabHub} router
   * @param {TabMessage} message
   */
  #greet(router, { from, user = '', name = '', guest = false }) {
    const connection = this.#connection;
    const wanted = `${user} ${guest}`;
    if (!connection?.isOnline || !this.#user) {
      this.post({ kind: 'pong', to: [from] });
      connection?.hurry(); // the other tab has just reached the server, so this tab connects now, and does not wait for its next attempt
    } else if (this.#user.user === user && this.#user.guest === guest) {
      router.attach(from);
      this.post({ kind: 'ready', to: [from], via: connection.transportName });
    } else if (this.#adopted === wanted) {
      this.post({ kind: 'alone', to: [from] });
    } else {
      this.#adopted = wanted;
      this.post({ kind: 'pong', to: [from] });
      this.#adopt({ user, name, guest });
    }
  }
}
