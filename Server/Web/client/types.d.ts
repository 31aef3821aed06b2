// The types that several modules share. Only the type checker reads this file.

/** A frame of the chat protocol (Protocol/README.md). Its fields depend on its type. */
export interface Frame { type: string; [field: string]: any }

export type TransportName = 'ws' | 'sse' | 'stream' | 'longpoll' | 'poll' | 'iframe';

/** Why a transport closed. */
export interface CloseInfo {
  reason?: string;
  /** The WebSocket close code, or the code of a `bye` frame. */
  code?: number;
  /** The server asks the page to wait at least this long before it connects again. */
  retryAfterMs?: number;
  /** The transport has reported no failure, but the page has received nothing for too long. */
  hung?: boolean;
  /** A proxy on the path delays streamed responses. */
  buffers?: boolean;
  /** The leading tab has changed, or this tab must have its own connection. The page connects again immediately. */
  isMoved?: boolean;
}

/** Exchanges frames with the server. A transport calls its `on…` methods, which the owner of the transport replaces. */
export interface Transport {
  open(): void;
  /** Sends a frame as JSON, or a line as a person types it. Returns whether the transport accepted it. */
  send(text: string): boolean;
  close(): void;
  /** Whether the transport still waits for an answer. */
  readonly isBusy: boolean;
  /** Whether the transport uses the connection of another tab. */
  readonly isShared?: boolean;
  /** The name of the other tab's transport, if this transport uses the connection of another tab. */
  readonly via?: TransportName;
  /** The transport works in both directions. The welcome is null if the server continues the session as before. */
  onready(welcome: Frame | null): void;
  onframe(frame: Frame): void;
  /** The server no longer knows this session's rooms: the page must join them again. */
  onreset(welcome: Frame): void;
  /** The server sent something, so the connection works. */
  onactivity(): void;
  /** The transport has closed. Called once. */
  onclose(info: CloseInfo): void;
}

/** Counts the bytes and requests of a transport, for the transport lab. */
export interface Meter {
  countRequest(body?: number): void;
  countBytes(bytes: number): void;
  countFrame(payload: number, bytes?: number): void;
}

/** State that successive HTTP transports of one session share. */
export interface HttpSessionState {
  /** The position up to which the page has read the session's outbox on the server; null before the first answer. */
  cursor: number | null;
  /** The classes of the stream transports for which the page knows that no proxy buffers their streams. */
  trusted: Set<Function>;
  /** The name of this device: the session has an outbox for each device. Without a name, the page reads the outbox of the default device. */
  device?: string;
  meter?: Meter;
  /** Whether the server adds a timestamp (a `wire` frame) when it hands frames to the connection. */
  timestamps?: boolean;
}

export interface TransportOptions {
  socketUrl: () => URL;
  base: string;
  http: HttpSessionState;
}

/** A message between two tabs. `from` and `to` name tabs, or transports of tabs. Without `to`, all tabs receive the message. */
export interface TabMessage {
  from: string;
  to?: string[];
  /**
   * From a tab that follows: `hello` (with its user), `send` (with texts), `ping` (with `isAttached`) and `gone`. From the tab that leads: `lead` (it begins to
   * lead, or is online again), `ready`, `frame`, `close`, `pong` and `alone` (the tab must have a connection of its own).
   */
  kind: 'hello' | 'send' | 'ping' | 'gone' | 'lead' | 'ready' | 'frame' | 'close' | 'pong' | 'alone';
  user?: string;
  name?: string;
  guest?: boolean;
  texts?: string[];
  isAttached?: boolean;
  via?: TransportName;
  frame?: Frame;
  info?: CloseInfo;
}

/** The methods of Tabs that the transport of a tab that follows uses. */
export interface TabLink {
  transport: any;
  isVisible(): boolean;
  createName(): string;
  post(message: Omit<TabMessage, 'from'> & { from?: string }): void;
  steal(): void;
}

export type StatusName = 'idle' | 'connecting' | 'online' | 'reconnecting' | 'offline' | 'closed';

/** The status of the connection. */
export interface Status {
  state: StatusName;
  transport?: TransportName;
  reason?: string;
  /** The time of the next attempt, on the clock of performance.now(). */
  retryAt?: number | null;
  attempt?: number;
  code?: number;
}

/** A change of the transport. `buffers`: a proxy on the path delays streamed responses. */
export interface TransportChange { from: TransportName; to: TransportName; buffers?: boolean; reason?: string; code?: number }

/** The facts that the report of the diagnostics shows in addition to the records of the connection. `oldest` is the time of the oldest unsent message. */
export interface DiagnosticFacts {
  at: string;
  address: string;
  browser: string;
  language: string;
  state: StatusName;
  transport: TransportName;
  why: string;
  rooms: number;
  pending: number;
  failed: number;
  oldest?: string;
}

export interface User { user: string; name: string; guest?: boolean; bot?: boolean }

/** An entry of the list of members. `isAway`: the person is not in the room now. */
export interface ListedMember { user: string; name: string; isAway: boolean; isBot: boolean }

export interface MemberGroup { kind: 'owner' | 'moderator' | 'member' | 'bot'; members: ListedMember[] }

/** `fileBytes` is the maximum size of a file; 0 or absent if the server takes no files. */
export interface Limits { textLength?: number; namedMembers?: number; fileBytes?: number }

/** A file of a message. Only a picture with a preview has a width and a height. */
export interface AttachedFile { id: string; name: string; type: string; bytes: number; width?: number; height?: number }

/** A file of a draft: it is uploaded before the message is sent. */
export interface Attachment {
  key: string;
  name: string;
  bytes: number;
  type: string;
  state: 'waiting' | 'uploading' | 'ready' | 'failed';
  /** How many bytes the browser has sent. */
  sent: number;
  error?: string;
  /** The page no longer has the content of the file, so it can't upload the file again. */
  isLost?: boolean;
  /** The server was not reached. The page tries again when it is connected again. */
  isRetried?: boolean;
  /** The stored file after the upload, and the user who has uploaded it. */
  file?: AttachedFile;
  user?: string | null;
}

/** A picture of a room's log. */
export interface Picture { key: string; file: AttachedFile; from: User; at: string }

/** A token of a room, with which a program posts. */
export interface ProgramToken { name: string; at: string }

/** The outgoing webhook of a room. Without an address, the room has none. */
export interface Webhook {
  url?: string;
  /** The server has delivered, or given up, all events up to this seq. */
  delivered: number;
  /** Set if the newest attempt failed. `next` is the time of the next attempt; it is absent if the receiver has turned the webhook off. */
  failing?: { error: string; since: string; next?: string };
  /** The events that the server has given up. */
  failed: FailedEvent[];
}

/** An event that the server could not deliver. `at` is the time at which the server gave it up. */
export interface FailedEvent { seq: number; at: string; attempts: number; error: string }

export interface PresenceChange { user: string; name: string; what: string; was?: string }

/** The people who reacted to a message, by emoji. */
export type Reactions = Map<string, User[]>;

/** An action of a moderator. `user` and `name` are those of the user whom the action concerns. */
export interface Moderation { action: string; user?: string; name?: string; role?: string; seconds?: number; reason?: string }

/** The words for an action of a moderator, in the order in which the page shows them. */
export interface ModerationWords {
  /** The sentence, with the placeholders {actor}, {name} and {reason}. */
  text: string;
  /** The person whom the action concerns. */
  whom: User;
  isSelf: boolean;
  reason?: string;
}

/** Which messages of a room notify the person. */
export type NotifyLevel = 'all' | 'mentions' | 'none';

export type PersonAction = 'message' | 'mention' | 'owner' | 'moderator' | 'member' | 'mute' | 'unmute' | 'kick' | 'ban' | 'unban';

export type RoomAction = 'favourite' | 'topic' | 'notify' | 'invite' | 'slow' | 'programs' | 'leave' | 'close';

/** A question of the page, and the request that it sends. */
export interface Form {
  title: string;
  words: string;
  /** The label of the button that sends the request. */
  yes: string;
  /** The request can't be undone. */
  isDangerous?: boolean;
  /** `names` are suggestions. */
  field?: { label: string; value: string; maxLength: number; isRequired: boolean; names?: string[] };
  choice?: { label: string; value: string; options: { value: string; words: string }[] };
  /** A check box. If it is checked, the page also deletes messages after the server has accepted the request. */
  check?: { label: string; purge: Purge };
  /** Creates the request from what the person wrote and chose. */
  frame(text: string, choice: string): Frame;
  /** Returns the words that the current log shows after the server has accepted the request. */
  done?(text: string): string;
}

/**
 * The deletion of messages of one person. `seqs` are the messages that are left, newest first. `deleted` and `kept` are the numbers of deleted messages
 * and of rejected deletions.
 */
export interface Purge { room: string; name: string; seqs: number[]; deleted: number; kept: number }

/** An entry of a menu. The menu draws a line between two groups of entries. */
export interface MenuItem {
  id: string;
  words: string;
  group: number;
  isDangerous?: boolean;
  /** Whether this setting is the current one. Undefined for an entry that is not a setting. */
  isChecked?: boolean;
}

/** An entry of a room's log: a message, a topic, an action of a moderator, or a notice. Entries are sorted by (order, rank). */
export interface Entry {
  kind: 'message' | 'topic' | 'moderated' | 'notice';
  key: string;
  order: number;
  rank: number;
  at?: string | null;
  /** Set for log events. */
  seq?: number;
  from?: User;
  state?: string;
  text?: string;
  me?: boolean;
  reply?: number;
  files?: AttachedFile[];
  edited?: string;
  deleted?: boolean;
  /** The ids of the users that the message mentions; `here` stands for all. */
  mentions?: string[];
  reactions?: Reactions;
  /** Set for `moderated` events. */
  moderation?: Moderation;
  /** Set for messages of this page. `local` means that the server's copy has not arrived yet. */
  id?: string;
  local?: boolean;
  /** Set for notices. */
  tone?: Tone;
  hint?: string;
  commands?: Command[];
  create?: string | null;
  /** The room to which somebody has invited this user. */
  join?: string;
  changes?: PresenceChange[];
}

export type Tone = 'info' | 'error' | 'gap' | 'help' | 'presence';

export interface Notice {
  /** The room whose log shows the notice; the current room if absent. */
  room?: string | null;
  /** The seq after which the notice appears; the newest one if absent. */
  order?: number;
  at?: string | null;
  tone?: Tone;
  text?: string;
  hint?: string;
  commands?: Command[];
  create?: string | null;
  join?: string;
  changes?: PresenceChange[];
}

/** Where a day begins in the log: the order and the rank of its first entry. */
export interface Day { order: number; rank: number; day: string }

export interface Room {
  name: string;
  topic: string;
  epoch: string | null;
  role: string | null;
  isPrivate: boolean;
  members: Map<string, string>;
  memberCount: number;
  /** The `presence` frames that arrived before the answer to the join. They may be newer than the list of members in the answer. */
  early: Frame[];
  /** The owners and moderators that the page knows: their roles by user. */
  roles: Map<string, string>;
  /** The owners and moderators that are not in the room now: their names by user. */
  away: Map<string, string>;
  /** Whether the page has asked the server for `away` since it joined the room. */
  knowsAway: boolean;
  /** The bots whose messages the page has: their names by id. */
  bots: Map<string, string>;
  entries: Entry[];
  /** Messages that replies answer and that are not in the log, by seq. Null while the page waits for the message, or if the server does not have it. */
  quotes: Map<number, Entry | null>;
  days: Day[];
  live: boolean;
  joinedAt: number;
  cursor: number;
  oldest: number;
  end: number;
  tail: Entry[];
  more: boolean;
  loading: boolean;
  /** The user was removed from the room. The page does not join it again by itself. */
  removed: boolean;
  /** The other person, in a direct room. */
  with: User | null;
  notify: NotifyLevel;
  /** The minimum number of seconds between two messages of a member; 0 for no minimum. */
  slow: number;
  /** The people who are writing, by user. */
  writers: Map<string, Writer>;
  /** How far this user has read, here or on another device. */
  read: number;
  /** The server's counts include the events up to this seq. */
  countedTo: number;
  unread: number;
  mentions: number;
  /** The seq at which the mark of new messages is: before this message, or before the next one if the log does not have it. Null if there is no mark. */
  firstUnread: number | null;
  /** The log shows messages of an earlier visit. The page has not joined the room. */
  isOffline: boolean;
  /** The mark of new messages that the page had stored when it was closed or loaded again. Null after the first join. */
  mark: ReadMark | null;
  /** How far the user had read when the page stored its messages. Perhaps the page has not reported this to the server. Null after the first join. */
  seen: ReadMark | null;
}

/** What the page stores of a room for the time without a network. The messages are the newest ones, oldest first. */
export interface OfflineRoom { name: string; user: string; topic: string; isPrivate: boolean; with: User | null; epoch?: string | null; read?: number; messages: Frame[] }

/** Where the mark of new messages is. The seq belongs to the epoch of the room. */
export interface ReadMark { epoch: string; seq: number }

/** A person who is writing. Each `typing` frame creates a new object. */
export interface Writer { name: string }

/** A message that the server has not acknowledged. */
export interface OutboxItem {
  id: string;
  room: string;
  text: string;
  me: boolean;
  /** The seq of the message that this one answers. */
  reply?: number;
  files?: AttachedFile[];
  at: string;
  /** The author of the message; null before the first welcome. */
  user: string | null;
  name: string;
  /** Whether the page has ever sent the message. */
  attempted: boolean;
  state: 'pending' | 'failed';
  error?: string;
  hint?: string;
  /** The message failed, but the server may have stored it. */
  doubt?: boolean;
  /** The message was sent over the current connection, and has no answer yet. */
  inFlight?: boolean;
  /** The message waits until a rate limit allows the next attempt. */
  waiting?: boolean;
  tries: number;
  /** The seq of the event that is probably this message. */
  echo?: number;
}

export interface Command { command: string; usage?: string; text?: string }

export interface DirectoryRoom { room: string; topic?: string; memberCount?: number }

/** The state of the chat. It is immutable. */
export interface State {
  self: User | null;
  limits: Limits;
  /** What the server offers, one word for each feature. */
  features: string[];
  status: Status;
  rooms: Map<string, Room>;
  current: string | null;
  outbox: OutboxItem[];
  /** The number of the newest notice. */
  serial: number;
  directory: DirectoryRoom[];
  commands: Command[];
  found: Found | null;
}

/** The fields of the search dialog. `since` and `until` are the first and the last day in the person's time zone, such as 2026-11-01. */
export interface SearchFilters { room?: string; author?: string; since?: string; until?: string; hasFile?: boolean }

/** What the last search has found. */
export interface Found {
  /** The text that the person has typed, without the fields of the search dialog. */
  query: string;
  /** Newest first. */
  messages: Frame[];
  /** The cursor of the next page; null if there is none. */
  before: number | null;
}

export type RequestKind = 'join' | 'rejoin' | 'create' | 'leave' | 'history' | 'rooms' | 'help' | 'nick' | 'logout' | 'edit' | 'delete' | 'react' | 'read' | 'typing'
  | 'dm' | 'notify' | 'form' | 'search' | 'tokens' | 'refresh' | 'who' | 'password' | 'purge' | 'quote';

/** A request of the page. The page keeps it until the answer arrives. */
export interface Request {
  kind?: RequestKind;
  room?: string;
  name?: string;
  show?: boolean;
  after?: number;
  /** For a search: its cursor, and the text that the person has typed. */
  before?: number;
  query?: string;
  /** The part of the history that the page asked for. */
  direction?: 'older' | 'newer' | 'newest' | 'around';
  /** With `around`: if there is no message with this seq, the page goes to the next message. */
  orNext?: boolean;
  /** The level of notification that a `notify` request sets. */
  level?: NotifyLevel;
  /** For an edit: the message, and its new text. For `around`: the message around which the page asked for messages. */
  seq?: number;
  text?: string;
  /** The words for the log after the server has accepted the request. */
  done?: string;
  /** The deletion to which this request belongs. */
  purge?: Purge;
  /** For `rooms`: a text that the names of the rooms must contain. */
  match?: string;
}

export interface UpdateContext {
  /** The request that the frame answers. */
  request?: Request;
  /** The room that the reader is looking at. */
  watching: string | null;
  /** The order of the entry that the reader sees in a room, or null if the reader follows the end. */
  readerAt?: (room: string) => number | null;
  /** The time now (ISO 8601). */
  at: string;
}

/** The message that the input replies to or edits. `draft` is the text that was in the input before the edit. */
export interface Composing { kind: 'reply' | 'edit'; room: string; seq: number; draft?: string }

/** The part of a room's log that the page draws. */
export interface LogView {
  following: boolean;
  /** The mark of new messages that the reader has seen. */
  seenMark?: number;
  /** The place to which the view returns when the person comes back to the room. */
  place: ViewPlace | null;
}

/** A row, and its distance from the top of the view in px. Without a distance, the row is in the middle of the view. */
export interface ViewPlace { entry: Entry; offset?: number }

/** Rows by their indexes in the log; `end` is the index after the last one. */
export interface RowRange { start: number; end: number }

/** Rows that are drawn without a gap, and the height in px of the rows above them that are not drawn. */
export interface RowSegment extends RowRange { above: number }

/** Draws the rows of a virtual list, and measures them. All positions are in px from the top of the content. */
export interface Surface {
  /** The size of the view. */
  readonly width: number;
  readonly height: number;
  /** The position of the view. The setter limits the value to the range from 0 to `maxScrollTop`. */
  scrollTop: number;
  readonly maxScrollTop: number;
  /** Draws these rows and removes all others. `below` is the height of the rows below them that are not drawn. */
  draw(segments: RowSegment[], below: number): void;
  /** Changes the height of the space above the first segment. */
  setSpace(height: number): void;
  /** The top of a row, or undefined if it is not drawn. */
  topOf(key: string): number | undefined;
  /** The height of a row with what belongs to it, for example the date above it; undefined if the row is not drawn. */
  heightOf(key: string): number | undefined;
}

/** A message as it is drawn: from the log, or from the outbox (`item`). */
export interface DrawnEntry extends Omit<Entry, 'order' | 'rank'> { order?: number; rank?: number; item?: OutboxItem }

export interface Row {
  kind: 'space' | 'day' | 'new' | 'older' | 'newer' | 'start' | 'wait' | 'removed' | 'message' | 'topic' | 'moderated' | 'notice';
  key: string;
  label?: string;
  /** The room of the row is a direct room, and the label is the other person's name. */
  isDirect?: boolean;
  /** For the top of a complete history: what the top shows about the room. */
  room?: RoomCard;
  entry?: DrawnEntry;
  first?: boolean;
}

/** What the page shows of a room in which nobody has written yet. */
export interface RoomCard {
  name: string;
  topic: string;
  isPrivate: boolean;
  /** The names of some members other than the person. */
  others: string[];
  memberCount: number;
  /** Nobody has written yet. */
  isNew: boolean;
  mayInvite: boolean;
}

/** A public room that the server lists before a person has logged in. */
export interface SiteRoom { room: string; topic?: string; memberCount?: number }

/** What the operator has set for this server. */
export interface Site {
  name: string;
  /** The accent colors of both themes and the color of text on them; null for the page's own. */
  accents: { light: string; onLight: string; dark: string; onDark: string; washLight: string; washDark: string } | null;
  /** The logo as a data: address. */
  logo: string | null;
  rooms: SiteRoom[];
}

/** The rooms of the list, by group. */
export interface RoomGroups { unread: Room[]; favourites: Room[]; direct: Room[]; others: Room[] }

/** What the switcher offers. The id is a room, a user, or the words of a search. */
export interface SwitcherItem {
  kind: 'room' | 'join' | 'person' | 'diagnostics' | 'message' | 'search';
  id: string;
  label: string;
  detail?: string;
  isDirect?: boolean;
  unread?: number;
  seq?: number;
}

export interface TextPiece {
  text: string;
  href?: string;
  room?: string;
  /** The name in a mention. */
  mention?: string;
}

export interface CodePiece { open: string; code: string; close: string; block: boolean }

/** A part of a line: text, code, a mention, or a mark with its own parts. `sign` is the text on both sides of a mark. */
export type Inline = TextPiece | CodePiece | { mark: 'bold' | 'italic' | 'strike' | 'spoiler'; sign: string; pieces: Inline[] };

/** A part of a message: lines of text, or a quote or a list. `open` and `close` are the text before and after each item. */
export type Block = { pieces: Inline[] } | { kind: 'quote' | 'list'; items: { open: string; pieces: Inline[]; close: string }[] };

/** The text of a message, parsed. `plain` is the trimmed text without backticks and marks, and without the words of spoilers. */
export interface ParsedText { pieces: (TextPiece | CodePiece)[]; blocks: Block[]; plain: string }

/** An emoji with its name. The words of the name and the search words are without capitals and accents. */
export interface Emoji { emoji: string; name: string; nameWords: string[]; words: string[] }

export interface Suggestion { what: string; usage?: string; more: string; start: number; isEmoji?: boolean }

/** The person's choice at the entrance. */
export interface Entrance {
  name: string;
  rooms: string[];
  show: string | null;
  /** The id of the user that the page had before it was loaded again. */
  user?: string;
  /** The user must have exactly this name. */
  strict?: boolean;
  enteredAs?: string | null;
  /** Why the server rejected the name. */
  refusal?: string;
  direct?: Place['direct'];
  marks?: Place['marks'];
}

/** The rooms and the name of the person. The page restores them when it is opened again. */
export interface Place {
  user: string;
  name: string;
  enteredAs: string | null;
  rooms: string[];
  current: string | null;
  session?: string;
  /** The marks of new messages, for the tab that is loaded again. */
  marks?: [room: string, mark: ReadMark][];
  /** The other people of the direct rooms, so that the page can name these rooms before it is connected. */
  direct?: [room: string, person: User][];
}
