// Checks the page's sources. Every id that a module uses is in the markup, and every module imports only what its layer may import.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../Server/Web/client', import.meta.url));
const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith('.mjs')).map((name) => name.replaceAll('\\', '/'));
const texts = new Map(await Promise.all(files.map(async (name) => [name, await readFile(join(sources, name), 'utf8')])));
const markup = await readFile(join(sources, 'index.html'), 'utf8');
const ids = [...markup.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);

/** Modules that use no DOM, no clock and no network. They may import only each other. */
const PURE = [
  'actions.mjs', 'alert-claims.mjs', 'backoff.mjs', 'brand.mjs', 'buffering.mjs', 'changes.mjs', 'connection-text.mjs', 'diagnostics.mjs', 'direction.mjs', 'drafts.mjs', 'emoji.mjs', 'entrance-mode.mjs', 'error-text.mjs', 'errors.mjs', 'event-batches.mjs', 'favicon.mjs', 'files.mjs', 'formatting.mjs', 'forms.mjs', 'frame-messages.mjs', 'hints.mjs', 'keys.mjs', 'language.mjs', 'languages.mjs', 'link.mjs', 'log.mjs', 'markup.mjs', 'mentions.mjs', 'menus.mjs', 'message-text.mjs', 'moderation.mjs', 'notification.mjs', 'offline.mjs', 'outbox.mjs', 'passwords.mjs', 'people.mjs', 'presence.mjs',
  'programs.mjs', 'protocol.mjs', 'purge.mjs', 'quiet.mjs', 'reactions.mjs', 'room-actions.mjs', 'room-list.mjs', 'rooms.mjs', 'rows.mjs', 'search.mjs', 'server-address.mjs', 'server-settings.mjs', 'state.mjs', 'suggestions.mjs', 'switcher.mjs', 'tab-hub.mjs', 'transport-choice.mjs', 'tray.mjs', 'typed-input.mjs', 'typing.mjs', 'virtual-list.mjs',
  'lab/clock-offset.mjs', 'lab/measures.mjs',
];
const IMPURE = /\b(document|window|navigator|location|localStorage|sessionStorage|indexedDB|performance|crypto)\.|\b(fetch|setTimeout|setInterval|requestAnimationFrame)\(|\bnew (WebSocket|EventSource)\b|\bDate\.now\b|\bnew Date\(\)/;

const withoutComments = (text) => text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
const importsOf = (name) => [...texts.get(name).matchAll(/^import .*?'([^']+)';$/gms)].map(([, path]) =>
  relative(sources, join(sources, dirname(name), path)).replaceAll('\\', '/'));

test('the ids of the markup are unique', () => assert.equal(new Set(ids).size, ids.length));

test('every id that a module uses is in the markup', () => {
  for (const [name, text] of texts) {
    for (const [, id] of text.matchAll(/\$\('([^']+)'\)/g)) assert.ok(ids.includes(id), `${name}: #${id}`);
  }
});

test('every icon that a module or the markup uses is in the markup', () => {
  const symbols = ids.filter((id) => id.startsWith('i-'));
  for (const [, id] of markup.matchAll(/href="#(i-[^"]+)"/g)) assert.ok(symbols.includes(id), id);
  for (const icon of ['auto', 'light', 'dark', 'tick', 'picture', 'video', 'audio', 'archive', 'text', 'file', 'download']) assert.ok(symbols.includes(`i-${icon}`), icon);
});

for (const name of PURE) {
  test(`${name} uses neither the browser nor the clock`, () => {
    assert.equal(IMPURE.exec(withoutComments(texts.get(name)))?.[0], undefined);
    for (const path of importsOf(name)) assert.ok(PURE.includes(path), `${name} imports ${path}`);
  });
}

test('the page measures time by performance.now(), because a person can set the wall clock', () => {
  // These modules need the time of day: for ids that grow across reloads, for stored times, and for the labels of days.
  const allowed = ['app/chat.mjs', 'app/connect.mjs', 'app/page.mjs', 'connection.mjs', 'view/log.mjs'];
  const counts = files.flatMap((name) => [...withoutComments(texts.get(name)).matchAll(/\bDate\.now\b|\bnew Date\(\)/g)].map(() => name));
  assert.deepEqual(counts.filter((name) => !allowed.includes(name)), []);
  for (const name of allowed) assert.ok(counts.filter((one) => one === name).length <= (name === 'app/connect.mjs' ? 2 : 1), `${name} uses the time of day more often`);
});

test('every key in the browser’s storage contains the path of the page, because one host can have several servers', () => {
  const keys = [...texts].flatMap(([, text]) => [...withoutComments(text).matchAll(/^(?:export )?const (\w+_KEY) = (.+);$/gm)]);
  assert.ok(keys.length >= 6);
  for (const [, name, value] of keys) assert.match(value, /^storageKey\(address\)$|^`\$\{STORAGE_KEY\} \w|^'born'$/, name);
  for (const [name, text] of texts) {
    for (const [, key] of withoutComments(text).matchAll(/\b(?:load|save)\('\w+Storage', (\w+)/g)) assert.match(key, /_KEY$/, `${name}: ${key}`);
    if (name !== 'app/page.mjs' && name !== 'app/storage.mjs') assert.doesNotMatch(withoutComments(text), /\b(localStorage|sessionStorage)\./, name);
  }
});

test('no module uses a browser function that is missing on a page over plain HTTP', () => {
  for (const [name, text] of texts) assert.doesNotMatch(withoutComments(text), /\brandomUUID\b|\bcrypto\.subtle\b|\bnavigator\.clipboard\b/, name);
  // These two modules check first whether the browser has locks.
  for (const [name, text] of texts) if (name !== 'outbox-store.mjs' && name !== 'app/connect.mjs') assert.doesNotMatch(withoutComments(text), /\bnavigator\.locks\b/, name);
});

test('only main.mjs, events.mjs and modules in app, view and lab import from app, view and lab', () => {
  for (const name of files) {
    if (/^(app|view|lab)\/|^(main|events)\.mjs$/.test(name)) continue;
    for (const path of importsOf(name)) assert.doesNotMatch(path, /^(app|view|lab)\//, `${name} imports ${path}`);
  }
});

test('only openDialog() opens a dialog, because it also draws the page again', () => {
  for (const [name, text] of texts) if (name !== 'view/dom.mjs' && name !== 'baseline.mjs') assert.doesNotMatch(withoutComments(text), /\bshowModal\b/, name);
});

test('modules in app do not import from view or lab', () => {
  for (const name of files.filter((one) => one.startsWith('app/'))) {
    for (const path of importsOf(name)) assert.doesNotMatch(path, /^(view|lab)\//, `${name} imports ${path}`);
  }
});

test('no module is part of an import cycle', () => {
  const visit = (name, path) => {
    assert.ok(!path.includes(name), [...path, name].join(' → '));
    for (const next of importsOf(name)) visit(next, [...path, name]);
  };
  visit('main.mjs', []);
});

test('every module is reachable from main.mjs', () => {
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    importsOf(name).forEach(visit);
  };
  visit('main.mjs');
  assert.deepEqual(files.filter((name) => !reached.has(name)), []);
});
