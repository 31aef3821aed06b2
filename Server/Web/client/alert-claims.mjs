// Decides which tab tells the person about a message. Several tabs of one browser receive each message, but only one of them may show a
// notification or play a sound.

/** Remembers for each room the seq of the last message that a tab has announced, or that the person has seen. */
export class AlertClaims {
  /** @type {Map<string, number>} */
  #claimed = new Map();

  /**
   * Records that another tab has announced a message, or that the person has seen it there.
   * @param {string} room
   * @param {number} seq
   */
  note(room, seq) {
    if (seq > (this.#claimed.get(room) ?? 0)) this.#claimed.set(room, seq);
  }

  /**
   * Returns whether this tab may announce a message. If it may, records the message as announced.
   * @param {string} room
   * @param {number} seq
   */
  claim(room, seq) {
    if (seq <= (this.#claimed.get(room) ?? 0)) return false;
    this.note(room, seq);
    return true;
  }
}
