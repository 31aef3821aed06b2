// Shares one connection between the tabs of a browser. The leading tab has the connection, and decides which tab gets which frame.

import { t } from './language.mjs';
import { BAD_SESSION_CLOSE_CODE, LOG_EVENTS } from './protocol.mjs';

/** @import { Frame } from './types.js' */

/** The name of the leading tab itself. */
export const SELF = '';

const REPAIR_AFTER_MS = 1_000;

/** These frames answer a request. If such a frame has no id, it answers a typed line. */
const ANSWERS = new Set(['ack', 'error', 'joined', 'history', 'rooms', 'who', 'results', 'help', 'tokens', 'webhook', 'welcome']);

/** When the server has accepted one of these requests, the hub sends the other tabs the frame that the function returns. @type {Record<string, (request: Frame, ack: Frame) => Frame>} */
const NEWS = {
  leave: ({ room }) => ({ type: 'tab-left', room }),
  notify: ({ room, level }) => ({ type: 'tab-notify', room, level }),
  read: ({ room, seq }, ack) => ({ type: 'read', room: ack.room ?? room, seq: ack.seq ?? seq }), // without counts: each tab counts its own messages
};

/**
 * Each tab uses the shared connection like a connection of its own: the tab joins rooms, and gets the answers to its own requests. But the server
 * sees only one connection. When one tab joins a room again, the server continues the room's events from the position of this join, and other tabs
 * can miss events. So the hub knows the position of each tab in each room: the seq of the last event that the tab has. The hub gives an event to a
 * tab only if the event is the next one for this tab. If a tab has missed an event, the hub joins the room again from the earliest position of all tabs. So
 * each tab gets each event once, in order.
 */
export class TabHub {
  #post; #write; #createId; #later;
  /** The position in each room, by tab. @type {Map<string, Map<string, number>>} */
  #tabs = new Map();
  /** The requests that have no answer yet. The tab is null if it is closed. @type {Map<string | number, { tab: string | null, frame: Frame }>} */
  #requests = new Map();
  /** The joins that the hub itself has sent: the id of the request, by room. @type {Map<string, string>} */
  #repairs = new Map();
  /** The epochs of the rooms. @type {Map<string, string>} */
  #epochs = new Map();
  /** The tab that has sent the last typed line. Answers to typed lines have no id. */
  #typist = SELF;
  #isLoggedOut = false;
  /** Whether another tab uses this connection, or used it earlier. */
  #isShared = false;
  /** @type {string | null} */
  #user = null;

  /**
   * @param {(tabs: string[], frame: Frame) => void} post sends a frame to other tabs
   * @param {(text: string) => boolean} write sends a frame to the server
   * @param {() => string} createId
   * @param {(work: () => void, ms: number) => void} later runs the work after some time
   */
  constructor(post, write, createId, later) {
    this.#post = post;
    this.#write = write;
    this.#createId = createId;
    this.#later = later;
    this.reset(null);
  }

  /** The other tabs that use the connection. */
  get others() { return [...this.#tabs.keys()].filter((tab) => tab !== SELF); }

  /** Whether another tab uses this connection, or used it earlier. */
  get isShared() { return this.#isShared; }

  /** @param {string} tab */
  has(tab) { return this.#tabs.has(tab); }

  /** @param {string} tab */
  attach(tab) {
    this.detach(tab);
    this.#tabs.set(tab, new Map());
    this.#isShared ||= tab !== SELF;
  }

  /** @param {string} tab */
  detach(tab) {
    this.#tabs.delete(tab);
    for (const request of this.#requests.values()) if (request.tab === tab) request.tab = null;
    if (this.#typist === tab) this.#typist = SELF;
  }

  /**
   * Forgets everything, because a new connection has begun. The tabs attach themselves again.
   * @param {string | null} user the user of the new connection
   */
  reset(user) {
    this.#user = user;
    for (const map of [this.#tabs, this.#requests, this.#repairs, this.#epochs]) map.clear();
    this.#typist = SELF;
    this.#isLoggedOut = this.#isShared = false;
    this.attach(SELF);
  }

  /**
   * Sends a text of another tab to the server.
   * @param {string} tab
   * @param {string} text
   */
  send(tab, text) {
    if (this.#tabs.has(tab) && this.#write(text)) this.sent(tab, text);
  }

  /**
   * Records what a tab has sent to the server, so that the answer goes to this tab.
   * @param {string} tab
   * @param {string} text a frame, or a typed line
   */
  sent(tab, text) {
    const frame = parse(text);
    if (frame?.id === undefined) this.#typist = frame?.type === 'typing' ? this.#typist : tab;
    else if (frame.type !== 'ping') this.#requests.set(frame.id, { tab, frame });
  }

  /**
   * Sends a frame of the server to the tabs. Returns the frames for the leading tab itself.
   * @param {Frame} frame
   * @returns {Frame[]}
   */
  receive(frame) {
    /** @type {Frame[]} */
    const own = [];
    this.#route(frame, (tabs, one) => {
      if (tabs.includes(SELF)) own.push(one);
      const others = tabs.filter((tab) => tab !== SELF);
      if (others.length) this.#post(others, one);
    });
    return own;
  }

  /**
   * @param {Frame} frame
   * @param {(tabs: string[], frame: Frame) => void} deliver
   */
  #route(frame, deliver) {
    const all = [...this.#tabs.keys()];
    if (LOG_EVENTS.has(frame.type) && frame.id === undefined) return this.#deliverEvent(frame, deliver);
    if (frame.type === 'gap') return this.#deliverGap(frame, deliver);
    if (frame.type === 'bye') return deliver(this.#isLoggedOut ? [] : all, frame);
    // No tab is in the room of an invitation yet, so all tabs get the invitation.
    if (!ANSWERS.has(frame.type)) return deliver(frame.room === undefined || frame.type === 'invited' ? all : this.#in(frame.room), frame);
    const repaired = [...this.#repairs].find(([, id]) => id === frame.id)?.[0];
    if (repaired !== undefined) return this.#endRepair(repaired, frame, deliver);
    const request = frame.id === undefined ? undefined : this.#requests.get(frame.id);
    this.#requests.delete(frame.id);
    const tab = request ? request.tab : this.#typist;
    if (tab !== null) deliver([tab], frame);
    if (frame.type === 'joined') this.#joined(tab, frame, request?.frame.after !== undefined, deliver);
    if (frame.type === 'ack' && request) this.#tellOthers(tab, request.frame, frame, deliver);
  }

  /**
   * @param {Frame} event
   * @param {(tabs: string[], frame: Frame) => void} deliver
   */
  #deliverEvent(event, deliver) {
    const { room, seq } = event;
    const next = !this.#isShared ? [SELF] : this.#in(room).filter((tab) => this.#at(tab, room) === seq - 1);
    if (next.length) deliver(next, event);
    const isOver = event.type === 'moderated' && (event.action === 'close' || ['kick', 'ban'].includes(event.action) && event.user === this.#user);
    for (const tab of next) {
      const positions = this.#positions(tab);
      if (isOver) positions.delete(room);
      else if (positions.has(room)) positions.set(room, Math.max(seq, this.#at(tab, room)));
    }
    if (this.#in(room).some((tab) => this.#at(tab, room) < seq)) this.#repair(room);
  }

  /**
   * The server no longer has some events. The `gap` frame goes to the tabs in the room that do not have these events,
   * and to the tabs that are joining the room.
   * @param {Frame} gap
   * @param {(tabs: string[], frame: Frame) => void} deliver
   */
  #deliverGap(gap, deliver) {
    const { room, from, to } = gap;
    const needing = this.#in(room).filter((tab) => this.#at(tab, room) >= from - 1 && this.#at(tab, room) < to);
    for (const tab of needing) this.#positions(tab).set(room, to);
    const joining = [...this.#requests.values()].flatMap(({ tab, frame }) => tab !== null && frame.type === 'join' && frame.room === room ? [tab] : []);
    deliver([...new Set([...needing, ...joining])], gap);
  }

  /**
   * @param {string | null} tab
   * @param {Frame} joined
   * @param {boolean} isResumed whether the tab has asked for the events after its position
   * @param {(tabs: string[], frame: Frame) => void} deliver
   */
  #joined(tab, { room, seq, epoch, messages }, isResumed, deliver) {
    const isKnown = [...this.#tabs].some(([other, positions]) => other !== tab && positions.has(room));
    const position = isResumed ? messages?.at(-1)?.seq ?? seq : seq;
    if (tab !== null) this.#positions(tab).set(room, position);
    this.#epochs.set(room, epoch);
    if (this.#in(room).some((other) => this.#at(other, room) < position)) this.#repair(room);
    const others = [...this.#tabs.keys()].filter((other) => other !== tab && !this.#positions(other).has(room));
    if (tab !== null && !isKnown && others.length) deliver(others, { type: 'tab-joined', room });
  }

  /**
   * @param {string | null} tab the tab that has asked
   * @param {Frame} request
   * @param {Frame} ack
   * @param {(tabs: string[], frame: Frame) => void} deliver
   */
  #tellOthers(tab, request, ack, deliver) {
    const others = [...this.#tabs.keys()].filter((other) => other !== tab);
    if (request.type === 'leave') for (const positions of this.#tabs.values()) positions.delete(request.room);
    if (request.type === 'logout') {
      this.#isLoggedOut = true; // do not forward the server's `bye`: the tab that logged out gets the ack, and the others get the `bye` below
      deliver(others, { type: 'bye', code: BAD_SESSION_CLOSE_CODE, text: t('You have logged out in another tab.'), reconnect: false });
    }
    const news = Object.hasOwn(NEWS, request.type) ? NEWS[request.type](request, ack) : null;
    if (news && others.length) deliver(others, news);
  }

  /**
   * Joins a room again from the earliest position of all tabs.
   * @param {string} room
   */
  #repair(room) {
    const positions = this.#in(room).map((tab) => this.#at(tab, room));
    if (this.#repairs.has(room) || !positions.length) return;
    const id = this.#createId();
    const after = Math.min(...positions);
    if (this.#write(JSON.stringify({ type: 'join', room, after, epoch: this.#epochs.get(room), id }))) this.#repairs.set(room, id);
  }

  /**
   * @param {string} room
   * @param {Frame} answer
   * @param {(tabs: string[], frame: Frame) => void} deliver
   */
  #endRepair(room, { type, messages, retryAfterMs }, deliver) {
    const end = () => { this.#repairs.delete(room); };
    // After an error, the next event of the room starts another join, but only after the delay that the server has named.
    if (type === 'error') return this.#later(end, retryAfterMs ?? REPAIR_AFTER_MS);
    end();
    for (const event of messages ?? []) this.#deliverEvent({ type: 'message', room, ...event }, deliver);
  }

  /** The tabs that are in a room. @param {string} room */
  #in(room) { return [...this.#tabs].filter(([, positions]) => positions.has(room)).map(([tab]) => tab); }

  /**
   * @param {string} tab
   * @param {string} room
   */
  #at(tab, room) { return this.#positions(tab).get(room) ?? 0; }

  /** @param {string} tab */
  #positions(tab) { return this.#tabs.get(tab) ?? new Map(); }
}

/**
 * @param {string} text
 * @returns {Frame | null}
 */
function parse(text) {
  try { return text.startsWith('{') ? JSON.parse(text) : null; } catch { return null; }
}
