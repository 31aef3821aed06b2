// Draws the log of the current room and scrolls it.

import { reportRead } from '../app/attention.mjs';
import { askAround, askHistory } from '../app/chat.mjs';
import { onLanguage } from '../app/language.mjs';
import { onPreferences, preferences } from '../app/preferences.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { commit, state } from '../app/store.mjs';
import { viewOf, watchedRoom } from '../app/ui.mjs';
import { t } from '../language.mjs';
import { eventAt, indexFor, messageFrom } from '../log.mjs';
import { changeRoom, hasNewest, markRead } from '../rooms.mjs';
import { createRows, visibleRange } from '../rows.mjs';
import { $, log, setText, whenChanged } from './dom.mjs';
import { blankNode, createRowNode } from './log-rows.mjs';

/** @import { LogView, Room, Row } from '../types.js' */

const STEP = 150;          // how many entries the drawn part moves
const NEAR_EDGE_PX = 400;
const AT_BOTTOM_PX = 16;
const BEFORE_JUMP = 30;    // the number of entries that are drawn before a message to which the reader jumps

/**
 * A row that is drawn: the node, and the data from which the node was made.
 * @typedef {{ node: HTMLElement, source: unknown, first: boolean | undefined, shown: string | undefined }} DrawnRow
 */

const drawn = {
  /** @type {string | null} */
  room: null,
  /** @type {Map<string, DrawnRow>} */
  rows: new Map(),
  /** The entries' keys; null for rows without an entry. @type {WeakMap<Element, string | null>} */
  keys: new WeakMap(),
  scrolledTo: 0,
  /** The key of the entry to which the reader jumps with the next drawing. @type {string | null} */
  jump: null,
  liveTimer: 0,
  /** Changes whenever the format of times changes. */
  format: preferences.clock,
};

/** @param {Room | undefined} room */
const logInputs = (room) => [drawn.format, room, state.outbox, state.self, state.status.state, room && viewOf(room.name).top, room && viewOf(room.name).following, drawn.jump];

export const renderLog = whenChanged(logInputs, (room) => {
  const isOtherRoom = drawn.room !== (room?.name ?? null);
  const view = room ? viewOf(room.name) : null;
  if (isOtherRoom && drawn.room) viewOf(drawn.room).anchor = currentAnchor();
  const anchor = isOtherRoom ? view?.anchor : !view || view.following ? null : currentAnchor();
  if (isOtherRoom) {
    log.replaceChildren();
    drawn.rows.clear();
    drawn.room = room?.name ?? null;
  }
  if (!room || !view) {
    $('first-unread').hidden = $('newest').hidden = true;
    log.append(blankNode(state.status.state === 'online' ? t('You’re in no room.') : t('One moment.'), t('Find one to join, or create your own.')));
    return;
  }
  const [start] = visibleRange(room.entries, view);
  if (view.following) view.top = start ? room.entries[start] : null;
  const rows = createRows(room, state.outbox, view, state.self ?? { user: '', name: '' }, Date.now());
  const isOnlyAppended = !isOtherRoom && drawn.rows.has(rows.find((row) => row.entry)?.key ?? '');
  if (!isOnlyAppended) muteLiveRegion();
  patchRows(rows);
  if (view.following) scrollTo(log.scrollHeight);
  else if (drawn.jump) finishJump(drawn.jump);
  else if (anchor) scrollToAnchor(anchor);
  afterScroll();
});

// All times of the log are drawn again.
onPreferences(() => {
  if (drawn.format === preferences.clock) return;
  drawn.format = preferences.clock;
  drawAgain();
});
onLanguage(drawAgain);

function drawAgain() {
  drawn.rows.clear();
  log.replaceChildren();
  scheduleRender();
}

/** A screen reader reads everything that is added to a live region. It should read new messages, but not a page of history. */
function muteLiveRegion() {
  log.setAttribute('aria-live', 'off');
  clearTimeout(drawn.liveTimer);
  drawn.liveTimer = setTimeout(() => log.setAttribute('aria-live', 'polite'), 500);
}

/**
 * Changes the log's nodes to the given rows. It reuses the nodes of rows that have not changed.
 * @param {Row[]} rows
 */
function patchRows(rows) {
  const wanted = new Set(rows.map((row) => row.key));
  for (const [key, { node }] of drawn.rows) {
    if (wanted.has(key)) continue;
    node.remove();
    drawn.rows.delete(key);
  }
  /** @type {ChildNode | null} */
  let next = log.firstChild;
  for (const row of rows) {
    let old = drawn.rows.get(row.key);
    const source = row.entry?.item ?? row.entry;
    const shown = row.entry?.item ? state.status.state : row.room ? JSON.stringify([row.label, row.room]) : row.label;
    if (!old || old.source !== source || old.first !== row.first || old.shown !== shown) {
      const focused = old?.node.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
      const node = createRowNode(row);
      drawn.keys.set(node, row.entry ? row.key : null);
      if (old) {
        if (next === old.node) next = node;
        old.node.replaceWith(node);
        if (focused) keepFocus(node, focused);
      }
      old = { node, source, first: row.first, shown };
      drawn.rows.set(row.key, old);
    }
    if (next === old.node) next = next.nextSibling;
    else log.insertBefore(old.node, next);
  }
}

/**
 * Moves the focus to the button of a new node that does the same as the focused button of the old one. A reaction can be gone; then the
 * button of the menu gets the focus.
 * @param {HTMLElement} node
 * @param {HTMLElement} focused
 */
function keepFocus(node, focused) {
  if (node.contains(focused)) return focused.focus({ preventScroll: true }); // a player is in the new node too
  const { action, emoji, file } = focused.dataset;
  const buttons = /** @type {HTMLElement[]} */ ([...node.querySelectorAll('[data-action]')]);
  const same = buttons.find(({ dataset }) => dataset.action === action && dataset.emoji === emoji && dataset.file === file);
  (same ?? buttons.find(({ dataset }) => dataset.action === 'menu') ?? log).focus({ preventScroll: true });
}

/**
 * Returns the first visible entry and its position. When rows above this entry change, the page itself keeps the entry in its place,
 * because not all browsers do so.
 */
function currentAnchor() {
  const nodes = /** @type {HTMLCollectionOf<HTMLElement>} */ (log.children);
  let low = 0, high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (nodes[middle].offsetTop + nodes[middle].offsetHeight <= log.scrollTop) low = middle + 1; else high = middle;
  }
  for (; low < nodes.length; low += 1) {
    const key = drawn.keys.get(nodes[low]);
    if (key) return { key, offset: nodes[low].offsetTop - log.scrollTop };
  }
  return null;
}

/** @param {number} top */
function scrollTo(top) {
  log.scrollTop = top;
  drawn.scrolledTo = log.scrollTop;
}

/** @param {{ key: string, offset: number }} anchor */
function scrollToAnchor({ key, offset }) {
  const row = drawn.rows.get(key);
  if (row) scrollTo(row.node.offsetTop - offset);
}

/**
 * Shows a message of the current room, and moves the focus to it. If the page does not have the message, it asks the server first. Returns
 * false if it can't ask.
 * @param {number} seq
 */
export function jumpTo(seq) {
  const room = state.rooms.get(state.current ?? '');
  if (!room) return false;
  if (eventAt(room.entries, seq)) showJump(room.name, seq);
  else if (!room.live || !askAround(room.name, seq)) return false;
  else commit(changeRoom(state, room.name, { loading: true, tail: [] }));
  return true;
}

/** Goes to the mark of new messages in the current room. */
function jumpToMark() {
  const room = state.rooms.get(state.current ?? '');
  const seq = room?.firstUnread ?? null;
  if (!room || seq === null) return;
  viewOf(room.name).seenMark = seq;
  if (room.oldest <= seq) showJump(room.name, seq, { orNext: true });
  else if (room.live && askAround(room.name, seq, { orNext: true })) commit(changeRoom(state, room.name, { loading: true, tail: [] }));
}

/**
 * Shows or hides the button that goes to the mark of new messages. The button is useful while the mark is above what the reader sees.
 * @param {Room} room
 * @param {LogView} view
 */
function renderMarkButton(room, view) {
  const { firstUnread } = room;
  const mark = drawn.rows.get('new')?.node;
  const isVisible = mark !== undefined && mark.offsetTop >= log.scrollTop;
  if (firstUnread !== null && isVisible) view.seenMark = firstUnread;
  const isAbove = firstUnread !== null && view.seenMark !== firstUnread && (mark !== undefined || (visibleRange(room.entries, view)[0] > 0 || room.more));
  $('first-unread').hidden = !isAbove;
  if (isAbove) setText($('first-unread-text'), t('First unread message'));
}

/**
 * Shows a message that the page has, if its room is the current one.
 * @param {string} name
 * @param {number} seq
 * @param {{ orNext?: boolean }} options with `orNext`, the page goes to the next message if there is no message with this seq
 */
export function showJump(name, seq, { orNext = false } = {}) {
  const room = state.rooms.get(name);
  const entry = room && (orNext ? messageFrom(room.entries, seq) : eventAt(room.entries, seq));
  if (!entry || state.current !== name) return;
  const view = viewOf(name);
  const index = indexFor(room.entries, entry);
  const [start, end] = visibleRange(room.entries, view);
  if (index < start || index >= end) view.top = room.entries[Math.max(0, index - BEFORE_JUMP)];
  else view.top = start ? room.entries[start] : null;
  view.following = false;
  drawn.jump = entry.key;
  scheduleRender();
}

/** @param {string} key */
function finishJump(key) {
  drawn.jump = null;
  const node = drawn.rows.get(key)?.node;
  if (!node) return;
  scrollTo(node.offsetTop - (log.clientHeight - node.offsetHeight) / 2);
  node.setAttribute('tabindex', '-1');
  node.setAttribute('data-jumped', '');
  node.focus({ preventScroll: true });
}

export function followNewest() {
  if (state.current === null) return;
  const view = viewOf(state.current);
  const room = state.rooms.get(state.current);
  view.following = true;
  view.top = null;
  if (room && !hasNewest(room)) load(room, 'newest');
  scheduleRender();
}

/**
 * Requests a part of the room's history.
 * @param {Room} room
 * @param {'older' | 'newer' | 'newest'} direction
 */
function load(room, direction) {
  if (room.live && !room.loading && askHistory(room, direction)) commit(changeRoom(state, room.name, { loading: true, tail: [] }));
}

/** Reacts to the scroll position: marks the room as read, and requests the entries that are needed next. */
export function afterScroll() {
  const room = state.rooms.get(state.current ?? '');
  if (!room || drawn.room !== room.name) return;
  const view = viewOf(room.name);
  const [start, end] = visibleRange(room.entries, view);
  const below = log.scrollHeight - log.scrollTop - log.clientHeight;
  $('newest').hidden = view.following;
  renderMarkButton(room, view);
  setText($('newest-text'), room.unread ? t('{count} new messages', { count: room.unread }) : t('Jump to newest'));
  if (watchedRoom() === room.name) {
    commit(markRead(state, room.name));
    reportRead(room.name);
  }
  if (view.following && !hasNewest(room)) load(room, 'newest');
  else if (log.scrollTop < NEAR_EDGE_PX) showOlder(room, view, start);
  else if (below < NEAR_EDGE_PX && end < room.entries.length) moveStart(room, view, start + STEP);
  else if (below < NEAR_EDGE_PX && !hasNewest(room)) load(room, 'newer');
}

/**
 * @param {Room} room
 * @param {LogView} view
 * @param {number} start
 */
function showOlder(room, view, start) {
  if (start > 0) {
    view.following = false;
    moveStart(room, view, start - STEP);
  } else if (room.more && Number.isFinite(room.oldest)) load(room, 'older');
}

/**
 * @param {Room} room
 * @param {LogView} view
 * @param {number} start
 */
function moveStart(room, view, start) {
  view.top = start > 0 ? room.entries[start] : null;
  scheduleRender();
}

$('first-unread').addEventListener('click', jumpToMark);

log.addEventListener('scroll', () => {
  const room = state.rooms.get(state.current ?? '');
  if (!room || drawn.room !== room.name) return;
  const view = viewOf(room.name);
  const before = view.following;
  const isAtEnd = visibleRange(room.entries, view)[1] === room.entries.length && (before || hasNewest(room));
  const below = log.scrollHeight - log.scrollTop - log.clientHeight;
  // New rows never change scrollTop. So if scrollTop became smaller, the reader scrolled up, however fast the log grows.
  if (below <= 1) view.following = isAtEnd;
  else if (log.scrollTop < drawn.scrolledTo) view.following = false;
  else if (below <= AT_BOTTOM_PX) view.following = isAtEnd;
  drawn.scrolledTo = log.scrollTop;
  if (before !== view.following) scheduleRender();
  afterScroll();
}, { passive: true });

new ResizeObserver(() => {
  if (state.current && viewOf(state.current).following) scrollTo(log.scrollHeight);
}).observe(log);
