// The icon of the page, with a dot if messages are unread.

import { badgeOf } from './room-actions.mjs';

/** @import { Room } from './types.js' */

/** What the icon shows: unread messages, mentions, or nothing. @typedef {'unread' | 'mention' | null} Badge */

/**
 * @param {Iterable<Room>} rooms
 * @returns {Badge}
 */
export function badgeFor(rooms) {
  /** @type {Badge} */
  let badge = null;
  for (const room of rooms) {
    const { count, isMention } = badgeOf(room);
    if (isMention) return 'mention';
    if (count) badge = 'unread';
  }
  return badge;
}

const PLUG = `<path d='M12 9v6M20 9v6' stroke='#fff' stroke-width='3' stroke-linecap='round'/><path d='M9 17h14a7 7 0 0 1-14 0zM16 24v4' fill='none' stroke='#fff' stroke-width='2.5' stroke-linecap='round' stroke-linejoin='round'/>`;
const DOTS = { unread: '#1f6feb', mention: '#d1242f' };
const DEFAULT_COLOUR = '#a8470f';

/**
 * Returns the address of the icon.
 * @param {Badge} badge
 * @param {{ light: string } | null} accents the operator's accent colors; null for the page's own color
 */
export function faviconWith(badge, accents) {
  const dot = badge ? `<circle cx='24' cy='8' r='7' fill='${DOTS[badge]}' stroke='#fff' stroke-width='2'/>` : '';
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='9' fill='${accents?.light ?? DEFAULT_COLOUR}'/>${PLUG}${dot}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
