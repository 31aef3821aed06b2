// Checks that every text of the page goes through t(), and that the tables of all languages fit the texts.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rollup/parseAst';
import { LANGUAGES } from '../../Server/Web/client/languages.mjs';

const sources = fileURLToPath(new URL('../../Server/Web/client', import.meta.url));
const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith('.mjs')).map((name) => name.replaceAll('\\', '/')).sort();
const scripts = new Map(await Promise.all(files.map(async (name) => [name, parseAst(await readFile(join(sources, name), 'utf8'))])));

// The markup before the script. The page does not translate the fallback text after the script.
const markup = (await readFile(join(sources, 'index.html'), 'utf8')).split('<body>')[1].split('<script>')[0].replace(/<!--[^]*?-->/g, '');

/** Calls `visit` for a node and all nodes in it. `around` has the nodes that contain the node. If `visit` returns false, the nodes in the node are skipped. */
function walk(node, visit, around = []) {
  if (visit(node, around) === false) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'start' || key === 'end') continue;
    for (const child of Array.isArray(value) ? value : [value]) if (child && typeof child.type === 'string') walk(child, visit, [...around, { node, key }]);
  }
}

const isT = (node) => node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 't';

/** The texts in index.html, as view/page-text.mjs finds them. The patterns require that no such element contains an element with the same tag. */
function textsOfMarkup() {
  const sentences = [];
  const others = markup.replace(/<(\w+)[^>]* translate="no"[^>]*>.*?<\/\1>|<(svg|style)\b.*?<\/\2>/gs, '')
    .replace(/(<(\w+)[^>]* data-text)[^>]*>(.*?)<\/\2>/gs, (_, open, tag, inner) => {
      let count = 0;
      sentences.push(inner.replace(/<(\w+)[^>]*>.*?<\/\1>/gs, () => `{${count += 1}}`));
      return `${open}></${tag}>`;
    });
  const attributes = [...others.matchAll(/ (?:title|aria-label|placeholder)="([^"]+)"/g)].map(([, text]) => text);
  const texts = [...others.matchAll(/>([^<]+)</g)].map(([, text]) => text.trim()).filter((text) => /\p{L}/u.test(text));
  return [...sentences, ...attributes, ...texts];
}

/** The texts of the scripts. Each first argument of t() is a literal. */
function textsOfScripts() {
  const texts = [];
  for (const [name, script] of scripts) {
    if (name === 'view/page-text.mjs') continue; // translates the texts of index.html, which textsOfMarkup() returns
    walk(script, (node) => {
      if (!isT(node)) return;
      const [text] = node.arguments;
      assert.ok(text?.type === 'Literal' && typeof text.value === 'string', `${name}: the first argument of t() must be a literal`);
      texts.push(text.value);
    });
  }
  return texts;
}

/** The descriptions of the server's commands. The page translates the descriptions that are in its table. */
const commands = await readFile(fileURLToPath(new URL('../../Protocol/Chat/Commands.cs', import.meta.url)), 'utf8');
const textsOfCommands = [...commands.matchAll(/(?:new|Moderation)\("[\w-]+", ClientFrameType\.\w+, "(?:\\.|[^"\\])*",\s*"((?:\\.|[^"\\])*)"/g)].map(([, text]) => text.replaceAll('\\"', '"'));

const keys = [...new Set([...textsOfMarkup(), ...textsOfScripts(), ...textsOfCommands])];

test('the descriptions of all commands were found', () => assert.ok(textsOfCommands.length >= 45 && textsOfCommands.includes('joins a room'), String(textsOfCommands.length)));

/** Literals that look like text for people, but are something else. */
const NO_TEXT = [
  /^(Arrow(Up|Down|Left|Right)|Home|End|Enter|Escape|Tab|Files|TimeoutError|Alt|Ctrl|Shift)$/, // keys, types of data, errors
  /^(Object|Array|Promise|URL|AbortSignal|structuredClone)\b/, /^the (dialog element|CSS function)/, /^This browser is too old/, // baseline.mjs: an old browser cannot load the tables
  /^(RawSocketChat|WebSocket|GET|POST|DOMContentLoaded|Bearer |Authorization)/, /^(Ctrl|Alt|Shift|Meta|Control)[ +]/,
  /^\(max-width|^prefers-|^light-dark|^[.#[a-z][\w-]*(\[|,| [.#[>])|^ ?[a-z]+="|^</, // CSS and markup
  /^curl |^hello$|^\/(login|register|session) /, // what a person types
  /^\{\} (way|device|drafts|files|name|session name|login|preferences|site|notifications|emoji|language|theme|pinned way|alerts|connection|push|worker|offline)$/, // keys of the storage
  /^The time limit has passed\.$/, /^a row of kind /, /^The server answered \{\}\.$/, // errors that nobody sees
  /^(English|Deutsch)$/, // the names of the languages
  /^\{\} outbox \{\}$/, /^rawsocketchat /, /^\{\} said-name$/, /^pictures single$/, /^\/me \{\}$/, // keys of the storage, classes, a command
  /^lab /, /^\{actor\} /, // messages that the lab posts; an action that only a newer server knows
];

/** The text of a literal or a template; {} stands for each value. */
const textOf = (node) => node.type === 'Literal' ? node.value : node.quasis.map(({ value }) => value.cooked).join('{}');

const looksLikeText = (text) => typeof text === 'string' && (/[a-z]{2,},? [a-z{]|[a-z}] [a-z]{2,}/i.test(text) || /^[A-Z][a-z]+[….!?]?$/.test(text) || /[a-z]{2}[….!?]$/.test(text));

function bypasses(script) {
  const found = [];
  walk(script, (node, around) => {
    if (node.type === 'ImportDeclaration') return false;
    if (node.type !== 'Literal' && node.type !== 'TemplateLiteral') return true;
    const text = textOf(node);
    const { node: outer, key } = around.at(-1);
    const isKey = (outer.type === 'Property' || outer.type === 'MemberExpression' || outer.type === 'PropertyDefinition') && (key === 'key' || key === 'property');
    const isText = isT(outer) && key === 'arguments';
    const isClassOrSelector = outer.type === 'Property' && ['class', 'd', 'viewBox', 'rel'].includes(outer.key.name);
    if (!isKey && !isText && !isClassOrSelector && looksLikeText(text) && !NO_TEXT.some((pattern) => pattern.test(text))) found.push(text);
    return true;
  });
  return found;
}

test('every text of the scripts goes through t()', () => {
  // The report of the diagnostics is for developers, so it is in English.
  const found = [...scripts].filter(([name]) => name !== 'language.mjs' && name !== 'diagnostics.mjs').flatMap(([name, script]) => bypasses(script).map((text) => `${name}: ${text}`));
  assert.deepEqual(found, []);
});

/** The visible words of buttons that have another label. */
const VISIBLE_IN_LABEL = [
  ['Retry', 'Retry the upload of {file}'], ['Open', 'Open {room}'], ['Join', 'Join {room}'], ['Play', 'Play {file}'], ['Revoke', 'Revoke the token of {name}'],
  ['Stop', 'Stop notifications'], ['Show', 'Show notifications'], ['Show', 'Show the password'], ['Hide', 'Hide the password'], ['Now', 'Reconnect now'],
  ['Copy', 'Copy the token'], ['Copy', 'Copy the command'], ['Copy', 'Copy the webhook address'], ['Copy', 'Copy the secret'],
];

const placeholdersOf = (text) => [...text.matchAll(/\{\w+\}/g)].map(([placeholder]) => placeholder).sort();

for (const language of Object.keys(LANGUAGES).filter((one) => one !== 'en')) {
  describe(`the table of ${LANGUAGES[language]}`, async () => {
    const table = JSON.parse(await readFile(join(sources, 'languages', `${language}.json`), 'utf8'));
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();

    test('has every text of the page', () => {
      const missing = keys.filter((key) => !Object.hasOwn(table, key)).toSorted();
      const form = (key) => key.includes('{count}') ? Object.fromEntries(categories.map((category) => [category, key])) : key;
      assert.equal(missing.length, 0, `add these lines to languages/${language}.json, and translate the second text of each:\n${missing.map((key) => `  ${JSON.stringify(key)}: ${JSON.stringify(form(key))},`).join('\n')}`);
    });

    test('has only texts that the page uses', () => assert.deepEqual(Object.keys(table).filter((key) => !keys.includes(key)), []));

    test('has the placeholders of each text', () => {
      for (const [key, entry] of Object.entries(table)) {
        if (typeof entry === 'string') assert.deepEqual(placeholdersOf(entry), placeholdersOf(key), key);
        else {
          assert.deepEqual(placeholdersOf(entry.other), placeholdersOf(key), key);
          // A plural form may omit the number, as in "a picture".
          for (const form of Object.values(entry)) assert.deepEqual(placeholdersOf(form).filter((one) => !placeholdersOf(key).includes(one)), [], key);
        }
      }
    });

    test('has all plural forms of the language for each text that depends on a count', () => {
      for (const [key, entry] of Object.entries(table)) {
        if (key.includes('{count}')) assert.equal(typeof entry, 'object', key);
        if (typeof entry === 'object') assert.deepEqual(Object.keys(entry).toSorted(), categories, key);
      }
    });

    // WCAG 2.5.3: a person who controls the page by voice says what is visible.
    test('has labels that contain the visible words of their buttons', () => {
      for (const [visible, label] of VISIBLE_IN_LABEL) assert.ok(table[label].toLowerCase().includes(table[visible].toLowerCase()), `${table[label]} has not ${table[visible]}`);
    });

    test('has no empty text, and no text of several words that is still English', () => {
      const same = Object.entries(table).flatMap(([key, entry]) => entry === '' || entry === key && /[a-z]{2,} [a-z]{2,}/i.test(key) ? [key] : []);
      assert.deepEqual(same, []);
    });
  });
}
