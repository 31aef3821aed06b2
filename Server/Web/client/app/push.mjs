// Push messages: the server tells this browser about new messages while the page is closed.

import { t } from '../language.mjs';
import { within } from '../outbox-store.mjs';
import { identity } from './identity.mjs';
import { canNotify } from './notifications.mjs';
import { load, PUSH_KEY, save, server, STORAGE_KEY } from './page.mjs';
import { onPreferences, preferences } from './preferences.mjs';
import { state } from './store.mjs';
import { usesWorker } from './worker.mjs';

/** Whether the operator has set a key for push messages, and the browser supports push messages. */
export const canPush = usesWorker && canNotify && server.pushKey !== null && 'PushManager' in window;

/** Whether the user of this page gets push messages in this browser. */
export const isPushOn = () => canPush && state.self !== null && load('localStorage', PUSH_KEY) === state.self.user;

/**
 * Turns the push messages on or off. The browser may ask the person first. Returns the reason if this fails, or null.
 * @param {boolean} isOn
 * @returns {Promise<string | null>}
 */
export async function setPush(isOn) {
  if (!isOn) {
    const endpoint = await forgetPush();
    if (endpoint) send('DELETE', { endpoint }).catch(() => {}); // if this fails, the push service later tells the server that the subscription has ended
    return null;
  }
  const user = state.self?.user;
  if (!user || !identity.usesCookie) return t('The page must be connected, and the browser must keep its cookie.');
  if (await Notification.requestPermission() !== 'granted') return t('The browser does not allow notifications of this page. You can change this in its settings.');
  try {
    const refusal = await subscribe();
    if (refusal) return refusal;
  } catch {
    return t('The browser’s push service can’t be reached. Please try again later.');
  }
  save('localStorage', PUSH_KEY, user);
  return null;
}

/**
 * Unsubscribes this browser from push messages, for example because the session has ended. Returns the endpoint of the subscription, or null.
 * @returns {Promise<string | null>}
 */
export async function forgetPush() {
  if (!canPush || load('localStorage', PUSH_KEY) === null) return null;
  save('localStorage', PUSH_KEY, null);
  try {
    const subscription = await (await findPushManager()).getSubscription();
    await subscription?.unsubscribe();
    return subscription?.endpoint ?? null;
  } catch {
    return null;
  }
}

const WORKER_WITHIN_MS = 10_000; // if the browser refuses to install the worker, `ready` never resolves

const findPushManager = async () => (await within(WORKER_WITHIN_MS, navigator.serviceWorker.ready)).pushManager;

/** The id and the `guest` field of the user for whom the page last sent the subscription. A guest who registers keeps the id, but gets a new session. */
let refreshedFor = '';

/**
 * Sends the subscription to the server, once for each user and session of this page. The server may not have it yet: browsers replace
 * subscriptions from time to time, and the server stores a subscription for one session.
 */
export function refreshPush() {
  const person = `${state.self?.user} ${state.self?.guest}`;
  if (person === refreshedFor) return;
  refreshedFor = person;
  if (isPushOn()) subscribe().catch(() => {});
}

/** Subscribes, and stores the subscription on the server. Returns why the server refuses it, or null. */
async function subscribe() {
  const pushManager = await findPushManager();
  const options = { userVisibleOnly: true, applicationServerKey: server.pushKey };
  const subscription = await pushManager.subscribe(options).catch(async (error) => {
    // The browser has a subscription for another server key, because the operator has changed the key. Replace the subscription.
    if (error.name !== 'InvalidStateError') throw error;
    await (await pushManager.getSubscription())?.unsubscribe();
    return pushManager.subscribe(options);
  });
  const { alerts: level, quietUntil } = preferences;
  await storeSettings();
  const response = await send('POST', { ...subscription.toJSON(), level, quietUntil });
  return response.ok ? null : t('The server has refused this: {reason}', { reason: (await response.json()).text ?? String(response.status) });
}

/**
 * @param {'POST' | 'DELETE'} method
 * @param {object} body
 */
const send = (method, body) =>
  fetch('push', { method, credentials: 'same-origin', cache: 'no-store', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** Stores what the worker needs: the words of its notifications, and the end of "do not disturb". */
async function storeSettings() {
  const settings = { inRoom: t('{name} in {room}'), sentFile: t('sent a file'), quietUntil: preferences.quietUntil };
  const cache = await caches.open(`${STORAGE_KEY} worker`);
  await cache.put('worker-settings', new Response(JSON.stringify(settings)));
}

let known = preferences;
onPreferences(() => {
  const hasChanged = known.alerts !== preferences.alerts || known.quietUntil !== preferences.quietUntil;
  known = preferences;
  if (hasChanged && document.hasFocus() && isPushOn()) subscribe().catch(() => {}); // all tabs get the change, but only the focused tab reports it
});
