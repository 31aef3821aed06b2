// Creates the nodes for the files of a message.

import { loadContent, loadWhenNear, saveContent, unload, urlOf } from '../app/contents.mjs';
import { identity } from '../app/identity.mjs';
import { notify } from '../app/store.mjs';
import { isolated, withoutDirectionControls } from '../direction.mjs';
import { contentPath, iconOf, kindOf, pictureBox, previewPath, sizeWords } from '../files.mjs';
import { closestTo, el, foreign, icon, setAttribute } from './dom.mjs';

/** @import { AttachedFile } from '../types.js' */

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
    ...files.filter((file) => kindOf(file) !== 'picture').map(fileNode));
}

// A row is created again after each change of its message. The images are kept, so that they do not flicker.
const MAX_KEPT = 300;
/** @type {Map<string, HTMLImageElement>} */
const images = new Map();

/**
 * @param {AttachedFile} file
 * @param {string} key
 * @param {boolean} isSingle
 */
function pictureNode(file, key, isSingle) {
  const id = `${key} ${file.id}`;
  const { width, height } = pictureBox(file);
  const image = images.get(id) ?? createImage(file);
  // The style has the ratio of the box, because a browser uses the picture's own ratio as soon as the picture is loaded.
  image.style.setProperty('aspect-ratio', isSingle ? `${width} / ${height}` : '');
  setAttribute(image, 'width', isSingle ? width : null);
  setAttribute(image, 'height', isSingle ? height : null);
  images.delete(id);
  images.set(id, image);
  for (const old of images.keys()) {
    if (images.size <= MAX_KEPT) break;
    images.delete(old);
  }
  return el('button', { type: 'button', class: 'picture', 'data-action': 'picture', 'data-file': id, 'aria-haspopup': 'dialog', title: isolated(file.name) }, image);
}

/** @param {AttachedFile} file */
function createImage(file) {
  const image = /** @type {HTMLImageElement} */ (el('img', { alt: `Picture: ${isolated(file.name)}`, loading: 'lazy', decoding: 'async', draggable: 'false' }));
  if (identity.usesCookie) loadContent(image, previewPath(file));
  else loadWhenNear(image, previewPath(file));
  image.addEventListener('error', () => image.parentElement?.setAttribute('data-broken', ''));
  image.addEventListener('load', () => image.parentElement?.removeAttribute('data-broken'));
  return image;
}

/** @param {AttachedFile} file */
function fileNode(file) {
  const kind = kindOf(file);
  const card = el('div', { class: 'file' },
    el('span', { class: 'sign', 'aria-hidden': 'true' }, icon(iconOf(file), '')),
    el('span', { class: 'about' }, foreign(file.name, 'name'), el('span', { class: 'size' }, sizeWords(file.bytes))),
    downloadLink(file));
  if (kind !== 'video' && kind !== 'audio') return card;
  const player = playerNode(file, kind);
  return el('div', { class: `media ${kind}` }, ...kind === 'video' ? [player, card] : [card, player]);
}

/**
 * @param {AttachedFile} file
 * @param {'video' | 'audio'} kind
 */
function playerNode(file, kind) {
  const player = /** @type {HTMLMediaElement} */ (el(kind, { controls: true, preload: 'metadata', 'aria-label': `${kind === 'video' ? 'Video' : 'Recording'}: ${isolated(file.name)}`, playsinline: kind === 'video' }));
  player.addEventListener('error', () => { player.hidden = true; }); // the browser can't play it; the card below remains
  if (identity.usesCookie) {
    loadWhenNear(player, contentPath(file));
    return player;
  }
  // A player can't send the token, so the page has to fetch the whole content first. The person decides whether to do that.
  const button = el('button', { type: 'button', class: 'quiet', 'aria-label': `Play ${isolated(file.name)}` }, 'Play');
  button.addEventListener('click', () => {
    button.replaceWith(player);
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
  'aria-label': `Download ${isolated(file.name)}`, title: 'Download',
}, icon('download', ''));

// A link sends the cookie, but not the token.
document.addEventListener('click', (event) => {
  const link = closestTo(event, 'a.download');
  if (!link || identity.usesCookie) return;
  event.preventDefault();
  saveContent(link.dataset.path ?? '', link.getAttribute('download') ?? 'file').catch(() => notify('The file could not be loaded.', { tone: 'error' }));
});
