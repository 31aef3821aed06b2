// The state of the chat, and how each frame from the server changes it. The functions are pure: they use no clock, no random numbers, no DOM and no
// network, and they never change their arguments in place.

import { hashed, isolated, serverWords } from './direction.mjs';
import { errorText } from './error-text.mjs';
import { filesOf, filesWords } from './files.mjs';
import { byName, clockTime } from './formatting.mjs';
import { t } from './language.mjs';
import { createEntry } from './log.mjs';
import { withReason } from './moderation.mjs';
import { acknowledgeMessage, failRoom, matchEchoes, rejectMessage } from './outbox.mjs';
import { applyPresence } from './presence.mjs';
import { LOG_EVENTS } from './protocol.mjs';
import { addNotice, changeRoom, countsAfter, insertAround, insertEvents, insertHistory, isDirectName, isUnusedPlaceholder, membersOf, newRoom, openRoom, otherPerson, rolesOf, titleOf, useServerSpelling, withCounts, withoutOfflineMessages, withoutRoom, withRoom, withStoredMark } from './rooms.mjs';
import { applyResults } from './search.mjs';
import { applyTyping } from './typing.mjs';

/** @import { DirectoryRoom, Frame, Room, State, UpdateContext } from './types.js' */

/**
 * The state before the first connection.
 * @type {State}
 */
export const EMPTY_STATE = {
  self: null, limits: {}, features: [], status: { state: 'idle' },
  rooms: new Map(), current: null, outbox: [], serial: 0,
  directory: [], commands: [], found: null,
};

const JOIN_REQUESTS = new Set(['join', 'rejoin']);

/** The room's own log shows the errors of these requests. */
const IN_ROOM_REQUESTS = new Set(['rejoin', 'edit', 'delete', 'react', 'history']);

/** The page does not show the errors of these requests in a log: nobody waits for them, or a dialog shows them. */
const SILENT_REQUESTS = new Set(['read', 'typing', 'form', 'search', 'tokens', 'refresh', 'who', 'password', 'purge', 'quote']);

/**
 * Whether the request is to join a room.
 * @param {{ kind?: string } | undefined} request
 */
export const isJoin = (request) => request?.kind !== undefined && JOIN_REQUESTS.has(request.kind);

/**
 * Returns the state after a frame. Unknown frames change nothing: a newer server may send more than this page knows.
 * @param {State} state
 * @param {Frame} frame
 * @param {UpdateContext} context
 * @returns {State}
 */
export function update(state, frame, context) {
  return Object.hasOwn(UPDATES, frame.type) ? UPDATES[frame.type](state, frame, context) : state;
}

/** @type {Record<string, (state: State, frame: Frame, context: UpdateContext) => State>} */
const UPDATES = {
  welcome(state, frame, { at }) {
    return addNotice(applyWelcome(state, frame), { at, text: selfWords(frame) });
  },

  joined(before, frame, { request, watching, readerAt, at }) {
    const state = useServerSpelling(before, request?.room, frame.room);
    const known = withoutOfflineMessages(state.rooms.get(frame.room));
    const reset = Boolean(known?.epoch) && known?.epoch !== frame.epoch;
    /** @type {Frame[]} */
    const events = frame.messages ?? [];
    const resumed = request?.after !== undefined && !reset;
    /** @type {Room} */
    let room = {
      ...(known && !reset ? known : newRoom(frame.room)),
      epoch: frame.epoch, topic: frame.topic ?? '', role: frame.role, isPrivate: Boolean(frame.private), with: otherPerson(frame.with, known, events), writers: new Map(),
      live: true, removed: false, early: [], joinedAt: frame.seq ?? 0,
      members: membersOf(frame.members), roles: rolesOf(frame.members), knowsAway: false, quotes: new Map([...known?.quotes ?? []].filter(([, quote]) => quote && !reset)), memberCount: frame.memberCount ?? 0, notify: frame.notify ?? 'all', slow: frame.slow ?? 0,
    };
    if (!resumed) {
      if (!known?.epoch || reset) room.more = events.length > 0 && events[0].seq > 1;
      room.cursor = Math.max(room.cursor, frame.seq ?? 0);
    }
    // The server has counted the unread events up to frame.seq. If the server does not have the page's newest read mark yet, these counts are too
    // high, and the page ignores them.
    const isCounted = typeof frame.unread === 'number' && (frame.read ?? 0) >= room.read;
    if (isCounted) room.countedTo = frame.seq ?? 0;
    room = insertEvents(room, events, resumed ? { self: state.self, watching, readerAt, current: state.current } : null);
    if (isCounted) room = withCounts(room, { read: frame.read ?? 0, unread: frame.unread, mentions: frame.mentions });
    // The page may have been closed before it reported how far the user had read (`seen`). If it has all messages after `seen`, it counts the unread
    // messages itself.
    const seen = room.seen?.epoch === room.epoch ? room.seen.seq : 0;
    if (isCounted && seen > room.read && room.oldest <= seen + 1) room = withCounts(room, { read: seen, ...countsAfter(room, seen, state.self) });
    room = { ...withStoredMark(room), seen: null };
    let next = withRoom(state, room);
    if (reset) {
      next = addNotice(next, { room: room.name, tone: 'gap', order: 0,
        text: t('The server lost or reset this room’s history. The earlier messages can’t be shown.') });
    }
    next = matchEchoes(next, room.name, events);
    for (const early of known?.early ?? []) if (isNewPresence(next.rooms.get(room.name), early)) next = UPDATES.presence(next, early, { watching, at });
    return request?.show || !state.current ? openRoom(next, room.name) : next;
  },

  ...Object.fromEntries([...LOG_EVENTS].map((type) => [type, (state, frame, context) => applyLogEvents(state, [frame], context)])),

  history(state, frame, { request, at }) {
    const room = state.rooms.get(frame.room ?? request?.room);
    /** @type {Frame[]} */
    const events = frame.messages ?? [];
    if (!room) return state;
    if (request?.kind === 'quote') {
      const event = events.find(({ seq }) => seq === request.seq);
      return changeRoom(state, room.name, { quotes: new Map(room.quotes).set(request.seq ?? 0, event ? createEntry(event) : null) });
    }
    // A person who types a request can ask for any part of the history, so a notice shows the answer. The answers to the page's own requests go to the log.
    if (!request) return addNotice(state, { room: room.name, at, tone: 'help', text: events.map(historyLine).join('\n') || t('There are no messages.') });
    if (request.direction !== 'around') return withRoom(state, insertHistory(room, events, Boolean(frame.more), request.direction ?? 'older'));
    if (events.some(({ seq }) => seq === request.seq) || request.orNext && events.some(({ seq }) => seq > (request.seq ?? 0))) return withRoom(state, insertAround(room, events));
    return addNotice(changeRoom(state, room.name, { loading: false }), { room: room.name, at, tone: 'error', text: t('The server no longer has this message.') });
  },

  ack(state, frame, { request }) {
    const item = state.outbox.find(({ id }) => id === frame.id);
    if (item) return acknowledgeMessage(state, item, frame);
    if (request?.kind === 'nick' && state.self) return { ...state, self: { ...state.self, name: frame.name ?? request.name } };
    if (request?.kind === 'notify' && request.room && request.level) return changeRoom(state, request.room, { notify: request.level });
    return request?.kind === 'leave' && request.room ? withoutRoom(state, request.room) : state;
  },

  error(state, frame, { request, at }) {
    const item = frame.id === undefined ? undefined : state.outbox.find(({ id }) => id === frame.id);
    if (item) return rejectInRoom(rejectMessage(state, item, frame), item.room, frame);
    const name = request?.room ?? '';
    let next = state;
    if (SILENT_REQUESTS.has(request?.kind ?? '')) return state;
    if (request?.kind === 'history' && request.direction !== 'around' && frame.retryAfterMs !== undefined) return state; // the page sends the request again later
    if (isJoin(request) && isUnusedPlaceholder(next, name)) next = withoutRoom(next, name);
    else if (isJoin(request) && frame.retryAfterMs === undefined) next = failRoom(changeRoom(next, name, withoutOfflineMessages(next.rooms.get(name)) ?? {}), name, errorText(frame));
    if (isJoin(request) && frame.code === 'banned') next = changeRoom(next, name, { removed: true });
    if (request?.kind === 'leave' && frame.code === 'not-in-room') return withoutRoom(next, name);
    if (isJoin(request) && frame.code === 'no-room' && hasEnded(next, name)) {
      const gone = next.rooms.get(name) ?? { name, with: null };
      return addNotice(withoutRoom(next, name), { at, text: t('{room} no longer exists, or you can’t enter it any more.', { room: titleOf(gone) }), create: isDirectName(name) ? null : name });
    }
    const create = frame.code === 'no-room' && name ? name : null;
    const room = IN_ROOM_REQUESTS.has(request?.kind ?? '') && next.rooms.has(name) ? name : null;
    return addNotice(next, { room, at, tone: 'error', text: errorText(frame), hint: frame.hint, create });
  },

  presence(state, frame) {
    const room = state.rooms.get(frame.room);
    if (!room) return state;
    if (!room.live) return changeRoom(state, room.name, { early: [...room.early, frame].slice(-MAX_EARLY) });
    const isSelf = frame.user === state.self?.user;
    // The server may report that an older connection of this user left the room. This connection is still in the room.
    if (isSelf && frame.state === 'left') return state;
    const next = isSelf && state.self && frame.state === 'renamed' ? { ...state, self: { ...state.self, name: frame.name } } : state;
    const isOther = frame.state === 'renamed' && frame.user === room.with?.user;
    return applyPresence(isOther ? changeRoom(next, room.name, { with: { user: frame.user, name: frame.name } }) : next, room, frame);
  },

  who(state, frame, { request, at }) {
    const room = state.rooms.get(frame.room);
    if (!room) return state;
    const away = { away: membersOf(frame.away), roles: rolesOf([...frame.members ?? [], ...frame.away ?? []]) };
    if (request) return changeRoom(state, room.name, { ...away, roles: new Map([...room.roles, ...away.roles]) }); // the page asks only for `away`: it limits the list of members to one
    const members = membersOf(frame.members);
    const next = changeRoom(state, room.name, { members, ...away, memberCount: frame.memberCount ?? members.size });
    const names = [...members.values()].sort(byName).map(isolated).join(t(', '));
    return addNotice(next, { room: room.name, at, text: t('{number} here: {names}', { number: frame.memberCount ?? members.size, names }) });
  },

  rooms(state, frame, { request }) {
    /** @type {DirectoryRoom[]} */
    const rooms = frame.rooms ?? [];
    if (!request?.match) return { ...state, directory: rooms };
    const found = new Set(rooms.map(({ room }) => room));
    return { ...state, directory: [...state.directory.filter(({ room }) => !found.has(room)), ...rooms] };
  },

  results: (state, frame, { request }) => applyResults(state, frame, request),

  help(state, frame, { request, at }) {
    const commands = frame.commands ?? [];
    if (request || isWholeHelp(frame)) return { ...state, commands };
    return addNotice(state, { at, tone: 'help', text: frame.text ? serverWords(frame.text) : t('What you can type:'), commands });
  },

  read(state, frame) {
    const room = state.rooms.get(frame.room);
    if (!room) return state;
    // If the frame comes from another tab of this browser, it has no counts: that tab knows only how far the person has read.
    const counts = frame.unread === undefined ? countsAfter(room, frame.seq, state.self) : { unread: frame.unread, mentions: frame.mentions };
    return withRoom(state, withCounts(room, { read: frame.seq, ...counts }));
  },

  // Another tab of this browser has left a room, or has changed the room's level of notification.
  'tab-left'(state, { room }) {
    if (!state.outbox.some((item) => item.room === room)) return withoutRoom(state, room);
    return failRoom(changeRoom(state, room, { live: false, removed: true }), room, t('You have left this room in another tab.'));
  },
  'tab-notify': (state, { room, level }) => changeRoom(state, room, { notify: level }),

  typing: applyTyping,

  invited(state, frame, { at }) {
    return addNotice(state, { at, join: frame.room, text: invitationWords(frame) });
  },

  gap(state, frame) {
    const room = state.rooms.get(frame.room);
    if (!room) return state;
    const count = frame.to - frame.from + 1;
    const next = changeRoom(state, frame.room, { cursor: Math.max(room.cursor, frame.to) });
    return addNotice(next, { room: frame.room, tone: 'gap', order: frame.to,
      text: t('{count} messages ({from} to {to}) are missing here: the server no longer has them.', { count, from: String(frame.from), to: String(frame.to) }) });
  },

  lag: (state, _, { at }) => addNotice(state, { at,
    text: t('Your connection is slow, and messages are waiting on the server. No message is lost. If it gets worse, the page reconnects.') }),
};

const MAX_EARLY = 200;

/**
 * Whether a change is not yet in the list of members.
 * @param {Room | undefined} room
 * @param {Frame} frame
 */
const isNewPresence = (room, { user, state: what }) => what === 'joined' ? !room?.members.has(user) : what !== 'left' || Boolean(room?.members.has(user));

const MAX_HELP_IN_LOG = 4;

/**
 * Whether the answer to /help is the list of all commands, which is too long for a log. A dialog shows it.
 * @param {Frame} frame
 */
export const isWholeHelp = ({ commands }) => (commands?.length ?? 0) > MAX_HELP_IN_LOG;

/**
 * Whether the page can remove a room that the server no longer has: the user was in the room, and the outbox has no message for it.
 * @param {State} state
 * @param {string} name
 */
const hasEnded = (state, name) => Boolean(state.rooms.get(name)?.epoch) && !state.outbox.some((item) => item.room === name);

/**
 * Returns the state after log events, which can be of several rooms. Copies the log of each room only once.
 * @param {State} state
 * @param {Frame[]} events
 * @param {UpdateContext} context
 */
export function applyLogEvents(state, events, { watching, readerAt, at }) {
  /** @type {Map<string, Frame[]>} */
  const byRoom = new Map();
  for (const event of events) {
    const ofRoom = byRoom.get(event.room);
    if (ofRoom) ofRoom.push(event);
    else byRoom.set(event.room, [event]);
  }
  let next = state;
  for (const [name, ofRoom] of byRoom) {
    const room = next.rooms.get(name);
    if (!room) continue;
    next = matchEchoes(withRoom(next, insertEvents(room, ofRoom, { self: state.self, watching, readerAt, current: state.current })), name, ofRoom);
    next = applyModeration(next, name, ofRoom.filter(({ type, seq }) => type === 'moderated' && seq > room.cursor), at);
  }
  return next;
}

/**
 * Applies what moderators did to the room or to this user: the end of the room, a new role, or the removal from the room. After a removal from
 * the room, the log stays, so that the person can read the reason.
 * @param {State} state
 * @param {string} name the room
 * @param {Frame[]} events
 * @param {string} at the time now
 * @returns {State}
 */
function applyModeration(state, name, events, at) {
  let next = state;
  for (const event of events) {
    const { action, user, role, reason } = event;
    if (action === 'close') return addNotice(withoutRoom(next, name), { at, text: closedWords(next, event) });
    if (user !== state.self?.user) continue;
    if (action === 'role') next = changeRoom(next, name, { role });
    if (action !== 'kick' && action !== 'ban') continue;
    const words = action === 'ban' ? t('You were banned from this room.') : t('You were removed from this room.');
    next = failRoom(changeRoom(next, name, { live: false, removed: true }), name, reason ? `${words} ${isolated(reason)}` : words);
  }
  return next;
}

/**
 * Returns the state after the server has rejected a message. If the user is not in the room, all
 * pending messages of the room fail. The next attempt to send joins the room first.
 * @param {State} state
 * @param {string} name the room
 * @param {Frame} error
 */
function rejectInRoom(state, name, { code, text }) {
  if (code !== 'not-in-room' && code !== 'banned') return state;
  return failRoom(changeRoom(state, name, { live: false }), name, errorText({ code, text }));
}

/**
 * @param {State} state
 * @param {Frame} welcome
 * @returns {State}
 */
export const applyWelcome = (state, { user, name, guest, limits, features }) => ({
  ...state, self: { user, name, guest }, limits: limits ?? {}, features: Array.isArray(features) ? features : [],
});

/**
 * The state after the connection has ended.
 * @param {State} state
 * @returns {State}
 */
export const markDisconnected = (state) => ({
  ...state,
  rooms: new Map([...state.rooms].map(([name, room]) => [name, { ...room, live: false, loading: false, early: [] }])),
  outbox: state.outbox.map((item) => item.inFlight || item.waiting ? { ...item, inFlight: false, waiting: false } : item),
});

/** @param {Frame} invited */
export const invitationWords = ({ from, room }) =>
  isDirectName(room) ? t('{name} started a direct conversation with you.', { name: isolated(from?.name ?? '?') })
    : t('{name} invited you to {room}.', { name: isolated(from?.name ?? '?'), room: hashed(room) });

/**
 * Says who the person is.
 * @param {Frame} welcome
 */
export const selfWords = ({ name, guest }) => guest ? t('You are {name}, a guest.', { name: isolated(name) }) : t('You are {name}.', { name: isolated(name) });

/**
 * Says who closed a room, and what is lost with it.
 * @param {State} state the state before the end of the room
 * @param {Frame} closed
 */
export function closedWords(state, { room: name, from, reason }) {
  const room = state.rooms.get(name) ?? { name, with: null };
  const unsent = state.outbox.filter((item) => item.room === name).length;
  const values = { name: from?.name === undefined ? t('Somebody') : isolated(from.name), room: titleOf(room) };
  const closed = from?.user !== undefined && from.user === state.self?.user ? t('You closed {room}', values) : t('{name} closed {room}', values);
  return [withReason(closed, isolated(reason ?? '')), t('The room and its messages are gone.'),
    unsent ? t('{count} unsent messages of yours could not be sent.', { count: unsent }) : ''].filter(Boolean).join(' ');
}

/** @param {Frame} event */
const historyLine = ({ seq, at, from, text, me, files }) => `${seq}  ${clockTime(at)}  ${isolated(from?.name ?? '?')}${me ? '' : ':'} ${text === undefined ? t('(deleted)') : isolated(text) || filesWords(filesOf(files))}`;
