// A page without a browser: just enough of the DOM to start the client in Node.js. It creates elements, but does not lay them out.

import { readFile } from 'node:fs/promises';
import { mock } from 'node:test';

class FakeElement extends EventTarget {
  attributes = new Map(); childNodes = []; dataset = {}; hidden = false; value = ''; open = false; parent = null;
  scrollHeight = 0; scrollTop = 0; clientHeight = 0; offsetTop = 0; offsetHeight = 0; selectionStart = 0;
  style = { setProperty() {} };
  constructor(tag) { super(); this.tag = tag; }
  get children() { return this.childNodes.filter((node) => node instanceof FakeElement); }
  get firstChild() { return this.childNodes[0] ?? null; }
  get nextSibling() { return this.parent?.childNodes[this.parent.childNodes.indexOf(this) + 1] ?? null; }
  get textContent() { return this.childNodes.map((node) => typeof node === 'string' ? node : node.textContent).join(''); }
  set textContent(text) { this.childNodes = text ? [text] : []; }
  get isConnected() { return true; }
  setAttribute(name, value) {
    this.attributes.set(name, value);
    if (name.startsWith('data-')) this.dataset[name.slice('data-'.length)] = value;
  }
  removeAttribute(name) { this.attributes.delete(name); }
  getAttribute(name) { return this.attributes.get(name) ?? null; }
  toggleAttribute(name, isSet) { if (isSet) this.setAttribute(name, ''); else this.removeAttribute(name); }
  adopt(node) {
    if (node instanceof FakeElement) node.remove();
    if (node instanceof FakeElement) node.parent = this;
    return node;
  }
  append(...nodes) { for (const node of nodes) this.childNodes.push(this.adopt(node)); }
  insertBefore(node, next) {
    this.adopt(node);
    this.childNodes.splice(next ? this.childNodes.indexOf(next) : this.childNodes.length, 0, node);
  }
  replaceChildren(...nodes) {
    this.childNodes = [];
    this.append(...nodes);
  }
  remove() {
    if (this.parent) this.parent.childNodes = this.parent.childNodes.filter((node) => node !== this);
    this.parent = null;
  }
  replaceWith(node) {
    const { parent } = this;
    parent?.insertBefore(node, this);
    this.remove();
  }
  get selectionEnd() { return this.selectionStart; }
  setSelectionRange(start) { this.selectionStart = start; }
  getBoundingClientRect() { return { left: 0, top: 0, bottom: 0, width: 0, height: 0 }; }
  setRangeText(text, start, end) {
    this.value = this.value.slice(0, start) + text + this.value.slice(end);
    this.selectionStart = start + text.length;
  }
  select() {}
  scrollIntoView() {}
  reset() {}
  matches() { return false; }
  hasAttribute(name) { return this.attributes.has(name); }
  closest(selector) {
    const [, name, value] = /^\[data-([^=\]]+)(?:="(.*)")?\]$/.exec(selector) ?? [];
    return name in this.dataset && (value === undefined || this.dataset[name] === value) ? this : null;
  }
  querySelector() { return null; }
  querySelectorAll(selector) { return this.find((node) => node.closest(selector) === node); }
  contains(node) { return node === this || this.find((one) => one === node).length > 0; }
  focus() { document.activeElement = this; }
  showModal() { this.open = true; }
  close() { this.open = false; }
  /** Returns the descendants of this element that satisfy the condition. */
  find(condition) { return this.children.flatMap((child) => [...condition(child) ? [child] : [], ...child.find(condition)]); }
}

class FakeStorage {
  #values = new Map();
  keys() { return this.#values.keys(); }
  getItem(key) { return this.#values.get(key) ?? null; }
  setItem(key, value) { this.#values.set(key, value); }
  removeItem(key) { this.#values.delete(key); }
}

class FakeChannel { addEventListener() {} postMessage() {} }

/**
 * Starts the client. The time advances only when the test calls tick. A test file can start one page only.
 * @param {{ address?: string, stored?: Record<string, unknown>, lasting?: Record<string, unknown>, isSecure?: boolean, isFramed?: boolean, refusal?: object, answer?: object, channel?: Function, server?: Record<string, string> }} options
 *   `address` is the page's address. `stored` is what the tab has stored, and `lasting` what the browser has stored for all tabs. `isSecure` says whether
 *   the page is a secure context. `answer` or `refusal` is the answer to POST /session; if both are missing, the server welcomes ann. `channel`
 *   is the class of the channel between tabs. `server` is what the server has written into the page
 */
export async function startPage({ address = 'http://chat.test/', stored = {}, lasting = {}, isSecure = false, isFramed = false, refusal, answer = refusal, channel = FakeChannel, server = {} } = {}) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const markup = await readFile(new URL('../../Server/Web/client/index.html', import.meta.url), 'utf8');
  const elements = new Map([...markup.matchAll(/<(\w+)[^>]*? id="([^"]+)"/g)].map(([, tag, id]) => [id, new FakeElement(tag)]));
  elements.get('app').hidden = elements.get('entrance').hidden = true;
  Object.assign(elements.get('server').dataset, server);
  const sessionStorage = new FakeStorage();
  for (const [key, value] of Object.entries(stored)) sessionStorage.setItem(key, JSON.stringify(value));
  const documentElement = new FakeElement('html');
  const sent = [];
  class FakeSocket extends EventTarget {
    static OPEN = 1;
    readyState = 1;
    constructor(url) {
      super();
      page.socket = this;
      page.urls.push(new URL(url));
    }
    send(text) { sent.push(text.startsWith('{') ? JSON.parse(text) : text); }
    close() {}
  }
  const page = {
    sent, sessionStorage, socket: null, urls: [], posted: [],
    /** Delivers a message of another window. */
    post: (message) => listeners.get('message')?.(message),
    $: (id) => elements.get(id),
    /** Lets promises and animation frames finish. */
    settle: async () => { for (let i = 0; i < 20; i++) await new Promise((resolve) => { setImmediate(resolve); }); },
    /** Waits until the condition is true, but at most two seconds of real time. The page may draw late, because it waits between two drawings. */
    async until(condition) {
      for (const end = performance.now() + 2_000; !condition() && performance.now() < end;) await page.settle();
    },
    receive: (frame) => page.socket.onmessage({ data: JSON.stringify(frame) }),
    press(key, modifiers = {}) {
      const event = Object.assign(new Event('keydown', { cancelable: true }), { key, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...modifiers });
      elements.get('input').dispatchEvent(event);
      if (!event.defaultPrevented) document.dispatchEvent(event);
    },
    type(text) {
      elements.get('input').value = text;
      elements.get('input').selectionStart = text.length;
      elements.get('input').dispatchEvent(new Event('input'));
    },
  };
  const localStorage = new FakeStorage();
  for (const [key, value] of Object.entries(lasting)) localStorage.setItem(key, JSON.stringify(value));
  const window = { sessionStorage, localStorage, isSecureContext: isSecure, focus() {} };
  window.parent = isFramed ? { postMessage: (message) => page.posted.push(message) } : window;
  const listeners = new Map();
  const globals = {
    window, sessionStorage, location: new URL(address), navigator: { onLine: true, languages: ['en-US'] },
    Element: FakeElement, HTMLElement: FakeElement, WebSocket: FakeSocket,
    addEventListener: (type, listener) => listeners.set(type, listener), matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
    requestAnimationFrame: (work) => setImmediate(work), cancelAnimationFrame: clearImmediate,
    ResizeObserver: class { observe() {} unobserve() {} disconnect() {} }, IntersectionObserver: class { observe() {} unobserve() {} }, BroadcastChannel: channel,
    HTMLDialogElement: class { showModal() {} }, CSS: { supports: () => true },
    history: {
      state: null, entries: 1,
      replaceState(state, _, url) { this.state = state; location.href = url.href; },
      pushState(state) { this.state = state; this.entries += 1; },
      go() {},
    },
    fetch: async (_, { body }) => new Response(JSON.stringify(answer ?? { type: 'welcome', user: 'u-ann', name: JSON.parse(body).name ?? 'ann', guest: true })),
    document: Object.assign(new EventTarget(), {
      activeElement: null, hidden: false, title: '', readyState: 'complete', getSelection: () => null, documentElement, body: new FakeElement('body'), hasFocus: () => true,
      getElementById: (id) => elements.get(id) ?? null, createElement: (tag) => new FakeElement(tag), createElementNS: (_, tag) => new FakeElement(tag),
    }),
  };
  Promise.withResolvers ??= function withResolvers() { // Node.js 20 does not have it
    const resolvers = {};
    resolvers.promise = new this((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
    return resolvers;
  };
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  await import('../../Server/Web/client/main.mjs');
  await page.settle();
  return page;
}
