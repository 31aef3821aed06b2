// Writes EmojiTable.cs from the Unicode data of the npm package regenerate-unicode-properties:
//
//   npm install --prefix /tmp/emoji regenerate-unicode-properties
//   NODE_PATH=/tmp/emoji/node_modules node Protocol/Chat/EmojiTable.cjs
//
// The version of the package decides the version of Unicode.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

const VERSION = require('regenerate-unicode-properties/unicode-version.js');
const { characters, strings } = require('regenerate-unicode-properties/Property_of_Strings/RGI_Emoji.js');

const LINE_LENGTH = 120;
const TONES = ['🏻', '🏼', '🏽', '🏾', '🏿'];
const TONE = /[\u{1F3FB}-\u{1F3FF}]/gu;
const COMPONENT = /^[\u{1F3FB}-\u{1F3FF}\u{1F9B0}-\u{1F9B3}]$/u; // skin tones and hair, which are not emoji when they are alone
const KEYCAP = /^[\d#*]\uFE0F\u20E3$/u;
const FLAG = /^[\u{1F1E6}-\u{1F1FF}]{2}$/u;
const SUBDIVISION = /^\u{1F3F4}[\u{E0061}-\u{E007A}]+\u{E007F}$/u;

const emoji = [...characters.toArray().map((code) => String.fromCodePoint(code)), ...strings].filter((each) => !COMPONENT.test(each)).sort();
const keycaps = emoji.filter((each) => KEYCAP.test(each));
if (keycaps.length !== 12) throw new Error('EmojiRule.cs creates 12 keycaps');
const flags = emoji.filter((each) => FLAG.test(each)).map((each) => letters(each, 0x1F1E6, 'A'));
const subdivisions = emoji.filter((each) => SUBDIVISION.test(each)).map((each) => letters(each.slice(2, -2), 0xE0061, 'a'));
const rest = emoji.filter((each) => !KEYCAP.test(each) && !FLAG.test(each) && !SUBDIVISION.test(each));

/** Writes characters of another alphabet as Latin letters. */
function letters(text, first, letter) {
  return [...text].map((char) => String.fromCodePoint(char.codePointAt(0) - first + letter.codePointAt(0))).join('');
}

// Sequences that differ only in their skin tones become one pattern.
const tonesOf = new Map();
for (const each of rest) {
  const pattern = each.replace(TONE, '@');
  tonesOf.set(pattern, [...(tonesOf.get(pattern) ?? []), (each.match(TONE) ?? []).join('')]);
}

const patterns = [...tonesOf].map(([pattern, tones]) => {
  const pairs = TONES.flatMap((first) => TONES.map((second) => first + second));
  const differing = pairs.filter((pair) => pair.slice(0, 2) !== pair.slice(2));
  const known = [[[''], pattern], [TONES, pattern], [pairs, pattern], [differing, pattern.replace(/@(?!.*@)/u, '≠')]];
  const found = known.find(([expected]) => expected.length === tones.length && expected.every((each) => tones.includes(each)));
  if (!found) throw new Error(`no pattern for the tones of ${pattern}`);
  return found[1].replaceAll('\u200D', '+').replaceAll('\uFE0F', '~');
});

/** Wraps words into lines of a C# raw string. */
function wrap(words) {
  const lines = [''];
  for (const word of words) {
    const line = lines[lines.length - 1];
    if (line && line.length + 1 + word.length > LINE_LENGTH) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.map((line) => `        ${line}`).join('\n');
}

writeFileSync(join(__dirname, 'EmojiTable.cs'), `namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The emoji of Unicode ${VERSION} that are recommended for general interchange (RGI, Unicode TS 51), without the keycaps. The script
/// EmojiTable.cjs generates this file.
/// </summary>
internal static class EmojiTable
{
    /// <summary>The number of emoji, with the keycaps.</summary>
    internal const int Count = ${emoji.length};

    /// <summary>The flags of regions, as the two letters of the region's code.</summary>
    internal const string Flags = """
${wrap(flags)}
        """;

    /// <summary>The flags of parts of regions, as the letters of the part's code.</summary>
    internal const string Subdivisions = """
${wrap(subdivisions)}
        """;

    /// <summary>
    /// All other emoji. <c>+</c> is a zero width joiner (U+200D), <c>~</c> a variation selector (U+FE0F), <c>@</c> any of the five skin tones,
    /// and <c>≠</c> any skin tone except that of the <c>@</c> before it.
    /// </summary>
    internal const string Patterns = """
${wrap(patterns)}
        """;
}
`);
