// Hints: an error of the server can contain a request that would have worked.

import { parseFrame } from './protocol.mjs';

/** @import { Frame } from './types.js' */

/** The fields of each command, in their order. @type {Record<string, string[]>} */
const COMMANDS = {
  help: ['about'], join: ['room'], dm: ['to', 'text'], nick: ['name'], leave: ['room'], rooms: ['match'], who: ['room', 'limit'], whoami: [],
  history: ['room', 'limit'], before: ['before', 'limit'], after: ['after', 'limit'], topic: ['text'], create: ['room', 'topic'],
  'create-private': ['room', 'topic'], hello: ['name'], session: ['session'], login: ['name', 'password'], register: ['name', 'password'],
  me: ['text'], reply: ['reply', 'text'], ping: [],
};

/** Fields that need no word in the line, because the name of the command implies them (/me, /create-private). */
const IMPLIED = new Set(['me', 'private']);

/**
 * Returns the line that a person would type for a hint. If the line does not name the room of the hint, the result has the `room`. A hint in JSON becomes
 * a command: if a person typed the JSON, the page would send it as a message that everybody can read. Returns null if no line can express the hint.
 * @param {string} hint
 * @returns {{ line: string, room?: string } | null}
 */
export function lineOfHint(hint) {
  const frame = parseFrame(hint);
  if (!frame) return /^\s*[{[]/.test(hint) ? null : { line: hint };
  const { type, id: _, ...fields } = frame;
  const values = Object.values(fields);
  if (!values.every((value) => typeof value === 'string' || Number.isInteger(value) || value === true)) return null;
  if (type === 'say' && typeof fields.text === 'string' && !('reply' in fields) && !('me' in fields)) {
    const { text, room, ...others } = fields;
    return Object.keys(others).length ? null : { line: text.startsWith('/') ? `/${text}` : text, room };
  }
  const command = commandFor(frame);
  if (!Object.hasOwn(COMMANDS, command) || values.some((value) => /[\r\n]/.test(String(value)))) return null;
  const names = COMMANDS[command];
  const isComplete = Object.keys(fields).every((field) => names.includes(field) || field === 'room' || IMPLIED.has(field));
  if (!isComplete) return null;
  const words = names.filter((field) => field in fields).map((field) => field === 'room' ? roomWord(String(fields.room)) : fields[field]);
  const room = names.includes('room') ? undefined : fields.room;
  return { line: [`/${command}`, ...words].join(' '), room };
}

/** @param {Frame} frame */
function commandFor(frame) {
  switch (frame.type) {
    case 'say': return frame.me ? 'me' : 'reply';
    case 'create': return frame.private ? 'create-private' : 'create';
    case 'hello': return 'session' in frame ? 'session' : 'hello';
    case 'history': return 'before' in frame ? 'before' : 'after' in frame ? 'after' : 'history';
    default: return frame.type;
  }
}

/**
 * Returns the room as a word of a command. A name such as 20 gets a number sign: without the sign, the server would read the name as a number.
 * @param {string} room
 */
const roomWord = (room) => /^[+-]?\d+$/.test(room) ? `#${room}` : room;
