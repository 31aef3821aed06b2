// The operator's accent color. The page makes the color darker or lighter until text in this color, and text on this color, is easy to read.

const MIN_CONTRAST = 4.5; // WCAG 2.2, success criterion 1.4.3
const STEPS = 40;

// The backgrounds in style.css on which the site's color has the lowest contrast: --rail in the light theme, and --raised in the dark theme.
const RAIL_LIGHT = [0xf3, 0xef, 0xe7];
const RAISED_DARK = [0x23, 0x27, 0x2e];
const PAPER_DARK = [0x1a, 0x1d, 0x22];
const WHITE = [255, 255, 255], BLACK = [0, 0, 0];

/** @param {number[]} color */
function luminanceOf(color) {
  const [red, green, blue] = color.map((value) => value / 255).map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * The contrast of two colors, from 1 to 21 (WCAG 2.2, "contrast ratio").
 * @param {number[]} a
 * @param {number[]} b
 */
export function contrastOf(a, b) {
  const [low, high] = [luminanceOf(a), luminanceOf(b)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
}

/** @param {string} hex */
export const parseColor = (hex) => /^#[\da-f]{6}$/i.test(hex) ? [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) : null;

/** @param {number[]} color */
const toHex = (color) => `#${color.map((value) => value.toString(16).padStart(2, '0')).join('')}`;

/**
 * @param {number[]} from
 * @param {number[]} to
 * @param {number} share
 */
const mix = (from, to, share) => from.map((value, index) => Math.round(value + (to[index] - value) * share));

/**
 * Mixes a color with more and more of another color (`limit`), until the contrast with the backgrounds is high enough. Returns the mixture.
 * @param {number[]} color
 * @param {number[]} limit
 * @param {(mixed: number[]) => number[][]} backgroundsFor
 */
function readable(color, limit, backgroundsFor) {
  for (let step = 0; step <= STEPS; step += 1) {
    const mixed = mix(color, limit, step / STEPS);
    if (backgroundsFor(mixed).every((background) => contrastOf(mixed, background) >= MIN_CONTRAST)) return mixed;
  }
  return limit;
}

/**
 * The color --copper-wash of the light theme. It is, for example, the background of a mention.
 * @param {number[]} accent
 */
const lightWash = (accent) => mix(accent, WHITE, 0.9);

/** @param {number[]} accent */
const darkWash = (accent) => mix(accent, PAPER_DARK, 0.84);

/**
 * Returns the accent colors of both themes, and the color of text on them. Returns null if `hex` is not a color in the form #1f6feb.
 * @param {string | undefined} hex
 */
export function accentsFor(hex) {
  const color = parseColor(hex ?? '');
  if (!color) return null;
  const light = readable(color, BLACK, (mixed) => [RAIL_LIGHT, WHITE, lightWash(mixed)]);
  const dark = readable(color, WHITE, (mixed) => [RAISED_DARK, darkWash(mixed)]);
  return {
    light: toHex(light), onLight: '#ffffff',
    dark: toHex(dark), onDark: toHex(mix(dark, BLACK, 0.88)),
    washLight: toHex(lightWash(light)), washDark: toHex(darkWash(dark)),
  };
}
