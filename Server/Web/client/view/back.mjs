// The Back button of a phone. It closes what is open, then goes from the room to the list of rooms, and only then leaves the page.

import { isEmbedded } from '../app/page.mjs';
import { updateAddress } from '../app/remember.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { ui } from '../app/ui.mjs';
import { closeDialogs, isDialogOpen, NARROW, onDialogClosed } from './dom.mjs';
import { renderDrawers } from './layout.mjs';

// The page has one entry in the browser's history for each level, and each entry contains the number of its level.
const LIST = 0, ROOM = 1, ABOVE = 2; // the list of rooms, a room, a dialog or the members

/** Whether the page itself has called history.go(), and the browser has not yet reported the change (popstate). */
let isTravelling = false;

const shownLevel = () => isDialogOpen() || ui.drawer === 'people' ? ABOVE : ui.drawer === 'rail' ? LIST : ROOM;
const historyLevel = () => /** @type {number} */ (history.state?.level ?? LIST);

/**
 * Brings the browser's history to the level that the page shows. Does nothing on an embedded page, because the site around the frame owns the history.
 */
export function renderBack() {
  if (isEmbedded || !NARROW.matches || !ui.inside || isTravelling) return;
  const [shown, stored] = [shownLevel(), historyLevel()];
  if (shown < stored) {
    isTravelling = true;
    history.go(shown - stored);
  }
  for (let level = stored + 1; level <= shown; level += 1) history.pushState({ level }, '');
}

/** @param {number} level */
function goBackTo(level) {
  if (level < ABOVE) {
    closeDialogs();
    ui.drawer = level === LIST ? 'rail' : null;
  }
  renderDrawers();
}

addEventListener('popstate', () => {
  const isOwn = isTravelling;
  isTravelling = false;
  if (ui.inside) updateAddress(); // the address in the history entry may be out of date
  if (!isOwn && NARROW.matches && ui.inside) goBackTo(historyLevel());
  scheduleRender();
});
onDialogClosed(scheduleRender);
