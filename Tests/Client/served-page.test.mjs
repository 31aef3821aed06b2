// The page as the server sends it, without its comments (Server/Web/PageComments.cs).

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { parseAst } from 'rollup/parseAst';
import { assemble } from './assemble.mjs';

const source = await readFile(new URL('../../Server/Web/PageComments.cs', import.meta.url), 'utf8');
const [, pattern] = /GeneratedRegex\(@"(\^.+)", RegexOptions\.Multiline\)/.exec(source);
/** Removes the comments that the server removes. */
const serve = (code) => code.replace(new RegExp(pattern, 'gm'), '');

/** The syntax tree without positions, as text. */
const treeOf = (script) => JSON.stringify(parseAst(script), (key, value) => key === 'start' || key === 'end' || key.startsWith('_') ? undefined : value);

let script, style;
before(async () => {
  const page = await assemble();
  [, script] = /<script>([^]*?)<\/script>/.exec(page);
  [, style] = /<style>([^]*?)<\/style>/.exec(page);
});

test('the served script is the same program as the source', () => assert.ok(treeOf(serve(script)) === treeOf(script), 'A part of a string or template literal looks like a comment.'));

test('the comparison notices a part of a string or template literal that looks like a comment', () => {
  for (const code of ['f(`\n// a\n`);', 'f(`\n  /* a */\n`);', 'f(`; // a\n`);']) assert.notEqual(treeOf(serve(code)), treeOf(code));
  assert.equal(treeOf(serve('// a\nf(`b`); // c')), treeOf('f(`b`);'));
});

test('the served style has the same rules as the source', () => {
  const rulesOf = (css) => css.replace(/\/\*[^]*?\*\//g, '').split('\n').map((line) => line.trim()).filter(Boolean);
  assert.doesNotMatch(style.replace(/\/\*[^]*?\*\//g, ''), /"[^"\n]*\/\*|^\s*\/\//m);
  assert.deepEqual(rulesOf(serve(style)), rulesOf(style));
});

test('the served script has no comment that fills whole lines or ends a line of code, except the first comment', () => {
  const served = serve(script);
  assert.match(served, /^\n\/\*!\n {2}RawSocketChat.*\n[^*]*\n\*\/\n\(function \(\) \{\n/);
  assert.doesNotMatch(served.slice(served.indexOf('*/') + 2), /^\s*(\/\/|\/\*[^*/]*\*\/$)|[,;{}] +\/\/ /m);
  assert.ok(served.length < script.length * .75);
});
