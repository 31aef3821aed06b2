// The dialog with the diagnostics of the connection.

import { connection, transportChoice } from '../app/connect.mjs';
import { createReport, diagnostics, measureLatency, unsentMessages, whyTransport } from '../app/diagnostics.mjs';
import { address, isFile } from '../app/page.mjs';
import { statusWords, TRANSPORT_NAMES, transportChangeWords, transportReasonWords } from '../connection-text.mjs';
import { exactTime } from '../formatting.mjs';
import { numberWords, t } from '../language.mjs';
import { closeAccount } from './account.mjs';
import { copyFrom } from './copying.mjs';
import { $, diagnosticsDialog, el, openDialog, setText, wordsNodes } from './dom.mjs';

const MEASURE_EVERY_MS = 2_000;
const SLOW_MS = 500; // a person notices such a delay

let timer = 0;

/** @param {number} value */
const milliseconds = (value) => t('{ms} ms', { ms: numberWords(value, { maximumFractionDigits: value < 10 ? 1 : 0 }) });

/** @returns {[fact: string, name: string, value: string][]} */
function facts() {
  const { latency } = diagnostics;
  const { pending, failed } = unsentMessages();
  return [
    ['verdict', t('Connection'), !diagnostics.since ? t('Not connected.') : latency && latency.median >= SLOW_MS ? t('Slow: an answer takes {ms}.', { ms: milliseconds(latency.median) }) : t('Good.')],
    ['latency', t('Latency'), latency ? t('{ms}, median {median}, longest {max}', { ms: milliseconds(latency.last), median: milliseconds(latency.median), max: milliseconds(latency.max) }) : t('unknown')],
    ['transport', t('Transport'), `${TRANSPORT_NAMES[connection.transportName].name}. ${transportReasonWords(whyTransport())}`],
    ['since', t('Connected since'), diagnostics.since ? exactTime(diagnostics.since) : t('Not connected.')],
    ['reconnections', t('Reconnections'), numberWords(diagnostics.reconnections)],
    ['unsent', t('Unsent messages'), failed ? t('{pending} wait, {failed} failed', { pending, failed }) : numberWords(pending)],
    ['server', t('Server'), diagnostics.server || t('unknown')],
  ];
}

/** @param {typeof diagnostics.events[number]} event */
function eventWords({ status, change, error = '' }) {
  if (change) return transportChangeWords(change, transportChoice.best);
  if (!status) return t('Error: {error}', { error });
  if (status.state === 'online') return t('Connected by {name}.', { name: TRANSPORT_NAMES[status.transport ?? 'ws'].name });
  return statusWords({ ...status, retryAt: null }, { host: address.host, isKnown: diagnostics.server !== '', isFile });
}

let shownEvents = '';

export function renderDiagnostics() {
  $('diagnostics-facts').replaceChildren(...facts().flatMap(([fact, name, value]) => [el('dt', null, name), el('dd', { 'data-fact': fact }, value)]));
  const events = diagnostics.events.toReversed().map((event) => ({ time: exactTime(event.at), words: eventWords(event) }));
  if (JSON.stringify(events) === shownEvents) return;
  shownEvents = JSON.stringify(events);
  $('diagnostics-events').replaceChildren(...events.map(({ time, words }) => el('li', null, el('time', null, time), el('span', null, ...wordsNodes(words)))));
}

const writeReport = () => setText($('diagnostics-report'), createReport());

export function openDiagnostics() {
  closeAccount();
  writeReport();
  openDialog(diagnosticsDialog);
  renderDiagnostics();
  measureLatency();
  clearInterval(timer);
  timer = setInterval(measureLatency, MEASURE_EVERY_MS);
}

// An answer to a ping does not change the state, and only changes of the state draw the page. So draw the new latency here.
connection.addEventListener('frame', (event) => {
  if (!diagnosticsDialog.open || /** @type {CustomEvent} */ (event).detail.type !== 'pong') return;
  renderDiagnostics();
  if (diagnostics.latency?.count === 1) writeReport(); // the first measurement: the report still says that the latency is unknown
});
for (const id of /** @type {const} */ (['banner-details', 'open-diagnostics'])) $(id).addEventListener('click', openDiagnostics);
$('copy-diagnostics').addEventListener('click', () => {
  writeReport(); // the report is out of date: the page does not update it while a person may be selecting a part of it
  copyFrom($('diagnostics-report'), $('copy-diagnostics'));
});
$('close-diagnostics').addEventListener('click', () => diagnosticsDialog.close());
diagnosticsDialog.addEventListener('click', (event) => { if (event.target === diagnosticsDialog) diagnosticsDialog.close(); });
diagnosticsDialog.addEventListener('close', () => clearInterval(timer));
