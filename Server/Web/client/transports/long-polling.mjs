// Long-polling: the server answers a request when it has frames.

import { ANSWER_WITHIN_MS, HttpTransport } from './http.mjs';

const WAIT_S = 25; // less than 30 s, after which common proxies end a request

export class LongPollingTransport extends HttpTransport {
  /** @override */
  async readAll() {
    while (this.isOpen) {
      this.receiveBatch(await this.request(this.path('longpoll', `&wait=${WAIT_S}`), { within: WAIT_S * 1000 + ANSWER_WITHIN_MS }));
    }
  }
}
