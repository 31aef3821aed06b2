import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { estimateHeight, nextRange, pinnedRanges, RowHeights, unite, VirtualList } from '../../Server/Web/client/virtual-list.mjs';

const entry = (order, more = {}) => ({ kind: 'message', key: `s${order}`, seq: order, order, rank: 0, text: 'text', ...more });
const entriesOf = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));

/** Returns a function that creates the same pseudo-random numbers each time (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) % below;
  };
}

/** Lays rows out like a browser: the heights are the test's own, and the list knows only the heights of the rows that it has drawn. */
class FakeSurface {
  width = 800; height = 700; head = 90; tail = 0; created = 0; drawings = 0; sets = 0;
  entries = []; heights = new Map(); segments = []; below = 0; rows = new Map();
  #scrollTop = 0;
  get scrollTop() { return this.#scrollTop; }
  set scrollTop(top) {
    this.sets += 1;
    this.#scrollTop = Math.max(0, Math.min(top, this.contentHeight - this.height));
  }
  get maxScrollTop() { return this.contentHeight - this.height; }
  trueHeight(key) { return this.heights.get(key) ?? 20 + Number(key.slice(1)) * 7919 % 60; }
  layOut() {
    const before = this.rows;
    this.rows = new Map();
    let top = this.segments[0]?.start === 0 ? this.head : 0;
    for (const { start, end, above } of this.segments) {
      top += above;
      for (let index = start; index < end; index += 1) {
        const { key } = this.entries[index];
        if (!before.has(key)) this.created += 1;
        this.rows.set(key, top);
        top += this.trueHeight(key);
      }
    }
    this.contentHeight = Math.max(top + this.below + this.tail, this.height);
    this.#scrollTop = Math.max(0, Math.min(this.#scrollTop, this.contentHeight - this.height)); // a browser limits the position in the same way
  }
  draw(segments, below) {
    this.drawings += 1;
    Object.assign(this, { segments, below });
    this.layOut();
  }
  setSpace(above) {
    this.segments = this.segments.with(0, { ...this.segments[0], above });
    this.layOut();
  }
  topOf(key) { return this.rows.get(key); }
  heightOf(key) { return this.rows.has(key) ? this.trueHeight(key) : undefined; }
  /** The first drawn row that begins in the view, and its offset. */
  get firstInView() {
    const [key, top] = [...this.rows].find(([, top]) => top >= this.#scrollTop) ?? [];
    return top < this.#scrollTop + this.height ? { key, offset: top - this.#scrollTop } : null;
  }
  /** Whether the view is covered with rows, the head and the tail, without a gap. */
  get isFull() {
    let top = 0;
    for (const { start, end, above } of this.segments) {
      if (above > 0 && top + above > this.#scrollTop && top + (start === 0 ? this.head : 0) < this.#scrollTop + this.height) return false;
      top = this.rows.get(this.entries[end - 1]?.key) + this.trueHeight(this.entries[end - 1]?.key ?? 's0');
    }
    return this.below === 0 || top >= this.#scrollTop + this.height;
  }
}

/** A reader with a log. */
class Reader {
  surface = new FakeSurface(); list = new VirtualList(this.surface); isAtEnd = true; pinned = () => [];
  constructor(entries) { this.show(entries); }
  get entries() { return this.surface.entries; }
  show(entries, options = {}) {
    this.surface.entries = entries;
    // The surface still contains the rows that were drawn for the previous entries. draw() must replace these rows.
    this.list.draw(entries, { isAtEnd: this.isAtEnd, pinned: this.pinned, ...options });
  }
  scrollBy(distance) {
    this.surface.scrollTop += distance;
    this.isAtEnd = this.surface.scrollTop >= this.surface.contentHeight - this.surface.height - 1;
    if (this.list.scrolled(this.isAtEnd)) this.show(this.entries);
  }
  /** Changes the size of a row or of the view without a call of draw(), as when an image has loaded. */
  resize(change) {
    change();
    this.surface.layOut();
    this.list.settle();
  }
}

/** Runs `act`. The first row that begins in the view must keep its place. At an end of the content, the row may move. */
function checkPlace(reader, words, act) {
  const { surface } = reader;
  const before = surface.firstInView;
  act();
  if (reader.isAtEnd) return assert.ok(Math.abs(surface.scrollTop + surface.height - surface.contentHeight) < 0.01, `${words}: the end stays visible`);
  const isAtLimit = surface.scrollTop === 0 || surface.scrollTop >= surface.contentHeight - surface.height - 0.01;
  if (!before || isAtLimit) return;
  const top = surface.topOf(before.key);
  assert.ok(top !== undefined, `${words}: ${before.key} is drawn`);
  assert.ok(Math.abs(top - surface.scrollTop - before.offset) < 0.01, `${words}: ${before.key} moved by ${top - surface.scrollTop - before.offset}`);
}

describe('the heights of the rows', () => {
  const heightsOf = (entries) => {
    const heights = new RowHeights();
    heights.sync(entries, 800);
    return heights;
  };

  test('are estimated for rows that were never drawn', () => assert.equal(heightsOf(entriesOf(1, 10)).topOf(10), 10 * estimateHeight(entry(1), 800)));
  test('are larger for a long text, a picture and reactions', () => {
    for (const more of [{ text: 'x'.repeat(500) }, { files: [{}] }, { reactions: new Map() }]) assert.ok(estimateHeight(entry(1, more), 800) > estimateHeight(entry(1), 800));
    assert.ok(estimateHeight(entry(1, { text: 'x'.repeat(100) }), 375) > estimateHeight(entry(1, { text: 'x'.repeat(100) }), 1440));
  });

  test('give the row at each position', () => {
    const heights = heightsOf(entriesOf(1, 4));
    [10, 20, 30, 40].forEach((height, index) => heights.set(index, height));
    assert.deepEqual([-5, 0, 9, 10, 29, 30, 59, 60, 99, 100, 1000].map((top) => heights.indexAt(top)), [0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3]);
    assert.deepEqual([0, 1, 2, 3, 4].map((index) => heights.topOf(index)), [0, 10, 30, 60, 100]);
    heights.set(1, 25);
    assert.deepEqual([heights.topOf(2), heights.topOf(4), heights.indexAt(34)], [35, 105, 1]);
  });

  test('stay with their rows when others are added or dropped', () => {
    const heights = heightsOf(entriesOf(10, 14));
    heights.set(2, 99); // the row 12
    const estimate = estimateHeight(entry(1), 800);
    for (const [from, to] of [[10, 20], [5, 20], [11, 20], [11, 13], [1, 30]]) {
      heights.sync(entriesOf(from, to), 800);
      assert.equal(heights.topOf(12 - from + 1) - heights.topOf(12 - from), 99);
      assert.equal(heights.topOf(to - from + 1), (to - from) * estimate + 99);
    }
    const withNotice = [...entriesOf(1, 11), { ...entry(11), key: 'n1', rank: 1 }, ...entriesOf(12, 30)];
    heights.sync(withNotice, 800);
    assert.equal(heights.topOf(13) - heights.topOf(12), 99);
  });
});

describe('the drawn rows', () => {
  test('are only the needed rows after a jump', () => assert.deepEqual(nextRange({ start: 0, end: 100 }, { start: 500, end: 600 }), { start: 500, end: 600 }));
  test('stay drawn while there are not too many', () => assert.deepEqual(nextRange({ start: 100, end: 200 }, { start: 150, end: 300 }), { start: 100, end: 300 }));
  test('are dropped on the side that is far from the view', () => {
    assert.deepEqual(nextRange({ start: 0, end: 300 }, { start: 250, end: 360 }), { start: 160, end: 360 });
    assert.deepEqual(nextRange({ start: 100, end: 400 }, { start: 90, end: 200 }), { start: 90, end: 290 });
  });
  test('contain all rows of a selection, or only the first and the last row of a very long selection', () => {
    assert.deepEqual(pinnedRanges(10, 60), [{ start: 10, end: 61 }]);
    assert.deepEqual(pinnedRanges(10, 6000), [{ start: 10, end: 11 }, { start: 6000, end: 6001 }]);
  });
  test('form one range where their ranges overlap or touch', () => assert.deepEqual(unite([{ start: 50, end: 60 }, { start: 0, end: 10 }, { start: 10, end: 20 }, { start: 55, end: 70 }]), [{ start: 0, end: 20 }, { start: 50, end: 70 }]));
});

describe('the list', () => {
  test('draws a short log completely', () => assert.deepEqual(new Reader(entriesOf(1, 40)).surface.segments, [{ start: 0, end: 40, above: 0 }]));
  test('draws only its head if there are no entries', () => assert.deepEqual(new Reader([]).surface.segments, [{ start: 0, end: 0, above: 0 }]));

  test('draws few rows of a log with 100,000 rows', () => {
    const { surface } = new Reader(entriesOf(1, 100_000));
    assert.ok(surface.rows.size < 200);
    assert.ok(surface.rows.has('s100000'));
    assert.equal(surface.scrollTop + surface.height, surface.contentHeight);
  });

  test('creates about as many rows as the reader passes, and never shows a gap', () => {
    const reader = new Reader(entriesOf(1, 100_000));
    const { surface } = reader;
    reader.scrollBy(-400);
    for (const distance of [...Array(300).fill(-400), ...Array(300).fill(400)]) {
      const { created, drawings } = surface;
      reader.scrollBy(distance);
      assert.ok(surface.created - created <= 60, `${surface.created - created} rows for one step`);
      assert.ok(surface.drawings - drawings <= 2);
      assert.ok(surface.rows.size <= 300);
      assert.ok(surface.isFull);
    }
  });

  test('does not set the scroll position while the reader scrolls, because that would stop the browser’s own scrolling', () => {
    const reader = new Reader(entriesOf(1, 100_000));
    reader.scrollBy(-400);
    const { sets } = reader.surface;
    for (let step = 0; step < 300; step += 1) reader.scrollBy(-400);
    assert.equal(reader.surface.sets - sets, 300, 'only the reader has set the scroll position');
  });

  test('draws what the reader sees, although the browser has not reported yet that the reader has scrolled', () => {
    const reader = new Reader(entriesOf(1, 5_000));
    const { surface } = reader;
    reader.scrollBy(-400);
    for (const distance of [-60_000, 20_000, -30_000, 2_000, -5_000]) {
      const { contentHeight, scrollTop } = surface;
      surface.scrollTop += distance;
      reader.show([...reader.entries, entry(reader.entries.at(-1).order + 1)]);
      assert.ok(surface.isFull);
      assert.ok(Math.abs(surface.scrollTop - scrollTop - distance) < 3_000 && Math.abs(surface.contentHeight - contentHeight) < 5_000, `${distance}`);
    }
  });

  test('shows the rows at any position of the scroll bar', () => {
    const reader = new Reader(entriesOf(1, 100_000));
    const random = randomFrom(7);
    for (let step = 0; step < 200; step += 1) {
      reader.surface.scrollTop = random(Math.floor(reader.surface.contentHeight));
      reader.scrollBy(0);
      assert.ok(reader.surface.isFull, `step ${step}`);
      assert.ok(reader.surface.rows.size <= 300);
    }
  });

  test('fills the view even if the rows are far smaller than estimated', () => {
    const surface = new FakeSurface();
    surface.trueHeight = () => 8;
    surface.entries = entriesOf(1, 5_000);
    new VirtualList(surface).draw(surface.entries, { isAtEnd: true });
    assert.ok(surface.isFull);
  });

  test('goes to a row in the middle of the view, and stays there', () => {
    const reader = new Reader(entriesOf(1, 50_000));
    reader.isAtEnd = false;
    reader.show(reader.entries, { place: { entry: reader.entries[25_000] } });
    const middle = reader.surface.topOf('s25001') - reader.surface.scrollTop + reader.surface.trueHeight('s25001') / 2;
    assert.ok(Math.abs(middle - reader.surface.height / 2) < 0.01);
    checkPlace(reader, 'other rows arrive', () => reader.show([...reader.entries, entry(50_001)]));
  });

  test('returns to the place where the reader was', () => {
    const reader = new Reader(entriesOf(1, 5_000));
    reader.scrollBy(-40_000);
    const { place } = reader.list;
    const other = new Reader(entriesOf(1, 5_000));
    other.isAtEnd = false;
    other.show(other.entries, { place });
    assert.deepEqual(other.surface.firstInView, reader.surface.firstInView);
  });

  test('keeps a pinned row that has left the view', () => {
    const reader = new Reader(entriesOf(1, 10_000));
    reader.pinned = () => [{ start: 9_990, end: 9_991 }];
    for (let step = 0; step < 100; step += 1) reader.scrollBy(-2_000);
    assert.ok(reader.surface.rows.has('s9991'));
    assert.ok(!reader.surface.rows.has('s9990'));
    assert.ok(reader.surface.isFull);
  });

  test('goes to the nearest row if the row of the place was dropped', () => {
    const reader = new Reader(entriesOf(1, 5_000));
    reader.scrollBy(-40_000);
    reader.show(entriesOf(4_900, 5_000));
    assert.ok(reader.surface.isFull);
    assert.ok(reader.surface.rows.has('s4900'));
  });

  test('follows the end while rows arrive and change their size', () => {
    const reader = new Reader(entriesOf(1, 100));
    for (let last = 101; last < 800; last += 1) {
      checkPlace(reader, `${last}`, () => reader.show([...reader.entries, entry(last)]));
      checkPlace(reader, `${last} grows`, () => reader.resize(() => reader.surface.heights.set(`s${last - 2}`, 300)));
      assert.ok(reader.surface.rows.size <= 300);
    }
    checkPlace(reader, 'a keyboard opens', () => reader.resize(() => { reader.surface.height = 300; }));
    checkPlace(reader, 'a burst', () => reader.show([...reader.entries, ...entriesOf(800, 5_000)]));
    assert.ok(reader.surface.rows.size < 200);
  });

  test('never moves the view, whatever happens (random scripts)', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = randomFrom(seed);
      const reader = new Reader(entriesOf(5_000, 5_000 + random(600)));
      const { surface } = reader;
      let focused = 0;
      reader.pinned = (entries) => focused ? [{ start: focused % entries.length, end: focused % entries.length + 1 }] : [];
      const drawnKey = () => [...surface.rows.keys()][random(Math.max(1, surface.rows.size))];
      const acts = {
        'history loads above': () => reader.show([...entriesOf(reader.entries[0].order - 200, reader.entries[0].order - 1), ...reader.entries]),
        'messages arrive': () => reader.show([...reader.entries, ...entriesOf(reader.entries.at(-1).order + 1, reader.entries.at(-1).order + 1 + random(30))]),
        'a notice appears': () => {
          const index = random(reader.entries.length);
          const { order, rank } = reader.entries[index];
          if (reader.entries[index + 1]?.order !== order) reader.show(reader.entries.toSpliced(index + 1, 0, { ...entry(order), key: `n${order}${rank}7`, rank: rank + 1 }));
        },
        'a picture loads, and a message arrives before the next frame': () => {
          surface.heights.set(drawnKey(), 20 + random(400));
          surface.layOut();
          reader.show([...reader.entries, entry(reader.entries.at(-1).order + 1)]);
        },
        'a picture loads': () => reader.resize(() => surface.heights.set(drawnKey(), 20 + random(400))),
        'a message is edited': () => {
          const key = drawnKey();
          surface.heights.set(key, 20 + random(200));
          reader.show(reader.entries.map((one) => one.key === key ? { ...one } : one));
        },
        'two rows change together': () => reader.resize(() => { surface.heights.set(drawnKey(), 33); surface.heights.set(drawnKey(), 150.5); }),
        'the window is resized': () => reader.resize(() => { surface.height = 250 + random(900); }),
        'the width changes': () => reader.resize(() => { for (const key of surface.rows.keys()) surface.heights.set(key, 20 + random(100) + 0.25); }),
        'the tail grows': () => reader.resize(() => { surface.tail = random(200); }),
        'the oldest rows are dropped': () => { if (reader.entries.length > 3_000) reader.show(reader.entries.slice(200)); },
        'a row gets the focus': () => { focused = random(2) && random(5_000); reader.show(reader.entries); },
      };
      const names = Object.keys(acts);
      for (let step = 0; step < 150; step += 1) {
        if (random(2)) reader.scrollBy(random(3) ? random(1_600) - 900 : random(20_000) - 12_000);
        assert.ok(surface.isFull, `seed ${seed}, step ${step}: the view is full`);
        const name = names[random(names.length)];
        const dropped = name === 'the oldest rows are dropped' && reader.list.firstVisible < 200;
        if (dropped) acts[name]();
        else checkPlace(reader, `seed ${seed}, step ${step}: ${name}`, acts[name]);
        if (reader.list.scrolled(reader.isAtEnd)) reader.show(reader.entries); // as the page does after each change of the size
      }
    }
  });
});
