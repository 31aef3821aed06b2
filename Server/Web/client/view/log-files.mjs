// Creates the nodes for the files of a message.

import { loadContent, loadWhenNear, saveContent, unload, urlOf } from '../app/contents.mjs';
import { identity } from '../app/identity.mjs';
import { notify } from '../app/store.mjs';
import { isolated, withoutDirectionControls } from '../direction.mjs';
import { contentPath, iconOf, kindOf, nameParts, pictureBox, previewPath, sizeWords } from '../files.mjs';
import { t } from '../language.mjs';
import { closestTo, el, icon, setAttribute } from './dom.mjs';

/** @import { AttachedFile } from '../types.js' */

/**
 * The name of a file. If there is no space for the whole name, the extension stays visible, because the extension says what the file is.
 * @param {string} name
 */
export function fileName(name) {
  const [stem, extension] = nameParts(withoutDirectionControls(name));
  const node = el('bdi', { class: 'name', title: isolated(name) }, el('span', { class: 'stem' }, stem), extension || null);
  if (extension) node.style.setProperty('--extension', `${extension.length + 1}ch`); // one character more, because some letters are wider than a digit
  return node;
}

/**
 * The files of a message, or null if it has none.
 * @param {AttachedFile[] | undefined} files
 * @param {string} key the key of the message
 */
export function filesNode(files, key) {
  if (!files?.length) return null;
  const pictures = files.filter((file) => kindOf(file) === 'picture');
  return el('div', { class: 'files' },
    pictures.length > 0 && el('div', { class: pictures.length === 1 ? 'pictures single' : 'pictures' },
      ...pictures.map((file) => pictureNode(file, key, pictures.length === 1))),
    ...files.filter((file) => kindOf(file) !== 'picture').map((file) => fileNode(file, `${key} ${file.id}`)));
}

// A row is created again after each change of its message. The new row gets the old images, so that they do not flicker. It also gets the old players,
// so that they continue to play. A browser does not stop a player that is removed from the page and added again in the same
// task.
const MAX_IMAGES = 300;
const MAX_PLAYERS = 20; // Chromium gives one page at most 75 players
/** @type {Map<string, HTMLImageElement>} */
const images = new Map();
/** @type {Map<string, HTMLMediaElement>} */
const players = new Map();

/**
 * Keeps an element. If there are more than `max` elements, drops the ones that were used least recently.
 * @template {HTMLElement} T
 * @param {Map<string, T>} kept
 * @param {string} id
 * @param {T} node
 * @param {number} max
 */
function keep(kept, id, node, max) {
  kept.delete(id);
  kept.set(id, node);
  for (const old of kept.keys()) {
    if (kept.size <= max) break;
    kept.delete(old);
  }
  return node;
}

/**
 * @param {AttachedFile} file
 * @param {string} key
 * @param {boolean} isSingle
 */
function pictureNode(file, key, isSingle) {
  const id = `${key} ${file.id}`;
  const { width, height } = pictureBox(file);
  const image = keep(images, id, images.get(id) ?? createImage(file), MAX_IMAGES);
  image.alt = t('Picture: {file}', { file: isolated(file.name) });
  // The style sets the ratio of the box. Otherwise a browser would use the picture's own ratio as soon as the picture is loaded.
  image.style.setProperty('aspect-ratio', isSingle ? `${width} / ${height}` : '');
  setAttribute(image, 'width', isSingle ? width : null);
  setAttribute(image, 'height', isSingle ? height : null);
  return el('button', { type: 'button', class: 'picture', 'data-action': 'picture', 'data-file': id, 'aria-haspopup': 'dialog', title: isolated(file.name) }, image);
}

/** @param {AttachedFile} file */
function createImage(file) {
  const image = /** @type {HTMLImageElement} */ (el('img', { loading: 'lazy', decoding: 'async', draggable: 'false' }));
  if (identity.usesCookie) loadContent(image, previewPath(file));
  else loadWhenNear(image, previewPath(file));
  image.addEventListener('error', () => image.parentElement?.setAttribute('data-broken', t('This picture can’t be loaded.')));
  image.addEventListener('load', () => image.parentElement?.removeAttribute('data-broken'));
  return image;
}

/**
 * @param {AttachedFile} file
 * @param {string} id the key of the message and the id of the file
 */
function fileNode(file, id) {
  const kind = kindOf(file);
  const card = el('div', { class: 'file' },
    el('span', { class: 'sign', 'aria-hidden': 'true' }, icon(iconOf(file), '')),
    el('span', { class: 'about' }, fileName(file.name), el('span', { class: 'size' }, sizeWords(file.bytes))),
    downloadLink(file));
  if (kind !== 'video' && kind !== 'audio') return card;
  const player = playerNode(file, kind, id);
  return el('div', { class: `media ${kind}` }, ...kind === 'video' ? [player, card] : [card, player]);
}

/**
 * @param {AttachedFile} file
 * @param {'video' | 'audio'} kind
 * @param {string} id
 */
function playerNode(file, kind, id) {
  const old = players.get(id);
  if (old) return keep(players, id, old, MAX_PLAYERS);
  const player = /** @type {HTMLMediaElement} */ (el(kind, { controls: true, preload: 'metadata', 'aria-label': kind === 'video' ? t('Video: {file}', { file: isolated(file.name) }) : t('Recording: {file}', { file: isolated(file.name) }), playsinline: kind === 'video' }));
  player.addEventListener('error', () => { player.hidden = true; }); // the browser can't play it; the card of the file remains
  if (identity.usesCookie) {
    loadWhenNear(player, contentPath(file));
    return keep(players, id, player, MAX_PLAYERS);
  }
  // A player can't send the token, so the page must first fetch the whole content. It does so only after a click on this button.
  const button = el('button', { type: 'button', class: 'quiet', 'aria-label': t('Play {file}', { file: isolated(file.name) }) }, t('Play'));
  button.addEventListener('click', () => {
    button.replaceWith(player);
    keep(players, id, player, MAX_PLAYERS);
    loadContent(player, contentPath(file));
    player.addEventListener('emptied', () => unload(player), { once: true });
    player.autoplay = true;
    player.focus();
  });
  return button;
}

/** @param {AttachedFile} file */
export const downloadLink = (file) => el('a', {
  class: 'icon download', href: urlOf(contentPath(file)).href, download: withoutDirectionControls(file.name), 'data-path': contentPath(file),
  'aria-label': t('Download {file}', { file: isolated(file.name) }), title: t('Download'),
}, icon('download', ''));

// A link sends the cookie, but it can't send a token. So without the cookie, the page loads and saves the content itself.
document.addEventListener('click', (event) => {
  const link = closestTo(event, 'a.download');
  if (!link || identity.usesCookie) return;
  event.preventDefault();
  saveContent(link.dataset.path ?? '', link.getAttribute('download') ?? 'file').catch(() => notify(t('The file could not be loaded.'), { tone: 'error' }));
});
