// Starts the page.

import './baseline.mjs';
import './app/language.mjs';
import './view/page-text.mjs';
import './events.mjs';
import './lab/lab-view.mjs';
import './view/render.mjs';
import './view/room-menu.mjs';
import './view/site.mjs';
import './view/submit.mjs';
import './view/toolbar.mjs';
import { connection, wantedTransport } from './app/connect.mjs';
import { identity, loadTabPlace, signIn } from './app/identity.mjs';
import { address, isApple, isBackFromLogin, isFile, linkedMessage, load, LOGIN_KEY, NAME_KEY, parameters, save, SESSION_NAME_KEY, siteToken } from './app/page.mjs';
import { remember } from './app/remember.mjs';
import { renderNow } from './app/scheduling.mjs';
import { opening, outboxStore } from './app/storage.mjs';
import { askSite } from './app/site.mjs';
import { onChange, state } from './app/store.mjs';
import { goAfterJoin, outboxIsReady } from './app/chat.mjs';
import { takeOver } from './app/takeover.mjs';
import { ui } from './app/ui.mjs';
import { startWorker, usesWorker } from './app/worker.mjs';
import { isolated } from './direction.mjs';
import { isCommand, isComposing } from './keys.mjs';
import { t } from './language.mjs';
import { planStart } from './link.mjs';
import { openAccount } from './view/account.mjs';
import { renderComposer } from './view/composer.mjs';
import { $, closestTo, input, isDialogOpen, NARROW, setText } from './view/dom.mjs';
import { logInFromSite, startFrameLogin } from './view/embed.mjs';
import { DEFAULT_ROOM, enter, showEntrance } from './view/entrance.mjs';
import { goToMessage } from './view/go-to-message.mjs';
import { closeDrawer, loadTheme } from './view/layout.mjs';
import { setLinkQuestion } from './view/link.mjs';
import { afterScroll, followNewest } from './view/log.mjs';
import { goToNeighbour, goToUnreadNeighbour } from './view/navigation.mjs';
import { renderCountdown, setJoinNote } from './view/status.mjs';
import { openSwitcher } from './view/switcher.mjs';

/** @import { Place } from './types.js' */

onChange((before, after) => {
  if (before.outbox !== after.outbox) outboxStore.mirror(before.outbox, after.outbox);
  if (before.rooms !== after.rooms || before.current !== after.current) remember();
});

$('newest').addEventListener('click', () => {
  followNewest();
  input.focus();
});

$('banner-now').addEventListener('click', () => {
  if (state.status.state === 'closed') showEntrance('');
  else connection.retryNow();
  if (ui.inside && !NARROW.matches) input.focus(); // the button that was pressed is about to disappear
});
setInterval(renderCountdown, 1000);

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || isComposing(event) || !ui.inside) return;
  const isCommandKey = isCommand(event, isApple);
  if (isCommandKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openSwitcher();
    return;
  }
  if (isDialogOpen()) return;
  if (isCommandKey && event.key === '/' || event.key === '?' && !closestTo(event, 'input, textarea, select')) {
    event.preventDefault();
    openAccount('keys');
  } else if (event.altKey && event.shiftKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault();
    goToUnreadNeighbour(event.key === 'ArrowUp' ? -1 : 1);
  } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault();
    goToNeighbour(event.key === 'ArrowUp' ? -1 : 1);
  } else if (event.key === 'Escape') {
    if (ui.drawer) closeDrawer();
    else if (state.current) followNewest();
    input.focus();
  } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey && !closestTo(event, 'input, textarea, button, a')) {
    input.focus(); // a typed character goes into the input, wherever the focus was
  }
});

addEventListener('load', startWorker); // after the first drawing
// The person has clicked on a notification of the worker.
if (usesWorker) navigator.serviceWorker.addEventListener('message', ({ data }) => { if (data?.type === 'open' && ui.inside) goToMessage(data.room, data.seq); });
addEventListener('online', () => connection.check());
addEventListener('offline', () => { if (connection.isOnline) connection.check(); });
addEventListener('focus', () => {
  afterScroll();
  if (outboxIsReady()) takeOver();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  afterScroll();
  if (ui.inside && state.status.state !== 'closed') connection.check();
});

/** Restores the person's place, or enters the room in the page's address. Otherwise shows the entrance. */
async function start() {
  const name = parameters.get('name')?.trim();
  const room = parameters.get('room')?.trim().replace(/^#/, '');
  setText($('address'), t('Server: {host}', { host: isolated(address.host) }));
  $('address').hidden = !isFile;
  askSite();
  loadTheme();
  $('name').value = name ?? load('localStorage', NAME_KEY) ?? '';
  $('room').value = room || DEFAULT_ROOM;
  if (!identity.usesCookie && wantedTransport && wantedTransport !== 'ws') setJoinNote(t('A page opened from disk can only use WebSocket.'), 'info');

  const stored = await loadPlace();
  const plan = planStart({ name, room }, stored, load('localStorage', SESSION_NAME_KEY));
  const linked = plan.kind === 'restore' && !plan.question?.room ? plan.show : room;
  if (linkedMessage && linked) goAfterJoin(linked, linkedMessage);
  if (siteToken && await logInFromSite(siteToken) || isBackFromLogin && await continueLogin(room, stored)) {
    focusInput();
  } else if (stored && plan.kind === 'restore') {
    identity.token = stored.session ?? null;
    ui.inside = true;
    setLinkQuestion(plan.question);
    enter({ user: stored.user, name: stored.name, enteredAs: stored.enteredAs, rooms: stored.rooms, show: plan.show, direct: stored.direct, marks: stored.marks });
    focusInput();
  } else if (name && room && plan.kind === 'enter') {
    ui.inside = true;
    enter({ name, rooms: [room], show: room, strict: true });
    focusInput();
  } else {
    startFrameLogin();
    renderNow();
    $($('name').value ? 'room' : 'name').focus();
  }
  renderComposer();
}

/**
 * Enters with the session in the cookie, after a login with the provider. Anybody can make a link that looks like the
 * return from a login. So the page enters a room without a question only if this tab has begun a login for that room.
 * Otherwise it asks first.
 * @param {string | undefined} room
 * @param {Place | null} stored
 */
async function continueLogin(room, stored) {
  const asked = load('sessionStorage', LOGIN_KEY);
  save('sessionStorage', LOGIN_KEY, null);
  const self = await signIn({ type: 'hello' }, setJoinNote);
  if (self?.guest) setJoinNote(t('The browser has not kept the login. Please allow cookies for this address, and log in again.'));
  if (!self || self.guest) return false;
  const own = stored?.user === self.user ? stored : null;
  const shown = room && room === asked ? room : own ? own.current : DEFAULT_ROOM;
  ui.inside = true;
  if (room && room !== shown && !own?.rooms.includes(room)) setLinkQuestion({ name: null, room });
  enter({ user: self.user, name: self.name, rooms: [...new Set([...own?.rooms ?? [], ...shown ? [shown] : []])], show: shown, direct: own?.direct });
  return true;
}

/** Puts the focus into the input if the page starts with the chat. It does not do this on a phone, because the keyboard would cover half of the chat. */
function focusInput() {
  renderNow(); // an element that is not visible can't have the focus
  if (!NARROW.matches) input.focus();
}

/** Returns the stored place (name and rooms). Returns null if there is none, or if the page must not use it. */
async function loadPlace() {
  const stored = loadTabPlace();
  if (stored?.session) identity.usesCookie = false; // a stored token means that the browser kept no cookie before the reload
  if (!identity.usesCookie) return stored?.session ? stored : null;
  if (stored) return stored;
  await opening;
  return outboxStore.readPlace();
}

start();

// The page has started, so hide the text that is shown if it does not start.
document.documentElement.dataset.started = '';
