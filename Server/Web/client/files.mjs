// The files of a message: the kind of each file, how large the page draws a picture, and the words for files.

import { isolated } from './direction.mjs';
import { numberWords, t } from './language.mjs';

/** @import { AttachedFile, Entry, Picture } from './types.js' */

const MAX_FILES = 100; // the greatest value that a server can set for one message (Files:PerMessage)

/**
 * Returns the valid files of a frame, or undefined if there are none.
 * @param {unknown} list
 * @returns {AttachedFile[] | undefined}
 */
export function filesOf(list) {
  if (!Array.isArray(list)) return undefined;
  const files = list.slice(0, MAX_FILES).flatMap((one) => {
    const { id, name, type, bytes, width, height } = one ?? {};
    if (typeof id !== 'string' || !id || typeof name !== 'string' || typeof type !== 'string' || !Number.isFinite(bytes)) return [];
    return [{ id, name: name || 'file', type, bytes, ...isLength(width) && isLength(height) && { width, height } }];
  });
  return files.length ? files : undefined;
}

/** @param {unknown} value */
const isLength = (value) => Number.isInteger(value) && Number(value) > 0;

/**
 * Whether two messages have the same files.
 * @param {AttachedFile[]} a
 * @param {AttachedFile[]} b
 */
export const sameFiles = (a = [], b = []) => a.length === b.length && a.every(({ id }, index) => id === b[index].id);

/** The media types that every browser of the baseline can play. The server sends files of these types for display. */
const PLAYABLE = new Set(['video/mp4', 'video/webm', 'video/ogg', 'audio/mpeg', 'audio/mp4', 'audio/aac', 'audio/ogg', 'audio/wav', 'audio/flac']);
const ARCHIVES = /^application\/(zip|gzip|x-bzip2|x-xz|zstd|x-7z-compressed|vnd\.rar|x-tar)$/;

/** @typedef {'picture' | 'video' | 'audio' | 'archive' | 'text' | 'file'} FileKind */

/**
 * How the page shows a file. Only a picture with a preview is drawn as a picture.
 * @param {{ type: string, width?: number }} file
 * @returns {FileKind}
 */
export function kindOf({ type, width }) {
  if (width !== undefined) return 'picture';
  if (PLAYABLE.has(type)) return type.startsWith('video/') ? 'video' : 'audio';
  return iconOf({ type }) === 'text' ? 'text' : 'file';
}

/**
 * Returns the icon of a file that the page does not show as a picture.
 * @param {{ type: string }} file
 * @returns {FileKind}
 */
export function iconOf({ type }) {
  if (type.startsWith('image/')) return 'picture';
  if (type.startsWith('video/')) return 'video';
  if (type.startsWith('audio/')) return 'audio';
  if (ARCHIVES.test(type)) return 'archive';
  return type.startsWith('text/') || type === 'application/pdf' ? 'text' : 'file';
}

/**
 * Splits a name before its extension. If there is no space for the whole name, the page cuts the first part only.
 * @param {string} name
 * @returns {[string, string]}
 */
export function nameParts(name) {
  const [, stem = name, extension = ''] = /^(.+)(\.[^\s.]{1,7})$/su.exec(name) ?? [];
  return [stem, extension];
}

/**
 * The address of a file's content, relative to the page's address.
 * @param {{ id: string, name: string }} file
 */
export const contentPath = ({ id, name }) => `files/${segment(id)}/${segment(name)}`;

/** @param {{ id: string }} file */
export const previewPath = ({ id }) => `files/${segment(id)}/preview`;

/**
 * Encodes a part of an address. A part that consists only of dots is replaced, because it would lead to another folder.
 * @param {string} text
 */
const segment = (text) => /^\.+$/.test(text) ? '_' : encodeURIComponent(text.toWellFormed());

/** @param {number} bytes */
export function sizeWords(bytes) {
  let value = bytes, unit = 0;
  for (; value >= 1000 && unit < 4; unit += 1) value /= 1024;
  const size = numberWords(value, { maximumFractionDigits: value < 10 ? 1 : 0 });
  switch (unit) {
    case 0: return t('{count} bytes', { count: bytes });
    case 1: return t('{size} KB', { size });
    case 2: return t('{size} MB', { size });
    case 3: return t('{size} GB', { size });
    default: return t('{size} TB', { size });
  }
}

/**
 * The words for the files of a message: "a picture", the name of the only file, or the number of files. Empty if there are no files.
 * @param {AttachedFile[] | undefined} files
 */
export function filesWords(files = []) {
  const pictures = files.filter((file) => iconOf(file) === 'picture').length;
  if (files.length === 0) return '';
  if (pictures === files.length) return t('{count} pictures', { count: pictures });
  return files.length === 1 ? isolated(files[0].name) : t('{count} files', { count: files.length });
}

const MAX_WIDTH = 400, MAX_HEIGHT = 320, MIN_SIDE = 64; // px

/**
 * Returns the size in which the log draws a picture. The log reserves this size, so nothing moves when the picture is loaded. If one side of a
 * picture is many times as long as the other, the log shows only a part of the picture.
 * @param {{ width?: number, height?: number }} file
 */
export function pictureBox({ width = 1, height = 1 }) {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  const side = (/** @type {number} */ value, /** @type {number} */ max) => Math.min(max, Math.max(MIN_SIDE, Math.round(value * scale)));
  return { width: side(width, MAX_WIDTH), height: side(height, MAX_HEIGHT) };
}

/**
 * The pictures of a log, oldest first.
 * @param {Entry[]} entries
 * @returns {Picture[]}
 */
export const picturesIn = (entries) => entries.flatMap(({ key, files = [], from, at }) =>
  files.filter((file) => kindOf(file) === 'picture').map((file) => ({ key: `${key} ${file.id}`, file, from: from ?? { user: '', name: '?' }, at: at ?? '' })));
