// The drafts: the text that a person has begun to write, for each room.

/**
 * Keeps the drafts of all rooms. The input shows the draft of one room. A text moves into another room only in two cases: the person wrote the
 * text before the page was in a room, or a typed command (/join, /dm) opens the room for which the person wrote the text.
 */
export class Drafts {
  /** @type {Map<string, string>} */
  #texts = new Map();
  /** The rooms whose drafts have changed here, and are not stored yet. @type {Set<string>} */
  #changed = new Set();
  /** The room of the input. @type {string | null} */
  #room = null;

  /** @param {unknown} stored what entriesWith() returned before the page was loaded again */
  constructor(stored) { this.#texts = textsOf(stored); }

  /**
   * Takes over the drafts that another tab has stored, except for rooms whose drafts have changed in this tab. Returns the new text of the
   * input, or null if the input keeps its text.
   * @param {unknown} stored
   * @param {boolean} isWriting whether the person writes in the input of this tab; if so, the text of the input stays
   */
  adopt(stored, isWriting) {
    const before = this.#texts;
    this.#texts = textsOf(stored);
    for (const room of [...this.#changed, ...isWriting && this.#room !== null ? [this.#room] : []]) this.#put(room, before.get(room));
    const room = this.#room ?? '';
    return this.#texts.get(room) === before.get(room) ? null : this.#texts.get(room) ?? '';
  }

  get hasChanged() { return this.#changed.size > 0; }

  /**
   * The drafts to store, or null if there are none. Other tabs may have stored drafts too. So the result contains the stored drafts, with the changes
   * of this tab.
   * @param {unknown} stored what is stored now
   */
  entriesWith(stored) {
    const texts = textsOf(stored);
    for (const room of this.#changed) {
      const text = this.#texts.get(room);
      if (text === undefined) texts.delete(room);
      else texts.set(room, text);
    }
    this.#changed.clear();
    return texts.size ? [...texts] : null;
  }

  /**
   * @param {string} room
   * @param {string | undefined} text
   */
  #put(room, text) {
    if (text === undefined) this.#texts.delete(room);
    else this.#texts.set(room, text);
  }

  /**
   * @param {string} room
   * @param {string | undefined} text
   */
  #change(room, text) {
    if (this.#texts.get(room) === text) return;
    this.#put(room, text);
    this.#changed.add(room);
  }

  /**
   * Keeps the text of the input as the draft of its room.
   * @param {string} text
   */
  keep(text) {
    if (this.#room !== null) this.#change(this.#room, text.trim() ? text : undefined);
  }

  /**
   * Changes the room of the input. Returns the new text of the input, or null if the input keeps its text.
   * @param {string | null} room
   * @param {string} text the text of the input
   * @param {boolean} carries whether the text was written for the new room
   */
  switchTo(room, text, carries = false) {
    if (room === this.#room) return null;
    const isFirst = this.#room === null;
    this.keep(carries ? '' : text);
    this.#room = room;
    const draft = room === null ? undefined : this.#texts.get(room);
    if (!carries && (!isFirst || draft !== undefined)) return draft ?? '';
    this.keep(text);
    return null;
  }

  /**
   * Moves a draft when the server spells the room's name differently.
   * @param {string} from
   * @param {string} to
   */
  renameRoom(from, to) {
    const text = this.#texts.get(from);
    this.#change(from, undefined);
    if (text !== undefined) this.#change(to, text);
    if (this.#room === from) this.#room = to;
  }

  /**
   * The draft of a room that is not the room of the input.
   * @param {string} room
   */
  of(room) { return this.#texts.get(room) ?? ''; }

  /** @param {string} room */
  remove(room) { this.#change(room, undefined); }

  clear() {
    this.#texts.clear();
    this.#changed.clear();
  }
}

/**
 * @param {unknown} stored
 * @returns {Map<string, string>}
 */
function textsOf(stored) {
  const texts = new Map();
  for (const entry of Array.isArray(stored) ? stored : []) {
    const [room, text] = Array.isArray(entry) ? entry : [];
    if (typeof room === 'string' && typeof text === 'string') texts.set(room, text);
  }
  return texts;
}
