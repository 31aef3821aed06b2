// The page in a frame: without side bars (?embed=1), and logged in by the site around it.

import { onSiteToken, requestToken } from '../app/frame-login.mjs';
import { signInFromSite } from '../app/identity.mjs';
import { expectsSiteToken, isEmbedded, parameters } from '../app/page.mjs';
import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { t } from '../language.mjs';
import { continueAs } from './account.mjs';
import { $ } from './dom.mjs';
import { DEFAULT_ROOM, enter } from './entrance.mjs';
import { setJoinNote } from './status.mjs';

const SITE_ANSWERS_WITHIN_MS = 3_000; // if the site has not sent a token in this time, the page shows the form
const MAX_REJECTED = 2;               // without this limit, the page would ask a site that sends wrong tokens again and again

let rejected = 0;

if (isEmbedded) {
  document.documentElement.dataset.embed = '';
  $('open-full').hidden = false;
  $('open-full').addEventListener('click', () => {
    const url = new URL(location.href);
    url.searchParams.delete('embed');
    if (state.current) url.searchParams.set('room', state.current);
    $('open-full').setAttribute('href', url.href);
  });
}

/** Asks the site for the first token. The form is hidden until the token is rejected, or SITE_ANSWERS_WITHIN_MS have passed. */
export function startFrameLogin() {
  if (!expectsSiteToken) return;
  $('entrance').dataset.waiting = '';
  setTimeout(stopWaiting, SITE_ANSWERS_WITHIN_MS);
  requestToken('start');
}

const stopWaiting = () => { delete $('entrance').dataset.waiting; };

/**
 * Logs the person in with a token of the site.
 * @param {string} jwt
 * @returns {Promise<boolean>} whether the page is logged in
 */
export async function logInFromSite(jwt) {
  const answer = await signInFromSite(jwt, (words) => {
    rejected += 1;
    stopWaiting();
    setJoinNote(words);
    if (rejected < MAX_REJECTED) requestToken('rejected');
  });
  if (!answer) return false;
  rejected = 0;
  const room = parameters.get('room')?.trim().replace(/^#/, '') || DEFAULT_ROOM;
  if (ui.inside && state.self?.user === answer.user) continueAs(answer, t('You are logged in again.'));
  else enter({ user: answer.user, name: answer.name, rooms: [room], show: room });
  ui.inside = true;
  return true;
}

onSiteToken(logInFromSite);
