// Writes the tables of emoji in Server/Web/client/emoji.
//
//   npm install --prefix FOLDER cldr-annotations-full@48.2.0 cldr-annotations-derived-full@48.2.0 unicode-emoji-json@0.9.0
//   node Tests/Client/emoji-tables.mjs FOLDER/node_modules
//
// The names and search words are those of Unicode CLDR 48.2 (license: Unicode-3.0, see Server/Web/client/emoji/LICENSE.txt). The groups and their
// order are those of Unicode's emoji-test.txt, which unicode-emoji-json contains (license of the package: MIT).
//
// A table is an array of nine groups, in the order of HEADINGS in view/emoji-picker.mjs. An emoji is one string: "emoji|name|search words".

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foldEmojiWords } from '../../Server/Web/client/emoji.mjs';
import { LANGUAGES } from '../../Server/Web/client/languages.mjs';

const MAX_BYTES = 90_000;
const MAX_WORDS = 12;     // search words of one emoji
const MAX_VERSION = 15.1; // systems of 2024 and later have the emoji of this version

const packages = process.argv[2];
const target = fileURLToPath(new URL('../../Server/Web/client/emoji/', import.meta.url));
const readJson = async (path) => JSON.parse(await readFile(join(packages, path), 'utf8'));
const groups = (await readJson('unicode-emoji-json/data-by-group.json'))
  .map(({ emojis }) => emojis.filter(({ emoji_version: version }) => Number(version) <= MAX_VERSION).map(({ emoji }) => emoji));

async function annotationsOf(language) {
  const { annotations: { annotations } } = await readJson(`cldr-annotations-full/annotations/${language}/annotations.json`);
  const { annotationsDerived: { annotations: derived } } = await readJson(`cldr-annotations-derived-full/annotationsDerived/${language}/annotations.json`);
  return { ...derived, ...annotations };
}

/** Splits CLDR's phrases into search words, the shortest first. Leaves out a word that is the beginning of a word of the name, or of another search word. */
function wordsOf(name, phrases) {
  const words = new Map(phrases.flatMap((phrase) => phrase.split(/[\s|]+/)).map((word) => [foldEmojiWords(word).join(' '), word]));
  const known = [...foldEmojiWords(name), ...words.keys()];
  return [...words].filter(([folded]) => folded !== '' && known.filter((one) => one.startsWith(folded)).length === 1).map(([, word]) => word)
    .sort((a, b) => a.length - b.length);
}

function tableOf(annotations) {
  const rows = groups.map((emojis) => emojis.map((emoji) => {
    const { tts: [name], default: phrases = [] } = annotations[emoji.replaceAll('\uFE0F', '')];
    return { text: `${emoji}|${name}|`, words: wordsOf(name, phrases), used: [] };
  }));
  const write = () => `[\n${rows.map((row) => JSON.stringify(row.map(({ text, used }) => text + used.join(' ')))).join(',\n')}\n]\n`;
  let bytes = Buffer.byteLength(write());
  // First each emoji gets one word, then each emoji gets a second word, and so on until the table is full.
  for (let round = 0; round < MAX_WORDS; round += 1) {
    for (const { words, used } of rows.flat()) {
      if (words[round] === undefined || used.length < round) continue;
      const added = Buffer.byteLength(words[round]) + (round ? 1 : 0);
      if (bytes + added > MAX_BYTES) continue;
      used.push(words[round]);
      bytes += added;
    }
  }
  return write();
}

await mkdir(target, { recursive: true });
for (const language of Object.keys(LANGUAGES)) {
  const table = tableOf(await annotationsOf(language));
  await writeFile(join(target, `${language}.json`), table);
  console.log(`${language}: ${groups.flat().length} emoji, ${Buffer.byteLength(table)} bytes`);
}
