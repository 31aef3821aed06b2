// Loads and saves the contents of files. A browser sends the cookie with the request for a picture. A page without a cookie fetches the content
// with its token, and shows the content by a blob address.

import { identity } from './identity.mjs';
import { address, isFile } from './page.mjs';

/** @param {string} path */
export const urlOf = (path) => new URL(path, isFile ? address.href.replace(/^ws/, 'http') : location.href);

/** The header that names the session of a page without a cookie. @returns {Record<string, string>} */
export const credentials = () => identity.usesCookie || !identity.token ? {} : { authorization: `Bearer ${identity.token}` };

/** @param {string} path */
async function fetchContent(path) {
  const response = await fetch(urlOf(path), { headers: credentials(), credentials: 'omit', cache: 'no-cache' });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return URL.createObjectURL(await response.blob());
}

const NEAR = '300px'; // an element loads its content at this distance from the visible part of the page

/** For each element that waits for its content, the path of the content. @type {WeakMap<Element, string>} */
const waiting = new WeakMap();

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const path = waiting.get(target);
    if (!isIntersecting || path === undefined) continue;
    observer.unobserve(target);
    waiting.delete(target);
    loadContent(/** @type {HTMLImageElement | HTMLMediaElement} */ (target), path);
  }
}, { rootMargin: NEAR });

/**
 * Loads the content at a path into an element when the element comes near to the visible part of the page.
 * @param {HTMLImageElement | HTMLMediaElement} node
 * @param {string} path
 */
export function loadWhenNear(node, path) {
  waiting.set(node, path);
  observer.observe(node);
}

/** The blob addresses of audio and video elements, until unload() releases them. @type {WeakMap<Element, string>} */
const blobs = new WeakMap();

/**
 * Loads the content at a path into an element. The element dispatches an error event if that is not possible.
 * @param {HTMLImageElement | HTMLMediaElement} node
 * @param {string} path
 */
export async function loadContent(node, path) {
  unload(node);
  node.dataset.path = path;
  if (identity.usesCookie) {
    node.src = urlOf(path).href;
    return;
  }
  try {
    const url = await fetchContent(path);
    if (node.dataset.path !== path) return URL.revokeObjectURL(url); // by now, this element needs other content or none
    node.src = url;
    if (node instanceof HTMLImageElement) node.addEventListener('load', () => URL.revokeObjectURL(url), { once: true });
    else blobs.set(node, url);
  } catch {
    if (node.dataset.path === path) node.dispatchEvent(new Event('error'));
  }
}

/**
 * Removes the content from an element, and releases its blob address.
 * @param {HTMLImageElement | HTMLMediaElement} node
 */
export function unload(node) {
  const url = blobs.get(node);
  if (url) URL.revokeObjectURL(url);
  blobs.delete(node);
  delete node.dataset.path;
  node.removeAttribute('src');
}

const SAVED_WITHIN_MS = 60_000; // the browser needs the address until it has begun to save

/**
 * Saves the content at a path as a file.
 * @param {string} path
 * @param {string} name
 */
export async function saveContent(path, name) {
  const url = await fetchContent(path);
  const link = document.createElement('a');
  [link.href, link.download] = [url, name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), SAVED_WITHIN_MS);
}
