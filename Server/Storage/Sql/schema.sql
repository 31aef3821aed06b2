-- The tables of a chat, version 1. Any SQLite program can read them: sqlite3 data/chat.db "select name, text from events".
-- Times are milliseconds since 1970-01-01 00:00 UTC. Ids of users begin with "u", and ids of bots with "b". Booleans are 0 and 1.

-- Users: guests and accounts. The row of a guest is removed some time after the guest's last session has ended.
CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,             -- the registered name, or the last name of a guest
    password_hash TEXT,                         -- NULL for a guest; "" for an account of the table external_accounts, which has no password
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX guests ON users (id) WHERE password_hash IS NULL;

-- The registered names: one row for each skeleton of a name. Names that look the same share a skeleton, so the primary key allows
-- only one of these names.
CREATE TABLE names (
    skeleton      TEXT    NOT NULL PRIMARY KEY,
    user          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX names_by_user ON names (user);

-- The accounts of users who log in with a token of the operator's own site (Auth:Jwt).
CREATE TABLE external_accounts (
    issuer        TEXT    NOT NULL,             -- the claim iss of the token; "" if it has none
    subject       TEXT    NOT NULL,             -- the id of the user at the site
    user          TEXT    NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    claimed_name  TEXT    NOT NULL,             -- the name in the newest token; users.name is made from it
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- The sessions of guests and accounts. The token itself is not stored.
CREATE TABLE sessions (
    token_hash    TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the token, in hex
    user          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,             -- the name that the session uses
    is_guest      INTEGER NOT NULL,
    away_since    INTEGER                       -- when the last connection ended; NULL while the session is connected
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE INDEX sessions_by_away_since ON sessions (is_guest, away_since);

CREATE TABLE rooms (
    id            INTEGER NOT NULL PRIMARY KEY, -- in the order of creation
    name          TEXT    NOT NULL,
    name_key      TEXT    NOT NULL UNIQUE,      -- the name in upper case, so that a room is found in any letter case; "/" and the id if the room is removed but not yet erased
    topic         TEXT    NOT NULL,
    owner         TEXT,                         -- the user who created the room; NULL for the default room
    is_private    INTEGER NOT NULL,             -- never changes, because the search index contains this value
    epoch         TEXT    NOT NULL,             -- the id of the log; "" in a backup, which gets a new one at its first start
    first_seq     INTEGER NOT NULL,             -- the oldest seq that the log still has
    created_at    INTEGER NOT NULL,
    slow_seconds  INTEGER NOT NULL DEFAULT 0,   -- the minimum time between two messages of a member; 0 for no minimum
    direct_users  TEXT                          -- the ids of the two users of a direct room, with a space between them; NULL for other rooms
) STRICT;
CREATE INDEX rooms_by_owner ON rooms (owner);
CREATE INDEX rooms_without_epoch ON rooms (id) WHERE epoch = '';

-- The names of the rooms: one row for each skeleton of a name, as in the table names.
CREATE TABLE room_names (
    skeleton      TEXT    NOT NULL PRIMARY KEY,
    room          INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX room_names_by_room ON room_names (room);

-- The tokens with which programs post to the rooms. The token itself is not stored. A revoked token has no row.
CREATE TABLE tokens (
    token_hash    TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the token, in hex
    room          INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    bot           TEXT    NOT NULL,             -- the author of the messages that are posted with the token; begins with "b"
    name          TEXT    NOT NULL,             -- the name of the token and of its bot
    name_key      TEXT    NOT NULL,             -- the name in upper case
    creator       TEXT    NOT NULL,             -- the user who created the token; no REFERENCES: the token stays when the user is removed
    created_at    INTEGER NOT NULL,
    UNIQUE (room, name_key)
) STRICT, WITHOUT ROWID;

-- The outgoing webhooks: the addresses to which the server sends the events of the rooms.
CREATE TABLE webhooks (
    room          INTEGER NOT NULL PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    id            TEXT    NOT NULL UNIQUE,      -- a random id, a part of the ids that receivers see
    url           TEXT    NOT NULL,
    secret        TEXT    NOT NULL,             -- the key of the signatures: "whsec_" and base64
    delivered_seq INTEGER NOT NULL,             -- the delivery continues after the event with this seq
    failures      INTEGER NOT NULL DEFAULT 0,   -- failed attempts since the last success
    attempts      INTEGER NOT NULL DEFAULT 0,   -- failed attempts to deliver the event after delivered_seq
    failing_since INTEGER,                      -- the first failed attempt since the last success; NULL if the newest attempt did not fail
    next_attempt_at INTEGER,                    -- NULL if the next attempt is due now
    error         TEXT,                         -- the error of the newest attempt; NULL if it did not fail
    is_off        INTEGER NOT NULL DEFAULT 0    -- 1 if the receiver has turned the webhook off (410 Gone)
) STRICT, WITHOUT ROWID;

-- The events that could not be delivered to a webhook. Only the newest ones stay (Webhooks:FailedEvents).
CREATE TABLE webhook_failures (
    room          INTEGER NOT NULL REFERENCES webhooks (room) ON DELETE CASCADE,
    seq           INTEGER NOT NULL,             -- no REFERENCES to the event, which retention may remove
    at            INTEGER NOT NULL,             -- when the delivery was given up
    attempts      INTEGER NOT NULL,
    error         TEXT    NOT NULL,             -- the last error
    is_retried    INTEGER NOT NULL,             -- 1 if an owner or a moderator wants the event to be sent again
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- The members of the rooms. When a user leaves a room, the row stays, because it contains the role, the read mark and the mute.
CREATE TABLE members (
    room          INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    joined_at     INTEGER,                      -- NULL if the user is not a member
    role          TEXT    NOT NULL DEFAULT 'member',  -- owner, moderator, member
    read_seq      INTEGER NOT NULL DEFAULT 0,   -- the read mark
    notify        TEXT    NOT NULL DEFAULT 'all',  -- all, mentions, none
    muted_until   INTEGER,                      -- NULL if the user is not muted; 9223372036854775807 if the mute has no end
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user, joined_at);

-- The bans. A banned guest has one row for each address, so that new guests from these addresses are banned too.
CREATE TABLE bans (
    room          INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user          TEXT    NOT NULL,             -- no REFERENCES: the ban stays when a guest's row is removed
    address       TEXT    NOT NULL,             -- an IPv4 address, or the first 64 bits of an IPv6 address; "" for the user alone
    name          TEXT    NOT NULL,             -- the user's name when the ban began
    until         INTEGER,                      -- NULL if the ban has no end
    PRIMARY KEY (room, user, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX bans_by_user ON bans (user);
CREATE INDEX bans_by_address ON bans (address);

-- The logs of all rooms. The seqs of a room have no gap.
CREATE TABLE events (
    room          INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq           INTEGER NOT NULL,             -- 1, 2, 3 …
    kind          TEXT    NOT NULL,             -- message, topic, edited, deleted, reacted, moderated
    author        TEXT    NOT NULL,             -- the id of the user or the bot; the event stays when a guest's row is removed
    name          TEXT    NOT NULL,             -- the author's name when the event was posted
    at            INTEGER NOT NULL,             -- when the event was stored
    text          TEXT    NOT NULL,             -- the current text of a message; "" in a deleted message and in the event of an edit
    body          TEXT,                         -- the other fields, as JSON, such as reply (a seq), me (an action) and files; NULL if there is none
    target        INTEGER,                      -- edited, deleted, reacted: the seq of the message
    edited_at     INTEGER,                      -- when the text of a message was changed last; NULL if it was never changed
    is_deleted    INTEGER NOT NULL DEFAULT 0,   -- 1 in a deleted message
    search_id     INTEGER,                      -- the row of a message in the search index: 256 times the time, plus 0, 1, 2 …; NULL if it has none
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX events_by_search_id ON events (search_id) WHERE search_id IS NOT NULL;

-- The emojis that users have added to messages.
CREATE TABLE reactions (
    room          INTEGER NOT NULL,
    seq           INTEGER NOT NULL,             -- the message
    emoji         TEXT    NOT NULL,
    user          TEXT    NOT NULL,
    name          TEXT    NOT NULL,             -- the user's name at the time of the reaction
    event         INTEGER NOT NULL,             -- the seq of the reaction
    PRIMARY KEY (room, seq, emoji, user),
    FOREIGN KEY (room, seq) REFERENCES events (room, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The users that messages mention.
CREATE TABLE mentions (
    user          TEXT    NOT NULL,             -- the id of the user, or "here" for all members
    room          INTEGER NOT NULL,
    seq           INTEGER NOT NULL,             -- the message
    PRIMARY KEY (user, room, seq),
    FOREIGN KEY (room, seq) REFERENCES events (room, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_event ON mentions (room, seq);

-- The uploaded files. The folder "files" has their contents: files/ab/abcdef… by the hash. A file is removed with the last message that has it.
CREATE TABLE files (
    id            TEXT    NOT NULL PRIMARY KEY, -- random; part of the file's address
    hash          TEXT    NOT NULL,             -- SHA-256 of the content, in hex; several files may have the same content
    name          TEXT    NOT NULL,
    type          TEXT    NOT NULL,             -- the media type, such as image/png
    bytes         INTEGER NOT NULL,
    width         INTEGER,                      -- the size of an image in pixels; NULL if the file has no preview
    height        INTEGER,
    uploader      TEXT    NOT NULL,             -- the id of the user; the file stays when a guest's row is removed
    created_at    INTEGER NOT NULL,
    is_posted     INTEGER NOT NULL DEFAULT 0    -- 0 if no message has had the file yet; such a file is removed after Files:UnusedHours
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_hash ON files (hash, bytes);
CREATE INDEX files_by_uploader ON files (uploader, bytes);
CREATE INDEX unposted_files ON files (created_at) WHERE is_posted = 0;

-- The files of messages.
CREATE TABLE message_files (
    room          INTEGER NOT NULL,
    seq           INTEGER NOT NULL,             -- the message
    position      INTEGER NOT NULL,             -- 0, 1, 2 …
    file          TEXT    NOT NULL REFERENCES files (id),
    PRIMARY KEY (room, seq, position),
    FOREIGN KEY (room, seq) REFERENCES events (room, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX message_files_by_file ON message_files (file);

-- The contents that no file has any more. The server removes them from the folder, and then from this table.
CREATE TABLE unused_contents (
    hash          TEXT    NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER message_file_removed AFTER DELETE ON message_files BEGIN
    DELETE FROM files WHERE id = OLD.file AND NOT EXISTS (SELECT 1 FROM message_files WHERE file = OLD.file);
END;
CREATE TRIGGER file_removed AFTER DELETE ON files WHEN NOT EXISTS (SELECT 1 FROM files WHERE hash = OLD.hash) BEGIN
    INSERT INTO unused_contents (hash) VALUES (OLD.hash) ON CONFLICT DO NOTHING;
END;

-- The ids that clients gave to their messages. With these ids, the server recognizes a message that is sent again. A row is removed after
-- Data:ClientIdDays.
CREATE TABLE client_ids (
    author        TEXT    NOT NULL,
    client_id     TEXT    NOT NULL,
    room          INTEGER NOT NULL,             -- no REFERENCES: removing a room would read the whole table
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (author, client_id)
) STRICT, WITHOUT ROWID;

-- The search index: the words of all messages that are not deleted. It has no copy of the texts. The triggers below call search_words and
-- search_filters, which are functions of the server. So other programs can read messages, but they cannot change them.
CREATE VIRTUAL TABLE search USING fts5 (
    words,                                      -- the words of the text
    filters,                                    -- words for the room, for a private room, for a file, and for the author's id and name
    content = '', columnsize = 0, tokenize = 'ascii'
);

-- With this option, the index erases removed words from the file too. Otherwise it would only mark them as removed.
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

-- The new messages that are not in the index yet. It costs much less to add many messages to the index together than to add each one when it
-- is stored. So the server adds them in groups, every ten seconds and before each search.
CREATE TABLE unindexed (
    search_id     INTEGER NOT NULL PRIMARY KEY  -- events.search_id
) STRICT;

-- The triggers update the index whenever a message changes. They must not remove a message that is not in the index yet.
CREATE TRIGGER search_added AFTER INSERT ON events WHEN NEW.search_id IS NOT NULL AND NOT NEW.is_deleted BEGIN
    INSERT INTO unindexed (search_id) VALUES (NEW.search_id);
END;
CREATE TRIGGER search_removed AFTER DELETE ON events WHEN OLD.search_id IS NOT NULL AND NOT OLD.is_deleted BEGIN
    INSERT INTO search (search, rowid, words, filters)
    SELECT 'delete', OLD.search_id, search_words(OLD.text), search_filters(OLD.room, (SELECT is_private FROM rooms WHERE id = OLD.room), OLD.author, OLD.name, COALESCE(OLD.body LIKE '%"files":[%', 0))
    WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE search_id = OLD.search_id);
    DELETE FROM unindexed WHERE search_id = OLD.search_id;
END;
CREATE TRIGGER search_changed AFTER UPDATE OF text, body, author, name, is_deleted ON events WHEN OLD.search_id IS NOT NULL BEGIN
    INSERT INTO search (search, rowid, words, filters)
    SELECT 'delete', OLD.search_id, search_words(OLD.text), search_filters(OLD.room, (SELECT is_private FROM rooms WHERE id = OLD.room), OLD.author, OLD.name, COALESCE(OLD.body LIKE '%"files":[%', 0))
    WHERE NOT OLD.is_deleted AND NOT EXISTS (SELECT 1 FROM unindexed WHERE search_id = OLD.search_id);
    INSERT INTO search (rowid, words, filters)
    SELECT NEW.search_id, search_words(NEW.text), search_filters(NEW.room, (SELECT is_private FROM rooms WHERE id = NEW.room), NEW.author, NEW.name, COALESCE(NEW.body LIKE '%"files":[%', 0))
    WHERE NOT NEW.is_deleted AND NOT EXISTS (SELECT 1 FROM unindexed WHERE search_id = NEW.search_id);
    DELETE FROM unindexed WHERE NEW.is_deleted AND search_id = NEW.search_id;
END;

-- The events of a room must be removed while the row of the room still exists, because the triggers read this row.
CREATE TRIGGER search_room_removed BEFORE DELETE ON rooms BEGIN
    DELETE FROM events WHERE room = OLD.id;
END;
