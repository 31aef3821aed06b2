// Server-sent events, read by the browser's EventSource.

import { isTimestamp, parseFrame } from '../protocol.mjs';
import { StreamTransport } from './stream.mjs';

export class ServerSentEventsTransport extends StreamTransport {
  /** @type {EventSource | null} */
  #source = null;

  /** @override */
  connect() {
    const source = this.#source = new EventSource(this.url(this.path('events', '&probe=1')));
    this.meter?.countRequest();
    source.onmessage = ({ data, lastEventId }) => {
      const frame = parseFrame(data);
      if (!isTimestamp(frame)) this.meter?.countBytes(data.length + `id: ${lastEventId}\ndata: \n\n`.length);
      this.receive(frame, Number(lastEventId));
    };
    // An EventSource reconnects by itself. The page closes it instead, so that all transports reconnect in the same way.
    source.onerror = () => this.reportStreamEnd();
  }

  /** @override */
  disconnect() { this.#source?.close(); }
}
