// Records what happens to the connection, for the diagnostics.

import { transportReason } from '../connection-text.mjs';
import { Diagnostics } from '../diagnostics.mjs';
import { currentLanguage } from '../language.mjs';
import { connection, tabs } from './connect.mjs';
import { identity } from './identity.mjs';
import { createId, isFile, nowIso } from './page.mjs';
import { state } from './store.mjs';

export const diagnostics = new Diagnostics();

/**
 * @param {string} type
 * @param {(detail: any) => void} listener
 */
const onConnection = (type, listener) => connection.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail));

onConnection('sent', (text) => diagnostics.sent(text, nowIso(), performance.now()));
onConnection('frame', (frame) => diagnostics.received(frame, nowIso(), performance.now()));
onConnection('welcome', (frame) => { if (frame) diagnostics.received(frame, nowIso(), performance.now()); });
onConnection('status', (status) => diagnostics.changed(status, nowIso()));
onConnection('transport', (change) => diagnostics.switched(change, nowIso()));
addEventListener('error', ({ message }) => diagnostics.failed(`script: ${message}`, nowIso()));
addEventListener('unhandledrejection', ({ reason }) => diagnostics.failed(`script: ${reason}`, nowIso()));

/** Measures the latency now. */
export const measureLatency = () => connection.send({ type: 'ping', id: createId() });

/** Why the page uses its transport. */
export const whyTransport = () => transportReason({
  isShared: Boolean(tabs?.isFollower), usesCookie: identity.usesCookie, isFile, pin: connection.choice.pin, buffers: connection.choice.buffers,
  isBest: connection.choice.current === connection.choice.best,
});

/** Counts the messages that the server has not stored. */
export function unsentMessages() {
  const failed = state.outbox.filter((item) => item.state === 'failed').length;
  return { pending: state.outbox.length - failed, failed, oldest: state.outbox[0]?.at };
}

/** Creates the report that a person can copy. The report leaves out the parameters of the page's address, because they can contain a name. */
export const createReport = () => diagnostics.report({
  at: nowIso(), address: location.origin + location.pathname, browser: navigator.userAgent, language: currentLanguage(), state: state.status.state,
  transport: connection.transportName, why: whyTransport(), rooms: state.rooms.size, ...unsentMessages(),
});
