// The page's address with its parameters, and access to the browser's storage.

import { serverAddress, storageKey } from '../server-address.mjs';
import { serverSettings } from '../server-settings.mjs';

export const isFile = location.protocol === 'file:';
export const isFramed = !isFile && window.parent !== window;

/** What the server has written into the page. */
export const server = serverSettings(document.getElementById('server')?.dataset ?? {});

/** The parameters in the page's address: name, room, way, tabs, embed, server. */
export const parameters = new URLSearchParams(location.search);

/** Whether the page shows one room without side bars. */
export const isEmbedded = parameters.get('embed') === '1';

const fragment = takeFragment();

/**
 * A token of the site that shows this page in a frame, from the fragment of the page's address (`#jwt=…`). No browser sends a fragment to a
 * server, and the page removes it from the address immediately. Only a page in a frame takes a token, because only the sites in Web:FrameAncestors
 * can show it in a frame. Outside a frame, the token could come from a link that anybody made. Such a link must not log a person in as somebody
 * else.
 */
export const siteToken = isFramed ? fragment.get('jwt') : null;

/** Whether the page asks the site for a token, because the address has none. */
export const expectsSiteToken = isFramed && !siteToken && server.takesTokens && server.frameAncestors.length > 0;

/** Whether the server has sent the browser here after a login with the provider. The session is in the cookie. */
export const isBackFromLogin = fragment.has('signed-in');

/** The seq of the message to show, from the fragment. A link to a message contains this seq. A notification of the worker opens such a link. */
export const linkedMessage = Number(fragment.get('message')) || null;

function takeFragment() {
  const taken = new URLSearchParams(location.hash.slice(1));
  if (!taken.get('jwt') && !taken.has('signed-in') && !taken.has('message')) return taken;
  const url = new URL(location.href);
  url.hash = '';
  history.replaceState(history.state, '', url);
  return taken;
}

/** The address of the server's WebSocket. */
export const address = serverAddress(location, parameters.get('server'));

/** The first part of all keys in the browser's storage, and of the names of the channels between tabs. */
export const STORAGE_KEY = storageKey(address);

/** The drafts. */
export const DRAFTS_KEY = `${STORAGE_KEY} drafts`;

/** The files of this tab's drafts. */
export const FILES_KEY = `${STORAGE_KEY} files`;

// All keys begin with STORAGE_KEY, so that two servers on one host share nothing.
export const NAME_KEY = `${STORAGE_KEY} name`;
/** The name of the user whose session is in the cookie, until the person logs out. */
export const SESSION_NAME_KEY = `${STORAGE_KEY} session name`;
/** The room for which this tab has begun a login with the provider. */
export const LOGIN_KEY = `${STORAGE_KEY} login`;
export const THEME_KEY = `${STORAGE_KEY} theme`;
export const PREFERENCES_KEY = `${STORAGE_KEY} preferences`;
/** The table of the language that this browser has used last. */
export const LANGUAGE_KEY = `${STORAGE_KEY} language`;
/** The emoji that the person has used last. */
export const EMOJI_KEY = `${STORAGE_KEY} emoji`;
export const SITE_KEY = `${STORAGE_KEY} site`;
export const NOTIFICATIONS_KEY = `${STORAGE_KEY} notifications`;
/** The user for whom this browser gets push messages. */
export const PUSH_KEY = `${STORAGE_KEY} push`;

/**
 * Reads a value. A browser may forbid storage, for example for a page from disk. The chat works without storage.
 * @param {'localStorage' | 'sessionStorage'} storage
 * @param {string} key
 */
export function load(storage, key) {
  try { return JSON.parse(window[storage].getItem(key) ?? 'null'); } catch { return null; }
}

/**
 * Stores a value; null removes it.
 * @param {'localStorage' | 'sessionStorage'} storage
 * @param {string} key
 * @param {unknown} value
 */
export function save(storage, key, value) {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, JSON.stringify(value));
  } catch { /* only this page knows the value, until the page is closed */ }
}

/**
 * The link to a room, for other people. If this page is from disk, the link leads to the server's page.
 * @param {string} room
 * @param {number} [seq] a message that the page shows after the join
 */
export function roomLink(room, seq) {
  const url = new URL(isFile ? address.href.replace(/^ws/, 'http').replace(/ws$/, '') : `${location.origin}${location.pathname}`);
  url.searchParams.set('room', room);
  if (seq) url.hash = `message=${seq}`;
  return url.href;
}

/**
 * Fetches a JSON file that the server has beside the page. A page from disk asks the server to which it connects. Returns null if the server can't be
 * reached, or is an older version without the file.
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function fetchBesidePage(path) {
  try {
    const response = await fetch(new URL(path, isFile ? address.href.replace(/^ws/, 'http') : location.href));
    return response.ok ? await response.json() : null;
  } catch { return null; }
}

/** Creates an id that no other page and no other visit has. */
export const createId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Whether the device probably has an Apple keyboard. */
export const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

export const nowIso = () => new Date().toISOString();
