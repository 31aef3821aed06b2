import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import vm from 'node:vm';
import { assemble } from './assemble.mjs';

let page;
before(async () => { page = await assemble(); });

test('client.html is up to date with its sources', async () => {
  const committed = await readFile(new URL('../../client.html', import.meta.url), 'utf8');
  assert.ok(committed === page, 'client.html differs from its sources in Server/Web/client. Run "node Tests/Client/assemble.mjs" and commit the result.');
});

test('client.html has one style and one script, without attributes', () => {
  for (const element of ['style', 'script']) {
    assert.equal(page.split(`<${element}`).length - 1, 1);
    assert.equal(page.split(`<${element}>`).length - 1, 1);
    assert.equal(page.split(`</${element}>`).length - 1, 1);
  }
});

test('the markup of client.html has no inline styles and no inline handlers', () => {
  const markup = page.replace(/<style>[^]*?<\/style>/, '').replace(/<script>[^]*?<\/script>/, '');
  assert.doesNotMatch(markup, /\sstyle=/);
  assert.doesNotMatch(markup, /\son[a-z]+=/);
});

test('the script of client.html is a classic script, and its names are not global', () => {
  const [, script] = /<script>([^]*?)<\/script>/.exec(page);
  new vm.Script(script);
  assert.match(script, /^\/\*[^]*?\*\/\n\(function \(\) \{\n'use strict';\n/m);
  assert.match(script, /\}\)\(\);\n$/);
  assert.doesNotMatch(script, /^(import|export) /m);
});

test('the script keeps the comments of the modules, and starts with the list of stable handles', () => {
  assert.match(page, /<script>\n\/\*!\n[^*]+\n\*\/\n\/\*\n {2}Stable handles/);
  assert.match(page, /Returns the delay before the given attempt/);
});

test('client.html refers to no other file', () => assert.doesNotMatch(page, /<(link|img|script|iframe)[^>]*(?:src|href)="(?!data:)/));
