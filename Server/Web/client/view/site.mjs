// Shows the operator's name, color and logo, and the public rooms at the entrance.

import { onLanguage } from '../app/language.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { onSite, site } from '../app/site.mjs';
import { withoutDirectionControls } from '../direction.mjs';
import { faviconWith } from '../favicon.mjs';
import { t } from '../language.mjs';
import { $, closestTo, el, foreign, setText } from './dom.mjs';

const MAX_ROOMS = 6;

function render() {
  const { style } = document.documentElement;
  const { accents, logo, name, rooms } = site;
  for (const id of ['entrance-name', 'rail-name']) setText($(id), withoutDirectionControls(name));
  if (accents) {
    for (const [property, value] of Object.entries(accents)) style.setProperty(`--site-${property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value);
    document.documentElement.dataset.site = '';
    $('favicon').setAttribute('href', faviconWith(null, accents));
  }
  for (const plug of [$('entrance-logo'), $('rail-logo')]) {
    plug.toggleAttribute('data-logo', logo !== null);
    if (logo) plug.replaceChildren(Object.assign(/** @type {HTMLImageElement} */ (el('img', { alt: '' })), { src: logo }));
  }
  $('open-rooms').hidden = rooms.length === 0;
  $('open-room-list').replaceChildren(...rooms.slice(0, MAX_ROOMS).map(({ room, topic, memberCount }) => el('li', null,
    el('button', { type: 'button', 'data-room': room },
      el('span', { class: 'sign', 'aria-hidden': 'true' }, '#'), foreign(room, 'name'),
      topic && el('span', { class: 'detail', dir: 'auto' }, withoutDirectionControls(topic)),
      memberCount ? el('span', { class: 'count' }, t('{count} people', { count: memberCount })) : null))));
}

onLanguage(() => render());
onSite(() => {
  render();
  scheduleRender(); // the title of the page has the name
});
$('open-room-list').addEventListener('click', (event) => {
  const room = closestTo(event, '[data-room]')?.dataset.room;
  if (room === undefined) return;
  $('room').value = room;
  $($('name').value.trim() ? 'join-go' : 'name').focus();
});
