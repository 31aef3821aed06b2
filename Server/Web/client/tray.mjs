// The files of the drafts. Decides which files the page uploads, and when a message with files can be sent.

import { isolated } from './direction.mjs';
import { filesOf, sizeWords } from './files.mjs';
import { numberWords, t } from './language.mjs';

/** @import { AttachedFile, Attachment } from './types.js' */

/** The maximum number of files of one message. This is also the server's default. */
export const MAX_FILES = 10;

/** @type {readonly Attachment[]} */
const NONE = [];

/** Keeps the files of each room's draft. Each change creates a new list, so that the page sees the change. */
export class Tray {
  /** @type {Map<string, readonly Attachment[]>} */
  #rooms = new Map();

  /** @param {unknown} stored what entries() returned before the page was loaded again */
  constructor(stored) {
    if (!Array.isArray(stored)) return;
    for (const entry of stored) {
      const [room, list] = Array.isArray(entry) ? entry : [];
      if (typeof room !== 'string' || !Array.isArray(list)) continue;
      const valid = list.filter((one) => typeof one?.key === 'string' && typeof one.name === 'string' && (one.state === 'failed' || filesOf([one.file])));
      if (valid.length) this.#rooms.set(room, valid);
    }
  }

  get rooms() { return [...this.#rooms.keys()]; }

  /**
   * The files of a room's draft, in the order in which the person added them.
   * @param {string | null} room
   */
  of(room) { return this.#rooms.get(room ?? '') ?? NONE; }

  /**
   * @param {string} room
   * @param {readonly Attachment[]} list
   */
  #set(room, list) {
    if (list.length) this.#rooms.set(room, list);
    else this.#rooms.delete(room);
  }

  /**
   * @param {string} room
   * @param {Attachment[]} added
   */
  add(room, added) { this.#set(room, [...this.of(room), ...added]); }

  /** @param {string} key */
  find(key) { return [...this.#rooms.values()].flat().find((one) => one.key === key); }

  /**
   * @param {string} key
   * @param {Partial<Attachment>} changes
   */
  change(key, changes) {
    for (const [room, list] of this.#rooms) if (list.some((one) => one.key === key)) this.#set(room, list.map((one) => one.key === key ? { ...one, ...changes } : one));
  }

  /** @param {string} key */
  remove(key) {
    for (const [room, list] of this.#rooms) this.#set(room, list.filter((one) => one.key !== key));
  }

  /**
   * Removes the files from a room's draft. Returns the uploaded files.
   * @param {string} room
   */
  take(room) {
    const files = this.of(room).flatMap(({ file }) => file ?? []);
    this.#rooms.delete(room);
    return files;
  }

  /**
   * Moves a draft when the server spells the room's name differently.
   * @param {string} from
   * @param {string} to
   */
  renameRoom(from, to) {
    const list = this.of(from);
    this.#rooms.delete(from);
    this.#set(to, [...this.of(to), ...list]);
  }

  /** The next file to upload, or undefined. */
  get next() { return [...this.#rooms.values()].flat().find(({ state }) => state === 'waiting'); }

  get uploading() { return [...this.#rooms.values()].flat().filter(({ state }) => state === 'uploading').length; }

  /**
   * Marks the files of another user as failed. Only the user who has uploaded a file can send it.
   * @param {string} user
   */
  assignUser(user) {
    for (const [room, list] of this.#rooms) {
      if (!list.some((one) => one.state === 'ready' && one.user !== user)) continue;
      this.#set(room, list.map((one) => one.state !== 'ready' || one.user === user ? one
        : { ...one, state: 'failed', file: undefined, error: t('You uploaded this under another name.') }));
    }
  }

  clear() { this.#rooms.clear(); }

  /** The files as the page stores them, or null if there are none. Files that are not uploaded are stored as failed, because the page can't store their contents. */
  entries() {
    if (!this.#rooms.size) return null;
    return [...this.#rooms].map(([room, list]) => [room, list.map((one) => one.state === 'ready' ? one
      : { ...one, state: 'failed', sent: 0, isRetried: false, isLost: true, error: t('The page was loaded again before this was uploaded. Please add the file again.') })]);
  }
}

/**
 * Creates a file of a draft from a file that the server already has. The page needs this when the person moves an unsent message back into the input.
 * @param {AttachedFile} file
 * @param {string} key
 * @param {string | null} user
 * @returns {Attachment}
 */
export const readyAttachment = (file, key, user) => ({ key, name: file.name, bytes: file.bytes, type: file.type, state: 'ready', sent: file.bytes, file, user });

/**
 * Returns the files that the page can upload, and the reasons why it can't upload the other files.
 * @template {{ name: string, size: number }} T
 * @param {T[]} files
 * @param {number} count how many files the draft already has
 * @param {number} maxBytes
 */
export function selectFiles(files, count, maxBytes) {
  /** @type {T[]} */
  const accepted = [];
  /** @type {string[]} */
  const refusals = [];
  let more = 0;
  for (const file of files) {
    if (file.size > maxBytes) refusals.push(t('{file} has {size}. A file may have at most {max}.', { file: isolated(file.name), size: sizeWords(file.size), max: sizeWords(maxBytes) }));
    else if (count + accepted.length < MAX_FILES) accepted.push(file);
    else more += 1;
  }
  if (more) refusals.push(t('A message may have at most {max} files. {count} files were left out.', { max: MAX_FILES, count: more }));
  return { accepted, refusals };
}

/**
 * When the message with these files can be sent: now (`ready`), after the uploads (`uploading`), or after the person has retried or removed the failed
 * files (`failed`).
 * @param {readonly Attachment[]} list
 * @returns {'ready' | 'uploading' | 'failed'}
 */
export const readinessOf = (list) => list.some(({ state }) => state === 'failed') ? 'failed' : list.every(({ state }) => state === 'ready') ? 'ready' : 'uploading';

/**
 * The part of the file that is sent, from 0 to 1.
 * @param {Attachment} attachment
 */
export const shareOf = ({ state, sent, bytes }) => state === 'ready' ? 1 : bytes > 0 ? Math.min(1, sent / bytes) : 0;

/**
 * What a screen reader says about the uploads. The share is rounded, so that the screen reader does not speak too often.
 * @param {readonly Attachment[]} list
 * @param {boolean} isWaiting whether the message is sent after the uploads
 */
export function trayWords(list, isWaiting) {
  const running = list.filter(({ state }) => state === 'waiting' || state === 'uploading');
  const failed = list.filter(({ state }) => state === 'failed').length;
  const words = [
    running.length && runningWords(running),
    isWaiting && running.length && t('Your message is sent after that.'),
    failed && t('{count} files were not uploaded.', { count: failed }),
    !running.length && !failed && list.length && t('{count} files are ready to send.', { count: list.length }),
  ];
  return words.filter(Boolean).join(' ');
}

/** @param {Attachment[]} running */
function runningWords(running) {
  const quarters = Math.floor(running.reduce((sum, one) => sum + shareOf(one), 0) / Math.max(1, running.length) * 4);
  const values = { file: isolated(running[0].name), count: running.length, share: numberWords(quarters / 4, { style: 'percent' }) };
  if (running.length === 1) return quarters ? t('Uploading {file}, {share}.', values) : t('Uploading {file}.', values);
  return quarters ? t('Uploading {count} files, {share}.', values) : t('Uploading {count} files.', values);
}

/**
 * Whether pasted data are files. Word processors also put a picture of the copied text into the clipboard, but the person wants the text.
 * @param {readonly string[]} types the types of the data
 */
export const isPastedFile = (types) => types.includes('Files') && !(types.includes('text/html') && types.includes('text/plain'));
