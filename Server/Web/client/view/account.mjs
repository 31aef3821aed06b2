// The dialog with the settings: account, look, notifications, connection and keyboard.

import { showInAddress } from '../app/address.mjs';
import { ask } from '../app/chat.mjs';
import { connection, pinTransport, transportChoice } from '../app/connect.mjs';
import { forgetSession, identity, signIn } from '../app/identity.mjs';
import { onLanguage } from '../app/language.mjs';
import { areNotificationsOn, canNotify, setNotifications } from '../app/notifications.mjs';
import { isApple, nowIso, server } from '../app/page.mjs';
import { canPush, forgetPush, isPushOn, setPush } from '../app/push.mjs';
import { onPreferences, preferences, setPreferences } from '../app/preferences.mjs';
import { playSound } from '../app/sound.mjs';
import { commit, notify, state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { TRANSPORT_NAMES } from '../connection-text.mjs';
import { isolated } from '../direction.mjs';
import { keyName, KEYS } from '../keys.mjs';
import { stepOf, t } from '../language.mjs';
import { LANGUAGES } from '../languages.mjs';
import { passwordErrorWords, passwordFault } from '../passwords.mjs';
import { QUIET_CHOICES, quietEnd, quietWords } from '../quiet.mjs';
import { clearDrafts, setInput } from './composer.mjs';
import { $, account, avatar, closestTo, el, openDialog, setNote, setText, whenChanged } from './dom.mjs';
import { showEntrance } from './entrance.mjs';
import { chooseTheme, currentTheme } from './layout.mjs';

/** @import { Frame, Tone, TransportName } from '../types.js' */

/**
 * Opens the settings.
 * @param {Tab} tab
 */
export function openAccount(tab = 'person') {
  ui.drawer = null;
  setAccountNote('');
  showTab(tab);
  $('new-name').value = state.self?.name ?? '';
  clearPasswords();
  $('way').value = transportChoice.pin ?? '';
  renderSwitch();
  renderPushSwitch();
  renderChoices();
  renderAccount();
  openDialog(account);
  $(`tab-${tab}`).focus();
}

function clearPasswords() {
  $('new-password').value = $('old-password').value = $('next-password').value = '';
}

export function closeAccount() {
  if (account.open) account.close();
}

/**
 * Shows a note in the dialog, or in the log if the dialog is closed.
 * @param {string} words
 * @param {Tone} tone
 */
export function setAccountNote(words, tone = 'error') {
  if (words && !account.open && state.current) return notify(words, { tone });
  setNote($('account-note'), words, tone);
}

export const renderAccount = whenChanged(() => [state.self], () => {
  const { name = '', guest = true } = state.self ?? {};
  $('account-face').replaceWith(Object.assign(avatar(name || '?'), { id: 'account-face' }));
  setText($('account-title'), isolated(name) || t('You'));
  setText($('account-state'), guest
    ? t('You’re a guest. When you have been away for some time, others can take your name.')
    : t('You have an account. Your name is reserved for you.'));
  setText($('log-out-words'), guest ? t('After that, others can take your name.') : server.login || server.takesTokens ? t('You can log in again at any time.') : t('You can come back with your password.'));
  $('keep-name').value = name;
  $('keep').hidden = !guest || !server.canRegister;
  $('password-name').value = name;
  $('change-password').hidden = guest || !server.canRegister && (server.login !== null || server.takesTokens); // an account that comes from a login provider has no password
});

/**
 * Continues as another user, without leaving the chat: connects again with the new cookie or token.
 * @param {Frame} welcome
 * @param {string} words
 */
export function continueAs({ user, name, guest }, words) {
  commit({ ...state, self: { user, name, guest } });
  notify(words);
  connection.open();
}

/** Asks the server to log out. Returns false if there is no connection. */
export function logOut() {
  if (ask({ type: 'logout' }, { kind: 'logout' })) return true;
  setAccountNote(t('To log out, the page must be connected.'));
  return false;
}

/** Removes everything that the page has stored about the person. Call this after the server has logged the person out. */
export function finishLogOut() {
  forgetPush();
  forgetSession();
  connection.stop();
  closeAccount();
  commit({ ...state, self: null, rooms: new Map(), current: null, outbox: [] });
  clearDrafts();
  setInput('');
  showInAddress(null);
  showEntrance('');
}

$('me').addEventListener('click', () => openAccount());
$('close-account').addEventListener('click', closeAccount);
account.addEventListener('click', (event) => { if (event.target === account) closeAccount(); });
account.addEventListener('close', clearPasswords);
$('rename').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('new-name').value.trim();
  if (!name) setAccountNote(t('Please enter a name.'));
  else if (name === state.self?.name) setAccountNote(t('Your name is {name} already.', { name: isolated(name) }), 'info');
  else if (!ask({ type: 'nick', name }, { kind: 'nick', name })) setAccountNote(t('To change the name, the page must be connected.'));
});
// The server needs time to check or to store a password.
const noteCheck = () => setAccountNote(t('The server checks it…'), 'info');

$('keep').addEventListener('submit', async (event) => {
  event.preventDefault();
  noteCheck();
  const answer = await signIn({ type: 'register', name: state.self?.name ?? '', password: $('new-password').value }, (words) => {
    setAccountNote(words);
    $('new-password').focus();
  });
  if (!answer) return;
  $('new-password').value = '';
  continueAs(answer, t('The name {name} is reserved for you.', { name: isolated(answer.name) }));
  setAccountNote(t('The name {name} is yours. Log in with your password to use it again.', { name: isolated(answer.name) }), 'info');
  renderAccount();
  $('close-account').focus();
});
$('change-password').addEventListener('submit', (event) => {
  event.preventDefault();
  const [old, next] = [$('old-password').value, $('next-password').value];
  const fault = passwordFault(old, next);
  if (fault) {
    setAccountNote(fault.words);
    $(`${fault.field}-password`).focus();
  } else if (ask({ type: 'password', old, new: next }, { kind: 'password' })) noteCheck();
  else setAccountNote(t('To change the password, the page must be connected.'));
});

/**
 * Shows the answer to the request to change the password.
 * @param {Frame} answer
 */
export function answerPassword(answer) {
  if (answer.type !== 'error') {
    clearPasswords();
    return setAccountNote(t('Your password is changed.'), 'info');
  }
  setAccountNote(passwordErrorWords(answer));
  $('old-password').focus();
}

$('log-out').addEventListener('click', logOut);

// The tabs

/** @typedef {'person' | 'look' | 'alerts' | 'connection' | 'keys'} Tab */
const TABS = /** @type {const} */ (['person', 'look', 'alerts', 'connection', 'keys']);

/** @param {Tab} shown */
function showTab(shown) {
  for (const tab of TABS) {
    $(`tab-${tab}`).setAttribute('aria-selected', String(tab === shown));
    $(`tab-${tab}`).setAttribute('tabindex', tab === shown ? '0' : '-1');
    $(`panel-${tab}`).hidden = tab !== shown;
  }
  $(`tab-${shown}`).scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

$('settings-tabs').addEventListener('click', (event) => {
  const tab = TABS.find((one) => closestTo(event, '[role="tab"]')?.id === `tab-${one}`);
  if (tab) showTab(tab);
});
$('settings-tabs').addEventListener('keydown', ({ key }) => {
  const index = TABS.findIndex((tab) => !$(`panel-${tab}`).hidden);
  const step = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : stepOf(key);
  if (!step) return;
  const next = TABS[(index + step + TABS.length) % TABS.length];
  showTab(next);
  $(`tab-${next}`).focus();
});

// The look

/** The choices in the tab "Look", by the name of their radio buttons. @type {Record<string, { current: () => string, choose: (value: any) => void }>} */
const CHOICES = {
  theme: { current: currentTheme, choose: chooseTheme },
  density: { current: () => preferences.density, choose: (density) => setPreferences({ density }) },
  clock: { current: () => preferences.clock, choose: (clock) => setPreferences({ clock }) },
};

function renderChoices() {
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ ($('panel-look').querySelectorAll('input'))) radio.checked = CHOICES[radio.name].current() === radio.value;
  $('language').value = preferences.language;
  $('alert-level').value = preferences.alerts;
  $('sound').checked = preferences.sound;
  const isOver = preferences.quietUntil !== null && preferences.quietUntil <= nowIso();
  $('quiet-for').value = preferences.quietUntil === null || isOver ? '' : preferences.quietUntil === 'forever' ? 'forever' : 'set';
  setText($('quiet-words'), quietWords(preferences.quietUntil, nowIso()));
}

$('panel-look').addEventListener('change', ({ target }) => {
  if (target instanceof HTMLInputElement) CHOICES[target.name].choose(target.value);
});
onPreferences(renderChoices);
$('language').append(...Object.entries(LANGUAGES).map(([language, name]) => el('option', { value: language, lang: language, dir: 'auto' }, name)));
$('language').addEventListener('change', () => setPreferences({ language: $('language').value }));

$('alert-level').addEventListener('change', () => setPreferences({ alerts: $('alert-level').value === 'mentions' ? 'mentions' : 'all' }));
$('sound').addEventListener('change', () => {
  setPreferences({ sound: $('sound').checked });
  if (preferences.sound) playSound();
});
$('quiet-for').addEventListener('change', () => setPreferences({ quietUntil: quietEnd($('quiet-for').value, nowIso()) }));

// Notifications

function renderSwitch() {
  $('alerts').hidden = !canNotify;
  setText($('alerts-switch'), areNotificationsOn() ? t('Stop') : t('Show'));
  $('alerts-switch').setAttribute('aria-label', areNotificationsOn() ? t('Stop notifications') : t('Show notifications'));
}

$('alerts').addEventListener('submit', async (event) => {
  event.preventDefault();
  const wanted = !areNotificationsOn();
  const isOn = await setNotifications(wanted);
  setAccountNote(wanted && !isOn ? t('The browser does not allow notifications of this page. You can change this in its settings.') : '', 'error');
  renderSwitch();
});

function renderPushSwitch() {
  $('push').hidden = !canPush;
  setText($('push-switch'), isPushOn() ? t('Stop') : t('Notify me'));
  $('push-switch').setAttribute('aria-label', isPushOn() ? t('Do not notify me when this page is closed') : t('Notify me when this page is closed'));
}

$('push').addEventListener('submit', async (event) => {
  event.preventDefault();
  setAccountNote(await setPush(!isPushOn()) ?? '');
  renderPushSwitch();
});

// The transport

$('way').addEventListener('change', () => pinTransport(/** @type {TransportName | ''} */ ($('way').value) || null));
$('how').addEventListener('submit', (event) => event.preventDefault());

// Create the entries of the lists again, in the new language. Each list keeps its selected entry.
onLanguage(() => {
  const [quiet, way] = [$('quiet-for').value, $('way').value];
  $('quiet-for').replaceChildren(...QUIET_CHOICES.map(({ value, words }) => el('option', { value }, words)), el('option', { value: 'set', hidden: true }, t('On')));
  $('way').replaceChildren(el('option', { value: '' }, t('Automatically, the best way that works')), ...Object.entries(TRANSPORT_NAMES).map(([transport, { name }]) =>
    el('option', { value: transport, disabled: !identity.usesCookie && transport !== 'ws' }, t('Always {name}', { name }))));
  $('key-list').replaceChildren(...KEYS.flatMap(({ keys, words }) => [el('dt', null, ...keys.map((key) => el('kbd', null, keyName(key, isApple)))), el('dd', null, words)]));
  [$('quiet-for').value, $('way').value] = [quiet, way];
  if (account.open) renderSwitch();
});
