// Decides what the entrance shows. This depends on the kinds of login that the server offers.

import { t } from './language.mjs';

/** @import { ServerSettings } from './server-settings.mjs' */

/** @typedef {'guest' | 'login' | 'register' | 'button'} EntranceMode */

/**
 * The mode in which the entrance opens. `button` shows only the button for single sign-on.
 * @param {ServerSettings} server
 * @returns {EntranceMode}
 */
export const firstMode = (server) => !server.isClosed ? 'guest' : server.login ? 'button' : 'login';

/**
 * The mode to which the link under the form leads; null if the form has no link.
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
    title: mode === 'register' ? t('Create your account') : server.isClosed ? t('Log in to the chat') : t('Join the chat'),
    lede: !server.isClosed ? t('Pick a name and a room. You need no account.')
      : mode === 'register' ? t('Choose the name that the others see, and a password.')
      : t('This chat is for people with an account.'),
    go: { guest: t('Join'), login: t('Log in'), register: t('Create account'), button: '' }[mode],
    other: other && { guest: t('Join without an account'), register: t('Create an account'), login: mode === 'button' ? t('Log in with a password') : t('I have an account'), button: '' }[other],
    missingName: mode === 'login' ? t('Please enter your name.') : t('Please enter a name. The others see it.'),
  };
}
