// The virtual list of the log: which rows the page draws, how much space the other rows take, and which scroll position keeps the view in its
// place. This module only calculates. A surface draws the rows and measures them: view/log.mjs uses the DOM, and the tests use an object with
// numbers.

import { compareEntries, indexFor } from './log.mjs';

/** @import { Entry, RowRange, RowSegment, Surface, ViewPlace } from './types.js' */

const MARGIN = 50;       // rows that are drawn above and below the view, so that a reader who scrolls sees no empty space
const MAX_DRAWN = 300;   // rows; a phone lays out so many rows in less time than one animation frame
const KEPT_DRAWN = 200;  // rows that stay when there would be more than MAX_DRAWN: the list removes many rows at once, not one row for each new message
const MAX_PINNED = 500;  // rows of a selection that stay drawn; of a longer selection, only the first and the last row stay drawn
const MAX_PASSES = 4;    // attempts to fill the view: if the estimated heights were too large, the drawn rows do not fill it, and the list draws more rows

const ROW_PX = 27, LINE_PX = 23, PICTURE_PX = 240, CHARACTER_PX = 8;

/**
 * Estimates the height of a row that was never drawn. A wrong estimate does not move the view: it only changes the length of the scroll bar.
 * @param {Pick<Entry, 'text' | 'files' | 'reactions'>} entry
 * @param {number} width the width of the view in px
 */
export function estimateHeight({ text = '', files, reactions }, width) {
  const lines = Math.max(1, Math.ceil(text.length * CHARACTER_PX / Math.max(width, 200)));
  return ROW_PX + (lines - 1) * LINE_PX + (files ? PICTURE_PX : 0) + (reactions ? ROW_PX : 0);
}

/** The heights of all rows: measured for the rows that were drawn, and estimated for the others. */
export class RowHeights {
  /** @type {Entry[]} */
  #entries = [];
  /** @type {number[]} */
  #heights = [];
  /** The top of each row, as far as it is known: for the indexes up to #known. */
  #tops = [0];
  #known = 0;

  get count() { return this.#heights.length; }

  /**
   * Replaces the list. Rows that are in both lists keep their heights.
   * @param {Entry[]} entries
   * @param {number} width
   */
  sync(entries, width) {
    const before = this.#entries;
    if (entries === before) return;
    this.#entries = entries;
    const last = before.length - 1;
    const isAppended = last >= 0 && entries.length > last && isSame(before[0], entries[0]) && isSame(before[last], entries[last]);
    if (isAppended) {
      for (let index = before.length; index < entries.length; index += 1) this.#heights.push(estimateHeight(entries[index], width));
      return;
    }
    let old = 0;
    this.#heights = entries.map((entry, index) => {
      while (old < before.length && compareEntries(before[old], entry) < 0) old += 1;
      return old < before.length && isSame(before[old], entry) ? this.#heights[old] : estimateHeight(entry, width);
    });
    this.#known = 0;
  }

  /**
   * @param {number} index
   * @param {number} height
   */
  set(index, height) {
    if (this.#heights[index] === height) return;
    this.#heights[index] = height;
    this.#known = Math.min(this.#known, index);
  }

  /**
   * The distance from the top of the list to the top of a row; for the index `count`, the height of the list.
   * @param {number} index
   */
  topOf(index) {
    while (this.#known < index) this.#extend();
    return this.#tops[index];
  }

  /**
   * Returns the row at a distance from the top of the list. If the distance is outside of the list, returns the first or the last row.
   * @param {number} top
   */
  indexAt(top) {
    while (this.#known < this.count && this.#tops[this.#known] <= top) this.#extend();
    let low = 0, high = this.#known;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle] <= top) low = middle; else high = middle - 1;
    }
    return Math.max(0, Math.min(low, this.count - 1));
  }

  #extend() {
    this.#tops[this.#known + 1] = this.#tops[this.#known] + this.#heights[this.#known];
    this.#known += 1;
  }
}

/**
 * @param {Entry} a
 * @param {Entry} b
 */
const isSame = (a, b) => compareEntries(a, b) === 0;

/**
 * Returns the rows to draw next: the needed rows and the rows that are already drawn. Leaves out rows that are already drawn if the
 * result would have more than MAX_DRAWN rows, or if there is a gap between the drawn and the needed rows.
 * @param {RowRange | null} drawn
 * @param {RowRange} needed
 * @returns {RowRange}
 */
export function nextRange(drawn, needed) {
  if (!drawn || needed.start > drawn.end || needed.end < drawn.start) return needed;
  let start = Math.min(drawn.start, needed.start), end = Math.max(drawn.end, needed.end);
  if (end - start > MAX_DRAWN) {
    start = Math.max(start, Math.min(needed.start, end - KEPT_DRAWN));
    end = Math.min(end, Math.max(needed.end, start + KEPT_DRAWN));
  }
  return { start, end };
}

/**
 * Returns the ranges of rows that stay in the page because of a selection from one row to another.
 * @param {number} first
 * @param {number} last
 * @returns {RowRange[]}
 */
export const pinnedRanges = (first, last) => last - first < MAX_PINNED ? [{ start: first, end: last + 1 }]
  : [{ start: first, end: first + 1 }, { start: last, end: last + 1 }];

/**
 * Unites ranges that overlap or touch each other, in their order.
 * @param {RowRange[]} ranges
 * @returns {RowRange[]}
 */
export function unite(ranges) {
  /** @type {RowRange[]} */
  const united = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = united.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else united.push({ start, end });
  }
  return united;
}

/** The list of one room. */
export class VirtualList {
  #surface;
  #heights = new RowHeights();
  /** @type {Entry[]} */
  #entries = [];
  /** The drawn rows around the view. Pinned rows outside of this range are drawn too. @type {RowRange} */
  #range = { start: 0, end: 0 };
  #isDrawn = false;
  /**
   * The row that keeps its place in the view. `top` (in the content) and `scrollTop` are those of the last measurement.
   * @type {{ entry: Entry, top: number, scrollTop: number } | null}
   */
  #anchor = null;
  #isAtEnd = false;
  /** The height of the space above the first drawn row; 0 if there is no space. */
  #above = 0;
  /** The height of the space above the first drawn row, minus the sum of the heights of the rows in this space. */
  #surplus = 0;

  /** @param {Surface} surface */
  constructor(surface) { this.#surface = surface; }

  /** Whether the first row is drawn. */
  get hasStart() { return this.#range.start === 0; }

  /** Whether the last row is drawn. */
  get hasEnd() { return this.#range.end === this.#entries.length; }

  /** The row that keeps its place, and its distance from the top of the view. @returns {ViewPlace | null} */
  get place() { return this.#anchor && { entry: this.#anchor.entry, offset: this.#anchor.top - this.#surface.scrollTop }; }

  /** The index of the first row in the view. */
  get firstVisible() { return this.#indexInView(this.#surface.scrollTop); }

  /**
   * Draws the entries. The view stays where it is, or goes to the end or to a place.
   * @param {Entry[]} entries
   * @param {{ isAtEnd?: boolean, place?: ViewPlace | null, pinned?: (entries: Entry[]) => RowRange[] }} options `place` without an offset is in the middle of the view
   */
  draw(entries, { isAtEnd = false, place = null, pinned = () => [] } = {}) {
    this.settle();
    if (this.#isDrawn) this.#capture(); // the reader may have scrolled, although the browser has not reported it yet
    const target = isAtEnd ? null : place ?? this.place;
    let drawn = this.#isDrawn ? this.#follow(entries) : null;
    this.#entries = entries;
    this.#isAtEnd = isAtEnd;
    this.#heights.sync(entries, this.#surface.width);
    const index = target && entries.length ? Math.min(indexFor(entries, target.entry), entries.length - 1) : entries.length;
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const needed = this.#needed(index, target ? target.offset ?? this.#surface.height / 2 : this.#surface.height);
      if (pass > 0 && needed.start >= this.#range.start && needed.end <= this.#range.end) break;
      const next = nextRange(drawn, needed);
      if (next === needed) this.#surplus = 0;
      this.#range = drawn = next;
      this.#isDrawn = true;
      this.#drawRange(unite([drawn, ...pinned(entries)]));
      if (index === entries.length) this.#surface.scrollTop = Infinity;
      else if (target) {
        const top = this.#topOf(index) - (target.offset ?? (this.#surface.height - this.#heightOf(index)) / 2);
        if (place) this.#surface.scrollTop = top;
        else this.#moveBy(top - this.#surface.scrollTop);
      }
    }
    this.#capture();
  }

  /** Call this after the reader has scrolled. Returns whether the page has to draw other rows. @param {boolean} isAtEnd whether the reader follows the end */
  scrolled(isAtEnd) {
    this.#isAtEnd = isAtEnd;
    this.#capture();
    if (!this.#anchor) return false;
    const needed = this.#needed(this.#indexOf(this.#anchor.entry), this.#anchor.top - this.#surface.scrollTop, MARGIN / 2);
    return needed.start < this.#range.start || needed.end > this.#range.end;
  }

  /** Keeps the anchor at its place in the view. Call this after rows or the view may have changed their size. */
  settle() {
    if (!this.#isDrawn) return;
    if (this.#isAtEnd) this.#surface.scrollTop = Infinity;
    else if (this.#anchor) {
      const surface = this.#surface, { entry, top, scrollTop } = this.#anchor;
      const now = surface.topOf(entry.key) ?? top;
      // If the content has become so short that the browser had to move the view, use the scroll position before this move.
      const wasMoved = surface.scrollTop < scrollTop && surface.scrollTop > surface.maxScrollTop - 1;
      if (wasMoved) surface.scrollTop = scrollTop + now - top;
      else if (now !== top) this.#moveBy(now - top);
      this.#anchor = { entry, top: surface.topOf(entry.key) ?? top, scrollTop: surface.scrollTop };
    }
    this.#measure();
  }

  /**
   * Moves the rows up in the view by a distance. A new scroll position would stop the browser's smooth scrolling. So if the space above the rows is
   * high enough, this method changes the height of the space instead.
   * @param {number} distance in px
   */
  #moveBy(distance) {
    if (Math.abs(distance) < 0.01) return;
    if (this.#above === 0 || this.#above <= distance) {
      this.#surface.scrollTop += distance;
      return;
    }
    this.#above -= distance;
    this.#surplus -= distance;
    this.#surface.setSpace(this.#above);
  }

  /** @param {RowRange[]} ranges */
  #drawRange(ranges) {
    let end = 0;
    /** @type {RowSegment[]} */
    const segments = ranges.map((range, index) => {
      const above = this.#heights.topOf(range.start) - this.#heights.topOf(end);
      end = range.end;
      return { ...range, above: index === 0 && above > 0 ? Math.max(0, above + this.#surplus) : above };
    });
    this.#above = segments[0].above;
    this.#surface.draw(segments, this.#heights.topOf(this.#entries.length) - this.#heights.topOf(end));
    this.#measure();
  }

  #measure() {
    for (let index = this.#range.start; index < this.#range.end; index += 1) {
      const height = this.#heightOf(index);
      if (height > 0) this.#heights.set(index, height);
    }
  }

  /**
   * Returns the rows that fill the view and its margins when the row `index` is `offset` px below the top of the view.
   * @param {number} index
   * @param {number} offset
   * @returns {RowRange}
   */
  #needed(index, offset, margin = MARGIN) {
    const top = this.#heights.topOf(index) - offset;
    const count = this.#entries.length;
    return { start: Math.max(0, this.#heights.indexAt(top) - margin), end: Math.min(count, this.#heights.indexAt(top + this.#surface.height) + 1 + margin) };
  }

  /**
   * Returns the indexes that the drawn rows have in the next list, or null if the next list has none of them.
   * @param {Entry[]} entries
   * @returns {RowRange | null}
   */
  #follow(entries) {
    const { start, end } = this.#range;
    if (start === end) return null;
    const next = { start: indexFor(entries, this.#entries[start]), end: indexFor(entries, this.#entries[end - 1]) + 1 };
    next.end = Math.min(next.end, entries.length);
    return next.start < next.end ? next : null;
  }

  #capture() {
    const { scrollTop } = this.#surface;
    if (!this.#entries.length) {
      this.#anchor = null;
      return;
    }
    const index = this.#indexInView(scrollTop);
    const next = index + 1 < this.#range.end ? this.#topOf(index + 1) : Infinity;
    // The anchor is the first row that begins in the view. Do not use a row that begins above the view, because its height can change while only its end is visible.
    const isCut = index >= this.#range.start && this.#topOf(index) < scrollTop && next < scrollTop + this.#surface.height;
    const entry = this.#entries[isCut ? index + 1 : index];
    this.#anchor = { entry, top: this.#surface.topOf(entry.key) ?? this.#estimatedTop(index), scrollTop };
  }

  /**
   * The index of the row at a position, in px from the top of the content.
   * @param {number} position
   */
  #indexInView(position) {
    const { start, end } = this.#range;
    if (start === end || position < this.#topOf(start)) return this.#heights.indexAt(this.#heights.topOf(start) + position - (start === end ? 0 : this.#topOf(start)));
    const below = position - this.#topOf(end - 1) - this.#heightOf(end - 1);
    if (below >= 0) return end === this.#entries.length ? end - 1 : this.#heights.indexAt(this.#heights.topOf(end) + below);
    let low = start, high = end - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#topOf(middle) <= position) low = middle; else high = middle - 1;
    }
    return low;
  }

  /**
   * Where a row would be if it were drawn.
   * @param {number} index
   */
  #estimatedTop(index) {
    const { start, end } = this.#range;
    if (start === end) return this.#heights.topOf(index);
    if (index < start) return this.#topOf(start) + this.#heights.topOf(index) - this.#heights.topOf(start);
    return this.#topOf(end - 1) + this.#heightOf(end - 1) + this.#heights.topOf(index) - this.#heights.topOf(end);
  }

  /** @param {Entry} entry */
  #indexOf(entry) { return Math.min(indexFor(this.#entries, entry), this.#entries.length - 1); }

  /** @param {number} index */
  #topOf(index) { return this.#surface.topOf(this.#entries[index].key) ?? 0; }

  /** @param {number} index */
  #heightOf(index) { return this.#surface.heightOf(this.#entries[index].key) ?? 0; }
}
