// The files of the current draft: the button, pasting, dropping, and the list above the input.

import { maxFileBytes } from '../app/chat.mjs';
import { onLanguage } from '../app/language.mjs';
import { attach, contentOf, detach, onTray, retry, tray } from '../app/uploads.mjs';
import { onChange, state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { isolated } from '../direction.mjs';
import { iconOf, previewPath, sizeWords } from '../files.mjs';
import { numberWords, t } from '../language.mjs';
import { titleOf } from '../rooms.mjs';
import { isPastedFile, readinessOf, selectFiles, shareOf, trayWords } from '../tray.mjs';
import { loadContent } from '../app/contents.mjs';
import { showError } from './directory.mjs';
import { fileName } from './log-files.mjs';
import { $, closestTo, el, icon, input, isDialogOpen, setAttribute, setText, wordsNodes } from './dom.mjs';

/** @import { Attachment } from '../types.js' */

const list = $('tray');

/** The rooms in which a message waits for its uploads. The value is the seq of the message that the waiting message answers. @type {Map<string, number | undefined>} */
export const waitingMessages = new Map();

/** All browsers show pictures of these types. A picture of another type gets an icon. */
const SHOWN_TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** @type {Map<string, { node: HTMLElement, state: string, url: string | null }>} */
const drawn = new Map();

export function renderTray() {
  const attachments = tray.of(state.current);
  for (const [key, { node, url }] of drawn) {
    if (attachments.some((one) => one.key === key)) continue;
    if (node.contains(document.activeElement)) (node.nextElementSibling?.querySelector('button') ?? node.previousElementSibling?.querySelector('button') ?? input).focus();
    node.remove();
    if (url) URL.revokeObjectURL(url);
    drawn.delete(key);
  }
  for (const attachment of attachments) renderAttachment(attachment);
  list.hidden = attachments.length === 0;
  const isWaiting = waitingMessages.has(state.current ?? '');
  setText($('tray-status'), trayWords(attachments, isWaiting));
  $('tray-line').hidden = attachments.length === 0;
  $('tray-stop').hidden = !isWaiting;
  $('send').toggleAttribute('data-waiting', isWaiting);
  $('send').setAttribute('aria-label', isWaiting ? t('Sends after the upload') : t('Send'));
  renderSend();
}

/** Shows the Send button as active if there is something to send. */
export function renderSend() {
  $('send').toggleAttribute('data-empty', !input.value.trim() && tray.of(state.current).length === 0);
}

/** @param {Attachment} attachment */
function renderAttachment(attachment) {
  const { key, name, bytes, state: now, error } = attachment;
  let old = drawn.get(key);
  if (!old || old.state !== now) {
    const hadFocus = old?.node.contains(document.activeElement);
    const thumb = old?.node.firstElementChild ?? thumbnail(attachment);
    const node = el('li', { class: 'attachment', 'data-key': key, 'data-state': now },
      thumb,
      el('div', { class: 'about' },
        fileName(name),
        now === 'failed' ? el('span', { class: 'trouble' }, ...wordsNodes(error ?? '')) : el('span', { class: 'size' }, now === 'waiting' ? t('Waiting · {size}', { size: sizeWords(bytes) }) : sizeWords(bytes)),
        now === 'uploading' && el('progress', { max: 100, value: 0, 'aria-label': t('Upload of {file}', { file: isolated(name) }) })),
      now === 'failed' && contentOf(key) && el('button', { type: 'button', class: 'link', 'data-do': 'retry', 'aria-label': t('Retry the upload of {file}', { file: isolated(name) }) }, t('Retry')),
      el('button', { type: 'button', class: 'icon', 'data-do': 'detach', 'aria-label': now === 'uploading' || now === 'waiting' ? t('Cancel {file}', { file: isolated(name) }) : t('Remove {file}', { file: isolated(name) }), title: now === 'uploading' ? t('Cancel') : t('Remove') }, icon('close', '')));
    if (old) old.node.replaceWith(node);
    else list.append(node);
    old = { node, state: now, url: old?.url ?? thumb.getAttribute('data-url') };
    drawn.set(key, old);
    if (hadFocus) /** @type {HTMLElement | null} */ (node.querySelector('[data-do="detach"]'))?.focus();
  }
  if (now !== 'uploading') return;
  const share = Math.round(shareOf(attachment) * 100);
  const progress = old.node.querySelector('progress');
  if (progress) setAttribute(progress, 'value', share);
  const size = old.node.querySelector('.size');
  if (size) setText(size, share === 100 ? t('The server checks it…') : t('{share} of {size}', { share: numberWords(share / 100, { style: 'percent' }), size: sizeWords(bytes) }));
}

/** @param {Attachment} attachment */
function thumbnail({ key, type, file }) {
  const content = contentOf(key);
  if (content && SHOWN_TYPES.has(type)) {
    const url = URL.createObjectURL(content);
    const image = /** @type {HTMLImageElement} */ (el('img', { class: 'thumb', alt: '', src: url, 'data-url': url, draggable: 'false' }));
    image.addEventListener('error', () => image.replaceWith(signOf(type)), { once: true });
    return image;
  }
  if (!file?.width) return signOf(file?.type ?? type);
  const image = /** @type {HTMLImageElement} */ (el('img', { class: 'thumb', alt: '', draggable: 'false' }));
  image.addEventListener('error', () => image.replaceWith(signOf(type)), { once: true });
  loadContent(image, previewPath(file));
  return image;
}

/** @param {string} type */
const signOf = (type) => el('span', { class: 'thumb', 'aria-hidden': 'true' }, icon(iconOf({ type }), ''));

list.addEventListener('click', (event) => {
  const key = closestTo(event, '[data-key]')?.dataset.key;
  const what = closestTo(event, '[data-do]')?.dataset.do;
  if (key && what === 'retry') retry(key);
  else if (key && what === 'detach') detach(key);
});

/** Cancels the sending of the message that waits for its uploads. The message stays a draft. */
export function stopWaitingForUploads() {
  if (waitingMessages.delete(state.current ?? '')) renderTray();
}

$('tray-stop').addEventListener('click', () => {
  stopWaitingForUploads();
  input.focus();
});

/** Moves the focus to the first file whose upload has failed. */
export function focusFailed() {
  /** @type {HTMLElement | null} */ (list.querySelector('[data-state="failed"] button'))?.focus();
}

onTray(renderTray);
onLanguage(() => {
  for (const { node, url } of drawn.values()) {
    node.remove();
    if (url) URL.revokeObjectURL(url);
  }
  drawn.clear();
  renderTray();
});
onChange((before, after) => {
  if (before.current !== after.current) renderTray();
  if (before.limits !== after.limits) $('attach').hidden = maxFileBytes() === 0;
});
$('attach').hidden = maxFileBytes() === 0;

// Adding files

/** @param {File[]} files */
function addFiles(files) {
  const room = state.current;
  if (!files.length) return;
  if (room === null) return void showError(t('Join a room first.'));
  if (maxFileBytes() === 0) return void showError(t('This server takes no files.'));
  if (ui.composing?.kind === 'edit') return void showError(t('An edit can’t add files. Finish the edit first.'));
  const { accepted, refusals } = selectFiles(files, tray.of(room).length, maxFileBytes());
  if (refusals.length) showError(refusals.join(' '));
  if (accepted.length) attach(room, accepted);
  if (readinessOf(tray.of(room)) !== 'failed') input.focus();
}

$('attach').addEventListener('click', () => $('attach-files').click());
$('attach-files').addEventListener('change', () => {
  addFiles([...$('attach-files').files ?? []]);
  $('attach-files').value = ''; // so that the person can choose the same file again
});

document.addEventListener('paste', (event) => {
  const data = event.clipboardData;
  if (!ui.inside || !data || isDialogOpen() || !isPastedFile(data.types) || data.files.length === 0) return;
  if (event.target !== input && closestTo(event, 'input, textarea, select')) return;
  event.preventDefault();
  addFiles([...data.files]);
});

// Dropping. The whole page accepts files: otherwise the browser would open a file that a person drops beside the log.

/** @param {DragEvent} event */
const hasFiles = (event) => Boolean(event.dataTransfer?.types.includes('Files'));

/** @param {boolean} isShown */
function showDropZone(isShown) {
  const room = state.rooms.get(state.current ?? '');
  $('drop-zone').hidden = !isShown || !room || maxFileBytes() === 0;
  setText($('drop-words'), room ? t('They are added to your message in {room}.', { room: titleOf(room) }) : '');
}

document.addEventListener('dragenter', (event) => {
  if (hasFiles(event) && ui.inside && !isDialogOpen()) showDropZone(true);
});
document.addEventListener('dragover', (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  if (event.dataTransfer) event.dataTransfer.dropEffect = ui.inside && !isDialogOpen() && maxFileBytes() > 0 ? 'copy' : 'none';
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) showDropZone(false);
});
document.addEventListener('dragend', () => showDropZone(false));
document.addEventListener('drop', (event) => {
  showDropZone(false);
  if (!hasFiles(event)) return;
  event.preventDefault();
  if (!ui.inside || isDialogOpen()) return;
  const items = [...event.dataTransfer?.items ?? []].filter(({ kind }) => kind === 'file');
  const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).flatMap((item) => item.getAsFile() ?? []);
  if (files.length < items.length) showError(t('A folder can’t be sent. Please choose the files in it.'));
  addFiles(files);
});
