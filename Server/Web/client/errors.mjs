// Errors after which the page tries again.

/** @import { CloseInfo } from './types.js' */

/** An attempt that failed and may succeed later. Its message is the text for the person, or empty. */
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
