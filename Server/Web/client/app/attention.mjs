// Tells the server how far the person has read, and that the person is writing.

import { ask } from './chat.mjs';
import { state } from './store.mjs';

const READ_AFTER_MS = 1_000;     // so that many messages need only one request
const TYPING_EVERY_MS = 3_000;   // after each frame, other people see for 6 seconds that the person is writing

/** The read marks that the server has, by room. @type {Map<string, number>} */
const reported = new Map();
/** @type {Set<string>} */
const scheduled = new Set();

/**
 * Notes the read mark that the server has.
 * @param {string} name the room
 * @param {number} seq
 */
export function noteReported(name, seq) {
  reported.set(name, seq);
  reportRead(name);
}

/**
 * Tells the server soon how far the person has read a room.
 * @param {string} name
 */
export function reportRead(name) {
  if (scheduled.has(name) || (state.rooms.get(name)?.read ?? 0) <= (reported.get(name) ?? 0)) return;
  scheduled.add(name);
  setTimeout(() => {
    scheduled.delete(name);
    const room = state.rooms.get(name);
    if (!room?.live || room.read <= (reported.get(name) ?? 0)) return;
    if (ask({ type: 'read', room: name, seq: room.read }, { kind: 'read', room: name })) reported.set(name, room.read);
  }, READ_AFTER_MS);
}

/** The room and the time of the last frame that told the server that the person is writing. @type {{ room: string, at: number } | null} */
let typing = null;

/**
 * Tells the server that the person is writing in the current room, or has stopped.
 * @param {string} text what is in the input
 */
export function reportTyping(text) {
  const room = state.rooms.get(state.current ?? '');
  const isWriting = text.trim() !== '' && !text.startsWith('/');
  const isKnown = typing !== null && typing.room === room?.name && performance.now() - typing.at < TYPING_EVERY_MS;
  if (!room?.live || isWriting && isKnown || !isWriting && !typing) return;
  ask({ type: 'typing', room: isWriting ? room.name : typing?.room, ...!isWriting && { off: true } }, { kind: 'typing' });
  typing = isWriting ? { room: room.name, at: performance.now() } : null;
}

/** Notes that the person has sent the message. Other people's pages end the typing when they receive the message. */
export function typingIsOver() { typing = null; }
