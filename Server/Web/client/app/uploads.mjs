// Uploads the files of the drafts.

import { isolated } from '../direction.mjs';
import { filesOf } from '../files.mjs';
import { errorWords } from '../formatting.mjs';
import { t } from '../language.mjs';
import { BAD_SESSION_CLOSE_CODE, parseFrame, parseJson } from '../protocol.mjs';
import { readyAttachment, Tray } from '../tray.mjs';
import { credentials, urlOf } from './contents.mjs';
import { address, createId, FILES_KEY, load, save } from './page.mjs';
import { onChange, state } from './store.mjs';

/** @import { AttachedFile, Attachment } from '../types.js' */

const MAX_UPLOADS = 3; // at the same time

export const tray = new Tray(load('sessionStorage', FILES_KEY));

/** The contents of the files that are not uploaded yet, or that can be uploaded again. @type {Map<string, File>} */
const contents = new Map();
/** @type {Map<string, XMLHttpRequest>} */
const requests = new Map();
/** @type {(() => void)[]} */
const listeners = [];

/**
 * Registers a function to call after each change of a draft's files.
 * @param {() => void} listener
 */
export function onTray(listener) { listeners.push(listener); }

function changed() {
  for (const key of [...contents.keys()]) if (!tray.find(key)) contents.delete(key);
  while (tray.uploading < MAX_UPLOADS && tray.next) upload(tray.next);
  for (const listener of listeners) listener();
}

function saveTray() {
  const isLoggedOut = state.status.code === BAD_SESSION_CLOSE_CODE; // here or in another tab
  save('sessionStorage', FILES_KEY, isLoggedOut ? null : tray.entries());
}
addEventListener('pagehide', saveTray);

/**
 * Adds files to a room's draft, and uploads them.
 * @param {string} room
 * @param {File[]} files
 */
export function attach(room, files) {
  const added = files.map((file) => {
    const key = createId();
    contents.set(key, file);
    return /** @type {Attachment} */ ({ key, name: file.name || 'file', bytes: file.size, type: file.type, state: 'waiting', sent: 0 });
  });
  tray.add(room, added);
  changed();
}

/**
 * Adds the files of an unsent message to the room's draft again.
 * @param {string} room
 * @param {AttachedFile[]} files
 */
export function attachAgain(room, files) {
  tray.add(room, files.map((file) => readyAttachment(file, createId(), state.self?.user ?? null)));
  changed();
}

/** @param {string} key */
export const contentOf = (key) => contents.get(key);

/** @param {string} key */
export function detach(key) {
  tray.remove(key);
  stop(key);
  changed();
}

/** @param {string} key */
export function retry(key) {
  if (!contents.has(key)) return;
  tray.change(key, { state: 'waiting', sent: 0, error: undefined, isRetried: false });
  changed();
}

/**
 * Removes the files from a room's draft. Returns the uploaded files; only these can be in a message.
 * @param {string} room
 */
export function takeFiles(room) {
  const files = tray.take(room);
  changed();
  return files;
}

export function clearFiles() {
  tray.clear();
  for (const key of [...requests.keys()]) stop(key);
  changed();
  saveTray();
}

/**
 * @param {string} from
 * @param {string} to
 */
export function renameFiles(from, to) {
  tray.renameRoom(from, to);
  changed();
}

/** @param {string} key */
function stop(key) {
  const request = requests.get(key);
  requests.delete(key);
  request?.abort();
}

/** The media types that the upload sends. A multipart type is not sent, because a server would parse the body into its parts. */
const MEDIA_TYPE = /^(?!multipart)[a-z]+\/[\w.+-]+$/i;

/** @param {Attachment} attachment */
function upload({ key, name, type }) {
  const request = new XMLHttpRequest(); // fetch() does not report the progress of an upload
  const user = state.self?.user ?? null;
  requests.set(key, request);
  tray.change(key, { state: 'uploading', sent: 0 });
  const end = (/** @type {Partial<Attachment>} */ changes) => {
    if (requests.get(key) !== request) return; // the person has removed the file
    requests.delete(key);
    tray.change(key, changes);
    changed();
  };
  request.upload.onprogress = ({ loaded, total }) => {
    if (requests.get(key) !== request) return;
    tray.change(key, { sent: loaded, ...total > 0 && { bytes: total } });
    changed();
  };
  request.onload = () => end(resultOf(request, user));
  request.onerror = () => end({ state: 'failed', error: t('The upload to {host} was interrupted.', { host: isolated(address.host) }), isRetried: true });
  request.open('POST', urlOf('files'));
  for (const [header, value] of Object.entries(credentials())) request.setRequestHeader(header, value);
  request.setRequestHeader('content-type', MEDIA_TYPE.test(type) ? type : 'application/octet-stream');
  request.setRequestHeader('x-file-name', encodeURIComponent(name.toWellFormed()));
  request.send(contents.get(key));
}

/**
 * @param {XMLHttpRequest} request
 * @param {string | null} user
 * @returns {Partial<Attachment>}
 */
function resultOf({ status, responseText }, user) {
  const [file] = status === 201 ? filesOf([parseJson(responseText)]) ?? [] : [];
  if (file) return { state: 'ready', sent: file.bytes, bytes: file.bytes, name: file.name, file, user };
  const error = parseFrame(responseText);
  const words = error ? errorWords(error) : status === 413 ? t('This is too big for a proxy between this browser and the server.') : t('The server answered {status}.', { status: String(status) });
  return { state: 'failed', error: words };
}

onChange((before, after) => {
  if (after.self && before.self?.user !== after.self.user && tray.rooms.length) {
    tray.assignUser(after.self.user);
    changed();
  }
  if (before.status.state === 'online' || after.status.state !== 'online') return;
  for (const one of tray.rooms.flatMap((room) => tray.of(room))) if (one.isRetried) retry(one.key);
});
