// What the operator has set for this server: the name, the color and the logo. The page shows them before anybody has logged in.

import { accentsFor } from '../brand.mjs';
import { isFile, load, save, SITE_KEY } from './page.mjs';

/** @import { Site, SiteRoom } from '../types.js' */

const DEFAULT_NAME = 'RawSocketChat';
const MAX_LOGO = 200_000;

/** @type {Site} */
export let site = siteFrom(load('localStorage', SITE_KEY)); // the answer of the last visit, until the new answer arrives

/** @type {(() => void)[]} */
const listeners = [];

/**
 * Registers a function to call when the operator's settings have arrived.
 * @param {() => void} listener
 */
export function onSite(listener) { listeners.push(listener); }

/**
 * @param {any} answer
 * @returns {Site}
 */
function siteFrom(answer) {
  const { name, color, logo } = answer ?? {};
  return {
    name: typeof name === 'string' && name ? name : DEFAULT_NAME,
    accents: accentsFor(color),
    logo: typeof logo === 'string' && logo.startsWith('data:image/') && logo.length <= MAX_LOGO ? logo : null,
    rooms: Array.isArray(answer?.rooms) ? answer.rooms.filter((/** @type {any} */ one) => typeof one?.room === 'string') : [],
  };
}

/** Asks the server for the operator's settings. An older server does not have them; the page then keeps its default name and color. */
export async function askSite() {
  if (isFile) return;
  try {
    const response = await fetch('site.json');
    if (!response.ok) return;
    const answer = await response.json();
    site = siteFrom(answer);
    save('localStorage', SITE_KEY, { name: answer.name, color: answer.color, logo: answer.logo });
  } catch { return; } // the page works without the answer
  for (const listener of listeners) listener();
}
