// Assembles client.html from its sources in Server/Web/client.
//
//   node assemble.mjs           writes client.html
//   node assemble.mjs --check   compares the result with client.html and fails if the two differ
//   node assemble.mjs --print   writes the result to standard output
//
// The result is one file with one inline style and one inline classic script, because the page must also work from disk,
// and because the server's Content-Security-Policy has the hash of exactly one style and of exactly one script. Comments and formatting are kept.

import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const sources = join(root, 'Server', 'Web', 'client');
const target = join(root, 'client.html');

const TYPE_IMPORT = /^\/\*\* @import .*\*\/\n/gm;
const HEADER = /^((?:\/\/.*\n)+\n)?((?:import [^;]*;\n)*)/;
const RULE = `// ${'-'.repeat(105)}\n`;

/**
 * Prepares a module for the single file. Rollup removes each import together with the comment before it, so this plugin moves the module's
 * header comment below the imports, and puts the module's name above the comment. It leaves out comments that import types.
 */
const sections = {
  name: 'sections',
  transform(code, id) {
    const [all, header = '', imports] = HEADER.exec(code);
    const name = relative(sources, id).replaceAll('\\', '/');
    const body = code.slice(all.length).replace(TYPE_IMPORT, '').replace(/^\n+/, '');
    return { code: `${imports}\n${RULE}// ${name}\n${header && `//\n${header.trimEnd()}\n`}${RULE}\n${body}`, map: null };
  },
};

/** Returns the text of client.html. */
export async function assemble() {
  const bundle = await rollup({
    input: join(sources, 'main.mjs'),
    plugins: [sections],
    treeshake: false,
    onwarn(warning) { throw new Error(warning.message); },
  });
  const { output } = await bundle.generate({ format: 'iife', indent: false, generatedCode: { arrowFunctions: true, constBindings: true } });
  await bundle.close();
  const script = output[0].code;
  const style = await readFile(join(sources, 'style.css'), 'utf8');
  const page = await readFile(join(sources, 'index.html'), 'utf8');
  // The replacements are functions, because the sources contain dollar signs. In a replacement string, a dollar sign has a special meaning.
  return page.replace('{{style.css}}\n', () => style).replace('{{script}}\n', () => `${script.trimEnd()}\n`);
}

async function main([option]) {
  const page = await assemble();
  if (option === '--print') process.stdout.write(page);
  else if (option !== '--check') await writeFile(target, page);
  else if (await readFile(target, 'utf8') !== page) {
    console.error('client.html differs from its sources in Server/Web/client. Run "node Tests/Client/assemble.mjs" and commit the result.');
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
