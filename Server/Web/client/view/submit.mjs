// Sends what the person typed, and handles the buttons in the log.

import { typingIsOver } from '../app/attention.mjs';
import { createRoom, joinAgain, maxLength, say, sendCommand, sendNext } from '../app/chat.mjs';
import { signIn } from '../app/identity.mjs';
import { commit, state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { attachAgain, onTray, takeFiles, tray } from '../app/uploads.mjs';
import { isComposing } from '../keys.mjs';
import { t } from '../language.mjs';
import { changeMessage, removeMessage } from '../outbox.mjs';
import { selfWords } from '../state.mjs';
import { readinessOf } from '../tray.mjs';
import { parseInput } from '../typed-input.mjs';
import { continueAs, logOut } from './account.mjs';
import { focusFailed, renderTray, waitingMessages } from './attachments.mjs';
import { draftOf, handleSuggestionKey, removeDraft, setInput, setTypedAhead, stopComposing } from './composer.mjs';
import { editLast, submitEdit } from './composing.mjs';
import { openDiagnostics } from './diagnostics.mjs';
import { openDirectory, showError } from './directory.mjs';
import { copyFrom } from './copying.mjs';
import { $, closestTo, input, log } from './dom.mjs';
import { followNewest, jumpTo } from './log.mjs';
import { edit, openMessageMenu, react, replyTo } from './message-menu.mjs';
import { goToRoom, leaveRoom } from './navigation.mjs';
import { openPersonMenu } from './people-menu.mjs';
import { use as useRoomMenu } from './room-menu.mjs';
import { openViewer } from './viewer.mjs';

/** @import { Frame } from '../types.js' */

function submit() {
  const text = input.value.trimEnd();
  if (ui.composing?.kind === 'edit') {
    if (text.trim()) submitEdit(ui.composing, text);
    return;
  }
  if (!text.trim() && tray.of(state.current).length === 0) return;
  if (!send(text.trim() ? text : '')) return;
  setInput('');
  if (state.current) followNewest();
}

/** Returns whether all files of the current draft are uploaded. If not, lets the message wait for them, or moves the focus to a failed upload. */
function areFilesReady() {
  const room = state.current ?? '';
  const readiness = readinessOf(tray.of(room));
  if (readiness === 'uploading') waitingMessages.set(room, ui.composing?.seq);
  if (readiness === 'failed') focusFailed();
  renderTray();
  return readiness === 'ready';
}

/** Sends the messages whose files are uploaded now, also in rooms other than the current one. */
function sendWaiting() {
  for (const [room, reply] of [...waitingMessages]) {
    const readiness = readinessOf(tray.of(room));
    if (readiness === 'uploading') continue;
    waitingMessages.delete(room);
    const text = draftOf(room).trimEnd();
    const parsed = parseInput(text.trim() ? text : '', true, maxLength());
    if (readiness === 'failed' || parsed.kind !== 'say' || !parsed.text && !tray.of(room).length) continue;
    removeDraft(room);
    say(parsed.text, parsed.me, { reply, files: takeFiles(room), room });
    if (room !== state.current) continue;
    if (ui.composing?.kind === 'reply') stopComposing();
    typingIsOver();
    followNewest();
  }
  renderTray();
}
onTray(sendWaiting);

/**
 * Sends a text. Returns whether the text was accepted. A rejected text stays in the input.
 * @param {string} text
 */
function send(text) {
  const parsed = parseInput(text, state.current !== null, maxLength());
  switch (parsed.kind) {
    case 'error': return showError(parsed.text);
    case 'say':
      if (!areFilesReady()) return false;
      say(parsed.text, parsed.me, { reply: ui.composing?.seq, files: takeFiles(state.current ?? '') });
      stopComposing();
      typingIsOver();
      return true;
    case 'signIn':
      sendSignIn(parsed.frame);
      return true;
    case 'leave': return leaveRoom(parsed.room || state.current);
    case 'logout': return logOut();
    case 'diagnostics':
      openDiagnostics();
      return true;
    case 'line':
      if (!sendCommand(parsed.line)) return showError(t('Commands need a connection. This one stays here until you are connected again.'));
      setTypedAhead(true);
      return true;
  }
}

/** @param {Frame} frame */
async function sendSignIn(frame) {
  const answer = await signIn(frame, showError);
  if (answer) continueAs(answer, selfWords(answer));
}

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
  input.focus();
});

input.addEventListener('keydown', (event) => {
  if (isComposing(event)) return;
  if (handleSuggestionKey(event)) return event.preventDefault();
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === 'Escape' && ui.composing) {
    event.preventDefault();
    stopComposing();
  } else if (event.key === 'ArrowUp' && !event.altKey && !input.value && !ui.composing && editLast()) event.preventDefault();
});

// The buttons in the log

/** The seq of the message that contains a button. @param {HTMLElement} button */
const seqOf = (button) => Number(/** @type {HTMLElement | null} */ (button.closest('.message'))?.dataset.seq);

/** @type {Record<string, (data: DOMStringMap, button: HTMLElement) => void>} */
const ACTIONS = {
  retry({ id = '' }) {
    const item = state.outbox.find((one) => one.id === id);
    if (!item) return;
    const { user, name } = state.self ?? item;
    commit(changeMessage(state, id, { state: 'pending', tries: 0, user, name, doubt: false, error: undefined, hint: undefined }));
    joinAgain(item.room);
    sendNext(item.room);
  },
  cancel({ id = '' }) {
    const item = state.outbox.find((one) => one.id === id);
    commit(removeMessage(state, id));
    if (item?.files) attachAgain(item.room, item.files);
    if (item && !input.value) setInput(item.me ? `/me ${item.text}` : item.text);
    input.focus();
  },
  hint({ line = '', room }) {
    if (room && room !== state.current) goToRoom(room);
    if (room && room !== state.current) return; // the page is still joining the room
    setInput(line);
    input.focus();
  },
  create({ room = '' }) { createRoom(room); },
  room({ room = '' }) { goToRoom(room); },
  directory() { openDirectory(); },
  menu({ seq }, button) { openMessageMenu(Number(seq), button); },
  person({ user = '', name = '' }, button) { openPersonMenu({ user, name }, button); },
  jump({ seq }) { if (!jumpTo(Number(seq))) showError(t('To load this message, the page must be in the room.')); },
  rejoin({ room = '' }) { joinAgain(room); },
  react({ seq, emoji = '' }) { react(Number(seq), emoji); },
  quick({ emoji = '' }, button) { react(seqOf(button), emoji); },
  reply(_, button) { replyTo(seqOf(button)); },
  edit(_, button) { edit(seqOf(button)); },
  copy(_, button) { if (button.previousElementSibling instanceof HTMLElement) copyFrom(button.previousElementSibling, button); },
  'copy-link'(_, button) { if (button.previousElementSibling instanceof HTMLElement) copyFrom(button.previousElementSibling, button); },
  spoiler(_, button) {
    button.parentElement?.querySelector('[inert]')?.removeAttribute('inert');
    button.parentElement?.setAttribute('data-shown', '');
    button.remove();
  },
  invite({ room = '' }) { useRoomMenu('invite', room); },
  topic({ room = '' }) { useRoomMenu('topic', room); },
  picture({ file = '' }) { openViewer(file); },
};

log.addEventListener('click', (event) => {
  const button = closestTo(event, '[data-action]');
  if (button) ACTIONS[button.dataset.action ?? '']?.(button.dataset, button);
});
