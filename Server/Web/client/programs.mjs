// The tokens with which programs post to a room: the requests, and what a program needs to know.

import { isolated } from './direction.mjs';
import { titleOf } from './rooms.mjs';

/** @import { Form, Frame, ProgramToken, Room } from './types.js' */

/**
 * @param {string} room
 * @param {'create' | 'list' | 'revoke'} what
 * @param {string} [name] the name of the token, which is the name of the program in the room
 * @returns {Frame}
 */
export const tokensFrame = (room, what, name) => ({ type: 'tokens', do: what, room, ...name !== undefined && { name } });

/**
 * The valid tokens of an answer, oldest first.
 * @param {Frame} answer
 * @returns {ProgramToken[]}
 */
export const tokensOf = ({ tokens }) => (Array.isArray(tokens) ? tokens : []).filter((one) => typeof one?.name === 'string' && !Number.isNaN(Date.parse(one.at)))
  .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));

/**
 * A command line that posts a message to the room.
 * @param {URL} base the address of the page
 * @param {string} room
 * @param {string} token
 */
export const postCommand = (base, room, token) =>
  `curl -H 'Authorization: Bearer ${token}' -d '{"text":"hello"}' ${quoted(new URL(`api/rooms/${segment(room)}/messages`, base).href)}`;

/**
 * The address to which a tool posts that can post to Slack.
 * @param {URL} base the address of the page
 * @param {string} token
 */
export const hookAddress = (base, token) => new URL(`hooks/${segment(token)}`, base).href;

/** @param {string} text */
const segment = (text) => encodeURIComponent(text).replaceAll("'", '%27');

/**
 * Quotes an address for a shell, if it contains a character that has a meaning there.
 * @param {string} address
 */
const quoted = (address) => /^[\w:/.%-]+$/.test(address) ? address : `'${address}'`;

/**
 * Asks before a token is revoked.
 * @param {string} name
 * @param {Room} room
 * @returns {Form}
 */
export const revokeForm = (name, room) => ({
  title: `Revoke the token of ${isolated(name)}?`, isDangerous: true, yes: 'Revoke',
  words: `The program can no longer post in ${titleOf(room)}. Its messages stay.`,
  frame: () => tokensFrame(room.name, 'revoke', name),
});
