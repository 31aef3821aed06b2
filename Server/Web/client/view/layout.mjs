// The frame around the chat: side panels and theme.

import { onLanguage } from '../app/language.mjs';
import { load, save, THEME_KEY } from '../app/page.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { ui } from '../app/ui.mjs';
import { t } from '../language.mjs';
import { $, app, input, MEDIUM, NARROW } from './dom.mjs';

export function renderDrawers() {
  const isRailHidden = NARROW.matches && ui.drawer !== 'rail';
  const arePeopleHidden = MEDIUM.matches ? ui.drawer !== 'people' : app.dataset.members === 'closed';
  app.dataset.drawer = ui.drawer ?? 'none';
  $('rail').inert = isRailHidden;
  $('people').inert = arePeopleHidden;
  $('talk').inert = ui.drawer !== null;
  $('scrim').hidden = ui.drawer === null;
  $('open-rail').setAttribute('aria-expanded', String(!isRailHidden));
  $('toggle-people').setAttribute('aria-expanded', String(!arePeopleHidden));
}

/** @param {'rail' | 'people'} name */
function toggleDrawer(name) {
  ui.drawer = ui.drawer === name ? null : name;
  renderDrawers();
  scheduleRender();
  if (!ui.drawer) return input.focus();
  const first = $(name).querySelector('[aria-current], button:not([hidden])');
  if (first instanceof HTMLElement) first.focus();
}

export function closeDrawer() {
  if (ui.drawer) toggleDrawer(ui.drawer);
}

$('open-rail').addEventListener('click', () => toggleDrawer('rail'));
$('scrim').addEventListener('click', closeDrawer);
$('close-people').addEventListener('click', () => toggleDrawer('people'));
$('toggle-people').addEventListener('click', () => {
  if (MEDIUM.matches) return toggleDrawer('people');
  app.dataset.members = app.dataset.members === 'open' ? 'closed' : 'open';
  renderDrawers();
});
for (const query of [NARROW, MEDIUM]) query.addEventListener('change', () => { ui.drawer = null; scheduleRender(); });

const THEMES = ['auto', 'light', 'dark'];
const LIGHT = '#f3efe7', DARK = '#131519';

/** @param {string} theme */
function setTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  // The window of an installed page has the color --rail of the theme.
  $('light-color').setAttribute('content', theme === 'dark' ? DARK : LIGHT);
  $('dark-color').setAttribute('content', theme === 'light' ? LIGHT : DARK);
  $('theme-icon').setAttribute('href', `#i-${theme}`);
  $('theme').dataset.value = theme;
  writeTheme();
}

function writeTheme() {
  const theme = currentTheme();
  $('theme').title = theme === 'dark' ? t('Theme: dark') : theme === 'light' ? t('Theme: light') : t('Theme: as the system');
  $('theme').setAttribute('aria-label', $('theme').title);
}

export function loadTheme() {
  const theme = load('localStorage', THEME_KEY);
  setTheme(THEMES.includes(theme) ? theme : 'auto');
}

export const currentTheme = () => $('theme').dataset.value ?? 'auto';

/** @param {string} theme */
export function chooseTheme(theme) {
  setTheme(theme);
  save('localStorage', THEME_KEY, theme === 'auto' ? null : theme);
}

$('theme').addEventListener('click', () => chooseTheme(THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length]));
onLanguage(writeTheme);
