// Parses the text that a person typed: a message, a command for the server, or a command that the page handles itself.

import { isolated } from './direction.mjs';
import { t } from './language.mjs';
import { parseJson } from './protocol.mjs';

/** @import { Frame } from './types.js' */

/**
 * The result of parsing an input.
 *
 *   say     a message; `me` marks an action ("/me waves")
 *   signIn  a frame with a password or a token. The page sends it in a separate request, never over the chat's connection
 *   leave   leave a room; if `room` is empty, the current room
 *   logout
 *   diagnostics  show the diagnostics of the connection
 *   line    any other command: the server parses it
 *   error   nothing is sent; `text` says why
 *
 * @typedef {{ kind: 'say', text: string, me: boolean } | { kind: 'signIn', frame: Frame } | { kind: 'leave', room: string }
 *   | { kind: 'logout' } | { kind: 'diagnostics' } | { kind: 'line', line: string } | { kind: 'error', text: string }} ParsedInput
 */

const LEAVE_COMMANDS = new Set(['leave', 'part']);
const LOG_OUT_COMMANDS = new Set(['logout', 'quit', 'exit']);

const NAME_AND_PASSWORD = /^(?<name>\S+)\s+(?<password>.+)$/s;
const TOKEN = /^(?<session>\S+)$/;

/** @type {Record<string, { form: RegExp, type: string, usage: string }>} */
const SIGN_IN_COMMANDS = {
  login: { form: NAME_AND_PASSWORD, type: 'login', usage: '/login name password' },
  register: { form: NAME_AND_PASSWORD, type: 'register', usage: '/register name password' },
  session: { form: TOKEN, type: 'hello', usage: '/session token' },
  resume: { form: TOKEN, type: 'hello', usage: '/session token' },
};

// A pasted text may begin with white space or have more lines. This pattern matches it too, so that no password becomes a message.
const SIGN_IN_LINE = new RegExp(`^\\s*/(${Object.keys(SIGN_IN_COMMANDS).join('|')})(?:\\s+(.*))?$`, 'is');

/**
 * Parses what a person typed.
 * @param {string} text
 * @param {boolean} inRoom whether there is a current room
 * @param {number} maxLength the longest message that the server accepts, in UTF-16 code units
 * @returns {ParsedInput}
 */
export function parseInput(text, inRoom, maxLength) {
  const [, signIn, args = ''] = SIGN_IN_LINE.exec(text) ?? [];
  if (signIn) return parseSignIn(signIn, args);
  if ([text, ...text.split('\n')].some(isSecretFrame)) {
    return { kind: 'error', text: t('This contains a password or a session token, so it was not sent. To log in, type /login name password.') };
  }
  const [, name = '', rest = ''] = /^\/([a-z]+)(?:[ \t]+([^\n]*))?$/i.exec(text) ?? [];
  const command = name.toLowerCase();
  const me = command === 'me' && rest !== '';
  const message = me ? rest : text.startsWith('//') ? text.slice(1) : text;
  if (message.length > maxLength) return { kind: 'error', text: tooLongWords(message, maxLength) };
  if (me && inRoom) return { kind: 'say', text: message, me: true };
  if (command === 'format') return { kind: 'error', text: t('This page chooses its format itself; /format is for terminals.') };
  if (LEAVE_COMMANDS.has(command)) return { kind: 'leave', room: rest.trim().replace(/^#/, '') };
  if (LOG_OUT_COMMANDS.has(command)) return { kind: 'logout' };
  if (command === 'diagnostics') return { kind: 'diagnostics' };
  if (text.startsWith('/') && !text.startsWith('//') && !text.includes('\n')) return { kind: 'line', line: text };
  if (!inRoom) return { kind: 'error', text: t('Join a room first.') };
  return { kind: 'say', text: message, me: false };
}

/**
 * @param {string} name
 * @param {string} args
 * @returns {ParsedInput}
 */
function parseSignIn(name, args) {
  if (args.includes('\n')) return { kind: 'error', text: t('{command} must be alone and on one line. Nothing was sent.', { command: isolated(`/${name}`) }) };
  const { form, type, usage } = SIGN_IN_COMMANDS[name.toLowerCase()];
  const match = form.exec(args.trim());
  return match ? { kind: 'signIn', frame: { type, ...match.groups } } : { kind: 'error', text: t('Usage: {usage}', { usage: isolated(usage) }) };
}

/**
 * Whether the text is a frame of the protocol with a password or a token. Such a frame must not become a message.
 * @param {string} text
 */
function isSecretFrame(text) {
  const frame = parseJson(text);
  return frame !== null && typeof frame === 'object' && ['password', 'session'].some((field) => Object.hasOwn(frame, field));
}

/**
 * @param {string} text
 * @param {number} maxLength
 */
export const tooLongWords = (text, maxLength) =>
  t('This is {length} characters long; a message may have at most {max}.', { length: text.length, max: maxLength });
