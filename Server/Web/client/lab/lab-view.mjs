// The dialog that compares the transports (the transport lab).

import { identity } from '../app/identity.mjs';
import { state } from '../app/store.mjs';
import { TRANSPORT_NAMES } from '../connection-text.mjs';
import { t } from '../language.mjs';
import { closeAccount } from '../view/account.mjs';
import { $, el, openDialog, setText } from '../view/dom.mjs';
import { offsetWords } from './clock-offset.mjs';
import { compareTransports, MESSAGES, QUIET_S } from './comparison.mjs';
import { formatMeasure, percentile } from './measures.mjs';

/** @import { Lane } from './lane.mjs' */

/** @typedef {(lane: Lane) => number | null | undefined} Measure */

/** @type {Measure} */
const toWireMedian = ({ toWire }) => percentile(toWire, .5);
/** @type {Measure} */
const toPageMedian = ({ toPage }) => percentile(toPage, .5);

/** The table's columns. Each key of the outer object is a heading over several columns. @returns {Record<string, Record<string, Measure>>} */
const columns = () => ({
  '': { [t('messages')]: ({ count }) => count, [t('requests')]: ({ busy }) => busy?.requests },
  [t('bytes')]: { [t('extra')]: ({ busy }) => busy && busy.bytes - busy.payload, [t('messages')]: ({ busy }) => busy?.payload, [t('quiet minute')]: ({ idle }) => idle && idle.bytes * 60 / QUIET_S },
  [t('delivery, ms')]: { [t('typical')]: ({ deliveries }) => percentile(deliveries, .5), [t('slowest')]: ({ deliveries }) => percentile(deliveries, .99) },
  [t('waiting, ms')]: { [t('typical')]: toWireMedian, [t('slowest')]: ({ toWire }) => percentile(toWire, .99) },
  [t('on the way, ms')]: { [t('typical')]: toPageMedian, [t('slowest')]: ({ toPage }) => percentile(toPage, .99) },
  [t('cut, ms')]: { [t('back')]: ({ reconnectTime }) => reconnectTime },
});
const CELLS = Object.values(columns()).flatMap(Object.values);

/**
 * The charts. Each bar is one number, or the sum of several parts.
 * @returns {{ title: string, parts: Record<string, Measure>, leavesOut?: string }[]}
 */
const charts = () => [
  { title: t('Extra bytes per message'), parts: { [t('bytes')]: ({ busy }) => busy && (busy.bytes - busy.payload) / MESSAGES } },
  { title: t('Typical delivery, ms (without interval polling, which waits for its next request)'),
    // The bar of interval polling would be so long that nobody could see the other bars.
    parts: { [t('waiting')]: toWireMedian, [t('on the way')]: toPageMedian }, leavesOut: 'poll' },
];

/**
 * @param {Lane[]} lanes
 * @param {string} [words]
 */
function drawLab(lanes, words) {
  if (words) setText($('lab-state'), words);
  const table = /** @type {HTMLTableElement} */ ($('lab-results').querySelector('table'));
  if (table.tHead) drawHead(table.tHead);
  table.tBodies[0].replaceChildren(...lanes.map((lane) => el('tr', { 'data-way': lane.name, 'data-lost': lane.lost },
    el('th', { scope: 'row' }, TRANSPORT_NAMES[lane.name].name),
    ...lane.error ? [el('td', { colspan: CELLS.length }, lane.error)] : CELLS.map((value) => el('td', {}, formatMeasure(value(lane)))))));
  $('lab-charts').replaceChildren(...charts().map((chart) => createChart(chart, lanes.filter(({ name }) => name !== chart.leavesOut))));
  setText($('lab-clocks'), offsetWords(lanes[0].clocks));
}

/** @param {HTMLTableSectionElement} head */
function drawHead(head) {
  head.replaceChildren(
    el('tr', {}, el('th', { rowspan: 2, scope: 'col' }, t('connection')), ...Object.entries(columns()).map(([name, parts]) => name
      ? el('th', { scope: 'colgroup', colspan: Object.keys(parts).length }, name) : el('td', { colspan: Object.keys(parts).length }))),
    el('tr', {}, ...Object.values(columns()).flatMap((parts) => Object.keys(parts)).map((name) => el('th', { scope: 'col' }, name))));
}

/**
 * @param {ReturnType<typeof charts>[number]} chart
 * @param {Lane[]} lanes
 */
function createChart({ title, parts }, lanes) {
  const values = Object.values(parts);
  const sum = (/** @type {Lane} */ lane) => values.reduce((total, value) => total + (value(lane) ?? 0), 0);
  const max = Math.max(...lanes.map(sum), 1e-9);
  const legend = values.length > 1 ? el('p', {}, ...Object.keys(parts).map((name) => el('span', {}, name))) : null;
  return el('figure', { class: 'chart' }, el('figcaption', {}, title, legend), ...lanes.filter(sum).flatMap((lane) => {
    const bar = el('span', { class: 'bar', 'aria-hidden': 'true' }, ...values.map((value) => {
      const part = el('i', null);
      part.style.setProperty('--part', String((value(lane) ?? 0) / max));
      return part;
    }));
    return [el('span', {}, TRANSPORT_NAMES[lane.name].name), bar, el('span', {}, values.map((value) => formatMeasure(value(lane))).join(' + '))];
  }));
}

/** Stops the comparison that is running. @type {AbortController | null} */
let running = null;

async function startOrStop() {
  if (running) {
    running.abort();
    return setText($('lab-state'), t('Stopping…'));
  }
  if (!state.self) return;
  running = new AbortController();
  setText($('start-lab'), t('Stop'));
  try {
    await compareTransports(state.self.user, drawLab, running.signal);
  } catch (error) {
    setText($('lab-state'), error instanceof Error && error.message || t('The comparison failed. Please try again.'));
  } finally {
    running = null;
    setText($('start-lab'), t('Start again'));
  }
}

$('open-lab').hidden = !identity.usesCookie;
$('open-lab').addEventListener('click', () => {
  closeAccount();
  openDialog($('lab'));
  $('start-lab').focus();
});
$('start-lab').addEventListener('click', startOrStop);
$('close-lab').addEventListener('click', () => $('lab').close());
$('lab').addEventListener('close', () => running?.abort());
