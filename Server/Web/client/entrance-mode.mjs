// What the entrance shows, by the kinds of login that the server offers.

/** @import { ServerSettings } from './server-settings.mjs' */

/** @typedef {'guest' | 'login' | 'register' | 'button'} EntranceMode */

/**
 * The mode in which the entrance opens. `button` shows only the button for single sign-on.
 * @param {ServerSettings} server
 * @returns {EntranceMode}
 */
export const firstMode = (server) => !server.isClosed ? 'guest' : server.login ? 'button' : 'login';

/**
 * The mode that the person reaches from this one by the link under the form; null if there is no link.
 * @param {EntranceMode} mode
 * @param {ServerSettings} server
 * @returns {EntranceMode | null}
 */
export const otherMode = (mode, server) => mode !== 'login' ? 'login' : server.isClosed ? server.canRegister ? 'register' : null : 'guest';

/**
 * The texts of the entrance.
 * @param {EntranceMode} mode
 * @param {ServerSettings} server
 */
export function entranceWords(mode, server) {
  const other = otherMode(mode, server);
  return {
    title: mode === 'register' ? 'Create your account' : server.isClosed ? 'Log in to the chat' : 'Join the chat',
    lede: !server.isClosed ? 'Pick a name and a room. You need no account.'
      : mode === 'register' ? 'Choose the name that the others see, and a password.'
      : 'This chat is for people with an account.',
    go: { guest: 'Join', login: 'Log in', register: 'Create account', button: '' }[mode],
    other: other && { guest: 'Join without an account', register: 'Create an account', login: mode === 'button' ? 'Log in with a password' : 'I have an account', button: '' }[other],
    missingName: mode === 'login' ? 'Please enter your name.' : 'Please enter a name. The others see it.',
  };
}
