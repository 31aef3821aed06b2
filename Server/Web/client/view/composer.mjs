// The input: its height, its suggestions and the drafts of all rooms.

import { reportTyping } from '../app/attention.mjs';
import { askDirectory, maxLength, searchDirectory } from '../app/chat.mjs';
import { identity } from '../app/identity.mjs';
import { isEmojiNew, knownEmoji, loadEmoji, rememberEmoji } from '../app/emoji.mjs';
import { DRAFTS_KEY, load, save } from '../app/page.mjs';
import { oncePerFrame } from '../app/scheduling.mjs';
import { onChange, state } from '../app/store.mjs';
import { clearFiles, renameFiles } from '../app/uploads.mjs';
import { ui } from '../app/ui.mjs';
import { Drafts } from '../drafts.mjs';
import { emojiBeingTyped, emojiSuggestions } from '../emoji.mjs';
import { t } from '../language.mjs';
import { BAD_SESSION_CLOSE_CODE } from '../protocol.mjs';
import { insertedMention } from '../people.mjs';
import { roomBeingTyped, suggestionKey, suggestionsFor } from '../suggestions.mjs';
import { renderSend } from './attachments.mjs';
import { $, closestTo, el, emojiPicker, foreign, input, setText } from './dom.mjs';
import { openEmojiPicker } from './emoji-picker.mjs';

// All tabs with one cookie share the drafts. A page without a cookie has a session of its own, and so its own drafts.
const storage = () => identity.usesCookie ? 'localStorage' : 'sessionStorage';

const drafts = new Drafts(load(storage(), DRAFTS_KEY));
function saveDrafts() {
  const isLoggedOut = state.status.code === BAD_SESSION_CLOSE_CODE; // the person has logged out in this tab or in another one
  if (isLoggedOut) save(storage(), DRAFTS_KEY, null);
  else if (drafts.hasChanged) save(storage(), DRAFTS_KEY, drafts.entriesWith(load(storage(), DRAFTS_KEY)));
}
const scheduleSave = oncePerFrame(saveDrafts);
addEventListener('pagehide', saveDrafts);

// Another tab has changed a draft. The page does not overwrite the text while the input of this tab has the focus.
addEventListener('storage', ({ key }) => {
  if (key !== DRAFTS_KEY || !identity.usesCookie) return;
  const text = drafts.adopt(load(storage(), DRAFTS_KEY), document.hasFocus() && document.activeElement === input);
  if (text === null) return;
  if (ui.composing?.kind === 'edit') ui.composing.draft = text;
  else setInput(text);
});

function keepDraft() {
  if (ui.composing?.kind === 'edit') return; // if an edit were stored as a draft, it would look like a new message after a reload
  drafts.keep(input.value);
  scheduleSave();
}

// True from a typed command until the room changes. If the command opens a room, the text that the person types in this time is for that room.
let isTypedAhead = false;
let isCarrying = false;

/** @param {boolean} value */
export function setTypedAhead(value) { isTypedAhead = value; }

/**
 * Runs `change`, which applies the answer to a typed command. If this opens a room, the text that the person typed after the command moves to it.
 * @param {() => void} change
 */
export function carryDraft(change) {
  isCarrying = isTypedAhead;
  change();
  isCarrying = isTypedAhead = false;
}

/** Ends a reply or an edit. After an edit, the input shows the text that was there before. */
export function stopComposing() {
  const { composing } = ui;
  if (!composing) return;
  ui.composing = null;
  $('composing').hidden = true;
  if (composing.kind === 'edit') setInput(composing.draft ?? '');
}

/** Shows the current room's draft in the input. A click, a key or a frame may have changed the room. */
export function switchDraft() {
  if (ui.composing && ui.composing.room !== state.current) stopComposing();
  const text = drafts.switchTo(state.current, input.value, isCarrying);
  if (text !== null) setInput(text);
}

// The input changes together with the room, so that a message goes only to the room for which it was written.
onChange((before, after) => {
  if (before.current === after.current || !ui.inside) return;
  switchDraft();
  isTypedAhead = false;
  scheduleSave();
});

/**
 * Moves a draft when the server spells the room's name differently. Call this before the state changes.
 * @param {string} from
 * @param {string} to
 */
export function renameDraft(from, to) {
  drafts.renameRoom(from, to);
  renameFiles(from, to);
}

/**
 * Returns the text of a room's draft. During an edit, the input contains another text, and the draft is in `composing`.
 * @param {string} room
 */
export function draftOf(room) {
  if (room !== state.current) return drafts.of(room);
  return ui.composing?.kind === 'edit' ? ui.composing.draft ?? '' : input.value;
}

/**
 * Removes the text of a room's draft, because the page sends this text.
 * @param {string} room
 */
export function removeDraft(room) {
  if (room !== state.current) drafts.remove(room);
  else if (ui.composing?.kind === 'edit') ui.composing.draft = '';
  else setInput('');
  scheduleSave();
}

export function clearDrafts() {
  drafts.clear();
  save(storage(), DRAFTS_KEY, null);
  clearFiles();
}

/** @param {string} text */
export function setInput(text) {
  input.value = text;
  input.setSelectionRange(text.length, text.length);
  keepDraft();
  renderComposer();
  updateSuggestions();
}

export function renderComposer() {
  input.style.height = 'auto';
  if (input.scrollHeight) input.style.height = `${input.scrollHeight}px`; // the input has no height while the chat is hidden
  renderSend();
  const limit = maxLength();
  const length = input.value.length;
  const isNear = length > limit * 0.9;
  setText($('length'), isNear ? t('{length} of {max} characters', { length, max: limit }) : '');
  $('length').toggleAttribute('data-near', isNear);
  $('length').toggleAttribute('data-over', length > limit);
}

// Suggestions

const suggestions = $('suggestions');

function renderSuggestions() {
  suggestions.hidden = ui.suggestions.length === 0;
  suggestions.toggleAttribute('data-columns', ui.suggestions.some(({ isEmoji }) => isEmoji));
  suggestions.replaceChildren(...ui.suggestions.map(({ what, usage, more }, index) => el('div',
    { role: 'option', id: `suggestion-${index}`, 'aria-selected': String(index === ui.selected), 'data-index': String(index) },
    foreign(usage ?? what, 'what'), more && foreign(more, 'more'))));
  if (ui.suggestions.length && ui.selected >= 0) {
    input.setAttribute('aria-activedescendant', `suggestion-${ui.selected}`);
    suggestions.children[ui.selected].scrollIntoView({ block: 'nearest' });
  } else input.removeAttribute('aria-activedescendant');
}

/** Returns the suggestions for the word at the caret. When the person types an emoji's name for the first time, the page loads the table of emoji. */
function currentSuggestions() {
  const { value, selectionStart: caret } = input;
  const typed = emojiBeingTyped(value, caret);
  if (typed === undefined) return suggestionsFor(state, value, caret);
  if (isEmojiNew()) loadEmoji().then(() => { if (ui.selected < 0 && document.activeElement === input) updateSuggestions(); });
  return emojiSuggestions(knownEmoji()?.groups.flat() ?? [], typed, caret);
}

function updateSuggestions(list = currentSuggestions()) {
  // If the only suggestion equals the typed text, the page hides it, so that Enter sends the text.
  ui.suggestions = list.length === 1 && input.value.slice(list[0].start) === list[0].what ? [] : list;
  ui.selected = -1; // no suggestion is chosen yet
  renderSuggestions();
  if (input.value.includes('#')) askDirectory();
}

// The list of rooms or commands has arrived while the person was typing, so the suggestions can change.
onChange((before, after) => {
  const hasNew = before.commands !== after.commands || before.directory !== after.directory && roomBeingTyped(input.value, input.selectionStart);
  if (hasNew && ui.selected < 0 && document.activeElement === input) updateSuggestions();
});

/**
 * Handles a key while suggestions are visible. Returns whether the key was for the suggestions.
 * @param {KeyboardEvent} event
 */
export function handleSuggestionKey(event) {
  const action = suggestionKey(event, ui.suggestions.length, ui.selected);
  if (action?.kind === 'accept') acceptSuggestion(action.index);
  else if (action?.kind === 'select') ui.selected = action.index;
  else if (action) ui.suggestions = [];
  if (action) renderSuggestions();
  return action !== null;
}

/** @param {number} index */
function acceptSuggestion(index) {
  const { what, start, isEmoji } = ui.suggestions[index];
  if (isEmoji) rememberEmoji(what);
  input.setRangeText(`${what} `, start, input.selectionStart, 'end');
  keepDraft();
  ui.suggestions = [];
  ui.selected = -1;
  renderSuggestions();
  renderComposer();
}

/**
 * Inserts a mention at the caret.
 * @param {string} name
 */
export function insertMention(name) {
  const [start, end] = [input.selectionStart, input.selectionEnd];
  input.setRangeText(insertedMention(input.value.slice(0, start), input.value.slice(end), name), start, end, 'end');
  input.dispatchEvent(new Event('input'));
}

/** @param {string} text */
function insertAtCaret(text) {
  input.setRangeText(text, input.selectionStart, input.selectionEnd, 'end');
  input.dispatchEvent(new Event('input'));
}

input.addEventListener('input', () => {
  keepDraft();
  renderComposer();
  updateSuggestions();
  searchDirectory(roomBeingTyped(input.value, input.selectionStart) ?? '');
  if (ui.composing?.kind !== 'edit') reportTyping(input.value);
});
input.addEventListener('click', () => updateSuggestions());

// The keyboard of a phone can't type Shift+Enter, so a button begins a new line.
$('break').addEventListener('pointerdown', (event) => event.preventDefault()); // the input keeps the focus, and the phone keeps its keyboard open
$('break').addEventListener('click', () => {
  insertAtCaret('\n');
  input.focus();
});

$('open-emoji').addEventListener('click', () => openEmojiPicker($('open-emoji'), (emoji) => {
  insertAtCaret(emoji);
  if (!emojiPicker.open) input.focus();
}, { staysWithShift: true }));
input.addEventListener('blur', () => updateSuggestions([]));

suggestions.addEventListener('mousedown', (event) => {
  event.preventDefault(); // the input keeps the focus
  const option = closestTo(event, '[role="option"]');
  if (option) acceptSuggestion(Number(option.dataset.index));
});
