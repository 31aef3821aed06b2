// Alerts the person to messages while no tab of the chat has the focus. The person can turn on notifications of the browser, and a sound.

import { AlertClaims } from '../alert-claims.mjs';
import { notificationsOf } from '../notification.mjs';
import { load, NOTIFICATIONS_KEY, save, STORAGE_KEY } from './page.mjs';
import { isQuiet, preferences } from './preferences.mjs';
import { playSound } from './sound.mjs';
import { state } from './store.mjs';
import { usesWorker } from './worker.mjs';

/** @import { Frame } from '../types.js' */

/** Whether this browser can show notifications. A page over plain HTTP can't, except on this machine. */
export const canNotify = typeof Notification !== 'undefined' && window.isSecureContext;

export const areNotificationsOn = () => canNotify && Notification.permission === 'granted' && load('localStorage', NOTIFICATIONS_KEY) === true;

/**
 * Switches the notifications on or off. The browser may ask the person first. Returns whether the notifications are on.
 * @param {boolean} isOn
 */
export async function setNotifications(isOn) {
  const isAllowed = isOn && canNotify && await Notification.requestPermission() === 'granted';
  save('localStorage', NOTIFICATIONS_KEY, isAllowed ? true : null);
  return isAllowed;
}

// A tab waits for a moment before it alerts the person. During this time, another tab may report that it has alerted the person, or that it has the
// focus. The waiting times differ, so that two tabs rarely decide at the same time.
const WAIT_MS = 100;
const SPREAD_MS = 200;

const claims = new AlertClaims();

/** The channel between the tabs. In a browser without channels, each tab alerts the person. */
const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`${STORAGE_KEY} alerts`);
tabs?.addEventListener('message', ({ data }) => claims.note(String(data?.room), Number(data?.seq)));

/**
 * Alerts the person to new events, unless a tab of this chat has the focus.
 * @param {Frame[]} events
 * @param {(room: string) => void} open called when the person has clicked on a notification
 */
export function showNotifications(events, open) {
  const alerts = notificationsOf(events, state.rooms, state.self, preferences.alerts);
  if (!alerts.length) return;
  if (document.hasFocus()) {
    for (const { tag, seq } of alerts) tell(tag, seq);
    return;
  }
  if (isQuiet() || !areNotificationsOn() && !preferences.sound) return;
  setTimeout(() => {
    const own = alerts.filter(({ tag, seq }) => claims.claim(tag, seq));
    if (!own.length) return;
    for (const { tag, seq } of own) tell(tag, seq);
    if (preferences.sound) playSound();
    if (areNotificationsOn()) show(own, open);
  }, WAIT_MS + Math.random() * SPREAD_MS);
}

/**
 * Tells the other tabs that the person knows of a message.
 * @param {string} room
 * @param {number} seq
 */
function tell(room, seq) {
  tabs?.postMessage({ room, seq });
}

/**
 * @param {ReturnType<typeof notificationsOf>} alerts
 * @param {(room: string) => void} open
 */
function show(alerts, open) {
  for (const { title, body, tag, seq } of alerts) {
    const options = { body, tag: `${STORAGE_KEY} ${tag}` };
    try {
      const shown = new Notification(title, options);
      shown.onclick = () => {
        window.focus();
        shown.close();
        open(tag);
      };
    } catch {
      // On phones, browsers show a notification only if a worker creates it.
      if (usesWorker) navigator.serviceWorker.ready.then((worker) => worker.showNotification(title, { ...options, data: { room: tag, seq } })).catch(() => {});
    }
  }
}
