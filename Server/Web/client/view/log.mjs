// Draws the log of the current room and scrolls it.

import { reportRead } from '../app/attention.mjs';
import { askAround, askHistory, askQuotes } from '../app/chat.mjs';
import { onLanguage } from '../app/language.mjs';
import { onPreferences, preferences } from '../app/preferences.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { commit, state } from '../app/store.mjs';
import { readerAt, viewOf, watchedRoom } from '../app/ui.mjs';
import { dayLabel } from '../formatting.mjs';
import { t } from '../language.mjs';
import { compareEntries, daysFrom, eventAt, indexFor, messageFrom } from '../log.mjs';
import { changeRoom, hasNewest, markRead, trimRoom } from '../rooms.mjs';
import { createRows, missingQuotes } from '../rows.mjs';
import { pinnedRanges, VirtualList } from '../virtual-list.mjs';
import { $, isDialogOpen, log, setText, whenChanged } from './dom.mjs';
import { blankNode, createRowNode } from './log-rows.mjs';

/** @import { Entry, LogView, Room, Row, Surface } from '../types.js' */

const NEAR_EDGE_PX = 400;
const AT_BOTTOM_PX = 16;
const now = () => Date.now(); // for "Today" and "Yesterday"
const MAX_OPENED = 100;    // rows with open spoilers that the page keeps while they are far from the view

/**
 * A row that is drawn: the node, the first node that belongs to it (for example the date above it), and the data from which the node was made.
 * @typedef {{ node: HTMLElement, lead: HTMLElement, source: unknown, first: boolean | undefined, shown: string | undefined }} DrawnRow
 */

const drawn = {
  /** @type {string | null} */
  room: null,
  /** @type {Map<string, DrawnRow>} */
  rows: new Map(),
  /** Rows that are not drawn, but in which the reader has opened a spoiler. @type {Map<string, DrawnRow>} */
  opened: new Map(),
  /** The entry of each node. @type {WeakMap<Node, Entry>} */
  entries: new WeakMap(),
  /** The answered messages that the page does not have. @type {number[]} */
  quotes: [],
  /** The newest entry at the last drawing. @type {Entry | null} */
  newest: null,
  /** The row that has the focus, or had it before a dialog was opened. @type {Entry | null} */
  focused: null,
  scrolledTo: 0,
  /** The entry to which the reader jumps with the next drawing, and its room. @type {{ room: string, entry: Entry } | null} */
  jump: null,
  liveTimer: 0,
  /** The person's choice of 12 or 24 hours at the last drawing. */
  format: preferences.clock,
  /** Changes when the log must be drawn again although no other input has changed. */
  version: 0,
};

/** @type {Surface} */
const surface = {
  get width() { return log.clientWidth; },
  get height() { return Math.min(log.clientHeight, document.documentElement.clientHeight); }, // for printing, the log is as high as its rows
  get scrollTop() { return log.scrollTop; },
  set scrollTop(top) {
    log.scrollTop = Math.min(top, log.scrollHeight);
    drawn.scrolledTo = log.scrollTop;
  },
  get maxScrollTop() { return log.scrollHeight - log.clientHeight; },
  draw(segments, below) {
    const room = state.rooms.get(drawn.room ?? '');
    if (!room) return;
    const rows = createRows(room, state.outbox, { segments, below }, state.self ?? { user: '', name: '' }, now());
    drawn.quotes = missingQuotes(rows, room);
    patchRows(rows);
  },
  setSpace(height) {
    const row = drawn.rows.get('space0');
    row?.node.style.setProperty('height', `${height}px`);
    if (row) row.shown = String(height);
  },
  topOf: (key) => drawn.rows.get(key)?.node.offsetTop,
  heightOf(key) {
    const row = drawn.rows.get(key);
    if (!row) return undefined;
    const next = /** @type {HTMLElement | null} */ (row.node.nextSibling);
    return (next ? next.offsetTop : row.node.offsetTop + row.node.offsetHeight) - row.lead.offsetTop;
  },
};

let list = new VirtualList(surface);

/** @param {Room | undefined} room */
const logInputs = (room) => [drawn.format, drawn.version, room, state.outbox, state.self, state.status.state, room && viewOf(room.name).following, drawn.jump];

export const renderLog = whenChanged(logInputs, (room) => {
  const isOtherRoom = drawn.room !== (room?.name ?? null);
  if (isOtherRoom) {
    if (drawn.room !== null) commit(trimRoom(state, drawn.room, readerAt(drawn.room)));
    clearRows();
    list = new VirtualList(surface);
    drawn.room = room?.name ?? null;
    drawn.newest = drawn.focused = null;
    drawn.opened.clear();
  }
  if (room) return drawRows(room, isOtherRoom);
  $('day').hidden = $('first-unread').hidden = $('newest').hidden = true;
  log.replaceChildren(blankNode(state.status.state === 'online' ? t('You’re in no room.') : t('One moment.'), t('Find one to join, or create your own.')));
});

function clearRows() {
  sizes.disconnect();
  sizes.observe(log);
  drawn.rows.clear();
  log.replaceChildren();
}

/**
 * Draws the rows around the view.
 * @param {Room} room
 * @param {boolean} isOtherRoom whether another room was drawn before
 */
function drawRows(room, isOtherRoom = false) {
  const view = viewOf(room.name);
  const jump = drawn.jump?.room === room.name ? { entry: drawn.jump.entry } : null;
  list.draw(room.entries, { isAtEnd: view.following, place: jump ?? (isOtherRoom ? view.place : null), pinned: pinnedRows });
  drawn.newest = room.entries.at(-1) ?? null;
  view.place = list.place;
  drawn.jump = null;
  if (jump) finishJump(jump.entry.key);
  if (room.live && drawn.quotes.length) askQuotes(room, drawn.quotes);
  afterScroll();
}

// If the person chooses another format of times, draw all times of the log again.
onPreferences(() => {
  if (drawn.format === preferences.clock) return;
  drawn.format = preferences.clock;
  drawAgain();
});

function drawAgain() {
  clearRows();
  scheduleRender();
}

/** A screen reader reads everything that is added to a live region. It should read new messages, but no rows that appear because of scrolling. */
function muteLiveRegion() {
  log.setAttribute('aria-live', 'off');
  clearTimeout(drawn.liveTimer);
  drawn.liveTimer = setTimeout(() => log.setAttribute('aria-live', 'polite'), 500);
}

/**
 * Whether the row was not drawn before, although its entry is not new: for example because the reader has scrolled up.
 * @param {Row} row
 */
const isOld = ({ key, entry }) => entry !== undefined && !entry.item && !drawn.rows.has(key) && (!drawn.newest || compareEntries(/** @type {Entry} */ (entry), drawn.newest) <= 0);

/**
 * Changes the log's nodes to the given rows. It reuses the nodes of rows that have not changed.
 * @param {Row[]} rows
 */
function patchRows(rows) {
  if (rows.some(isOld)) muteLiveRegion();
  if (!drawn.rows.size) log.replaceChildren();
  const wanted = new Set(rows.map((row) => row.key));
  for (const [key, row] of drawn.rows) {
    if (wanted.has(key)) continue;
    row.node.remove();
    sizes.unobserve(row.node);
    drawn.rows.delete(key);
    if (row.node.querySelector('.spoiler[data-shown]')) keepOpened(key, row);
  }
  /** @type {ChildNode | null} */
  let next = log.firstChild;
  /** The first node that belongs to the next entry, for example its date. @type {HTMLElement | null} */
  let lead = null;
  for (const row of rows) {
    const before = drawn.rows.get(row.key);
    let old = before ?? drawn.opened.get(row.key);
    const source = row.entry?.item ?? row.entry;
    const shown = row.entry?.item ? state.status.state : row.room ? JSON.stringify([row.label, row.room]) : row.label;
    if (!old || old.source !== source || old.first !== row.first || old.shown !== shown) {
      const focused = old?.node.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
      const node = createRowNode(row);
      if (row.entry && !row.entry.item) drawn.entries.set(node, /** @type {Entry} */ (row.entry));
      if (before) {
        if (next === before.node) next = node;
        before.node.replaceWith(node);
        sizes.unobserve(before.node);
        if (focused) keepFocus(node, focused);
      }
      old = { node, lead: node, source, first: row.first, shown };
    }
    if (old !== before) {
      drawn.rows.set(row.key, old);
      sizes.observe(old.node, { box: 'border-box' });
    }
    old.lead = lead ?? old.node;
    lead = row.kind === 'day' || row.kind === 'new' ? old.lead : null;
    if (next === old.node) next = next.nextSibling;
    else log.insertBefore(old.node, next);
  }
}

/**
 * @param {string} key
 * @param {DrawnRow} row
 */
function keepOpened(key, row) {
  drawn.opened.set(key, row);
  for (const oldest of drawn.opened.keys()) if (drawn.opened.size > MAX_OPENED) drawn.opened.delete(oldest);
}

/**
 * Returns the entry of the row in which a node is, or undefined.
 * @param {Node | null} node
 */
function entryAround(node) {
  while (node && node.parentNode !== log) node = node.parentNode;
  return node ? drawn.entries.get(node) : undefined;
}

/**
 * Returns the rows that stay in the page even if they are far from the view: those with the focus, the selection, or a player that plays.
 * @param {Entry[]} entries
 */
function pinnedRows(entries) {
  const selection = document.getSelection();
  const selected = selection && !selection.isCollapsed ? [entryAround(selection.anchorNode), entryAround(selection.focusNode)] : [];
  const playing = /** @type {HTMLMediaElement[]} */ ([...log.querySelectorAll('video, audio')]).filter(({ paused }) => !paused).map(entryAround);
  const indexesOf = (/** @type {(Entry | null | undefined)[]} */ pinned) => pinned.filter((entry) => entry !== undefined && entry !== null)
    .map((entry) => indexFor(entries, entry)).filter((index) => index < entries.length);
  const ends = indexesOf(selected);
  return [...ends.length ? pinnedRanges(Math.min(...ends), Math.max(...ends)) : [], ...indexesOf([drawn.focused, ...playing]).map((index) => ({ start: index, end: index + 1 }))];
}

/**
 * Moves the focus from a button of an old node to the same button of the new node. If the new node has no such button, for example because a reaction
 * was removed, the button of the menu gets the focus.
 * @param {HTMLElement} node
 * @param {HTMLElement} focused
 */
function keepFocus(node, focused) {
  if (node.contains(focused)) return focused.focus({ preventScroll: true }); // the focused element is a player, which the new node contains too
  const { action, emoji, file } = focused.dataset;
  const buttons = /** @type {HTMLElement[]} */ ([...node.querySelectorAll('[data-action]')]);
  const same = buttons.find(({ dataset }) => dataset.action === action && dataset.emoji === emoji && dataset.file === file);
  (same ?? buttons.find(({ dataset }) => dataset.action === 'menu') ?? log).focus({ preventScroll: true });
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
  const isVisible = mark !== undefined && mark.offsetTop >= log.scrollTop && mark.offsetTop < log.scrollTop + log.clientHeight;
  if (firstUnread !== null && isVisible) view.seenMark = firstUnread;
  const isInside = room.more || firstUnread !== null && eventBefore(room, firstUnread);
  const isAbove = firstUnread !== null && view.seenMark !== firstUnread && isInside && (mark ? mark.offsetTop < log.scrollTop : firstUnread < (view.place?.entry.order ?? 0));
  $('first-unread').hidden = !isAbove;
  if (isAbove) setText($('first-unread-text'), t('First unread message'));
}

/**
 * Shows the date of the first row in the view, if the reader has scrolled up and the date is not above that row.
 * @param {Room} room
 * @param {LogView} view
 */
function renderDay(room, { following, place }) {
  const entry = following ? undefined : place?.entry;
  const divider = entry && drawn.rows.get(`d${entry.key}`)?.node;
  const day = entry && !(divider && divider.offsetTop >= log.scrollTop) && $('first-unread').hidden ? daysFrom(room.days, entry)[0]?.day : undefined;
  $('day').hidden = !day;
  if (day) setText($('day'), dayLabel(`${day}T12:00`, now()));
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
  viewOf(name).following = false;
  drawn.jump = { room: name, entry };
  scheduleRender();
}

/**
 * Whether the log has an event before the seq.
 * @param {Room} room
 * @param {number} seq
 */
const eventBefore = ({ entries }, seq) => entries.length > 0 && entries[0].order < seq;

/** @param {string} key */
function finishJump(key) {
  const node = drawn.rows.get(key)?.node;
  if (!node) return;
  node.setAttribute('tabindex', '-1');
  node.setAttribute('data-jumped', '');
  node.focus({ preventScroll: true });
}

export function followNewest() {
  if (state.current === null) return;
  const view = viewOf(state.current);
  const room = state.rooms.get(state.current);
  view.following = true;
  drawn.version += 1;
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
  const below = log.scrollHeight - log.scrollTop - log.clientHeight;
  $('newest').hidden = view.following;
  renderMarkButton(room, view);
  renderDay(room, view);
  setText($('newest-text'), room.unread ? t('{count} new messages', { count: room.unread }) : t('Jump to newest'));
  if (watchedRoom() === room.name) {
    commit(markRead(state, room.name));
    reportRead(room.name);
  }
  if (view.following && !hasNewest(room)) load(room, 'newest');
  else if (log.scrollTop < NEAR_EDGE_PX && list.hasStart) {
    if (room.more && Number.isFinite(room.oldest)) load(room, 'older');
  } else if (below < NEAR_EDGE_PX && list.hasEnd && !hasNewest(room)) load(room, 'newer');
}

$('first-unread').addEventListener('click', jumpToMark);

// Handle the Home and End keys here. The browser itself would scroll through rows that are not drawn yet, and would stop as soon as the page draws them.
log.addEventListener('keydown', (event) => {
  const room = state.rooms.get(drawn.room ?? '');
  if (!room || event.key !== 'Home' && event.key !== 'End' || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (event.key === 'End') return followNewest();
  viewOf(room.name).following = false;
  surface.scrollTop = 0;
  list.scrolled(false);
  drawRows(room);
  surface.scrollTop = 0; // scroll above the first row, to the top of the log
});

document.addEventListener('focusin', ({ target }) => {
  if (!isDialogOpen()) drawn.focused = entryAround(/** @type {Node} */ (target)) ?? null; // the focus returns to this row when a dialog closes
});

log.addEventListener('scroll', () => {
  const room = state.rooms.get(state.current ?? '');
  if (!room || drawn.room !== room.name) return;
  const view = viewOf(room.name);
  const before = view.following;
  const isAtEnd = before || hasNewest(room);
  const below = log.scrollHeight - log.scrollTop - log.clientHeight;
  // If the page itself sets scrollTop, it also sets scrolledTo. So a smaller scrollTop shows that the reader has scrolled up, even while the log grows.
  if (below <= 1) view.following = isAtEnd;
  else if (log.scrollTop < drawn.scrolledTo) view.following = false;
  else if (below <= AT_BOTTOM_PX) view.following = isAtEnd;
  drawn.scrolledTo = log.scrollTop;
  // The page draws immediately, because a reader who scrolls fast would otherwise see empty space.
  if (list.scrolled(view.following) || before !== view.following) return drawRows(room);
  view.place = list.place;
  afterScroll();
}, { passive: true });

// Called after a row or the view has changed its size, and before the browser paints it.
const sizes = new ResizeObserver(() => {
  const room = state.rooms.get(drawn.room ?? '');
  if (!room) return;
  list.settle();
  if (!list.scrolled(viewOf(room.name).following)) return;
  drawn.version += 1;
  scheduleRender();
});
sizes.observe(log);
onLanguage(drawAgain);
