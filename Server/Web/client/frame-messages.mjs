// The messages between the page in a frame and the site's page around the frame.

/** The page asks for a token of the site. The message has no secret, so every page may read it. */
export const TOKEN_REQUEST = 'rawsocketchat.token-request';
/** The answer of the site: `{ type, jwt }`. */
export const TOKEN = 'rawsocketchat.token';

const MAX_TOKEN = 16_384; // characters; the server rejects longer tokens

/**
 * Returns the token of a message, or null. Only the page around the frame may send a token, and only if its origin may show the chat in a frame.
 * @param {{ source: unknown, origin: string, data: any }} message
 * @param {unknown} parent the window around the frame
 * @param {string[]} origins
 * @returns {string | null}
 */
export function tokenOf({ source, origin, data }, parent, origins) {
  if (source !== parent || !origins.includes(origin) || data?.type !== TOKEN) return null;
  return typeof data.jwt === 'string' && data.jwt && data.jwt.length <= MAX_TOKEN ? data.jwt : null;
}
