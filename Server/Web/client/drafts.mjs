// The drafts: the text that a person has begun to write, for each room.

/**
 * Keeps the drafts of all rooms. The input shows the draft of one room. A text never moves from one room into another, with two exceptions:
 * the person wrote it before the page was in a room, or a typed command (/join, /dm) opens the room for which the person wrote it.
 */
export class Drafts {
  /** @type {Map<string, string>} */
  #texts = new Map();
  /** The room of the input. @type {string | null} */
  #room = null;

  /** @param {unknown} stored what entries() returned before the page was loaded again */
  constructor(stored) {
    if (!Array.isArray(stored)) return;
    for (const entry of stored) {
      const [room, text] = Array.isArray(entry) ? entry : [];
      if (typeof room === 'string' && typeof text === 'string') this.#texts.set(room, text);
    }
  }

  /**
   * Stores the text of the input.
   * @param {string} text
   */
  keep(text) {
    if (this.#room === null) return;
    if (text.trim()) this.#texts.set(this.#room, text);
    else this.#texts.delete(this.#room);
  }

  /**
   * Changes the room of the input. Returns the text that the input has to show, or null if its text stays.
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
   * Moves a draft to the server's spelling of its room's name.
   * @param {string} from
   * @param {string} to
   */
  renameRoom(from, to) {
    const text = this.#texts.get(from);
    this.#texts.delete(from);
    if (text !== undefined) this.#texts.set(to, text);
    if (this.#room === from) this.#room = to;
  }

  /**
   * The draft of a room that is not the room of the input.
   * @param {string} room
   */
  of(room) { return this.#texts.get(room) ?? ''; }

  /** @param {string} room */
  remove(room) { this.#texts.delete(room); }

  clear() { this.#texts.clear(); }

  /** The drafts as the page stores them, or null if there are none. */
  entries() { return this.#texts.size ? [...this.#texts] : null; }
}
