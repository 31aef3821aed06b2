// The service worker of the page. It opens the page without a network, and shows the server's push messages while the page is closed.
//
// It answers only the request for the page itself; all other requests go to the network. So it never stores files, frames or other data of a person.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const scope = new URL(worker.registration.scope);

// The same key as in the page (storageKey in server-address.mjs). One host can have several servers, each at a path of its own.
const KEY = `rawsocketchat ${scope.host}${scope.pathname.replace(/\/$/, '')}`;
const CACHE = `${KEY} worker`;
const PAGE = scope.href;
const SETTINGS = new URL('worker-settings', scope).href;

/** The status codes of a proxy that can't reach the server. */
const UNREACHABLE = [502, 503, 504];

/** If the server has not answered after this time, the stored page appears. */
const ANSWER_WITHIN_MS = 10_000;

/** Every version of the page contains this text. A proxy may answer with its own login page: that page does not contain the text, and must not be stored. */
const MARK = 'name="server" id="server"';

worker.addEventListener('install', (event) => {
  worker.skipWaiting();
  // With these routes, the browser does not start the worker for requests that the worker does not answer (Chrome 123 and newer).
  const routes = ['cors', 'no-cors', 'same-origin'].map((requestMode) => ({ condition: { requestMode }, source: 'network' }));
  const { addRoutes } = /** @type {any} */ (event);
  event.waitUntil(Promise.allSettled([addRoutes?.call(event, routes), storeFirst()]));
});

// Do not use navigation preload. With preload, the browser would send a navigation request twice if the worker does not answer it: for example the
// request with which a login provider sends the browser back.

// The offline page

worker.addEventListener('fetch', (event) => {
  if (isPage(event.request)) event.respondWith(openPage(event));
});

/**
 * Whether a request loads the page. A page that another site shows in a frame (`embed`) does not work offline.
 * @param {{ method: string, mode: string, url: string }} request
 */
function isPage({ method, mode, url }) {
  const { origin, pathname, searchParams } = new URL(url);
  return mode === 'navigate' && method === 'GET' && origin === scope.origin && pathname === scope.pathname && searchParams.get('embed') !== '1';
}

/**
 * Loads the page from the server. Uses the stored page only while the server can't be reached, so that the person gets the newest page.
 * @param {FetchEvent} event
 */
async function openPage(event) {
  const network = fetchPage(event.request);
  const response = await Promise.race([network, waitForAnswer()]);
  if (!response) return await findStored() ?? await network ?? Response.error();
  if (UNREACHABLE.includes(response.status)) return await findStored() ?? response;
  if (response.ok) event.waitUntil(store(response.clone()));
  return response;
}

/**
 * Loads the page from the server. Returns null if the server can't be reached.
 * @param {Request} request
 * @returns {Promise<Response | null>}
 */
async function fetchPage(request) {
  try {
    return await fetch(request);
  } catch {
    return null;
  }
}

/** @returns {Promise<null>} */
const waitForAnswer = () => new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS, null));

/** Stores the page at the first visit. The browser loads the page before it installs the worker, so the worker has not seen that response. */
async function storeFirst() {
  const response = await fetch(PAGE);
  if (response.ok && !response.redirected) await store(response);
}

const findStored = async () => (await caches.open(CACHE)).match(PAGE, { ignoreVary: true });

/**
 * Stores the page, unless this version is already stored.
 * @param {Response} response
 */
async function store(response) {
  const tag = response.headers.get('etag');
  if (!tag || tag === (await findStored())?.headers.get('etag')) return;
  if ((await response.clone().text()).includes(MARK)) await (await caches.open(CACHE)).put(PAGE, response);
}

// Push messages

/**
 * What the page has stored for the worker: the words of notifications, and the time at which "do not disturb" ends.
 * @returns {Promise<{ inRoom: string, sentFile: string, quietUntil: string | null }>}
 */
async function readSettings() {
  const stored = await (await caches.open(CACHE)).match(SETTINGS);
  return { inRoom: '{name} in {room}', sentFile: 'sent a file', quietUntil: null, ...await stored?.json() };
}

/** The open pages of this server, the most recently used page first. */
async function findPages() {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return windows.filter(({ url }) => isPage({ method: 'GET', mode: 'navigate', url }));
}

worker.addEventListener('push', (event) => event.waitUntil(show(event.data?.json())));

/**
 * Shows a message, unless the person looks at the chat or does not want to be disturbed.
 * @param {any} message what the server has sent
 */
async function show(message) {
  if (typeof message?.room !== 'string') return;
  const { inRoom, sentFile, quietUntil } = await readSettings();
  if (quietUntil === 'forever' || quietUntil !== null && quietUntil > new Date().toISOString()) return;
  if ((await findPages()).some(({ visibilityState }) => visibilityState === 'visible')) return;
  const { room, seq, name, text, direct } = message;
  /** @type {Record<string, string>} */
  const words = { name: isolated(name), room: `#${isolated(room)}` };
  const title = direct ? plain(name) : inRoom.replace(/\{(\w+)\}/g, (all, key) => words[key] ?? all);
  await worker.registration.showNotification(title, { body: plain(text) || sentFile, tag: `${KEY} ${room}`, data: { room, seq }, icon: 'icon-192.png' });
}

/**
 * The text without the characters that change the direction of other text.
 * @param {unknown} text
 */
const plain = (text) => String(text ?? '').replace(/[\u202a-\u202e\u2066-\u2069]/g, '');

/**
 * The text in a form that does not change the direction of the text around it.
 * @param {unknown} text
 */
const isolated = (text) => `\u2068${plain(text)}\u2069`;

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

/**
 * Shows the message in an open page, or opens a page.
 * @param {{ room: string, seq: number }} message
 * @returns {Promise<unknown>}
 */
async function open({ room, seq }) {
  const [page] = await findPages();
  if (!page) return worker.clients.openWindow(`./?room=${encodeURIComponent(room)}#message=${seq}`);
  page.postMessage({ type: 'open', room, seq });
  return page.focus();
}
