import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseMarkup } from '../../Server/Web/client/markup.mjs';
import { parsedText, splitText } from '../../Server/Web/client/message-text.mjs';

const blocksOf = (text) => parsedText({ text }).blocks;
/** Writes pieces as text: <bold>…</bold>. */
const written = (pieces) => pieces.map((piece) => 'mark' in piece ? `<${piece.mark}>${written(piece.pieces)}</${piece.mark}>`
  : 'code' in piece ? `<code>${piece.code}</code>` : piece.href ? `<a>${piece.text}</a>` : piece.mention ? `<to ${piece.mention}>` : piece.text).join('');
const lineOf = (text) => written(blocksOf(text).flatMap((block) => 'pieces' in block ? block.pieces : [{ text: `[${block.kind}]` }]));
/** The whole text with all signs, as the page keeps it in its nodes. */
const whole = (pieces) => pieces.map((piece) => 'mark' in piece ? piece.sign + whole(piece.pieces) + piece.sign : 'code' in piece ? piece.open + piece.code + piece.close : piece.text).join('');
const wholeText = (text) => blocksOf(text).map((block) => 'pieces' in block ? whole(block.pieces) : block.items.map(({ open, pieces, close }) => open + whole(pieces) + close).join('')).join('');

describe('marks', () => {
  for (const [text, expected] of [
    ['**bold** and __bold__', '<bold>bold</bold> and <bold>bold</bold>'],
    ['*italic* and _italic_', '<italic>italic</italic> and <italic>italic</italic>'],
    ['~~gone~~ ||secret words||', '<strike>gone</strike> <spoiler>secret words</spoiler>'],
    ['***both***', '<bold><italic>both</italic></bold>'],
    ['*a **b***', '<italic>a <bold>b</bold></italic>'],
    ['**use `a*b` here**', '<bold>use <code>a*b</code> here</bold>'],
    ['**https://example.org/a_b_c**', '<bold><a>https://example.org/a_b_c</a></bold>'],
    ['**see https://example.org**.', '<bold>see <a>https://example.org</a></bold>.'],
    ['这是**重要**的', '这是<bold>重要</bold>的'],
    ['(*so*)', '(<italic>so</italic>)'],
  ]) test(`in ${text}`, () => assert.equal(lineOf(text), expected));

  for (const text of ['2 * 3 * 4', '2*3*4', 'snake_case_name', 'имя_файла_тут', 'a || b || c', 'a||b||c', '** not bold **', '*', '***', '||||', '~~ ~~', '**open', '*open\nand closed*', '-- --', '\\_o_/'])
    test(`are not found in ${JSON.stringify(text)}`, () => assert.equal(lineOf(text), text));

  test('without an end stay text, and the marks after them still work', () => assert.equal(lineOf('**open *x* y'), '**open <italic>x</italic> y'));
  test('are at most 200, so that a message can’t fill the page with nodes', () => {
    const marks = (pieces) => pieces.reduce((sum, piece) => sum + ('mark' in piece ? 1 + marks(piece.pieces) : 0), 0);
    assert.equal(marks(blocksOf('*a* '.repeat(400))[0].pieces), 200);
  });
});

describe('mentions', () => {
  for (const [text, expected] of [
    ['@bob hi', '<to bob> hi'], ['(@bob)', '(<to bob>)'], ['hi @bob.', 'hi <to bob>.'], ['@"ann lee", hi', '<to ann lee>, hi'], ['**@bob**', '<bold><to bob></bold>'], ['@סיון', '<to סיון>'],
    ['bob@example.org', 'bob@example.org'], ['@bob@example.org', '@bob@example.org'], ['@', '@'], [`@${'x'.repeat(65)}`, `@${'x'.repeat(65)}`], ['@"', '@"'], ['@ bob', '@ bob'],
  ]) test(`in ${text}`, () => assert.equal(lineOf(text), expected));
});

describe('blocks', () => {
  test('a list has one item for each line', () => assert.deepEqual(blocksOf('to do:\n- one\n* **two**\nend').map((block) => block.kind ?? written(block.pieces)), ['to do:\n', 'list', 'end']));
  test('the lines of a quote belong together', () => {
    const [quote, rest] = blocksOf('> a\n> b\n\nc');
    assert.deepEqual([quote.kind, quote.items.map(({ pieces }) => written(pieces)), written(rest.pieces)], ['quote', ['a', 'b'], '\nc']);
  });
  test('a code block stays whole', () => assert.equal(lineOf('look:\n```\n- a\n**b**\n```\nend'), 'look:<code>- a\n**b**</code>end'));
  for (const text of ['-', '- ', '>', '-5 degrees', '->', ' - a', '#room']) test(`are not found in ${JSON.stringify(text)}`, () => assert.ok(blocksOf(text).every((block) => 'pieces' in block)));
});

test('the nodes contain the whole text of the message', () => {
  for (const text of ['**a** _b_\n- c ||d||\n> e\n\n```js\nf\n```\n@g, #h https://example.org/i*', '***x** y*', '- \n- a\n', '\n\n> a\n', 'a\n```\nb\n```\n- c']) assert.equal(wholeText(text), text);
});

describe('the plain text', () => {
  test('does not contain the signs of the marks', () => assert.equal(parsedText({ text: '**a** `b`\n- c\n> d' }).plain, 'a b\nc\nd'));
  test('does not contain the words of a spoiler', () => assert.doesNotMatch(parsedText({ text: 'the murderer is ||the gardener||' }).plain, /gardener/));
});

test('the number of steps depends only on the length of the message', () => {
  const SIZE = 4_000;
  for (const part of ['*', '**', '_', '~~', '||', '*a', 'a*', '** ', '*a ', '*a **b ~~c ||d ', '> ', '- ', '@', '@"', '@a', '@"a', '\n', '*\n', '`*`', '#a*', '**a', '(_a', '𝒳_']) {
    const text = part.repeat(SIZE / part.length);
    const { steps } = parseMarkup(splitText(text));
    assert.ok(steps <= 20 * SIZE, `${JSON.stringify(part)}: ${steps} steps`);
  }
});
