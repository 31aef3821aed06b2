// HTTP streaming: a response with one frame per line, read while it arrives.

import { isNumbered, isTimestamp, parseFrame } from '../protocol.mjs';
import { closeInfoFrom, errorFromResponse } from './http.mjs';
import { StreamTransport } from './stream.mjs';

export class HttpStreamingTransport extends StreamTransport {
  /** @type {AbortController | null} */
  #request = null;

  /** @override */
  connect() {
    const { signal } = this.#request = new AbortController();
    this.meter?.countRequest();
    const end = (/** @type {unknown} */ error = undefined) => {
      if (!signal.aborted) this.reportStreamEnd(error ? closeInfoFrom(error) : undefined);
    };
    this.#readLines(signal).then(() => end(), end);
  }

  /** @override */
  disconnect() { this.#request?.abort(); }

  /** @param {AbortSignal} signal */
  async #readLines(signal) {
    const response = await fetch(this.url(this.path('stream', '&probe=1')), { signal, cache: 'no-store', credentials: 'same-origin' });
    if (!response.ok || !response.body) throw errorFromResponse(response, await response.text());
    let cursor = Number(response.headers.get('chat-cursor'));
    let rest = '';
    for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      this.meter?.countBytes(value.length);
      this.markActivity();
      for (const frame of lines.map(parseFrame)) {
        if (signal.aborted) return; // the next stream has the rest of the frames
        if (isTimestamp(frame)) this.meter?.countBytes(-JSON.stringify(frame).length - 1);
        if (frame) this.receive(frame, isNumbered(frame) ? cursor += 1 : 0);
      }
    }
  }
}
