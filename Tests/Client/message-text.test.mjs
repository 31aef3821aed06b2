import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsedText, parseText, splitText } from '../../Server/Web/client/message-text.mjs';

const joined = (text) => splitText(text).map((piece) => 'code' in piece ? piece.open + piece.code + piece.close : piece.text).join('');
const links = (text) => splitText(text).filter(({ href }) => href).map(({ text: words, href }) => [words, href]);
const rooms = (text) => splitText(text).filter(({ room }) => room).map(({ room }) => room);
const code = (text) => splitText(text).filter((piece) => 'code' in piece);

describe('links', () => {
  test('an address is a link', () => {
    assert.deepEqual(links('see https://example.org/a?b=c#d now'), [['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d']]);
  });

  test('only http and https are links', () => {
    for (const text of ['javascript:alert(1)', 'ftp://example.org', 'data:text/html,x', 'https://']) assert.deepEqual(links(text), []);
  });

  for (const [text, expected] of [
    ['Go to http://a.test.', 'http://a.test'],
    ['(http://a.test/b)', 'http://a.test/b'],
    ['http://a.test/b_(c)', 'http://a.test/b_(c)'],
    ['http://a.test/b?!', 'http://a.test/b'],
    ['"http://a.test/b"', 'http://a.test/b'],
    ['<http://a.test/b>', 'http://a.test/b'],
    ['[see](http://a.test/b)', 'http://a.test/b'],
    ['[http://a.test/b]', 'http://a.test/b'],
    ['http://a.test/b)c', 'http://a.test/b'],
    ['http://a.test/b(', 'http://a.test/b'],
    ['**http://a.test/b**', 'http://a.test/b'],
    ['‘http://a.test/b’', 'http://a.test/b'],
    ['（http://a.test/b）abc', 'http://a.test/b'],
    ['http://a.test/b。abc', 'http://a.test/b'],
    ['“http://a.test/b”abc', 'http://a.test/b'],
    ['«http://a.test/b»abc', 'http://a.test/b'],
    ['http://a.test/b…abc', 'http://a.test/b'],
    ['「http://a.test/b」、', 'http://a.test/b'],
    ['http://a.test/b\u202Ecba', 'http://a.test/b'],
  ]) {
    test(`the link in ${text} ends before the punctuation`, () => assert.equal(links(text)[0][0], expected));
  }
});

describe('an address without punctuation after it', () => {
  for (const text of [
    'http://a.test/b-', 'http://a.test/b_', 'http://a.test/~', 'http://a.test/b[1]', 'http://a.test/b_(c)_(d)', 'http://a.test/{b}', 'http://a.test/*',
    'http://[::1]', 'http://[::1]:5080/b', 'HTTPS://A.test/ß', 'http://a.test/日本',
  ]) {
    test(`${text} is a link as a whole`, () => assert.deepEqual(links(`see ${text} now`).map(([words]) => words), [text]));
  }

  test('a room name after a link is recognized', () => assert.deepEqual(rooms('(http://a.test) #lobby'), ['lobby']));
  test('text after an invalid address stays text', () => assert.deepEqual(links('http://[ http://b.test'), [['http://b.test', 'http://b.test/']]));
});

describe('rooms', () => {
  test('a room keeps a dash at its end, but not a full stop', () => assert.deepEqual(rooms('#dev-, #a_. #b..'), ['dev-', 'a_', 'b']));

  test('a # before a word is a room', () => assert.deepEqual(rooms('#lobby, see #a.b-c and #日本'), ['lobby', 'a.b-c', '日本']));

  test('a # inside a word, a link or an entity does not start a room', () => {
    assert.deepEqual(rooms('c#major ##x a/#b &#39; http://a.test/#top'), []);
  });
});

describe('code', () => {
  test('text between single backticks is a code span', () => {
    assert.deepEqual(code('use `a = 1` here'), [{ open: '`', code: 'a = 1', close: '`', block: false }]);
  });

  test('text between fences is a code block, without the name of the language', () => {
    const [piece] = code('before\n```js\nlet a = 1;\n```\nafter');
    assert.equal(piece.block, true);
    assert.equal(piece.code, 'let a = 1;');
  });

  test('links and rooms in code stay text', () => {
    assert.deepEqual(links('`http://a.test`'), []);
    assert.deepEqual(rooms('`#lobby`'), []);
  });

  test('a single backtick is text', () => assert.deepEqual(code('it`s'), []));
});

for (const text of ['', 'hello', 'a `b` c', '```\nx\n```', 'see http://a.test/b), and #lobby.', '`a``b`', '```', '#', 'http://[']) {
  test(`the joined pieces of ${JSON.stringify(text)} are the whole text`, () => assert.equal(joined(text), text));
}

describe('parsedText', () => {
  test('has the trimmed text without backticks', () => assert.equal(parsedText({ text: ' run `make` in #dev ' }).plain, 'run make in #dev'));
  test('is empty for a message without text', () => assert.deepEqual(parsedText({}), { pieces: [], blocks: [], plain: '' }));

  test('reads the text of a message only once', () => {
    let reads = 0;
    const message = { get text() { reads += 1; return 'see http://a.test'; } };
    assert.equal(parsedText(message), parsedText(message));
    assert.equal(reads, 1);
  });

  test('leaves out the characters that change the direction', () => {
    assert.equal(parsedText({ text: 'photo_\u202Egpj.exe\u2069' }).plain, 'photo_gpj.exe');
  });
});

describe('the parser looks at each character only a few times', () => {
  const LENGTH = 8_000;
  const MAX_STEPS = 8; // for each character
  const marks = [...Array.from({ length: 0x7F - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)), '\n', '\t', '\0', '（', '）', '。', '”', '…', '\u202E', '🦊', '\uD83E'];
  const repeated = [
    ...marks.filter((char) => !/[a-gi-z0-9]/i.test(char)), '```', '\n```\n', '```x', '`\n', '`a', '``a', 'http://', 'http://[', 'http://(', 'http://)', 'http://a)', 'http://a.',
    'http://a ', 'http://*', '*http://', 'h', 'ht', '#a', '#a ', '#.', '#🦊', 'a.', '()', '([{', '}])', '([{}])', `${'http://['.repeat(250)} `, '<http://a>', '"http://a"', '(http://a', '`http://a',
  ];
  const beginnings = ['', 'http://a', 'http://[', 'http://a/(', '#a', '`', '```', '```js\n', '(', '*http://a'];
  const nested = ['()', '[]', '{}', '<>', '“”', '（）', '``'].map(([open, close]) => open.repeat(LENGTH / 2) + close.repeat(LENGTH / 2));

  for (const beginning of beginnings) {
    test(`in repetitions after ${JSON.stringify(beginning)}`, () => {
      const texts = [...repeated.map((part) => beginning + part.repeat(LENGTH / part.length)), ...nested.map((text) => beginning + text)];
      for (const text of texts) {
        const { pieces, steps } = parseText(text);
        assert.ok(steps >= text.length / 2 || pieces.length >= 500, `${JSON.stringify(text.slice(0, 30))}: ${steps} steps are too few to be the whole count`);
        assert.ok(steps <= MAX_STEPS * text.length, `${JSON.stringify(text.slice(0, 30))}: ${steps / text.length} steps for each character`);
      }
    });
  }

  test('a message has at most about 500 pieces', () => {
    const text = '#a '.repeat(3_000);
    assert.ok(splitText(text).length <= 502);
    assert.equal(joined(text), text);
  });

  test('an address of more than 2,048 characters is text', () => {
    assert.deepEqual(links(`http://a.test/${'x'.repeat(2_100)} http://b.test`), [['http://b.test', 'http://b.test/']]);
  });
});
