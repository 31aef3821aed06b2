// The viewer: a picture in its full size, and the other pictures of the room.

import { loadContent } from '../app/contents.mjs';
import { state } from '../app/store.mjs';
import { isolated } from '../direction.mjs';
import { contentPath, picturesIn, sizeWords } from '../files.mjs';
import { fullTime } from '../formatting.mjs';
import { stepOf, t } from '../language.mjs';
import { $, el, log, openDialog, setText, viewer, whenChanged } from './dom.mjs';
import { downloadLink } from './log-files.mjs';

/** @import { Picture } from '../types.js' */

/** The room of the viewer, and the picture that it shows. @type {{ room: string, key: string } | null} */
let shown = null;

const pictures = () => picturesIn(state.rooms.get(shown?.room ?? '')?.entries ?? []);

/**
 * Shows a picture of the current room.
 * @param {string} key
 */
export function openViewer(key) {
  if (state.current === null) return;
  const entries = state.rooms.get(state.current)?.entries ?? [];
  if (!picturesIn(entries).some((picture) => picture.key === key)) return; // the message is still in the outbox, so the log does not have the picture yet
  shown = { room: state.current, key };
  openDialog(viewer);
  renderViewer();
  $('viewer-close').focus();
}

/** Draws the picture again after a change of the log. Closes the viewer if the message of the picture was deleted. */
export const renderViewer = whenChanged(() => [shown?.key, state.rooms.get(shown?.room ?? '')?.entries], () => {
  const all = pictures();
  const index = all.findIndex(({ key }) => key === shown?.key);
  if (index < 0) viewer.close();
  else draw(all[index], index, all.length);
});

/**
 * @param {Picture} picture
 * @param {number} index
 * @param {number} count
 */
function draw({ key, file, from, at }, index, count) {
  $('viewer-name').replaceChildren(el('bdi', null, isolated(file.name)));
  setText($('viewer-words'), t('{name}, {time} · {width} × {height}, {size}', { name: isolated(from.name), time: fullTime(at), width: String(file.width), height: String(file.height), size: sizeWords(file.bytes) }));
  setText($('viewer-count'), count > 1 ? t('Picture {index} of {total}', { index: index + 1, total: count }) : '');
  $('viewer-before').hidden = $('viewer-after').hidden = count < 2;
  $('viewer-before').toggleAttribute('disabled', index === 0);
  $('viewer-after').toggleAttribute('disabled', index === count - 1);
  $('viewer-download').replaceWith(Object.assign(downloadLink(file), { id: 'viewer-download' }));
  if ($('viewer-stage').dataset.key === key) return;
  const image = /** @type {HTMLImageElement} */ (el('img', { id: 'viewer-image', alt: isolated(file.name), width: file.width, height: file.height, decoding: 'async', draggable: 'false' }));
  $('viewer-stage').dataset.key = key;
  $('viewer-stage').dataset.state = 'loading';
  image.addEventListener('load', () => { if (image.isConnected) $('viewer-stage').dataset.state = 'shown'; });
  image.addEventListener('error', () => { if (image.isConnected) $('viewer-stage').dataset.state = 'broken'; });
  $('viewer-image').replaceWith(image);
  loadContent(image, contentPath(file));
}

/** @param {number} step */
function move(step) {
  const all = pictures();
  const index = all.findIndex(({ key }) => key === shown?.key);
  const next = all[Math.max(0, Math.min(all.length - 1, index + step))];
  if (!shown || !next) return;
  shown.key = next.key;
  const focused = document.activeElement;
  renderViewer();
  if (focused instanceof HTMLButtonElement && focused.disabled) $('viewer-close').focus();
}

viewer.addEventListener('keydown', (event) => {
  const step = { Home: -Infinity, End: Infinity }[event.key] ?? stepOf(event.key);
  if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  move(step);
});
$('viewer-before').addEventListener('click', () => move(-1));
$('viewer-after').addEventListener('click', () => move(1));
$('viewer-close').addEventListener('click', () => viewer.close());
viewer.addEventListener('click', (event) => {
  if (event.target === viewer || event.target === $('viewer-stage')) viewer.close();
});
viewer.addEventListener('close', () => {
  const key = shown?.key;
  shown = null;
  delete $('viewer-stage').dataset.key;
  $('viewer-image').replaceWith(el('span', { id: 'viewer-image' }));
  // The focus goes back to the picture that was shown last.
  const button = /** @type {HTMLElement[]} */ ([...log.querySelectorAll('[data-file]')]).find(({ dataset }) => dataset.file === key);
  if (button) button.focus();
});
