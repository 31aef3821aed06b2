// The forever iframe: a hidden page whose response stays open. For each frame, a script in the hidden page calls a function of this page.

import { t } from '../language.mjs';
import { isNumbered, isTimestamp } from '../protocol.mjs';
import { StreamTransport } from './stream.mjs';

/** @import { Frame } from '../types.js' */

const CALLBACK = 'rawSocketChatFrame';
const SCRIPT_BYTES = 95; // the script element around a frame

export class IframeTransport extends StreamTransport {
  static #count = 0;
  /** @type {HTMLIFrameElement | null} */
  #frame = null;
  #callback = `${CALLBACK}${IframeTransport.#count++}`;

  /** @override */
  connect() {
    // If the iframe started before this page has loaded, this page would never finish loading.
    if (document.readyState !== 'complete') return addEventListener('load', () => { if (this.isOpen) this.connect(); }, { once: true });
    const iframe = this.#frame = document.createElement('iframe');
    /** @type {number | null} */
    let cursor = null;
    const root = () => { try { return iframe.contentDocument?.documentElement; } catch { return null; } };
    this.meter?.countRequest();
    callbacks[this.#callback] = (frame) => {
      if (!isTimestamp(frame)) this.meter?.countBytes(JSON.stringify(frame).length + SCRIPT_BYTES);
      cursor ??= Number(root()?.dataset.cursor);
      this.receive(structuredClone(frame), isNumbered(frame) ? cursor += 1 : 0);
    };
    iframe.hidden = true;
    iframe.title = t('Messages from the server');
    // The server ends a response that has become too long (Http:IframeBytes). Then the page opens the iframe again. If an iframe has ended
    // without any frame, the transport does not work.
    iframe.onload = () => {
      if (!iframe.isConnected) return;
      if (cursor === null) this.reportStreamEnd();
      else this.reconnect();
    };
    iframe.src = this.url(this.path('iframe', `&probe=1&callback=parent.${this.#callback}`)).href;
    document.body.append(iframe);
  }

  /** @override */
  disconnect() {
    this.#frame?.remove();
    delete callbacks[this.#callback];
  }
}

/** The global functions that the scripts in the iframes call. */
const callbacks = /** @type {Record<string, (frame: Frame) => void>} */ (/** @type {unknown} */ (globalThis));
