// Takes over the messages that closed pages left in the stored outbox.

import { addStoredMessages, assignSender } from '../outbox.mjs';
import { continueIdsAfter, joinRoom, sendAll, setOutboxReady } from './chat.mjs';
import { connection } from './connect.mjs';
import { remember } from './remember.mjs';
import { opening, outboxStore } from './storage.mjs';
import { commit, state } from './store.mjs';
import { ui } from './ui.mjs';

const CHECK_EVERY_MS = 5_000; // a page finds the messages of a crashed page within this time

/**
 * Takes over messages if this page can send them. A page can't send messages at the entrance, or if the page will not reconnect.
 */
async function claimMessages() {
  if (!ui.inside || state.status.state === 'closed') return;
  const items = await outboxStore.claim(takeOver);
  continueIdsAfter(items);
  const before = state.rooms;
  commit(addStoredMessages(state, items));
  if (state.self && items.length) commit(assignSender(state, state.self));
  if (!connection.isOnline) return;
  for (const name of state.rooms.keys()) if (!before.has(name)) joinRoom(name, { show: false });
  sendAll();
}

export const takeOver = () => claimMessages().catch(() => {});

let running = opening.then(() => {
  outboxStore.mirror([], state.outbox);
  remember();
  setInterval(takeOver, CHECK_EVERY_MS);
}).catch(() => {});

/** Takes over messages before the first message of a connection is sent. */
export function takeOverFirst() {
  setOutboxReady(false);
  const last = running = running.then(takeOver).then(() => {
    if (running !== last) return;
    setOutboxReady(true);
    sendAll();
  });
}
takeOverFirst();
