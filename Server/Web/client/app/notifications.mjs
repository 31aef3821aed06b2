// Shows notifications of the browser, if the person has switched them on.

import { notificationsOf } from '../notification.mjs';
import { load, NOTIFICATIONS_KEY, save } from './page.mjs';
import { state } from './store.mjs';

/** @import { Frame } from '../types.js' */

/** Whether this browser can show notifications. A page over plain HTTP can't, except on this machine. */
export const canNotify = typeof Notification !== 'undefined' && window.isSecureContext;

export const areNotificationsOn = () => canNotify && Notification.permission === 'granted' && load('localStorage', NOTIFICATIONS_KEY) === true;

/**
 * Switches the notifications on or off. The browser may ask the person first. Returns whether they are on.
 * @param {boolean} isOn
 */
export async function setNotifications(isOn) {
  const isAllowed = isOn && canNotify && await Notification.requestPermission() === 'granted';
  save('localStorage', NOTIFICATIONS_KEY, isAllowed ? true : null);
  return isAllowed;
}

/**
 * Shows notifications for new events, unless the person is looking at the page.
 * @param {Frame[]} events
 * @param {(room: string) => void} open called when the person has clicked on a notification
 */
export function showNotifications(events, open) {
  if (!areNotificationsOn() || document.hasFocus()) return;
  for (const { title, body, tag } of notificationsOf(events, state.rooms, state.self)) {
    try {
      const shown = new Notification(title, { body, tag });
      shown.onclick = () => {
        window.focus();
        shown.close();
        open(tag);
      };
    } catch { return; } // browsers on phones show only the notifications of installed pages
  }
}
