// Prevents foreign text (names, topics, messages) from changing the direction of the text around it.

// The characters that embed text, override its direction or isolate it (UAX #9, section 2). They can make "gpj.exe" appear as "exe.jpg", or move
// the time beside a topic. The marks U+061C, U+200E and U+200F stay: people write them, and they can't reverse letters.
const CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

// The blocks of the scripts that are written from right to left.
const RIGHT_TO_LEFT = /[\u0590-\u08FF\u200F\uFB1D-\uFDFF\uFE70-\uFEFE\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** @param {string} text */
export const withoutDirectionControls = (text) => text.replace(CONTROLS, '');

/**
 * Prepares foreign text for a sentence of the page, or for an attribute. Text that is written from right to left must not reorder the
 * words around it. In the markup, use a bdi element instead.
 * @param {string} text
 */
export function isolated(text) {
  const safe = withoutDirectionControls(text);
  return RIGHT_TO_LEFT.test(safe) ? `${FIRST_STRONG_ISOLATE}${safe}${POP_ISOLATE}` : safe;
}
