// Tests of the whole page: uploads, and messages with the uploaded files.

import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN, at, BOB, change, message } from './support.mjs';

const requests = [];
class FakeRequest {
  upload = {}; headers = {}; status = 0; responseText = '';
  open(method, url) { Object.assign(this, { method, url }); }
  setRequestHeader(name, value) { this.headers[name] = value; }
  send(body) {
    this.body = body;
    requests.push(this);
  }
  abort() { this.isAborted = true; }
  answer(status, body) {
    Object.assign(this, { status, responseText: JSON.stringify(body) });
    this.onload();
  }
  accept(id) { this.answer(201, { id, name: this.body.name, type: 'text/plain', bytes: this.body.size }); }
}

describe('in the page', () => {
  let page;
  after(() => mock.timers.reset());
  const items = () => page.$('tray').children;
  const states = () => items().map(({ dataset }) => dataset.state);
  const says = () => page.sent.filter(({ type }) => type === 'say');
  const welcome = { type: 'welcome', ...ANN, guest: true, session: '', limits: { textLength: 100, fileBytes: 1_000 }, features: ['files'] };
  const choose = (...names) => {
    page.$('attach-files').files = names.map((name) => new File([`content of ${name}`], name, { type: 'text/plain' }));
    page.$('attach-files').dispatchEvent(new Event('change'));
  };
  const press = (item, what) => {
    const event = new Event('click');
    const dataset = { key: item.dataset.key, do: what };
    Object.defineProperty(event, 'target', { value: Object.setPrototypeOf({ closest: () => ({ dataset }) }, Element.prototype) });
    page.$('tray').dispatchEvent(event);
  };

  before(async () => {
    page = await startPage({ address: 'http://chat.test/base/?name=ann&room=lobby' });
    globalThis.XMLHttpRequest = FakeRequest;
    page.receive(welcome);
    page.receive({ type: 'joined', id: page.sent.find(({ type }) => type === 'join').id, room: 'lobby', epoch: 'e1', seq: 0, role: 'member', members: [ANN, BOB], memberCount: 2, messages: [] });
    await page.settle();
  });

  test('a file is uploaded with its name, below the path of the page', () => {
    choose('a ä.txt');
    assert.equal(`${requests[0].method} ${requests[0].url}`, 'POST http://chat.test/base/files');
    assert.deepEqual(requests[0].headers, { 'content-type': 'text/plain', 'x-file-name': 'a%20%C3%A4.txt' });
    assert.deepEqual(states(), ['uploading']);
  });
  test('a message waits for the upload of its file, and is sent with the file', async () => {
    page.type('look');
    page.press('Enter');
    assert.equal(says().length, 0);
    requests[0].accept('f1');
    await page.until(() => says().length === 1);
    assert.deepEqual(says().map(({ text, files }) => [text, files]), [['look', ['f1']]]);
    assert.deepEqual(states(), []);
    page.receive({ type: 'ack', id: says()[0].id, room: 'lobby', seq: 1, at: at(1) });
  });
  test('the removal of a file stops its upload, and the message waits for the other files', () => {
    choose('b.txt', 'c.txt');
    const [first, second] = requests.slice(-2);
    page.press('Enter');
    press(items()[0], 'detach');
    assert.ok(first.isAborted);
    assert.ok(!second.isAborted);
    assert.match(page.$('tray-status').textContent, /Your message is sent after that/);
    press(items()[0], 'detach');
    assert.ok(second.isAborted);
    assert.equal(says().length, 1);
  });
  test('an upload that fails because the connection was lost starts again after the page has reconnected', async () => {
    choose('d.txt');
    requests.at(-1).onerror();
    assert.deepEqual(states(), ['failed']);
    const count = requests.length;
    page.socket.onclose({ code: 1006 });
    mock.timers.tick(60_000);
    await page.settle();
    page.receive(welcome);
    assert.equal(requests.length, count + 1);
    requests.at(-1).accept('f4');
    assert.deepEqual(states(), ['ready']);
    press(items()[0], 'detach');
  });
  test('a player stays the same element when somebody reacts to its message', async () => {
    page.receive({ type: 'joined', id: page.sent.findLast(({ type }) => type === 'join').id, room: 'lobby', epoch: 'e1', seq: 1, role: 'member', members: [ANN, BOB], memberCount: 2, messages: [] });
    page.receive(message(2, 'listen', BOB, { files: [{ id: 'f5', name: 'tone.wav', type: 'audio/wav', bytes: 50 }] }));
    const players = () => page.$('log').find(({ tag }) => tag === 'audio');
    await page.until(() => players().length === 1);
    const [player] = players();
    player.focus();
    page.receive(change('reacted', 3, 2, { emoji: '👍' }));
    await page.until(() => page.$('log').textContent.includes('👍'));
    assert.match(page.$('log').textContent, /👍/);
    assert.equal(players().length, 1);
    assert.equal(players()[0], player);
    assert.equal(document.activeElement, player);
  });
});
