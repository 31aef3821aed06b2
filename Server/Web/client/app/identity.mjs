// The page's identity: its session, user and name. The page gets its identity in a separate request, so no password passes through the
// chat's connection.

import { WELCOME_WITHIN_MS } from '../connection.mjs';
import { isolated } from '../direction.mjs';
import { RetryableError } from '../errors.mjs';
import { errorWords, sameName } from '../formatting.mjs';
import { t } from '../language.mjs';
import { NAME_ERRORS, parseFrame, SUBPROTOCOL } from '../protocol.mjs';
import { address, DRAFTS_KEY, expectsSiteToken, FILES_KEY, isFile, load, NAME_KEY, save, SESSION_NAME_KEY, siteToken, STORAGE_KEY } from './page.mjs';
import { offlineStore, outboxStore } from './storage.mjs';
import { state } from './store.mjs';

/** @import { Entrance, Frame } from '../types.js' */

export const identity = {
  /** Whether the page's session is in a cookie. A page from disk, or a page without cookies, holds the session's token itself. */
  usesCookie: !isFile && !siteToken && !expectsSiteToken, // most browsers block the cookies of a page in a frame of another site
  /** The session's token; null if the page uses a cookie. @type {string | null} */
  token: null,
  /** The user that the cookie identifies. @type {string | null} */
  cookieUser: null,
  /** The person's choice at the entrance, until the page has joined the first room. @type {Entrance | null} */
  entering: null,
  /**
   * The name that the person asked for at the entrance. If the page's address contains this name, the page restores its stored place, even
   * if a /nick has changed the user's name since then.
   * @type {string | null}
   */
  enteredAs: null,
  /** The server's reason if the page could not keep its earlier name. */
  nameRefusal: '',
};

/** The name that the page wants to have. */
const wantedName = () => state.self && !identity.entering?.strict ? state.self.name : identity.entering?.name;

/** The query of the WebSocket's address. A page with a cookie needs no query. */
export function socketQuery() {
  const query = new URLSearchParams();
  if (identity.usesCookie) return query;
  if (!isFile) query.set('cookie', 'none');
  const name = wantedName();
  if (identity.token) query.set('session', identity.token);
  if (name) query.set('name', name);
  return query;
}

/**
 * Prepares a connection: the page asks the server which user its cookie identifies, and the server renews the cookie. If the session has
 * ended, the page is now another guest, and asks for its earlier name. The page never renames an account: a name in a link, in the form or
 * in an old tab is not a request to rename the account.
 * @param {AbortSignal} signal
 * @returns {Promise<{ welcome?: Frame, refusal?: Frame }>}
 */
export async function introduce(signal) {
  if (!identity.usesCookie) return {};
  const name = wantedName();
  const knownUser = identity.entering ? identity.entering.user : state.self?.user;
  let answer = await askForIdentity({ type: 'hello' }, signal);
  if (answer.code === 'not-allowed') return { refusal: answer }; // the server accepts no guests
  const isOther = identity.entering?.strict ? answer.name !== name : answer.user !== knownUser && !sameName(answer.name ?? '', name ?? '');
  if (answer.type === 'welcome' && answer.guest && name && isOther) {
    const named = await askForIdentity({ type: 'hello', name }, signal);
    const isRefused = NAME_ERRORS.has(named.code);
    if (isRefused && identity.entering?.strict) return { refusal: named };
    if (isRefused) identity.nameRefusal = named.text;
    else answer = named;
  }
  if (answer.type !== 'welcome') throw new RetryableError(answer.text, answer.retryAfterMs);
  identity.cookieUser = answer.user;
  return { welcome: answer };
}

/**
 * Sends `hello`, `login` or `register`. Returns the server's answer: a `welcome` or an `error`.
 * @param {Frame} frame
 * @param {AbortSignal} signal
 * @returns {Promise<Frame>}
 */
function askForIdentity(frame, signal) {
  if (identity.usesCookie) return postFrame(new URL('session', location.href), frame, signal);
  const url = new URL(address);
  if (!isFile) url.searchParams.set('cookie', 'none');
  if (identity.token) url.searchParams.set('session', identity.token);
  return askOverSocket(url, frame);
}

/**
 * Sends a frame by POST /session. The server puts the token into a cookie that no script can read.
 * @param {URL} url
 * @param {Frame} frame
 * @param {AbortSignal} signal
 */
async function postFrame(url, frame, signal) {
  const response = await fetch(url, {
    method: 'POST', credentials: 'same-origin', cache: 'no-store', signal,
    headers: { 'content-type': 'application/json' }, body: JSON.stringify(frame),
  });
  const answer = parseFrame(await response.text());
  if (!answer) throw new RetryableError(t('The server answered {status}.', { status: String(response.status) }));
  return answer;
}

/**
 * Sends a frame over a separate WebSocket, for a page without a cookie.
 * @param {URL} url
 * @param {Frame} frame
 * @returns {Promise<Frame>}
 */
function askOverSocket(url, frame) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const socket = new WebSocket(url, SUBPROTOCOL);
  const timer = setTimeout(() => socket.close(), WELCOME_WITHIN_MS);
  socket.onopen = () => socket.send(JSON.stringify({ ...frame, id: 'once' }));
  socket.onmessage = ({ data }) => {
    const answer = parseFrame(data);
    if (answer?.id !== 'once') return;
    resolve(answer);
    socket.close();
  };
  socket.onclose = () => reject(new RetryableError());
  return promise.finally(() => clearTimeout(timer));
}

let isSigningIn = false;

/**
 * Signs in with a `login` or `register` frame, or with a `hello` frame that has the token of another session. Returns the welcome. If the
 * server refuses or can't be reached, calls `refused` with the reason and returns null. While another sign-in is running, returns null.
 * @param {Frame} frame
 * @param {(words: string) => void} refused
 */
export async function signIn(frame, refused) {
  if (isSigningIn) return null;
  isSigningIn = true;
  try {
    const answer = await askForIdentity(frame, AbortSignal.timeout(WELCOME_WITHIN_MS));
    if (answer.type !== 'welcome') return refused(errorWords(answer)), null;
    if (!identity.usesCookie) identity.token = answer.session;
    return answer;
  } catch {
    return refused(t('Can’t reach {host}. Please try again in a moment.', { host: isolated(address.host) })), null;
  } finally {
    isSigningIn = false;
  }
}

/**
 * Signs in with a token of the site that shows the page in a frame. Returns the welcome, or null.
 * @param {string} jwt
 * @param {(words: string) => void} refused
 */
export async function signInFromSite(jwt, refused) {
  let answer = await signIn({ type: 'hello', jwt }, refused);
  const token = identity.token;
  // The server sends no token if the browser has sent the cookie. So a missing token means that the browser keeps the cookie in this frame.
  if (answer && !token) {
    [identity.token, identity.usesCookie] = [null, true];
    answer = await signIn({ type: 'hello', jwt }, refused);
  }
  return answer;
}

let saved = '';

/** Removes what this browser has stored about the person's session. */
export function forgetSession() {
  saved = '';
  if (!isFile) offlineStore.clear();
  identity.token = null;
  save('sessionStorage', STORAGE_KEY, null);
  save('sessionStorage', DRAFTS_KEY, null);
  if (identity.usesCookie) save('localStorage', DRAFTS_KEY, null);
  save('sessionStorage', FILES_KEY, null);
  save('localStorage', SESSION_NAME_KEY, null);
  if (identity.usesCookie) outboxStore.savePlace(null);
}

/**
 * Stores the person's place (name and rooms). On later visits, the form shows the stored name. If this tab is loaded again, it
 * restores the place. If the page uses a cookie, a new tab restores the place too.
 * @param {import('../types.js').Place} place
 */
export function savePlace(place) {
  const { token, usesCookie } = identity;
  const now = JSON.stringify([place, token, usesCookie]);
  if (now === saved) return; // this function runs after each change of the rooms, and most changes do not affect the place
  saved = now;
  save('localStorage', NAME_KEY, place.name);
  save('sessionStorage', STORAGE_KEY, { ...place, ...token && { session: token } });
  if (usesCookie) save('localStorage', SESSION_NAME_KEY, place.name);
  const { marks: _, ...lasting } = place; // the marks of new messages are for this tab only
  if (usesCookie) outboxStore.savePlace(lasting);
}

/** Reads what savePlace() stored for this tab. */
export const loadTabPlace = () => /** @type {import('../types.js').Place | null} */ (load('sessionStorage', STORAGE_KEY));
