// The files of messages and of drafts.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyChanges } from '../../Server/Web/client/changes.mjs';
import { contentPath, filesOf, filesWords, iconOf, kindOf, nameParts, pictureBox, picturesIn, previewPath, sameFiles, sizeWords } from '../../Server/Web/client/files.mjs';
import { createEntry, insertEntry } from '../../Server/Web/client/log.mjs';
import { notificationOf } from '../../Server/Web/client/notification.mjs';
import { acknowledgeMessage, enqueueMessage, matchEchoes } from '../../Server/Web/client/outbox.mjs';
import { createRows } from '../../Server/Web/client/rows.mjs';
import { switcherItems } from '../../Server/Web/client/switcher.mjs';
import { isPastedFile, readinessOf, readyAttachment, selectFiles, shareOf, Tray, trayWords } from '../../Server/Web/client/tray.mjs';
import { ANN, BOB, change, EMPTY_STATE, inLobby, lobby, message, NOON, outboxItem, receive, roomWith, withOutbox, WHOLE } from './support.mjs';

const CAT = { id: 'a1', name: 'cat.png', type: 'image/png', bytes: 2_048, width: 800, height: 600 };
const REPORT = { id: 'b2', name: 'report.pdf', type: 'application/pdf', bytes: 1_234_567 };
const withFiles = (seq, text, ...files) => message(seq, text, BOB, { files });
const attachment = (changes = {}) => ({ key: 'k', name: 'cat.png', bytes: 100, type: 'image/png', state: 'waiting', sent: 0, ...changes });

describe('the files of a frame', () => {
  test('are the valid records of the frame', () => {
    assert.deepEqual(filesOf([CAT, { ...REPORT, more: 1 }]), [CAT, REPORT]);
    assert.deepEqual(filesOf([null, 7, {}, { ...CAT, id: '' }, { ...CAT, bytes: '1' }, { ...REPORT, name: '' }]), [{ ...REPORT, name: 'file' }]);
    for (const nothing of [undefined, null, 'x', [], [{}]]) assert.equal(filesOf(nothing), undefined);
  });
  test('have a width and a height only if both are valid', () => {
    for (const size of [{ width: 0 }, { height: -1 }, { width: 1.5 }, { height: undefined }, { width: '9' }]) assert.equal(filesOf([{ ...CAT, ...size }])[0].width, undefined);
  });
  test('are compared by their ids', () => {
    assert.ok(sameFiles(undefined, []));
    assert.ok(sameFiles([CAT, REPORT], [{ ...CAT, name: 'x' }, REPORT]));
    assert.ok(!sameFiles([CAT], undefined));
    assert.ok(!sameFiles([CAT, REPORT], [REPORT, CAT]));
  });
});

describe('a file', () => {
  test('is a picture if it has a preview; otherwise its type decides: video, audio, text or just a file', () => {
    const kinds = [CAT, { ...CAT, width: undefined }, { type: 'video/mp4' }, { type: 'video/x-matroska' }, { type: 'audio/wav' }, { type: 'text/plain' }, { type: 'application/zip' }].map(kindOf);
    assert.deepEqual(kinds, ['picture', 'file', 'video', 'file', 'audio', 'text', 'file']);
  });
  test('has an icon for its kind', () => {
    const icons = ['image/heic', 'video/quicktime', 'audio/flac', 'application/gzip', 'application/pdf', 'text/plain', 'application/octet-stream', ''].map((type) => iconOf({ type }));
    assert.deepEqual(icons, ['picture', 'video', 'audio', 'archive', 'text', 'text', 'file', 'file']);
  });
  test('has an address below files/, whatever its id and its name are', () => {
    assert.equal(contentPath({ id: 'a1', name: '../..\\?#%/ä.html' }), 'files/a1/..%2F..%5C%3F%23%25%2F%C3%A4.html');
    assert.equal(contentPath({ id: '../x', name: '\uD800' }), 'files/..%2Fx/%EF%BF%BD');
    assert.equal(contentPath({ id: '..', name: '..' }), 'files/_/_');
    assert.equal(previewPath({ id: 'a/b' }), 'files/a%2Fb/preview');
  });
  for (const [bytes, words] of [[0, '0 bytes'], [1, '1 byte'], [999, '999 bytes'], [1_000, '1 KB'], [1_536, '1.5 KB'], [20_971_520, '20 MB'], [1_500_000_000_000_000, '1,364 TB']]) {
    test(`of ${bytes} bytes has the size ${words}`, () => assert.equal(sizeWords(bytes), words));
  }
});

describe('the words for files', () => {
  test('say the number of pictures or files, or the name of a single file', () => {
    assert.deepEqual([[], [CAT], [CAT, CAT], [REPORT], [CAT, REPORT]].map(filesWords), ['', 'a picture', '2 pictures', 'report.pdf', '2 files']);
    assert.equal(filesWords(undefined), '');
  });
  test('isolate a name, and remove characters that change the text direction', () => {
    assert.equal(filesWords([{ ...REPORT, name: '\u202Efdp.exe' }]), 'fdp.exe');
    assert.equal(filesWords([{ ...REPORT, name: 'קובץ.pdf' }]), '\u2068קובץ.pdf\u2069');
  });
  test('replace the missing text in a quote, in a notification and in the switcher', () => {
    const room = roomWith([withFiles(1, '', CAT), message(2, 'nice', BOB, { reply: 1 })]);
    const rows = createRows(room, [], WHOLE, ANN, Date.parse(NOON));
    assert.equal(rows.at(-1).label, 'bob: a picture');
    assert.equal(notificationOf(withFiles(3, '', CAT), room, ANN).body, 'sent a picture');
    assert.equal(notificationOf(withFiles(3, 'look', CAT), room, ANN).body, 'look');
    const found = { query: 'report', before: null, messages: [withFiles(1, '', REPORT)] };
    assert.equal(switcherItems({ ...EMPTY_STATE, found }, 'report', []).find(({ kind }) => kind === 'message').label, 'report.pdf');
  });
});

describe('the space of a picture', () => {
  test('has the ratio of the picture, and fits into the largest box', () => {
    assert.deepEqual(pictureBox({ width: 800, height: 600 }), { width: 400, height: 300 });
    assert.deepEqual(pictureBox({ width: 600, height: 1_200 }), { width: 160, height: 320 });
    assert.deepEqual(pictureBox({ width: 100, height: 80 }), { width: 100, height: 80 });
  });
  test('has a minimum width and height, so that a person can see and click it', () => {
    assert.deepEqual(pictureBox({ width: 1, height: 1 }), { width: 64, height: 64 });
    assert.deepEqual(pictureBox({ width: 10_000, height: 10 }), { width: 400, height: 64 });
  });
});

describe('the log', () => {
  test('shows the files of a message, also after a later copy of the message has arrived', () => {
    const entry = createEntry(withFiles(1, '', CAT));
    assert.deepEqual(entry.files, [CAT]);
    assert.deepEqual(insertEntry([entry], createEntry({ ...withFiles(1, 'new', CAT), edited: NOON }))[0].files, [CAT]);
  });
  test('removes the files of a deleted message', () => {
    const entries = [createEntry(withFiles(1, 'x', CAT))];
    assert.equal(applyChanges(entries, [change('deleted', 2, 1)])[0].files, undefined);
    assert.equal(insertEntry(entries, createEntry({ ...withFiles(1, '', CAT), deleted: true }))[0].files, undefined);
  });
  test('has pictures in the order of the messages', () => {
    const { entries } = roomWith([withFiles(1, '', CAT, REPORT, { ...CAT, id: 'c3' }), message(2, 'x'), withFiles(3, '', CAT)]);
    assert.deepEqual(picturesIn(entries).map(({ key }) => key), ['s1 a1', 's1 c3', 's3 a1']);
  });
});

describe('a message with files in the outbox', () => {
  const item = (changes = {}) => outboxItem('m1', { text: '', files: [CAT], attempted: true, ...changes });

  test('becomes a message of the log with its files', () => {
    const state = withOutbox(inLobby(), item());
    assert.deepEqual(lobby(acknowledgeMessage(state, item(), { room: 'lobby', seq: 1, at: NOON })).entries[0].files, [CAT]);
    assert.deepEqual(lobby(enqueueMessage(inLobby(), item())).entries, []);
  });
  test('matches only an event with the same files', () => {
    const state = withOutbox(inLobby(), item());
    const echo = (...files) => matchEchoes(state, 'lobby', [message(5, '', ANN, { files })]).outbox[0].echo;
    assert.equal(echo(CAT), 5);
    assert.equal(echo(REPORT), undefined);
    assert.equal(echo(), undefined);
  });
  test('appears in the answer to a typed /history with the words for its files', () => {
    const next = receive(inLobby(), { type: 'history', room: 'lobby', messages: [withFiles(1, '', CAT)] });
    assert.match(lobby(next).entries.at(-1).text, /bob: a picture$/);
  });
});

describe('the tray', () => {
  test('keeps the files of each room apart', () => {
    const tray = new Tray(null);
    tray.add('a', [attachment({ key: '1' })]);
    tray.add('b', [attachment({ key: '2', state: 'ready', file: CAT })]);
    assert.deepEqual([tray.of('a').length, tray.of('b').length, tray.of('c').length, tray.of(null).length], [1, 1, 0, 0]);
    assert.deepEqual(tray.take('b'), [CAT]);
    assert.deepEqual(tray.rooms, ['a']);
    tray.remove('1');
    assert.deepEqual(tray.rooms, []);
  });
  test('creates a new list for each change, so that the page draws the change', () => {
    const tray = new Tray(null);
    tray.add('a', [attachment()]);
    const before = tray.of('a');
    tray.change('k', { sent: 50 });
    assert.notEqual(tray.of('a'), before);
    assert.equal(tray.find('k').sent, 50);
    tray.change('unknown', { sent: 60 });
    assert.equal(tray.find('unknown'), undefined);
  });
  test('uploads the oldest file first', () => {
    const tray = new Tray(null);
    tray.add('a', [attachment({ key: '1', state: 'uploading' }), attachment({ key: '2' }), attachment({ key: '3' })]);
    assert.equal(tray.next.key, '2');
    assert.equal(tray.uploading, 1);
  });
  test('moves the files to the server’s spelling of the room’s name', () => {
    const tray = new Tray(null);
    tray.add('Lobby', [attachment()]);
    tray.renameRoom('Lobby', 'lobby');
    assert.deepEqual(tray.rooms, ['lobby']);
    tray.renameRoom('nothing', 'here');
    assert.deepEqual(tray.rooms, ['lobby']);
  });
  test('keeps uploaded files over a reload, and marks the other files as failed', () => {
    const tray = new Tray(null);
    tray.add('a', [attachment({ key: '1', state: 'ready', file: CAT, user: 'u' }), attachment({ key: '2', state: 'uploading', sent: 9 })]);
    const next = new Tray(JSON.parse(JSON.stringify(tray.entries())));
    assert.deepEqual(next.of('a').map(({ key, state, isLost = false }) => [key, state, isLost]), [['1', 'ready', false], ['2', 'failed', true]]);
    assert.match(next.of('a')[1].error, /add the file again/);
    assert.equal(new Tray(null).entries(), null);
  });
  test('ignores stored data that is not valid', () => {
    for (const stored of ['x', [7], [['a']], [['a', [{}]]], [['a', [{ key: 'k', name: 'x', state: 'ready' }]]]]) assert.deepEqual(new Tray(stored).rooms, []);
  });
  test('does not send a file that another user has uploaded', () => {
    const tray = new Tray(null);
    tray.add('a', [attachment({ key: '1', state: 'ready', file: CAT, user: 'u-old' }), attachment({ key: '2', state: 'ready', file: CAT, user: 'u-new' })]);
    tray.assignUser('u-new');
    assert.deepEqual(tray.of('a').map(({ state }) => state), ['failed', 'ready']);
    assert.equal(readinessOf(tray.of('a')), 'failed');
  });
  test('takes back the files of a message that was not sent', () => {
    const back = readyAttachment(CAT, 'k', 'u');
    assert.equal(readinessOf([back]), 'ready');
    assert.equal(shareOf(back), 1);
  });
});

describe('sending', () => {
  test('waits for uploads, but not for files whose upload has failed', () => {
    assert.equal(readinessOf([]), 'ready');
    assert.equal(readinessOf([attachment({ state: 'ready' }), attachment({ state: 'uploading' })]), 'uploading');
    assert.equal(readinessOf([attachment({ state: 'uploading' }), attachment({ state: 'failed' })]), 'failed');
  });
  test('is explained in one or two short sentences', () => {
    const running = attachment({ state: 'uploading', sent: 30 });
    assert.equal(trayWords([running], false), 'Uploading cat.png, 25%.');
    assert.equal(trayWords([{ ...running, sent: 49 }], false), 'Uploading cat.png, 25%.', 'a screen reader does not read each percent');
    assert.equal(trayWords([running, attachment()], true), 'Uploading 2 files. Your message is sent after that.');
    assert.equal(trayWords([running, attachment({ state: 'failed' })], false), 'Uploading cat.png, 25%. 1 file was not uploaded.');
    assert.equal(trayWords([attachment({ state: 'ready' })], false), '1 file is ready to send.');
    assert.equal(trayWords([], false), '');
  });
  test('the progress of an empty file stays 0 until the file is uploaded', () => assert.equal(shareOf(attachment({ bytes: 0 })), 0));
});

describe('choosing files', () => {
  const file = (name, size) => ({ name, size });

  test('refuses a file that is too big, before it is uploaded, and says how big a file may be', () => {
    const { accepted, refusals } = selectFiles([file('a', 10), file('\u202Eb', 5_000_000)], 0, 1_048_576);
    assert.deepEqual(accepted.map(({ name }) => name), ['a']);
    assert.deepEqual(refusals, ['b has 4.8 MB. A file may have at most 1 MB.']);
  });
  test('leaves out files if one message can’t have so many', () => {
    const { accepted, refusals } = selectFiles(Array.from({ length: 5 }, (_, index) => file(`${index}`, 1)), 8, 100);
    assert.equal(accepted.length, 2);
    assert.deepEqual(refusals, ['A message may have at most 10 files. 3 files were left out.']);
  });
  test('takes a pasted file, but not the picture of a pasted text', () => {
    assert.ok(isPastedFile(['Files']));
    assert.ok(isPastedFile(['text/html', 'Files']));
    assert.ok(isPastedFile(['text/plain', 'Files']));
    assert.ok(!isPastedFile(['text/plain', 'text/html', 'Files']));
    assert.ok(!isPastedFile(['text/plain']));
  });
});

test('nameParts separates the extension, so that it stays visible when the name is cut', () => {
  assert.deepEqual(nameParts('Quarterly report final.pdf'), ['Quarterly report final', '.pdf']);
  assert.deepEqual(nameParts('backup.tar.gz'), ['backup.tar', '.gz']);
  for (const name of ['README', '.gitignore', 'Mr. Smith', 'a.b c', 'end.', 'a.longextension', '']) assert.deepEqual(nameParts(name), [name, '']);
});
