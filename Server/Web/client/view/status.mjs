// Draws the status of the connection, and who the person is.

import { connection } from '../app/connect.mjs';
import { identity } from '../app/identity.mjs';
import { address, isFile, nowIso } from '../app/page.mjs';
import { isQuiet, onPreferences, preferences } from '../app/preferences.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { site } from '../app/site.mjs';
import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { countdownWords, statusWords, TRANSPORT_NAMES, transportWords } from '../connection-text.mjs';
import { hashed, isolated } from '../direction.mjs';
import { badgeFor, faviconWith } from '../favicon.mjs';
import { t } from '../language.mjs';
import { quietWords } from '../quiet.mjs';
import { unreadIn } from '../room-actions.mjs';
import { titleOf } from '../rooms.mjs';
import { $, avatar, setNote, setText, setWords, whenChanged } from './dom.mjs';

/** @import { Room, Status, Tone } from '../types.js' */

/** The badge in the icon of the page. @type {import('../favicon.mjs').Badge} */
let shownBadge = null;

/** @param {Room | undefined} room */
export function renderTitle(room) {
  const unread = unreadIn(state.rooms.values());
  const place = ui.inside && room ? `${titleOf(room)} · ${site.name}` : site.name;
  const title = unread ? `(${unread}) ${place}` : place;
  if (document.title !== title) document.title = title;
  const badge = badgeFor(state.rooms.values());
  if (badge !== shownBadge) $('favicon').setAttribute('href', faviconWith(badge, site.accents));
  shownBadge = badge;
}

export const renderStatus = whenChanged(() => [state.status, state.self, ui.inside, isQuiet() && preferences.quietUntil], () => {
  const { status, self } = state;
  const words = statusWords(status, { host: address.host, isKnown: self !== null, isFile });
  $('banner').dataset.state = status.state;
  setWords($('banner-text'), words);
  const button = $('banner-now');
  button.hidden = status.state === 'online' || status.state === 'connecting' || status.retryAt === null;
  const isClosed = status.state === 'closed';
  setText(button, isClosed ? t('Join again') : t('Now'));
  button.setAttribute('aria-label', isClosed ? t('Join again') : t('Reconnect now'));
  renderTransport(status);
  $('my-state').dataset.state = status.state;
  setText($('my-words'), stateWords(status, Boolean(self?.guest)));
  $('my-quiet').hidden = !isQuiet();
  $('my-quiet').title = quietWords(preferences.quietUntil, nowIso());
  setText($('my-name'), isolated(self?.name ?? ''));
  $('my-face').replaceWith(Object.assign(avatar(self?.name ?? '?'), { id: 'my-face' }));
  if (!ui.inside && status.state !== 'online') setJoinNote(status.state === 'idle' ? '' : words, status.state === 'connecting' ? 'info' : 'error');
  renderCountdown();
});

/**
 * @param {Status} status
 * @param {boolean} isGuest
 */
function stateWords({ state: now }, isGuest) {
  switch (now) {
    case 'online': return isGuest ? t('guest') : t('online');
    case 'connecting': return t('connecting');
    case 'reconnecting': return t('reconnecting');
    case 'offline': return t('offline');
    case 'closed': return t('closed');
    default: return now;
  }
}

/**
 * Shows the transport. Beside the person's name, the page shows the transport only while it is connected without WebSocket.
 * @param {Status} status
 */
function renderTransport({ transport, state: status }) {
  if (!transport) return;
  const isOnline = status === 'online';
  const { name, badge } = TRANSPORT_NAMES[transport];
  const { pin, buffers } = connection.choice;
  $('my-state').dataset.way = transport;
  $('my-state').title = isOnline ? t('Connected by {name}', { name }) : '';
  $('my-way').hidden = transport === 'ws' || !isOnline;
  setText($('my-way'), badge);
  setText($('way-words'), transportWords(transport, { isOnline, usesCookie: identity.usesCookie, isFile, pin, buffers }));
}

let quietTimer = 0;

// Draws the page again when "do not disturb" ends, so that its sign disappears. A browser's timer lasts at most 24 days, but no choice lasts longer.
function watchQuiet() {
  clearTimeout(quietTimer);
  const left = Date.parse(preferences.quietUntil ?? '') - Date.parse(nowIso());
  if (left > 0) quietTimer = setTimeout(scheduleRender, left);
  scheduleRender();
}
watchQuiet();
onPreferences(watchQuiet);

/** Shows the seconds outside of the live region, so that a screen reader does not read each second. */
export function renderCountdown() {
  setText($('banner-count'), countdownWords(state.status, performance.now()));
}

/**
 * Shows a note at the entrance.
 * @param {string} text
 * @param {Tone} tone
 * @param {string | null} create the room that the person can create instead
 */
export function setJoinNote(text, tone = 'error', create = null) {
  setNote($('join-note'), text, tone);
  $('join-create').hidden = !create;
  setText($('join-create'), create ? t('Create {room}', { room: hashed(create) }) : '');
}
