// A lane of the transport lab: one of the transports that the lab compares.

import { address, createId } from '../app/page.mjs';
import { t } from '../language.mjs';
import { within } from '../outbox-store.mjs';
import { isTimestamp } from '../protocol.mjs';
import { createTransport, STREAM_TRANSPORTS } from '../transports/transports.mjs';
import { TrafficMeter } from './measures.mjs';

/** @import { Frame, HttpSessionState, Transport, TransportName } from '../types.js' */
/** @import { ClockOffset } from './clock-offset.mjs' */
/** @import { Traffic } from './measures.mjs' */

const ANSWER_WITHIN_MS = 10_000;

/** The page's clock in milliseconds. The clock is as exact as the browser allows, and is never set back. */
export const pageNow = () => performance.timeOrigin + performance.now();

/** Joins the lab's room over one transport, and measures what arrives. Each lane is a separate device of this page's session. */
export class Lane {
  meter = new TrafficMeter();
  /** The newest message's sequence number. */
  seq = 0;
  /** How many messages arrived, and how many were lost. */
  count = 0; lost = 0;
  /** The delivery times, in milliseconds. @type {number[]} */
  deliveries = [];
  /**
   * For each message, the times when the message was sent, handed to the connection (`wire`, by the server's clock) and received.
   * @type {{ sent: number, wire: number, arrived: number }[]}
   */
  timestamps = [];
  /** Why this transport does not work here. */
  error = '';
  /** The traffic while nobody writes. @type {Traffic | undefined} */
  idle;
  /** The traffic while somebody writes. @type {Traffic | undefined} */
  busy;
  /** How long reconnecting took, in milliseconds. @type {number | undefined} */
  reconnectTime;

  /** @type {string | undefined} */
  #epoch;
  /** @type {Transport | null} */
  #transport = null;
  /** @type {HttpSessionState} */
  #http;
  /** @type {PromiseWithResolvers<void> | null} */
  #joining = null;
  /** @type {Map<string, (answer: Frame) => void>} */
  #requests = new Map();
  /** Messages whose timestamp has not arrived. @type {{ sent: number, arrived: number }[]} */
  #withoutTimestamp = [];

  /**
   * @param {TransportName} name
   * @param {string} room
   * @param {ClockOffset} clocks
   */
  constructor(name, room, clocks, device = `lab-${name}`) {
    this.name = name;
    this.room = room;
    this.clocks = clocks;
    this.#http = { cursor: null, trusted: new Set(STREAM_TRANSPORTS), device, meter: this.meter, timestamps: true };
  }

  /** For each message, the time from its sending until the server handed it to the connection. */
  get toWire() { return this.clocks.isKnown ? this.timestamps.map(({ sent, wire }) => wire - this.clocks.ahead - sent) : []; }

  /** For each message, the time from the server's hand-over to the connection until the page received it. */
  get toPage() { return this.clocks.isKnown ? this.timestamps.map(({ wire, arrived }) => arrived - (wire - this.clocks.ahead)) : []; }

  /** Connects. Resolves when the lane is in the room. */
  open() {
    const joining = this.#joining = Promise.withResolvers();
    this.#withoutTimestamp = [];
    const socketUrl = () => {
      const url = new URL(address);
      url.searchParams.set('wire', '1');
      return url;
    };
    const transport = this.#transport = createTransport(this.name, { socketUrl, base: location.href, http: this.#http });
    transport.onready = transport.onreset = () => { this.#join(joining); };
    transport.onframe = (frame) => this.#receive(frame);
    transport.onclose = ({ reason }) => {
      this.error ||= reason || t('does not work here');
      this.#joining?.reject(new Error(this.error));
    };
    transport.open();
    return within(ANSWER_WITHIN_MS, joining.promise);
  }

  /**
   * Sends a frame. Resolves to its answer.
   * @param {Frame} frame
   * @returns {Promise<Frame>}
   */
  ask(frame) {
    const { promise, resolve } = Promise.withResolvers();
    const id = `lab-${createId()}`;
    this.#requests.set(id, resolve);
    this.#transport?.send(JSON.stringify({ ...frame, id }));
    return within(ANSWER_WITHIN_MS, promise);
  }

  close() { this.#transport?.close(); }

  /** @param {PromiseWithResolvers<void>} joining */
  async #join(joining) {
    const after = this.seq ? { after: this.seq, epoch: this.#epoch } : { limit: 1 };
    try {
      let answer = await this.ask({ type: 'join', room: this.room, ...after });
      if (answer.code === 'no-room') answer = await this.ask({ type: 'create', room: this.room, private: true, topic: t('Comparison of transports') });
      if (answer.type !== 'joined') throw new Error(answer.text);
      this.#epoch = answer.epoch;
      if (!this.seq) this.seq = answer.seq;
      else answer.messages.forEach((/** @type {Frame} */ message) => this.#receive(message));
      joining.resolve();
    } catch (error) {
      joining.reject(error);
    }
  }

  /** @param {Frame} frame */
  #receive(frame) {
    const answered = this.#requests.get(frame.id);
    if (answered) {
      this.#requests.delete(frame.id);
      return answered(frame);
    }
    if (isTimestamp(frame)) return this.#receiveTimestamp(Date.parse(frame.at) + frame.us / 1000);
    if (frame.type !== 'message' || frame.room !== this.room || frame.seq <= this.seq) return;
    this.lost += frame.seq - this.seq - 1;
    this.seq = frame.seq;
    this.count += 1;
    const [sent, arrived] = [Number(frame.text.split(' ')[1]), pageNow()];
    this.deliveries.push(arrived - sent);
    this.#withoutTimestamp.push({ sent, arrived });
  }

  /** @param {number} wire */
  #receiveTimestamp(wire) {
    for (const { sent, arrived } of this.#withoutTimestamp) {
      this.clocks.add(wire, wire, sent, arrived);
      this.timestamps.push({ sent, wire, arrived });
    }
    this.#withoutTimestamp = [];
  }
}
