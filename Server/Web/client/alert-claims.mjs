// Which tab tells the person about a message. Several tabs of one browser receive each message; only one may show a notification or play a sound.

/** Remembers for each room the seq of the last message that a tab has announced, or that the person has seen. */
export class AlertClaims {
  /** @type {Map<string, number>} */
  #claimed = new Map();

  /**
   * Notes that another tab has told the person.
   * @param {string} room
   * @param {number} seq
   */
  note(room, seq) {
    if (seq > (this.#claimed.get(room) ?? 0)) this.#claimed.set(room, seq);
  }

  /**
   * Returns whether this tab may tell the person, and notes it.
   * @param {string} room
   * @param {number} seq
   */
  claim(room, seq) {
    if (seq <= (this.#claimed.get(room) ?? 0)) return false;
    this.note(room, seq);
    return true;
  }
}
