// The Markdown subset of a message: bold, italic, strike, spoilers, quotes and lists. message-text.mjs has already found code, links and rooms.
// This module does not look into them: a mark can begin before a link and end after it, but not inside it.

/** @import { Block, CodePiece, Inline, TextPiece } from './types.js' */

/** @type {Record<string, 'bold' | 'italic' | 'strike' | 'spoiler'>} */
const MARKS = { '**': 'bold', '__': 'bold', '*': 'italic', '_': 'italic', '~~': 'strike', '||': 'spoiler' };
const SIGNS = new Set(['*', '_', '~', '|']);

const MAX_MARKS = 200; // after this many marks, the rest of a message stays text, because each mark adds a node to the page
const MAX_NAME = 64;

const WORD = /[\p{L}\p{N}]/u;
const ASCII_WORD = /\w/;
const SPACE = /\s/u;
const BEFORE_NO_MENTION = /[\p{L}\p{N}_@./-]/u;
const NAME = /[\p{L}\p{N}\p{M}_.-]+/uy;
const AT_END_OF_SENTENCE = /[.-]+$/;
const HIDDEN = '▒▒▒'; // replaces a spoiler in places where nobody can open it, for example in a quote
const ATOM = '\uFFFC'; // represents a neighbouring piece that is code, a link or a room, as the character before or after a text

/** @param {TextPiece | CodePiece} piece */
const isPlain = (piece) => !('code' in piece) && !piece.href && !piece.room;

/**
 * Finds the marks in the pieces of a message. `steps` counts how many characters and pieces the parser has read. This number depends
 * only on the length of the message, so no message can block the page.
 * @param {(TextPiece | CodePiece)[]} pieces
 * @returns {{ blocks: Block[], steps: number }}
 */
export function parseMarkup(pieces) {
  const work = { steps: 0, marks: 0 };
  /** @type {Block[]} */
  const blocks = [];
  for (const { line, end } of linesOf(pieces)) {
    const opened = blockAt(line);
    const last = blocks.at(-1);
    if (!opened) {
      const inlines = parseLine(line, work);
      if (end) inlines.push({ text: end });
      if (last && 'pieces' in last) last.pieces.push(...inlines);
      else blocks.push({ pieces: inlines });
      continue;
    }
    const item = { open: opened.open, pieces: parseLine(opened.rest, work), close: end };
    if (last && 'items' in last && last.kind === opened.kind) last.items.push(item);
    else blocks.push({ kind: opened.kind, items: [item] });
  }
  return { blocks, steps: work.steps };
}

/**
 * Splits pieces at the line breaks. A code block is a separate line, because it contains the line breaks before and after it.
 * @param {(TextPiece | CodePiece)[]} pieces
 */
function linesOf(pieces) {
  /** @type {{ line: (TextPiece | CodePiece)[], end: string }[]} */
  const lines = [];
  /** @type {(TextPiece | CodePiece)[]} */
  let line = [];
  const finish = (/** @type {string} */ end) => {
    if (line.length || end) lines.push({ line, end });
    line = [];
  };
  for (const piece of pieces) {
    if ('code' in piece) {
      if (piece.block) finish('');
      line.push(piece);
      if (piece.block) finish('');
    } else if (!isPlain(piece)) line.push(piece);
    else {
      const parts = piece.text.split('\n');
      parts.forEach((text, index) => {
        if (text) line.push({ text });
        if (index < parts.length - 1) finish('\n');
      });
    }
  }
  finish('');
  return lines;
}

/**
 * Returns the kind of a line of a quote or a list, the characters that open the line, and the rest. Returns null for other lines.
 * @param {(TextPiece | CodePiece)[]} line
 * @returns {{ kind: 'quote' | 'list', open: string, rest: (TextPiece | CodePiece)[] } | null}
 */
function blockAt(line) {
  const [first, ...rest] = line;
  if (!first || 'code' in first || !isPlain(first)) return null;
  const open = /^(?:> ?|[-*] +)/.exec(first.text)?.[0];
  const text = first.text.slice(open?.length);
  if (!open || !text && !rest.length) return null;
  return { kind: open[0] === '>' ? 'quote' : 'list', open, rest: text ? [{ text }, ...rest] : rest };
}

/**
 * Finds the marks in one line. Each sign of MARKS can be open only once, so the depth is at most the number of signs.
 * @param {(TextPiece | CodePiece)[]} line
 * @param {{ steps: number, marks: number }} work
 * @returns {Inline[]}
 */
function parseLine(line, work) {
  /** @type {{ token: string, pieces: Inline[] }[]} */
  const stack = [{ token: '', pieces: [] }];
  const top = () => stack[stack.length - 1];
  /** Turns the open marks above a depth back into text. @param {number} depth */
  const unwind = (depth) => {
    while (stack.length > depth) {
      const { token, pieces } = /** @type {{ token: string, pieces: Inline[] }} */ (stack.pop());
      work.steps += pieces.length;
      top().pieces.push({ text: token }, ...pieces);
    }
  };
  line.forEach((piece, place) => {
    work.steps += 1;
    if ('code' in piece || !isPlain(piece)) {
      top().pieces.push(piece);
      return;
    }
    const { text } = piece;
    const before = place > 0 ? ATOM : '', after = place < line.length - 1 ? ATOM : '';
    let done = 0;
    const flush = (/** @type {number} */ to) => { if (to > done) top().pieces.push({ text: text.slice(done, to) }); };
    for (let index = 0; index < text.length;) {
      work.steps += 1;
      const char = text[index];
      const previous = index > 0 ? characterBefore(text, index) : before;
      if (char === '@') {
        const mention = BEFORE_NO_MENTION.test(previous) ? null : mentionAt(text, index);
        if (mention) {
          work.steps += mention.text.length;
          flush(index);
          top().pieces.push(mention);
          done = index += mention.text.length;
          continue;
        }
      }
      const token = SIGNS.has(char) ? tokenAt(text, index, top().token) : '';
      if (!token) {
        index += 1;
        continue;
      }
      const next = index + token.length < text.length ? characterAt(text, index + token.length) : after;
      const depth = stack.findIndex((one) => one.token === token);
      const word = token.length === 1 ? WORD : ASCII_WORD;
      if (depth > 0 && previous !== '' && !SPACE.test(previous) && !word.test(next) && (index > done || stack[depth].pieces.length > 0 || stack.length > depth + 1)) {
        flush(index);
        unwind(depth + 1);
        const { pieces } = /** @type {{ token: string, pieces: Inline[] }} */ (stack.pop());
        top().pieces.push({ mark: MARKS[token], sign: token, pieces });
        done = index + token.length;
      } else if (depth < 0 && next !== '' && !SPACE.test(next) && !word.test(previous) && previous !== '\\' && work.marks < MAX_MARKS) {
        work.marks += 1;
        flush(index);
        stack.push({ token, pieces: [] });
        done = index + token.length;
      }
      index += token.length;
    }
    flush(text.length);
  });
  unwind(1);
  return stack[0].pieces;
}

/**
 * The mark at an index, or '' if the character is text. At the end of `***both***`, the inner mark ends first.
 * @param {string} text
 * @param {number} index
 * @param {string} open the innermost open mark
 */
function tokenAt(text, index, open) {
  const [one, two] = [text[index], text.slice(index, index + 2)];
  if (one === open && !SPACE.test(text[index - 1] ?? ' ') && two === one + one && text[index + 2] === one) return one;
  return two in MARKS ? two : one in MARKS ? one : '';
}

/**
 * @param {string} text
 * @param {number} index
 */
const characterAt = (text, index) => String.fromCodePoint(text.codePointAt(index) ?? 0);

/**
 * @param {string} text
 * @param {number} index
 */
function characterBefore(text, index) {
  const code = text.charCodeAt(index - 1);
  return code >= 0xDC00 && code <= 0xDFFF && index > 1 ? characterAt(text, index - 2) : text[index - 1];
}

/**
 * Returns the mention at an index, or null. A name with spaces is in quotation marks.
 * @param {string} text
 * @param {number} index
 * @returns {{ text: string, mention: string } | null}
 */
function mentionAt(text, index) {
  if (text[index + 1] === '"') {
    const name = /^"([^"]+)"/.exec(text.slice(index + 1, index + MAX_NAME + 3))?.[1];
    return name ? { text: `@"${name}"`, mention: name } : null;
  }
  NAME.lastIndex = 0;
  const found = NAME.exec(text.slice(index + 1, index + MAX_NAME + 2))?.[0] ?? '';
  const name = found.replace(AT_END_OF_SENTENCE, '');
  return name && found.length <= MAX_NAME && text[index + 1 + found.length] !== '@' ? { text: `@${name}`, mention: name } : null;
}

/**
 * The text without the marks. Each spoiler is replaced by HIDDEN.
 * @param {Block[]} blocks
 */
export const plainText = (blocks) => blocks.map((block) => 'pieces' in block
  ? plainInlines(block.pieces)
  : block.items.map(({ pieces, close }) => plainInlines(pieces) + close).join('')).join('');

/**
 * @param {Inline[]} pieces
 * @returns {string}
 */
const plainInlines = (pieces) => pieces.map((piece) => {
  if ('mark' in piece) return piece.mark === 'spoiler' ? HIDDEN : plainInlines(piece.pieces);
  return 'code' in piece ? piece.code : piece.text;
}).join('');
