// Creates the nodes of the log: one for each row.

import { state } from '../app/store.mjs';
import { isolated } from '../direction.mjs';
import { clockDigits, clockTime, fullTime, sentence } from '../formatting.mjs';
import { lineOfHint } from '../hints.mjs';
import { mentionsUser } from '../mentions.mjs';
import { parsedText } from '../message-text.mjs';
import { moderationWords } from '../moderation.mjs';
import { presenceText } from '../presence.mjs';
import { hiddenReactions, shownReactions } from '../reactions.mjs';
import { isDirectName } from '../rooms.mjs';
import { authorName, avatar, el, foreign, icon, personButton } from './dom.mjs';

/** @import { CodePiece, DrawnEntry, OutboxItem, Row, Tone, User } from '../types.js' */
/** @import { Child } from './dom.mjs' */

/**
 * Creates the node for a row.
 * @param {Row} row
 * @returns {HTMLElement}
 */
export function createRowNode(row) {
  const { kind, entry, label = '' } = row;
  switch (kind) {
    case 'day': case 'new': return el('div', { class: `divider ${kind}`, role: 'separator', 'aria-label': label }, el('span', { class: 'label' }, label));
    case 'older': case 'newer': return el('div', { class: `divider ${kind}` }, el('span', { class: 'label' }, label));
    case 'start': return el('div', { class: 'start' }, el('b', null, !row.isDirect && '#', foreign(label)), row.isDirect ? 'Your conversation starts here. Nobody else can read it.' : 'The room’s history starts here.');
    case 'wait': return el('div', { class: 'blank' }, el('b', null, 'One moment.'), `The page keeps what you write to ${label} and sends it when you are in the room.`);
    case 'removed': return noticeRow('!', 'error', el('p', null, 'You are no longer in this room, so you see no new messages here.'),
      el('button', { type: 'button', class: 'quiet', 'data-action': 'rejoin', 'data-room': label }, 'Join again'));
  }
  if (!entry) throw new Error(`a row of kind ${kind} without an entry`);
  if (kind === 'message') return messageNode(entry, Boolean(row.first), row.label);
  if (kind === 'moderated') return moderatedNode(entry);
  return kind === 'topic' ? topicNode(entry) : noticeNode(entry);
}

/**
 * Creates the node of a log without a room.
 * @param {string} title
 * @param {string} words
 */
export const blankNode = (title, words) => el('div', { class: 'blank' }, el('b', null, title), words, el('br'),
  el('button', { type: 'button', class: 'quiet', 'data-action': 'directory' }, 'Browse rooms'));

/**
 * @param {DrawnEntry} entry
 * @param {boolean} first whether the entry is the first of its group; only the first entry shows the sender
 * @param {string | undefined} quote the message that the entry answers
 */
function messageNode(entry, first, quote) {
  const { at, item } = entry;
  const from = entry.from ?? { user: '', name: '?' };
  const message = item ?? entry; // the entry of an item is created for each drawing
  const isOwn = item || from.user === state.self?.user;
  const isMention = !isOwn && !entry.deleted && mentionsUser(message, state.self);
  const text = entry.deleted ? ['This message was deleted.'] : textNodes(message);
  const classes = ['message', first && 'first', entry.me && 'action', isMention && 'mention', entry.deleted && 'removed'].filter(Boolean).join(' ');
  const body = el('div', { class: 'text', dir: 'auto' },
    ...entry.me ? [authorButton(from), ' '] : [], ...text,
    entry.edited && !entry.deleted && el('span', { class: 'mark', title: fullTime(entry.edited) }, '(edited)'),
    item?.state === 'pending' && el('span', { class: 'mark' }, pendingWords(item), ' ', !item.attempted && messageAction('cancel', 'Cancel', item.id)),
    entry.id && !item && sentTick());
  return el('div', { class: classes, 'data-seq': entry.seq, 'data-id': entry.id, 'data-state': entry.state },
    first ? avatar(from.name) : gutterTime(at ?? ''),
    el('div', { class: 'main' },
      first && !entry.me && el('div', { class: 'byline' }, authorButton(from), timeNode(at ?? '')),
      !first && !entry.me && el('span', { class: 'unseen' }, `${isolated(from.name)}: `),
      quote && !entry.deleted && el('button', { type: 'button', class: 'quote', 'data-action': 'jump', 'data-seq': message.reply, title: 'Go to this message' }, el('span', { class: 'unseen' }, 'in reply to '), quote),
      body, reactionsNode(entry), item?.state === 'failed' && failureNode(item)),
    !item && !entry.deleted && entry.seq !== undefined && menuButton(entry.seq));
}

/**
 * The button that opens the menu of a message. The Tab key skips it, because the log has hundreds of messages.
 * @param {number} seq
 */
const menuButton = (seq) => el('button', {
  type: 'button', class: 'icon menu', tabindex: -1, 'data-action': 'menu', 'data-seq': seq, 'aria-haspopup': 'dialog', 'aria-label': 'What to do with this message',
}, icon('dots', 'dots'));

/**
 * The reactions to a message. Each is a button that adds or removes the person's own reaction.
 * @param {DrawnEntry} entry
 */
function reactionsNode({ seq, reactions }) {
  if (!reactions) return null;
  const hidden = hiddenReactions(reactions);
  return el('div', { class: 'reactions' }, ...shownReactions(reactions, state.self?.user).map(({ emoji, count, isOwn, names }) => el('button', {
    type: 'button', class: 'chip', 'data-action': 'react', 'data-seq': seq, 'data-emoji': emoji, 'aria-pressed': String(isOwn),
    title: names, 'aria-label': `${isolated(emoji)} ${count}, from ${names}`,
  }, foreign(emoji), ` ${count}`)), hidden > 0 && el('span', { class: 'chip' }, `+${hidden}`));
}

/** @param {DrawnEntry} entry */
const topicNode = (entry) => noticeRow('*', 'info', el('p', { class: 'topic-text' },
  authorButton(entry.from), entry.text ? ' set the topic: ' : ' cleared the topic.', el('bdi', null, ...textNodes(entry)), ' ', timeNode(entry.at ?? '')));

/** @param {DrawnEntry} entry */
function moderatedNode({ from, at, moderation }) {
  const { act, whom, isSelf, rest, reason } = moderationWords(moderation ?? { action: '' }, state.self);
  const isRemoval = moderation?.action === 'kick' || moderation?.action === 'ban';
  return noticeRow(isSelf && isRemoval ? '!' : '*', isSelf && isRemoval ? 'error' : 'info', el('p', null,
    authorButton(from), ' ', act, whom && (isSelf ? whom.name : authorButton(whom)), rest, reason && foreign(reason), ' ', timeNode(at ?? '')));
}

/**
 * The name of a person in the log, which opens the person's menu.
 * @param {User} [person]
 */
const authorButton = (person = { user: '', name: '?' }) => personButton(person, authorName(person.name));

/** @type {Record<Tone, string>} */
const SIGNS = { info: '·', error: '!', gap: '⋯', help: '?', presence: '→' };

/** @param {DrawnEntry} entry */
function noticeNode({ tone = 'info', text, changes, hint, commands = [], create, join }) {
  return noticeRow(SIGNS[tone], tone,
    el('p', null, changes ? presenceText(changes) : text),
    hint && el('p', null, 'Try ', hintNode(hint, state.current)),
    commands.length > 0 && el('dl', null, ...commands.flatMap(({ command, usage, text: words }) => [el('dt', null, foreign(usage ?? `/${command}`)), el('dd', null, foreign(words ?? ''))])),
    join && el('button', { type: 'button', class: 'quiet', 'data-action': 'room', 'data-room': join }, isDirectName(join) ? 'Open the conversation' : `Join #${isolated(join)}`),
    create && el('button', { type: 'button', class: 'quiet', 'data-action': 'create', 'data-room': create }, `Create #${isolated(create)}`));
}

/**
 * Creates the button that fills a hint in, in the room to which the hint belongs. A hint that nobody could type is only shown.
 * @param {string} hint
 * @param {string | null} room the room of the error
 */
function hintNode(hint, room) {
  const typed = lineOfHint(hint);
  if (!typed) return el('code', null, foreign(hint));
  return el('button', { type: 'button', class: 'hint', 'data-action': 'hint', 'data-line': typed.line, 'data-room': typed.room ?? room }, foreign(typed.line));
}

/**
 * @param {string} sign
 * @param {string} tone
 * @param {...Child} body
 */
const noticeRow = (sign, tone, ...body) => el('div', { class: 'notice', 'data-tone': tone },
  el('span', { class: 'sign', 'aria-hidden': 'true' }, sign), el('div', { class: 'body' }, ...body));

/** @param {string} at */
const timeNode = (at) => el('time', { datetime: at, title: fullTime(at) }, clockTime(at));

/**
 * The time beside a message that is not the first of its group. The gutter has space for the digits only.
 * @param {string} at
 */
const gutterTime = (at) => el('time', { class: 'gutter', datetime: at, title: fullTime(at) }, clockDigits(at));

let listed = { directory: state.directory, names: /** @type {Set<string>} */ (new Set()) };

/** The names of the rooms in the directory. A message can contain many rooms, and the directory is long. */
function listedRooms() {
  if (listed.directory !== state.directory) listed = { directory: state.directory, names: new Set(state.directory.map(({ room }) => room)) };
  return listed.names;
}

/** @param {{ text?: string }} message */
function textNodes(message) {
  const names = listedRooms();
  return parsedText(message).pieces.map((piece) => {
    if ('code' in piece) return codeNode(piece);
    if (piece.href) return el('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, piece.text);
    const isKnown = piece.room && (state.rooms.has(piece.room) || names.has(piece.room));
    return isKnown ? el('button', { type: 'button', class: 'roomlink', 'data-action': 'room', 'data-room': piece.room }, piece.text) : piece.text;
  });
}

/**
 * Creates a node for code. The node contains the backticks, but hides them. So the text of the node is the text of the message.
 * @param {CodePiece} piece
 */
function codeNode({ open, code, close, block }) {
  return el('code', { class: block && 'block', dir: block && 'ltr' }, el('span', { class: 'fence' }, open), code, el('span', { class: 'fence' }, close));
}

function sentTick() {
  const tick = icon('tick', 'tick');
  tick.removeAttribute('aria-hidden');
  tick.setAttribute('role', 'img');
  tick.setAttribute('aria-label', 'sent');
  return tick;
}

/** @param {OutboxItem} item */
function pendingWords(item) {
  if (state.status.state !== 'online') return '· waiting for the connection';
  if (item.waiting) return `· ${sentence(item.error || 'waiting')} Trying again soon.`;
  return item.inFlight ? '· sending' : '· waiting for earlier messages';
}

/**
 * @param {string} action
 * @param {string} words
 * @param {string} id
 */
const messageAction = (action, words, id) => el('button', { type: 'button', class: 'link', 'data-action': action, 'data-id': id }, words);

/** @param {OutboxItem} item */
const failureNode = ({ id, room, error, hint, doubt }) => el('div', { class: 'trouble' }, doubt ? error : `Not sent. ${error ? sentence(error) : ''}`,
  hint && el('span', null, 'Try ', hintNode(hint, room)), messageAction('retry', 'Retry', id), messageAction('cancel', 'Cancel', id));
