// Handles the events of the connection.

import { noteReported } from './app/attention.mjs';
import { askDirectory, ask, joinAgain, joinRoom, requests, sendNext, setServerRoom, takeJumpAfterJoin } from './app/chat.mjs';
import { connection, rememberTransport, transportChoice } from './app/connect.mjs';
import { forgetSession, identity } from './app/identity.mjs';
import { forgetDepartures, holdDeparture } from './app/departures.mjs';
import { requestToken } from './app/frame-login.mjs';
import { showNotifications } from './app/notifications.mjs';
import { expectsSiteToken, isEmbedded, isFile, nowIso, server } from './app/page.mjs';
import { forgetOfflineRoom, retainOfflineRooms } from './app/offline.mjs';
import { answerPurge, endPurge } from './app/purge.mjs';
import { forgetPush, refreshPush } from './app/push.mjs';
import { oncePerFrame } from './app/scheduling.mjs';
import { commit, notify, state } from './app/store.mjs';
import { takeOverFirst } from './app/takeover.mjs';
import { readerAt, ui, watchedRoom } from './app/ui.mjs';
import { transportChangeWords } from './connection-text.mjs';
import { isolated, serverWords } from './direction.mjs';
import { errorText } from './error-text.mjs';
import { EventBatches } from './event-batches.mjs';
import { errorWords, sameName, sentence } from './formatting.mjs';
import { t } from './language.mjs';
import { assignSender, changeMessage, failAll } from './outbox.mjs';
import { BAD_SESSION_CLOSE_CODE, LOG_EVENTS, NAME_ERRORS } from './protocol.mjs';
import { changeRoom, isDirectName } from './rooms.mjs';
import { applyLogEvents, applyWelcome, closedWords, invitationWords, isJoin, isWholeHelp, markDisconnected, update } from './state.mjs';
import { endTyping } from './typing.mjs';
import { answerPassword, finishLogOut, setAccountNote } from './view/account.mjs';
import { carryDraft, renameDraft } from './view/composer.mjs';
import { openCommands } from './view/commands.mjs';
import { returnEdit } from './view/composing.mjs';
import { closeDirectory, openDirectory, setDirectoryNote } from './view/directory.mjs';
import { directory, input, NARROW, search } from './view/dom.mjs';
import { showChat, showEntrance } from './view/entrance.mjs';
import { answerForm, stopWaitingForForm } from './view/form.mjs';
import { askLinkQuestion } from './view/link.mjs';
import { jumpTo, showJump } from './view/log.mjs';
import { goToRoom } from './view/navigation.mjs';
import { answerPrograms, answerWebhook, setProgramsNote } from './view/programs.mjs';
import { openSearch, setSearchNote } from './view/search.mjs';

/** @import { Frame, Request, Status, TransportChange } from './types.js' */

const TYPING_ENDS_MS = 6_000;
const HISTORY_RETRY_MS = 10_000; // the delay after an error without `retryAfterMs`

/**
 * @template T
 * @param {string} type
 * @param {(detail: T) => void} listener
 */
const onConnection = (type, listener) =>
  connection.addEventListener(type, (event) => listener(/** @type {CustomEvent<T>} */ (event).detail));

onConnection('refused', (/** @type {Frame} */ error) => {
  if (server.isClosed) showEntrance(''); // without words: the form of a closed server says that the person needs an account
  else rejectName(error.text, error.text);
});

const context = () => ({ watching: watchedRoom(), readerAt, at: nowIso() });
const batches = new EventBatches(receiveEvents, oncePerFrame, () => performance.now());

/** @param {Frame[]} events */
function receiveEvents(events) {
  const before = state;
  commit(applyLogEvents(before, events, context()));
  showNotifications(events, goToRoom);
  const closed = events.findLast(({ type, action }) => type === 'moderated' && action === 'close');
  // If the page is in no room, no log can show the notice.
  if (closed && before.current && !state.current && ui.inside) openDirectory(closedWords(before, closed));
}

// The connection ended before the answer to `logout` arrived.
let isLoggingOut = false;

onConnection('status', (/** @type {Status} */ status) => {
  batches.flush();
  let next = { ...state, status };
  const lostRequests = status.state === 'online' ? [] : [...requests.values()];
  if (status.state !== 'online') {
    stopWaitingForForm();
    const lost = new Set(lostRequests.map(({ kind }) => kind));
    if (lost.has('tokens')) setProgramsNote(t('The connection was lost. Please try again when you are connected.'));
    isLoggingOut ||= lost.has('logout');
    if (lost.has('password')) setAccountNote(t('The connection was lost. Please try again when you are connected.'));
    requests.clear();
    forgetDepartures();
    setServerRoom(null);
    next = markDisconnected(next);
  }
  if (status.state === 'closed') next = failAll(next, t('The connection is closed.'));
  if (status.code === BAD_SESSION_CLOSE_CODE && isLoggingOut) {
    isLoggingOut = false;
    return finishLogOut();
  }
  if (status.code === BAD_SESSION_CLOSE_CODE) {
    forgetPush();
    forgetSession();
    requestToken('ended');
  }
  commit(next);
  for (const request of lostRequests) {
    if (request.kind === 'edit') returnEdit(request);
    if (request.kind === 'purge' && request.purge) endPurge(request.purge);
  }
});

onConnection('transport', (/** @type {TransportChange} */ change) => {
  notify(transportChangeWords(change, transportChoice.best));
});

/**
 * Shows the entrance, because the server has rejected the name. If the name belongs to an account, the server's text suggests the command /login.
 * Nobody can type a command at the entrance, so the entrance asks for the password instead.
 * @param {string} refusal the text of the server
 * @param {string} words what the entrance shows if the name does not belong to an account
 */
function rejectName(refusal, words) {
  const isAccount = /\/login\b/.test(refusal);
  showEntrance(isAccount ? t('The name {name} belongs to an account. Log in with its password, or choose another name.', { name: isolated(identity.entering?.name ?? '') }) : words, null, isAccount);
}

onConnection('welcome', (/** @type {Frame} */ frame) => {
  if (isLoggingOut) {
    isLoggingOut = false;
    return frame.user === state.self?.user ? void ask({ type: 'logout' }, { kind: 'logout' }) : finishLogOut(); // another user: the session has ended
  }
  rememberTransport();
  if (identity.usesCookie && frame.user !== identity.cookieUser) return continueWithoutCookie();
  if (!identity.usesCookie) identity.token = frame.session || identity.token;
  if (!isFile && !identity.token) identity.usesCookie = true; // the server gives no token to a page whose browser has sent the cookie
  const before = state.self;
  const known = before?.user ?? identity.entering?.user;
  if (expectsSiteToken && frame.guest && known && known !== frame.user) requestToken('ended');
  commit(assignSender(applyWelcome(state, frame), { user: frame.user, name: frame.name }));
  const { entering, nameRefusal } = identity;
  if (!entering && before && !sameName(before.name, frame.name) && (nameRefusal || !frame.guest)) {
    notify(`${t('You’re here as {name} now.', { name: isolated(frame.name) })} ${nameRefusal && serverWords(sentence(nameRefusal))}`, { tone: nameRefusal ? 'error' : 'info' });
  }
  if (entering && nameRefusal) entering.refusal = nameRefusal;
  identity.nameRefusal = '';
  if (entering?.strict && frame.guest && !sameName(entering.name, frame.name)) {
    if (entering.refusal !== undefined) rejectName(entering.refusal, serverWords(entering.refusal));
    else showEntrance(t('The name {name} is not available. Please choose another one.', { name: isolated(entering.name) }));
    return;
  }
  const joined = isEmbedded ? [] : (frame.rooms ?? []).map((/** @type {any} */ one) => one.room ?? one);
  const rooms = new Set([...state.rooms.keys(), ...entering?.rooms ?? [], ...joined]);
  retainOfflineRooms(frame.user, rooms);
  takeOverFirst();
  askDirectory(); // ask before the joins: the page needs the list of rooms to turn a #room in a message into a link
  for (const name of rooms) if (!state.rooms.get(name)?.removed) joinRoom(name, { kind: state.rooms.get(name)?.epoch ? 'rejoin' : 'join', show: name === entering?.show });
  if (!state.commands.length) ask({ type: 'help' }, { kind: 'help' });
  askLinkQuestion();
  refreshPush();
});

onConnection('frame', (/** @type {Frame} */ frame) => {
  if (LOG_EVENTS.has(frame.type) && frame.id === undefined) return batches.add(frame);
  batches.flush();
  if (frame.type === 'joined' || frame.type === 'who' && frame.members) forgetDepartures(frame.room);
  if (frame.type === 'presence' && holdDeparture(frame, (left) => commit(update(state, left, context())))) return;
  const request = frame.id === undefined ? undefined : requests.get(frame.id);
  requests.delete(frame.id);
  if (frame.type === 'welcome') reconnectAs(frame);
  // A `joined` frame without an id answers a typed line (/join or /dm), so the person wants to see that room.
  const answered = request ?? (frame.type === 'joined' ? { show: true } : undefined);
  const change = () => commit(update(state, frame, { request: answered, ...context() }));
  if (frame.type === 'joined' && request?.room && request.room !== frame.room && state.rooms.get(request.room)?.epoch === null) {
    renameDraft(request.room, frame.room);
  }
  if (frame.type === 'joined' && !request) carryDraft(change);
  else change();
  EFFECTS[frame.type]?.(frame, request);
});

/**
 * Connects again without the cookie, because the welcome was not for the user of the cookie: perhaps the browser keeps no cookies. The page then gets
 * a token from the server, like a page from disk.
 */
function continueWithoutCookie() {
  identity.usesCookie = false;
  identity.token = null;
  connection.open();
}

/**
 * Handles a welcome that answered a typed command (for example /hello). If the welcome is for another user, the page connects again, because that
 * user has other rooms.
 * @param {Frame} welcome
 */
function reconnectAs({ session, user }) {
  if (!identity.usesCookie) identity.token = session || identity.token;
  if (user !== state.self?.user) setTimeout(() => connection.open());
}

/** Actions after a frame has changed the state, by the type of the frame. @type {Record<string, (frame: Frame, request: Request | undefined) => void>} */
const EFFECTS = {
  joined(frame, request) {
    noteReported(frame.room, frame.read ?? 0);
    if (!request) setServerRoom(frame.room);
    if (!ui.inside || identity.entering) showChat();
    if ((request?.kind === 'create' || !request) && directory.open) {
      closeDirectory();
      if (!NARROW.matches) input.focus();
    }
    if (request?.kind === 'dm') goToRoom(frame.room);
    const jump = takeJumpAfterJoin(frame.room);
    if (jump) jumpTo(jump.seq);
    sendNext(frame.room);
    if (!state.directory.some(({ room }) => room === frame.room)) askDirectory();
  },

  ack(frame, request) {
    if (request?.kind === 'logout') finishLogOut();
    else if (request?.kind === 'form') answerForm(request, frame);
    else if (request?.kind === 'password') answerPassword(frame);
    else if (request?.kind === 'purge' && request.purge) answerPurge(request.purge, frame);
    else if (request?.kind === 'nick') setAccountNote(t('Your name is now {name}.', { name: isolated(frame.name ?? request.name) }), 'info');
    else if (frame.room) sendNext(frame.room);
  },

  error(frame, request) {
    const item = state.outbox.find(({ id }) => id === frame.id);
    if (item?.waiting) setTimeout(() => stopWaiting(item.id), frame.retryAfterMs);
    if (item) return sendNext(item.room);
    if (request?.kind === 'edit') return returnEdit(request);
    if (request?.kind === 'password') return answerPassword(frame);
    if (request?.kind === 'purge' && request.purge) return answerPurge(request.purge, frame);
    if (request?.kind === 'form') return answerForm(request, frame);
    if (request?.kind === 'search') return setSearchNote(errorText(frame));
    if (request?.kind === 'tokens') return setProgramsNote(errorWords(frame));
    const room = request?.room ?? '';
    if (isJoin(request) && frame.retryAfterMs === undefined) {
      forgetOfflineRoom(room);
      takeJumpAfterJoin(room);
    }
    if (isJoin(request) && frame.retryAfterMs !== undefined && state.rooms.has(room)) {
      setTimeout(() => joinAgain(room, request?.kind), frame.retryAfterMs);
    }
    if (request?.kind === 'history') setTimeout(() => commit(changeRoom(state, room, { loading: false })), frame.retryAfterMs ?? HISTORY_RETRY_MS);
    if (request?.kind === 'logout' || request?.kind === 'nick') return setAccountNote(errorWords(frame));
    const { entering } = identity;
    if (entering && NAME_ERRORS.has(frame.code)) {
      entering.refusal = frame.text;
      if (connection.isOnline && entering.strict) rejectName(frame.text, errorText(frame));
      return;
    }
    if (directory.open && request) setDirectoryNote(errorText(frame));
    const isStillJoining = [...requests.values()].some(({ kind }) => kind === 'join' || kind === 'create');
    if (state.rooms.size || isStillJoining) return;
    if (entering) showEntrance(errorText(frame), frame.code === 'no-room' ? room || null : null);
    else if (ui.inside) openDirectory(errorText(frame));
  },

  typing({ room, user }) {
    const writer = state.rooms.get(room)?.writers.get(user);
    if (writer) setTimeout(() => commit(endTyping(state, room, user, writer)), TYPING_ENDS_MS);
  },

  history(_, request) {
    if (request?.direction === 'around') showJump(request.room ?? '', request.seq ?? 0, request);
  },

  invited(frame) {
    // A direct room appears in the list when somebody writes in it.
    if (isDirectName(frame.room) && !state.rooms.has(frame.room)) joinRoom(frame.room, { show: false });
    if (!state.current && ui.inside) openDirectory(invitationWords(frame));
  },

  'tab-joined'({ room }) {
    const isJoining = [...requests.values()].some((request) => request.room === room);
    if (state.rooms.has(room)) joinAgain(room);
    else if (ui.inside && !isJoining) joinRoom(room, { show: false });
  },

  rooms(_, request) { if (!request) openDirectory(); },

  // If the page has sent no request, the frame answers a typed line, such as /search or /help.
  results(frame, request) { if (!request && !search.open) openSearch(frame.query); },

  tokens(frame, request) {
    if (request?.kind === 'form') answerForm(request, frame);
    answerPrograms(frame, !request);
  },

  webhook(frame, request) {
    if (request?.kind === 'form') answerForm(request, frame);
    answerWebhook(frame, !request);
  },

  help(frame, request) { if (!request && isWholeHelp(frame)) openCommands(serverWords(frame.text ?? '') || undefined); },
};

/**
 * Sends a rejected message again when its retry time has passed. Does nothing if the connection has ended since the rejection.
 * @param {string} id
 */
function stopWaiting(id) {
  const item = state.outbox.find((one) => one.id === id);
  if (!item?.waiting) return;
  commit(changeMessage(state, id, { waiting: false }));
  sendNext(item.room);
}
