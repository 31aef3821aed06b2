// Draws the state.

import { askAway } from '../app/chat.mjs';
import { scheduleRender, setRenderer } from '../app/scheduling.mjs';
import { onChange, state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { renderAccount } from './account.mjs';
import { renderBack } from './back.mjs';
import { switchDraft } from './composer.mjs';
import { renderDiagnostics } from './diagnostics.mjs';
import { renderDirectory } from './directory.mjs';
import { $, account, app, diagnosticsDialog, directory, search, switcher, viewer } from './dom.mjs';
import { renderDrawers } from './layout.mjs';
import { renderLog } from './log.mjs';
import { renderHead, renderMembers, renderRooms, renderTyping } from './rooms.mjs';
import { renderSearch } from './search.mjs';
import { renderStatus, renderTitle } from './status.mjs';
import { renderSwitcher } from './switcher.mjs';
import { renderViewer } from './viewer.mjs';

function render() {
  const room = state.rooms.get(state.current ?? '');
  $('entrance').hidden = ui.inside;
  app.hidden = !ui.inside;
  renderTitle(room);
  renderStatus();
  if (!ui.inside) return;
  renderDrawers();
  renderBack();
  renderRooms();
  renderHead(room);
  renderMembers(room);
  askAway();
  renderTyping(room);
  switchDraft();
  renderLog(room);
  if (directory.open) renderDirectory();
  if (search.open) renderSearch();
  if (account.open) renderAccount();
  if (diagnosticsDialog.open) renderDiagnostics();
  if (switcher.open) renderSwitcher();
  if (viewer.open) renderViewer();
}

setRenderer(render);
onChange(() => scheduleRender());
