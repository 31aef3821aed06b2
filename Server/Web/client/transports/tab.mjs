// The transport of a tab that uses the connection of another tab.

/** @import { CloseInfo, Frame, TabLink, TabMessage, Transport, TransportName } from '../types.js' */

const VISIBLE_TICK_MS = 1_500;
const HIDDEN_TICK_MS = 10_000;
const MAX_SILENT_TICKS = 3;

/**
 * Asks the leading tab regularly whether it still runs. The browser can freeze a hidden tab, and a script can hang: such a tab keeps its lock but
 * does not answer. This tab then takes the lead. A visible tab does so after a few seconds, because a person waits. A hidden tab waits longer, because the
 * leading tab may only be slow. This tab counts its ticks without an answer and does not measure the time, because this tab may have been frozen
 * too.
 * @implements {Transport}
 */
export class TabTransport {
  #tabs; #user; #isAttached = false; #timer = 0; #silentTicks = 0;
  /** The texts of one turn of the event loop. This tab sends them as one message, so that no text of another tab comes between them. @type {string[]} */
  #texts = [];
  /** The name of the leading tab; null until this tab has received a message from it. @type {string | null} */
  #leader = null;
  /** @type {TransportName | undefined} */
  via = undefined;
  isShared = true;
  onready(/** @type {Frame | null} */ _welcome) {}
  onframe(/** @type {Frame} */ _frame) {}
  onreset(/** @type {Frame} */ _welcome) {}
  onactivity() {}
  onclose(/** @type {CloseInfo} */ _info) {}

  /**
   * @param {TabLink} tabs
   * @param {{ user: string, name: string, guest: boolean }} user the user of this tab's session
   */
  constructor(tabs, { user, name, guest }) {
    this.#tabs = tabs;
    this.#user = { user, name, guest };
    this.name = tabs.createName();
  }

  get isBusy() { return false; }

  open() {
    this.#tabs.transport = this;
    this.#greet();
    this.#wait();
  }

  /** @param {string} text */
  send(text) {
    if (!this.#isAttached) return false;
    if (this.#texts.push(text) === 1) queueMicrotask(() => this.#post({ kind: 'send', to: [this.#leader ?? ''], texts: this.#texts.splice(0) }));
    return true;
  }

  close() {
    clearTimeout(this.#timer);
    if (this.#tabs.transport !== this) return;
    this.#tabs.transport = null;
    this.#post({ kind: 'gone' });
  }

  /** Asks the leading tab whether it is alive. Call this when this tab has become visible. */
  check() { this.#tick(); }

  /**
   * Receives a message of a leading tab.
   * @param {TabMessage} message
   */
  receive({ from, kind, via, frame, info }) {
    if (kind === 'lead' && !this.#isAttached) this.#greet();
    else if (kind === 'lead' || kind === 'alone') return this.#end({ isMoved: true });
    if (this.#isAttached && from !== this.#leader) return; // from the previous leading tab, which does not know yet that it has lost the lead
    this.#leader = from;
    this.#silentTicks = 0;
    if (kind === 'close') return this.#end(info ?? {});
    if (kind === 'frame' && frame && this.#isAttached) {
      this.onactivity();
      this.onframe(frame);
    }
    if (kind !== 'ready' || this.#isAttached) return;
    this.#isAttached = true;
    this.via = via;
    this.onready(null);
  }

  /** @param {Omit<TabMessage, 'from'>} message */
  #post(message) { this.#tabs.post({ ...message, from: this.name }); }

  #greet() { this.#post({ kind: 'hello', ...this.#user }); }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), this.#tabs.isVisible() ? VISIBLE_TICK_MS : HIDDEN_TICK_MS);
  }

  #tick() {
    this.#wait();
    if (this.#silentTicks >= MAX_SILENT_TICKS) {
      this.#silentTicks = 0;
      return this.#tabs.steal();
    }
    this.#silentTicks += 1;
    this.#post({ kind: 'ping', isAttached: this.#isAttached });
  }

  /** @param {CloseInfo} info */
  #end(info) {
    this.close();
    this.onclose(info);
  }
}
