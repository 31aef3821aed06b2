// Translates the texts of index.html. An element with translate="no" is left as it is.

import { onLanguage } from '../app/language.mjs';
import { t, withParts } from '../language.mjs';

const ATTRIBUTES = ['title', 'aria-label', 'placeholder'];
const SKIPPED = 'script, style, svg, [translate="no"]';

/** Functions that write the texts in the current language. @type {(() => void)[]} */
const texts = [];

/**
 * Finds the texts of an element. A sentence that contains other elements has the attribute data-text. Such a sentence is one text. In this text, {1} takes
 * the place of the first element.
 * @param {Element} element
 */
function findTexts(element) {
  if (element.matches(SKIPPED)) return;
  for (const name of ATTRIBUTES) {
    const english = element.getAttribute(name);
    if (english) texts.push(() => element.setAttribute(name, t(english)));
  }
  if (element.hasAttribute('data-text')) {
    const parts = Object.fromEntries([...element.children].map((child, index) => [String(index + 1), child]));
    let count = 0;
    const english = [...element.childNodes].map((node) => node instanceof Text ? node.data : `{${count += 1}}`).join('');
    texts.push(() => element.replaceChildren(...withParts(t(english), parts)));
    return;
  }
  for (const node of element.childNodes) {
    if (node instanceof Element) findTexts(node);
    else if (node instanceof Text) findText(node);
  }
}

/** @param {Text} node */
function findText(node) {
  const [, before, english, after] = /^(\s*)([^]*?)(\s*)$/.exec(node.data) ?? [];
  if (/\p{L}/u.test(english)) texts.push(() => { node.data = before + t(english) + after; });
}

findTexts(document.body);
onLanguage(() => { for (const write of texts) write(); });
