// How a menu moves its focus, and where it opens.

import { isRightToLeft } from './language.mjs';

/**
 * Returns the index of the entry that gets the focus after a key, or null if the menu does not use the key. A letter moves the focus to the
 * next entry that begins with this letter.
 * @param {{ key: string, altKey: boolean, ctrlKey: boolean, metaKey: boolean }} event
 * @param {number} index the entry that has the focus; -1 if none
 * @param {string[]} entries the words of the entries
 */
export function focusAfterKey({ key, altKey, ctrlKey, metaKey }, index, entries) {
  const count = entries.length;
  if (!count || altKey || ctrlKey || metaKey) return null;
  switch (key) {
    case 'ArrowDown': return (index + 1) % count;
    case 'ArrowUp': return index > 0 ? index - 1 : count - 1;
    case 'Home': return 0;
    case 'End': return count - 1;
  }
  if ([...key].length !== 1 || key === ' ') return null;
  const letter = key.toLowerCase();
  const order = entries.map((_, step) => (index + 1 + step) % count);
  return order.find((one) => entries[one].toLowerCase().startsWith(letter)) ?? null;
}

const MARGIN = 8;  // between the menu and the edge of the page, in px
const GAP = 4;     // between the menu and the button that opened it

/**
 * Returns where a menu opens: below the button that opened it, or above it if there is no space below. The menu begins where the button begins, and
 * stays inside the page.
 * @param {{ left: number, right?: number, top: number, bottom: number }} anchor the button
 * @param {{ width: number, height: number }} size the menu
 * @param {{ width: number, height: number }} page
 */
export function menuPlace(anchor, size, page) {
  const start = isRightToLeft() && anchor.right !== undefined ? anchor.right - size.width : anchor.left;
  const isBelow = anchor.bottom + GAP + size.height + MARGIN <= page.height;
  const top = isBelow ? anchor.bottom + GAP : anchor.top - GAP - size.height;
  const clamp = (/** @type {number} */ value, /** @type {number} */ max) => Math.max(MARGIN, Math.min(value, max));
  return { left: clamp(start, page.width - size.width - MARGIN), top: clamp(top, page.height - size.height - MARGIN) };
}
