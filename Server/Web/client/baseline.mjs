// Checks that the browser has what the page needs. If something is missing, the page stops here, and shows the text at the end of index.html.
//
// The page supports Chrome and Edge 123, Firefox 124, Safari 17.5 (the versions of spring 2024), and all later versions. The page may use every
// feature that all these browsers have. FEATURES lists the newest features that the page uses, because a browser that has them also has the older
// ones.

/** @type {Record<string, () => unknown>} */
const FEATURES = {
  'Object.hasOwn': () => Object.hasOwn,
  'Array.prototype.toSpliced': () => Array.prototype.toSpliced,
  'structuredClone': () => structuredClone,
  'URL.canParse': () => URL.canParse,
  'AbortSignal.any': () => AbortSignal.any,
  'Promise.withResolvers': () => Promise.withResolvers,
  'the dialog element': () => HTMLDialogElement.prototype.showModal,
  'the CSS function light-dark()': () => CSS.supports('color', 'light-dark(#fff, #000)'),
};

/** @param {() => unknown} find */
function has(find) {
  try { return Boolean(find()); } catch { return false; } // for example, the object that should have the method is missing
}

const missing = Object.keys(FEATURES).filter((name) => !has(FEATURES[name]));

if (missing.length) {
  const words = `This browser is too old for the page: it does not have ${missing.join(', ')}.`;
  document.addEventListener('DOMContentLoaded', () => {
    const place = document.getElementById('fallback-words');
    if (place) place.textContent = words;
  });
  throw new Error(words);
}
