// The WebSocket transport: one connection that carries both directions.

import { serverWords } from '../direction.mjs';
import { FIRST_PRIVATE_CLOSE_CODE, isTimestamp, parseFrame, SUBPROTOCOL } from '../protocol.mjs';

/** @import { CloseInfo, Frame, Meter, Transport } from '../types.js' */

/** @implements {Transport} */
export class WebSocketTransport {
  #url; #meter; #isReady = false;
  /** @type {WebSocket | null} */
  #socket = null;
  onready(/** @type {Frame | null} */ _welcome) {}
  onframe(/** @type {Frame} */ _frame) {}
  onreset(/** @type {Frame} */ _welcome) {}
  onactivity() {}
  onclose(/** @type {CloseInfo} */ _info) {}

  /**
   * @param {URL} url
   * @param {Meter | undefined} meter
   */
  constructor(url, meter) {
    this.#url = url;
    this.#meter = meter;
  }

  get isBusy() { return false; }

  open() {
    const socket = this.#socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#meter?.countRequest();
    socket.onmessage = ({ data }) => {
      const frame = parseFrame(data);
      if (!isTimestamp(frame)) this.#meter?.countFrame(data.length, data.length + (data.length < 126 ? 2 : 4)); // RFC 6455, section 5.2
      this.#receive(frame);
    };
    socket.onclose = ({ code, reason }) => {
      this.close();
      this.onclose({ code, reason: code >= FIRST_PRIVATE_CLOSE_CODE ? serverWords(reason) : '' });
    };
  }

  /** @param {string} text */
  send(text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  /** Detaches from the socket immediately, because a broken connection may take minutes to report that it closed. */
  close() {
    if (!this.#socket) return;
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  /** @param {Frame | null} frame */
  #receive(frame) {
    this.onactivity();
    if (!frame) return;
    if (frame.type !== 'welcome' || this.#isReady) return this.onframe(frame);
    this.#isReady = true;
    this.onready(frame);
  }
}
