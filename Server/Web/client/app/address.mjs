// Keeps the page's address up to date. A page that is loaded again shows the same room, and enters no room that the person has left.

/**
 * Puts the current room into the address. Removes the name, because the page has stored the name, and because a copied
 * link must not contain it.
 * @param {string | null} room
 * @param {{ keepsName?: () => boolean }} options `keepsName` returns whether the page could not store the name. It is called only if the address
 *   has a name.
 */
export function showInAddress(room, { keepsName = () => false } = {}) {
  const url = new URL(location.href);
  if (room === null) url.searchParams.delete('room');
  else url.searchParams.set('room', room);
  if (url.searchParams.has('name') && !keepsName()) url.searchParams.delete('name');
  if (url.href === location.href) return;
  // A browser may limit how often a page changes its address. Then this change is left out, and the next change corrects the address.
  try { history.replaceState(history.state, '', url); } catch { /* the address stays */ }
}
