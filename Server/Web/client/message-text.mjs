// The text of a message, split into plain text, links, rooms and code.

import { withoutDirectionControls } from './direction.mjs';
import { parseMarkup, plainText } from './markup.mjs';

/** @import { CodePiece, ParsedText, TextPiece } from './types.js' */

const FENCE = '```';
const MAX_LINK_LENGTH = 2_048; // a longer address stays text
const MAX_PIECES = 500;        // after this many pieces, the rest of a message stays text, because each piece adds a node to the page

const LANGUAGE = /[\w+#.-]/;
const WORD = /[a-z\d_]/i;
const ROOM_START = /[\p{L}\p{N}]/u;
const IN_ROOM = /[\p{L}\p{N}_.-]/u;
const BEFORE_NO_ROOM = /[\p{L}\p{N}_/&#]/u;

// An address contains none of these characters: white space, control characters, quotation marks, and the brackets and punctuation of other scripts.
const ENDS_LINK = /[\s<>"\p{Cc}«»‹›“”„‟‚‛…。、，；：！？（）［］｛｝「」『』【】〈〉《》〔〕｡､｢｣،؛؟۔।\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;
// An address may contain these characters, but at its end they belong to the sentence. An opening bracket at the end has no closing one.
const TRAILING = new Set(`.,;:!?'‘’([{`);
// If an address ends with the same one of these characters twice, these two are a mark around the address: **https://example.org**.
const EMPHASIS = new Set('*~|');
/** @type {Record<string, string>} */
const OPENING = { ')': '(', ']': '[', '}': '{' };

/**
 * Reads a text from left to right. `steps` counts how often a character is read. The parser reads each character only a few times, whatever
 * a message contains. So a message of another person can't block the page.
 */
class Reader {
  steps = 0;
  /** The text has no fence at or after this index. */
  #noFenceFrom = Infinity;

  /** @param {string} text */
  constructor(text) { this.text = text; }

  /** @param {number} index */
  at(index) {
    this.steps += 1;
    return this.text[index] ?? '';
  }

  /**
   * The whole character at an index, even if it has two UTF-16 code units.
   * @param {number} index
   */
  characterAt(index) {
    this.steps += 1;
    const code = this.text.codePointAt(index);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  /**
   * The whole character before an index.
   * @param {number} index
   */
  characterBefore(index) {
    const code = this.text.charCodeAt(index - 1);
    return this.characterAt(code >= 0xDC00 && code <= 0xDFFF ? index - 2 : index - 1);
  }

  /**
   * @param {string} word
   * @param {number} index
   */
  hasAt(word, index) {
    this.steps += 1;
    return this.text.startsWith(word, index);
  }

  /**
   * The index of the first fence at or after an index, or -1.
   * @param {number} from
   */
  findFence(from) {
    if (from >= this.#noFenceFrom) return -1;
    for (let index = from; index < this.text.length; index += 1) if (this.at(index) === '`' && this.hasAt(FENCE, index)) return index;
    this.#noFenceFrom = from;
    return -1;
  }
}

/**
 * Splits text into pieces: { text }, { text, href }, { text, room }, or { open, code, close, block } for code between backticks.
 * @param {string} text
 */
export const splitText = (text) => parseText(text).pieces;

/**
 * Splits text, and counts the steps: how often the parser has read a character.
 * @param {string} text
 */
export function parseText(text) {
  const reader = new Reader(text);
  /** @type {(TextPiece | CodePiece)[]} */
  const pieces = [];
  let done = 0;
  for (let index = 0; index < text.length && pieces.length < MAX_PIECES;) {
    const found = reader.at(index) === '`' ? fenceAt(reader, index, done) ?? spanAt(reader, index) : null;
    if (!found) {
      index += 1;
      continue;
    }
    addLinks(reader, done, found.start, pieces);
    pieces.push(found.piece);
    index = done = found.end;
  }
  addLinks(reader, done, text.length, pieces);
  return { pieces, steps: reader.steps };
}

/**
 * Returns the code block whose opening fence is at an index, or null. The line breaks beside the fences belong to the fences.
 * @param {Reader} reader
 * @param {number} index
 * @param {number} done the end of the previous piece
 */
function fenceAt(reader, index, done) {
  if (!reader.hasAt(FENCE, index)) return null;
  const { text } = reader;
  const start = index > done && reader.at(index - 1) === '\n' ? index - 1 : index;
  const afterFence = index + FENCE.length;
  let afterLanguage = afterFence;
  while (LANGUAGE.test(reader.at(afterLanguage))) afterLanguage += 1;
  const hasLanguage = reader.at(afterLanguage) === '\n';
  // If only the closing fence follows the word after the opening fence, the word is the code, and not a language.
  for (const from of hasLanguage ? [afterLanguage + 1, afterFence] : [afterFence]) {
    const fence = reader.findFence(from + 1);
    if (fence < 0) continue;
    const to = fence - 1 > from && reader.at(fence - 1) === '\n' ? fence - 1 : fence;
    const end = fence + FENCE.length + (reader.at(fence + FENCE.length) === '\n' ? 1 : 0);
    return { start, end, piece: { open: text.slice(start, from), code: text.slice(from, to), close: text.slice(to, end), block: true } };
  }
  return null;
}

/**
 * Returns the code between single backticks that starts at an index, or null.
 * @param {Reader} reader
 * @param {number} index
 */
function spanAt(reader, index) {
  if (reader.at(index - 1) === '`') return null;
  let end = index + 1;
  for (let char = reader.at(end); char !== '`'; char = reader.at(end += 1)) if (char === '\n' || char === '') return null;
  if (end === index + 1 || reader.at(end + 1) === '`') return null;
  return { start: index, end: end + 1, piece: { open: '`', code: reader.text.slice(index + 1, end), close: '`', block: false } };
}

/**
 * Adds the pieces of a part of the text that contains no code.
 * @param {Reader} reader
 * @param {number} from
 * @param {number} to
 * @param {(TextPiece | CodePiece)[]} pieces
 */
function addLinks(reader, from, to, pieces) {
  const { text } = reader;
  let done = from;
  for (let index = from; index < to && pieces.length < MAX_PIECES;) {
    const char = reader.at(index);
    const found = char === '#' ? roomAt(reader, index, from, to) : char === 'h' || char === 'H' ? linkAt(reader, index, from, to) : null;
    if (found?.piece) {
      if (index > done) pieces.push({ text: text.slice(done, index) });
      pieces.push(found.piece);
      done = found.end;
    }
    index = found?.end ?? index + 1;
  }
  if (done < to) pieces.push({ text: text.slice(done, to) });
}

/**
 * Returns the #room at an index, or null.
 * @param {Reader} reader
 * @param {number} index
 * @param {number} from
 * @param {number} to
 * @returns {{ end: number, piece: TextPiece } | null}
 */
function roomAt(reader, index, from, to) {
  if (index > from && BEFORE_NO_ROOM.test(reader.characterBefore(index))) return null;
  if (!ROOM_START.test(reader.characterAt(index + 1))) return null;
  let end = index + 1;
  for (let char = reader.characterAt(end); end < to && IN_ROOM.test(char); char = reader.characterAt(end)) end += char.length;
  while (reader.at(end - 1) === '.') end -= 1; // a full stop at the end belongs to the sentence, not to the name
  const text = reader.text.slice(index, end);
  return { end, piece: { text, room: text.slice(1) } };
}

/**
 * Returns the web address at an index, or null. If the result has no piece, the text up to `end` is not an address.
 * @param {Reader} reader
 * @param {number} index
 * @param {number} from
 * @param {number} to
 * @returns {{ end: number, piece?: TextPiece } | null}
 */
function linkAt(reader, index, from, to) {
  if (index > from && WORD.test(reader.at(index - 1))) return null;
  reader.steps += 'https://'.length;
  const scheme = /^https?:\/\//i.exec(reader.text.slice(index, Math.min(to, index + 'https://'.length)))?.[0];
  if (!scheme) return null;
  let end = index + scheme.length;
  /** How many brackets of each kind are open. @type {Record<string, number>} */
  const open = { '(': 0, '[': 0, '{': 0 };
  for (let char = reader.at(end); end < to && !ENDS_LINK.test(char); char = reader.at(end += 1)) {
    if (char in open) open[char] += 1;
    else if (char in OPENING && --open[OPENING[char]] < 0) break; // a closing bracket without an opening one in the address belongs to the text around it
  }
  const isEmphasised = index > from && reader.at(index - 1) === '*';
  const scanned = end;
  for (let last = reader.at(end - 1); TRAILING.has(last) || last === '*' && isEmphasised || EMPHASIS.has(last) && reader.at(end - 2) === last;) {
    end -= EMPHASIS.has(last) && reader.at(end - 2) === last ? 2 : 1;
    last = reader.at(end - 1);
  }
  if (end - index > MAX_LINK_LENGTH || end < index + scheme.length) return { end: scanned };
  reader.steps += end - index;
  const text = reader.text.slice(index, end);
  const href = webAddress(text);
  return href ? { end, piece: { text, href } } : { end: scanned };
}

/** @param {string} text */
function webAddress(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null;
}

/** @type {WeakMap<object, ParsedText>} */
const parsed = new WeakMap();

/**
 * Returns the parsed text of a message, without characters that change the direction of the text around them. The page draws
 * messages again and again, so this function caches its result: a message is immutable.
 * @param {{ text?: string }} message
 * @returns {ParsedText}
 */
export function parsedText(message) {
  const known = parsed.get(message);
  if (known) return known;
  const pieces = splitText(withoutDirectionControls(message.text ?? ''));
  const { blocks } = parseMarkup(pieces);
  const created = { pieces, blocks, plain: plainText(blocks).trim() };
  parsed.set(message, created);
  return created;
}
