// Asks the site around the frame to log the person in. The page then needs no cookie, which browsers block in frames of other sites.

import { TOKEN_REQUEST, tokenOf } from '../frame-messages.mjs';
import { isFramed, server } from './page.mjs';

const canAsk = isFramed && server.takesTokens && server.frameAncestors.length > 0;

/**
 * Asks the site for a token.
 * @param {'start' | 'rejected' | 'ended'} reason why the page needs one: it has just opened, the server has rejected the last token, or the
 *   session has ended
 */
export function requestToken(reason) {
  if (canAsk) window.parent.postMessage({ type: TOKEN_REQUEST, reason }, '*');
}

/** @param {(token: string) => void} listener */
export function onSiteToken(listener) {
  if (!canAsk) return;
  addEventListener('message', (event) => {
    const token = tokenOf(event, window.parent, server.frameAncestors);
    if (token) listener(token);
  });
}
