// The dialog that lists the commands of the server.

import { state } from '../app/store.mjs';
import { t } from '../language.mjs';
import { $, commands, openDialog, setWords } from './dom.mjs';
import { commandNodes } from './log-rows.mjs';

/** @param {string} [words] what the server says about the commands */
export function openCommands(words = t('Type a command into the input. A hint appears for each of them.')) {
  setWords($('commands-words'), words);
  $('command-list').replaceChildren(...commandNodes(state.commands));
  openDialog(commands);
}

$('close-commands').addEventListener('click', () => commands.close());
$('open-commands').addEventListener('click', () => openCommands());
commands.addEventListener('click', (event) => { if (event.target === commands) commands.close(); });
