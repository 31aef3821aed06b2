// The page's connection and its transports.

import { Connection } from '../connection.mjs';
import { isTransportName } from '../connection-text.mjs';
import { Tabs } from '../tabs.mjs';
import { TRANSPORT_ORDER, TransportChoice } from '../transport-choice.mjs';
import { TabTransport } from '../transports/tab.mjs';
import { createTransport } from '../transports/transports.mjs';
import { identity, introduce, socketQuery } from './identity.mjs';
import { address, createId, isFramed, load, parameters, save, STORAGE_KEY } from './page.mjs';
import { commit, state } from './store.mjs';

/** @import { Frame, HttpSessionState, Status, TransportName } from '../types.js' */

const REMEMBERED_KEY = `${STORAGE_KEY} way`;
const DEVICE_KEY = `${STORAGE_KEY} device`;
const PIN_KEY = `${STORAGE_KEY} pinned way`;
const REMEMBERED_FOR_MS = 60 * 60_000; // a visit within this time starts with the transport that worked on the visit before

// Two pages with one cookie share a session, and usually one connection (Tabs). If they do not share a connection, each page that uses WebSocket has
// its own WebSocket. With the other transports, each page is a separate device of the session, so that each page receives all frames. A page that is
// loaded again keeps its device name. If a person duplicates a tab, the new tab has the same device name as the old tab. The server then reports a
// takeover to the page that has lost the device, and this page creates a new device name.
/** @type {HttpSessionState} */
const http = { cursor: null, trusted: new Set(), device: load('sessionStorage', DEVICE_KEY) ?? newDevice() };

function newDevice() {
  const device = createId();
  save('sessionStorage', DEVICE_KEY, device);
  return device;
}

/** The user of this page's session. @type {Frame | null} */
let introduced = null;

/** @param {TransportName} name */
function create(name) {
  if (tabs?.isFollower && introduced) return new TabTransport(tabs, { user: introduced.user, name: introduced.name, guest: Boolean(introduced.guest) });
  const socketUrl = () => {
    const url = new URL(address);
    url.search = socketQuery().toString();
    return url;
  };
  return createTransport(name, { socketUrl, base: location.href, http });
}

/** The transport that the person chose, in the page's address or on an earlier visit. It may be any text, or null. */
export const wantedTransport = parameters.get('way') ?? load('localStorage', PIN_KEY);

const isWantedUsable = identity.usesCookie && isTransportName(wantedTransport ?? '');

// Without a cookie the page has no session for requests, so only a WebSocket works.
export const transportChoice = new TransportChoice(
  identity.usesCookie ? TRANSPORT_ORDER : ['ws'], isWantedUsable ? wantedTransport : null, rememberedTransport());

/**
 * Whether this page may share a connection with the other tabs. A page in a frame may not, because its storage and its session can differ from those
 * of the other tabs. `isAllowed` below adds two conditions. The page must have a cookie, because without a cookie each tab has its own session. The person must
 * not have chosen a transport.
 */
const maySharePage = !isFramed && parameters.get('tabs') !== 'own' && typeof BroadcastChannel !== 'undefined' && Boolean(navigator.locks);

export const tabs = maySharePage ? new Tabs(createId(), {
  lockName: `${STORAGE_KEY} connection`, locks: navigator.locks, channel: new BroadcastChannel(`${STORAGE_KEY} connection`), createId,
  isAllowed: () => identity.usesCookie && transportChoice.pin === null,
  isVisible: () => !document.hidden,
  adopt(self) {
    commit({ ...state, self });
    connection.open();
  },
}) : null;

/** @param {AbortSignal} signal */
async function prepare(signal) {
  const prepared = await introduce(signal);
  introduced = prepared.welcome ?? null;
  if (!prepared.refusal && !signal.aborted) await tabs?.choose();
  return prepared;
}

export const connection = new Connection(create, transportChoice, prepare, () => navigator.onLine);

if (tabs) {
  tabs.use(connection);
  connection.addEventListener('welcome', (event) => tabs.welcome(/** @type {CustomEvent<Frame>} */ (event).detail));
  connection.addEventListener('status', (event) => tabs.changed(/** @type {CustomEvent<Status>} */ (event).detail));
  const freeze = () => tabs.freeze();
  const resume = () => { if (!connection.hasTransport) connection.move(); };
  document.addEventListener('freeze', freeze);
  document.addEventListener('resume', resume);
  addEventListener('pagehide', ({ persisted }) => { if (persisted) freeze(); }); // the browser keeps the page for the back button
  addEventListener('pageshow', ({ persisted }) => { if (persisted) resume(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) tabs.check(); });
}

function rememberedTransport() {
  const remembered = load('localStorage', REMEMBERED_KEY);
  // Math.abs, because the stored time is in the future if somebody has set the clock back since then.
  return remembered && Math.abs(Date.now() - remembered.at) < REMEMBERED_FOR_MS ? remembered : null;
}

export function rememberTransport() {
  if (tabs?.isFollower) return;
  const memory = transportChoice.memory();
  save('localStorage', REMEMBERED_KEY, memory && { ...memory, at: Date.now() });
}

/** @param {TransportName | null} transport */
export function pinTransport(transport) {
  save('localStorage', PIN_KEY, transport);
  connection.pin(transport);
}

connection.addEventListener('takeover', () => {
  http.device = newDevice();
  http.cursor = null;
});
