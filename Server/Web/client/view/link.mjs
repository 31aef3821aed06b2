// Asks the person before the page does what a link wants.

import { ask, joinRoom } from '../app/chat.mjs';
import { notify, state } from '../app/store.mjs';
import { isolated } from '../direction.mjs';
import { t } from '../language.mjs';
import { openQuestion, questionWords } from '../link.mjs';
import { $, linkQuestion, openDialog, setText } from './dom.mjs';
import { accountNameWords } from './entrance.mjs';

/** @import { LinkQuestion } from '../link.mjs' */

/** @type {LinkQuestion | null} */
let question = null;

/** @param {LinkQuestion | null} asked */
export function setLinkQuestion(asked) { question = asked; }

/** Opens the question, if there is one. Call this when the page is connected. */
export function askLinkQuestion() {
  const { self } = state;
  if (!question || !self || linkQuestion.open) return;
  if (question.name && !self.guest) notify(`${t('You’re here as {name}.', { name: isolated(self.name) })} ${accountNameWords()}`);
  question = openQuestion(question, self, [...state.rooms.keys()]);
  if (!question) return;
  const { title, text, yes, keep } = questionWords(question, self);
  setText($('link-title'), title);
  setText($('link-words'), text);
  setText($('link-yes'), yes);
  setText($('link-keep'), keep ?? '');
  $('link-keep').hidden = !keep;
  openDialog(linkQuestion);
}

/** @param {LinkQuestion} answer what the person agrees to */
function accept({ name, room }) {
  if (name) ask({ type: 'nick', name }, { kind: 'nick', name });
  if (room) joinRoom(room);
  linkQuestion.close();
}

$('link-yes').addEventListener('click', () => { if (question) accept(question); });
$('link-keep').addEventListener('click', () => { if (question) accept({ ...question, name: null }); });
$('link-no').addEventListener('click', () => linkQuestion.close());
linkQuestion.addEventListener('close', () => { question = null; });
