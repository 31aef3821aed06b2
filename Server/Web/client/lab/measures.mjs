// The numbers of the transport lab.

import { numberWords } from '../language.mjs';

// Resource Timing counts 300 bytes for the headers of a response. A page can't see the size of the real headers.
const HEADER_BYTES = 300;

/**
 * Counts the requests and the bytes of a transport. `payload` is the number of bytes of the received frames' JSON. All other bytes are
 * overhead.
 */
export class TrafficMeter {
  requests = 0; bytes = 0; payload = 0;

  countRequest(body = 0) {
    this.requests += 1;
    this.bytes += HEADER_BYTES + body;
  }

  /** @param {number} bytes */
  countBytes(bytes) { this.bytes += bytes; }

  /** @param {number} payload */
  countFrame(payload, bytes = 0) {
    this.payload += payload;
    this.bytes += bytes;
  }

  snapshot() { return { requests: this.requests, bytes: this.bytes, payload: this.payload }; }

  /**
   * The counts since a snapshot.
   * @param {Traffic} snapshot
   * @returns {Traffic}
   */
  since(snapshot) {
    return { requests: this.requests - snapshot.requests, bytes: this.bytes - snapshot.bytes, payload: this.payload - snapshot.payload };
  }
}

/** @typedef {{ requests: number, bytes: number, payload: number }} Traffic */

/**
 * Returns the given percentile, or null if there are no values.
 * @param {number[]} values
 * @param {number} part from 0 to 1
 */
export function percentile(values, part) {
  if (!values.length) return null;
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
}

/**
 * Formats a number for a table cell: one decimal below ten, none above.
 * @param {number | null | undefined} value
 */
export function formatMeasure(value) {
  if (value === null || value === undefined) return '';
  return value < 10 && !Number.isInteger(value) ? numberWords(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) : numberWords(Math.round(value));
}
