// Errors after which the page tries again.

/** @import { CloseInfo } from './types.js' */

/** An attempt failed, but a later attempt may succeed. The message is the text for the person, or empty. */
export class RetryableError extends Error {
  /**
   * @param {string} message
   * @param {number | undefined} retryAfterMs
   * @param {Pick<CloseInfo, 'hung' | 'buffers'>} details
   */
  constructor(message = '', retryAfterMs = undefined, details = {}) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.details = details;
  }
}
