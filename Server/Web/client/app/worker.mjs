// Starts the service worker. With it, a person can install the page and use it offline.

import { isEmbedded, isFile, isFramed } from './page.mjs';

/**
 * Whether the page uses a service worker. A page from disk, a page in a frame and a page with `?embed=1` do not. Browsers offer no service worker to a
 * page over plain HTTP, except on this machine.
 */
export const usesWorker = !isFile && !isFramed && !isEmbedded && 'serviceWorker' in navigator;

/** Makes the page installable. */
export async function startWorker() {
  if (!usesWorker) return;
  const manifest = document.createElement('link');
  manifest.rel = 'manifest';
  manifest.href = 'manifest.webmanifest';
  manifest.crossOrigin = 'use-credentials'; // a proxy may require its own login for the manifest
  document.head.append(manifest);
  // A browser refuses the worker in some private windows, and if it does not trust the certificate.
  await navigator.serviceWorker.register('worker.js', { updateViaCache: 'none' }).catch(() => {});
}
