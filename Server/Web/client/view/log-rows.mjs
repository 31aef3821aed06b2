// Creates the nodes of the log: one for each row.

import { roomLink } from '../app/page.mjs';
import { state } from '../app/store.mjs';
import { hashed, isolated, withoutDirectionControls } from '../direction.mjs';
import { commandText } from '../error-text.mjs';
import { clockDigits, clockTime, fullTime, initialOf, listWords, sameName, sentence } from '../formatting.mjs';
import { lineOfHint } from '../hints.mjs';
import { numberWords, t, withParts } from '../language.mjs';
import { mentionsUser, wordRange } from '../mentions.mjs';
import { parsedText } from '../message-text.mjs';
import { moderationWords } from '../moderation.mjs';
import { presenceText } from '../presence.mjs';
import { hiddenReactions, shownReactions } from '../reactions.mjs';
import { isDirectName } from '../rooms.mjs';
import { authorName, avatar, el, foreign, hashedNodes, icon, personButton, wordsNodes } from './dom.mjs';
import { filesNode } from './log-files.mjs';

/** @import { CodePiece, Command, DrawnEntry, Inline, OutboxItem, RoomCard, Row, Tone, User } from '../types.js' */
/** @import { Child } from './dom.mjs' */

const MAX_NAMES = 4; // names of people that the card of a new room shows

/**
 * Creates the node for a row.
 * @param {Row} row
 * @returns {HTMLElement}
 */
export function createRowNode(row) {
  const { kind, entry, label = '' } = row;
  switch (kind) {
    case 'space': return spaceNode(label);
    case 'day': case 'new': return el('div', { class: `divider ${kind}`, role: 'separator', 'aria-label': label }, el('span', { class: 'label' }, label));
    case 'older': case 'newer': return el('div', { class: `divider ${kind}` }, el('span', { class: 'label' }, label));
    case 'start': return startNode(label, row.room, Boolean(row.isDirect));
    case 'wait': return el('div', { class: 'blank' }, el('b', null, t('One moment.')), t('The page keeps what you write to {room} and sends it when you are in the room.', { room: label }));
    case 'removed': return noticeRow('!', 'error', el('p', null, t('You are no longer in this room, so you see no new messages here.')),
      el('button', { type: 'button', class: 'quiet', 'data-action': 'rejoin', 'data-room': label }, t('Join again')));
  }
  if (!entry) throw new Error(`a row of kind ${kind} without an entry`);
  if (kind === 'message') return messageNode(entry, Boolean(row.first), row.label);
  if (kind === 'moderated') return moderatedNode(entry);
  return kind === 'topic' ? topicNode(entry) : noticeNode(entry);
}

/**
 * The empty space that replaces rows that are not drawn.
 * @param {string} height in px
 */
function spaceNode(height) {
  const node = el('div', { class: 'space' });
  node.style.setProperty('height', `${height}px`);
  return node;
}

/**
 * Creates the top of a complete history. While nobody has written in the room, the top shows its topic, its people, and a link with which others can
 * join.
 * @param {string} label
 * @param {RoomCard | undefined} room
 * @param {boolean} isDirect
 */
function startNode(label, room, isDirect) {
  const title = el('h2', null, ...isDirect ? [foreign(label)] : hashedNodes(label));
  const words = isDirect ? t('Your conversation starts here. Nobody else can read it.') : room?.isPrivate ? t('Only people who were invited can read here.') : t('The room’s history starts here.');
  if (!room?.isNew) return el('div', { class: 'start' }, title, el('p', null, words));
  return el('div', { class: 'start new-room' },
    el('span', { class: 'emblem', 'aria-hidden': 'true' }, isDirect ? initialOf(label) : room.isPrivate ? icon('lock', 'lock') : '#'),
    title,
    room.topic ? el('p', { class: 'lead', dir: 'auto' }, withoutDirectionControls(room.topic)) : null,
    el('p', null, isDirect ? words : room.isPrivate ? t('Nobody has written here yet. Only people who were invited can read here.') : t('Nobody has written here yet. Be the first.')),
    !isDirect && peopleNode(room),
    !isDirect && !room.isPrivate && invitationNode(room.name),
    !isDirect && room.mayInvite && el('div', { class: 'row' },
      el('button', { type: 'button', class: 'quiet', 'data-action': 'invite', 'data-room': room.name }, t('Invite somebody…')),
      el('button', { type: 'button', class: 'quiet', 'data-action': 'topic', 'data-room': room.name }, room.topic ? t('Change the topic…') : t('Set a topic…'))));
}

/** @param {RoomCard} room */
const peopleNode = ({ others, memberCount }) => el('p', { class: 'faces' }, ...others.map((name) => avatar(name)),
  el('span', null, others.length === 0 ? t('You are alone here for now.')
    : t('You, {names}', { names: listWords([...others.slice(0, MAX_NAMES).map(isolated), ...memberCount - 1 > MAX_NAMES ? [t('{count} others', { count: memberCount - 1 - MAX_NAMES })] : []]) })));

/** @param {string} room */
const invitationNode = (room) => el('div', { class: 'field' },
  el('label', { class: 'label', for: 'invitation' }, t('Link for others')),
  el('div', { class: 'row' },
    Object.assign(/** @type {HTMLInputElement} */ (el('input', { id: 'invitation', readonly: true, dir: 'ltr' })), { value: roomLink(room) }),
    el('button', { type: 'button', class: 'quiet', 'data-action': 'copy-link' }, t('Copy'))));

/**
 * Creates what the log shows while the person is in no room.
 * @param {string} title
 * @param {string} words
 */
export const blankNode = (title, words) => el('div', { class: 'blank' }, el('b', null, title), words, el('br'),
  el('button', { type: 'button', class: 'quiet', 'data-action': 'directory' }, t('Browse rooms')));

/**
 * @param {DrawnEntry} entry
 * @param {boolean} first whether the entry is the first of its group; only the first entry shows the sender
 * @param {string | undefined} quote the message that the entry answers
 */
function messageNode(entry, first, quote) {
  const { at, item } = entry;
  const from = entry.from ?? { user: '', name: '?' };
  const message = item ?? entry; // pass the item, because parsedText() caches its result by object, and each drawing creates a new entry for the item
  const isOwn = item || from.user === state.self?.user;
  const isMention = !isOwn && !entry.deleted && mentionsUser(message, state.self);
  const text = entry.deleted ? [t('This message was deleted.')] : textNodes(message, isMention ? state.self?.name : undefined);
  const classes = ['message', first && 'first', entry.me && 'action', isMention && 'mention', entry.deleted && 'removed'].filter(Boolean).join(' ');
  const body = el('div', { class: 'text', dir: 'auto' },
    ...entry.me ? [authorButton(from), ' '] : [], ...text,
    entry.edited && !entry.deleted && el('span', { class: 'mark', title: fullTime(entry.edited) }, t('(edited)')),
    item?.state === 'pending' && el('span', { class: 'mark' }, ...wordsNodes(pendingWords(item)), ' ', !item.attempted && messageAction('cancel', t('Cancel'), item.id)));
  return el('div', { class: classes, 'data-seq': entry.seq, 'data-id': entry.id, 'data-state': entry.state },
    first ? avatar(from.name) : gutterTime(at ?? ''),
    el('div', { class: 'main' },
      first && !entry.me && el('div', { class: 'byline' }, authorButton(from), from.bot && el('small', { class: 'tag' }, t('bot')), timeNode(at ?? '')),
      !first && !entry.me && el('span', { class: 'unseen' }, `${isolated(from.name)}: `),
      quote && !entry.deleted && el('button', { type: 'button', class: 'quote', 'data-action': 'jump', 'data-seq': message.reply, title: t('Go to this message') }, el('span', { class: 'unseen' }, `${t('in reply to')} `), quote),
      body, filesNode(message.files, entry.key), reactionsNode(entry), item?.state === 'failed' && failureNode(item)),
    !item && !entry.deleted && entry.seq !== undefined && el('div', { class: 'tools' }, menuButton(entry.seq)));
}

/**
 * The button that opens the menu of a message. The Tab key skips it: otherwise a person would have to press Tab hundreds of
 * times to get through the log.
 * @param {number} seq
 */
const menuButton = (seq) => el('button', {
  type: 'button', class: 'menu', tabindex: -1, 'data-action': 'menu', 'data-seq': seq, 'aria-haspopup': 'dialog', 'aria-label': t('What to do with this message'), title: t('More'),
}, icon('dots', 'dots'));

/**
 * The reactions to a message. Each reaction is a button that adds or removes the person's own reaction.
 * @param {DrawnEntry} entry
 */
function reactionsNode({ seq, reactions }) {
  if (!reactions) return null;
  const hidden = hiddenReactions(reactions);
  return el('div', { class: 'reactions' }, ...shownReactions(reactions, state.self?.user).map(({ emoji, count, isOwn, names }) => el('button', {
    type: 'button', class: 'chip', 'data-action': 'react', 'data-seq': seq, 'data-emoji': emoji, 'aria-pressed': String(isOwn),
    title: names, 'aria-label': t('{emoji} {number}, from {names}', { emoji: isolated(emoji), number: count, names }),
  }, foreign(emoji), ` ${numberWords(count)}`)), hidden > 0 && el('span', { class: 'chip' }, `+${numberWords(hidden)}`));
}

/** @param {DrawnEntry} entry */
const topicNode = (entry) => noticeRow('*', 'info', el('p', { class: 'topic-text' },
  ...withParts(entry.text ? t('{actor} set the topic: {topic}') : t('{actor} cleared the topic.'), { actor: authorButton(entry.from), topic: el('bdi', null, ...plainNodes(entry)) }),
  ' ', timeNode(entry.at ?? '')));

/** @param {DrawnEntry} entry */
function moderatedNode({ from, at, moderation }) {
  const { text, whom, isSelf, reason } = moderationWords(moderation ?? { action: '' }, state.self);
  const isRemoval = moderation?.action === 'kick' || moderation?.action === 'ban';
  return noticeRow(isSelf && isRemoval ? '!' : '*', isSelf && isRemoval ? 'error' : 'info', el('p', null,
    ...withParts(text, { actor: authorButton(from), name: authorButton(whom), reason: foreign(reason ?? '') }), ' ', timeNode(at ?? '')));
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
    el('p', null, ...changes ? [presenceText(changes)] : wordsNodes(text ?? '')),
    hint && el('p', null, ...withParts(t('Try {hint}'), { hint: hintNode(hint, state.current) })),
    commands.length > 0 && el('dl', null, ...commandNodes(commands)),
    join && el('button', { type: 'button', class: 'quiet', 'data-action': 'room', 'data-room': join }, isDirectName(join) ? t('Open the conversation') : t('Join {room}', { room: hashed(join) })),
    create && el('button', { type: 'button', class: 'quiet', 'data-action': 'create', 'data-room': create }, t('Create {room}', { room: hashed(create) })));
}

/**
 * The commands and what they do, as the items of a list.
 * @param {Command[]} commands
 */
export const commandNodes = (commands) => commands.flatMap(({ command, usage, text }) => {
  const { words, lang } = commandText(text);
  return [el('dt', null, foreign(usage ?? `/${command}`)), el('dd', { lang }, foreign(words))];
});

/**
 * Creates the button that opens the room of a hint and puts the hint into the input. If no line can express the hint, the log only shows it.
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

/** The names of the rooms in the directory. They are cached, because one message can contain many rooms and the directory is long. */
function listedRooms() {
  if (listed.directory !== state.directory) listed = { directory: state.directory, names: new Set(state.directory.map(({ room }) => room)) };
  return listed.names;
}

/**
 * The nodes of a text in one line, without marks.
 * @param {{ text?: string }} message
 */
const plainNodes = (message) => parsedText(message).pieces.map((piece) => inlineNode(piece, undefined));

/**
 * Creates the nodes of a message's text. The nodes contain the signs of the marks, but hide them. So the text of the nodes is the text of the
 * message.
 * @param {{ text?: string }} message
 * @param {string | undefined} own the person's name, if the message mentions the person
 * @returns {Child[]}
 */
const textNodes = (message, own) => parsedText(message).blocks.flatMap((block) => 'pieces' in block
  ? block.pieces.map((piece) => inlineNode(piece, own))
  : [el(block.kind === 'quote' ? 'blockquote' : 'ul', { dir: 'auto' }, ...block.items.map(({ open, pieces, close }) =>
    el(block.kind === 'quote' ? 'div' : 'li', null, hidden(open), ...pieces.map((piece) => inlineNode(piece, own)), hidden(close))))]);

/** @param {string} sign */
const hidden = (sign) => sign ? el('span', { class: 'fence' }, sign) : null;

const MARK_TAGS = { bold: 'strong', italic: 'em', strike: 's', spoiler: 'span' };

/**
 * @param {Inline} piece
 * @param {string | undefined} own
 * @returns {Child}
 */
function inlineNode(piece, own) {
  if ('code' in piece) return codeNode(piece);
  if ('mark' in piece) {
    const inner = piece.pieces.map((one) => inlineNode(one, own));
    if (piece.mark !== 'spoiler') return el(MARK_TAGS[piece.mark], null, hidden(piece.sign), ...inner, hidden(piece.sign));
    return el('span', { class: 'spoiler' }, hidden(piece.sign), el('span', { inert: true }, ...inner), hidden(piece.sign),
      el('button', { type: 'button', class: 'cover', tabindex: -1, 'data-action': 'spoiler', 'aria-label': t('Show the spoiler'), title: t('Show the spoiler') }));
  }
  if (piece.href) return el('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, piece.text);
  if (piece.mention) return mentionNode(piece.text, piece.mention);
  const isKnown = piece.room && (state.rooms.has(piece.room) || listedRooms().has(piece.room));
  if (isKnown) return el('button', { type: 'button', class: 'roomlink', 'data-action': 'room', 'data-room': piece.room }, piece.text);
  return own ? withOwnName(piece.text, own) : piece.text;
}

/**
 * @param {string} text
 * @param {string} name
 */
function mentionNode(text, name) {
  const isSelf = name === 'here' || sameName(name, state.self?.name ?? '');
  const { members = new Map(), away = new Map() } = state.rooms.get(state.current ?? '') ?? {};
  const isMember = isSelf || [...members.values(), ...away.values()].some((one) => sameName(one, name));
  return isMember ? el('span', { class: 'name-chip', 'data-self': isSelf }, text) : text;
}

/**
 * Marks the person's own name in a text that mentions the person by the bare name.
 * @param {string} text
 * @param {string} own
 */
function withOwnName(text, own) {
  const range = wordRange(text, own);
  if (!range) return text;
  const whole = document.createDocumentFragment();
  whole.append(text.slice(0, range[0]), el('span', { class: 'name-chip', 'data-self': true }, text.slice(...range)), text.slice(range[1]));
  return whole;
}

/**
 * Creates a node for code. A block has a button that copies it.
 * @param {CodePiece} piece
 */
function codeNode({ open, code, close, block }) {
  const node = el('code', { class: block && 'block', dir: block && 'ltr' }, el('span', { class: 'fence' }, open), code, el('span', { class: 'fence' }, close));
  if (!block) return node;
  return el('span', { class: 'code' }, node, el('button', { type: 'button', class: 'copy', tabindex: -1, 'data-action': 'copy', 'aria-label': t('Copy the code'), title: t('Copy the code') }, icon('copy', 'copy-icon')));
}

/** @param {OutboxItem} item */
function pendingWords(item) {
  if (state.status.state !== 'online') return t('· waiting for the connection');
  if (item.waiting) return item.error ? t('· {error} Trying again soon.', { error: sentence(item.error) }) : t('· Waiting. Trying again soon.');
  return item.inFlight ? t('· sending') : t('· waiting for earlier messages');
}

/**
 * @param {string} action
 * @param {string} words
 * @param {string} id
 */
const messageAction = (action, words, id) => el('button', { type: 'button', class: 'link', 'data-action': action, 'data-id': id }, words);

/** @param {OutboxItem} item */
const failureNode = ({ id, room, error, hint, doubt }) => el('div', { class: 'trouble' }, ...wordsNodes(doubt ? error ?? '' : `${t('Not sent.')} ${error ? sentence(error) : ''}`),
  hint && el('span', null, ...withParts(t('Try {hint}'), { hint: hintNode(hint, room) })), messageAction('retry', t('Retry'), id), messageAction('cancel', t('Cancel'), id));
