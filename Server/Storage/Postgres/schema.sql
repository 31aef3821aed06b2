-- The tables of a chat in PostgreSQL, version 1. They have the columns of Sql/schema.sql, with the types of PostgreSQL. psql can read them:
-- select name, text from events. Times are milliseconds since 1970-01-01 00:00 UTC. Ids of users begin with "u", and ids of bots with "b".
-- Booleans are 0 and 1, so that both engines share their statements. The server sorts ids and keys, and searches ranges of them. So these
-- columns have the collation "C", which compares bytes, in every database. user is a keyword of PostgreSQL, so the name of this column has
-- quotation marks.

-- Users: guests and accounts. The row of a guest is removed some time after the guest's last session has ended.
CREATE TABLE users (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,             -- the registered name, or the last name of a guest
    password_hash TEXT,                         -- NULL for a guest; "" for an account of the table external_accounts, which has no password
    created_at    BIGINT  NOT NULL
);
CREATE INDEX guests ON users (id) WHERE password_hash IS NULL;

-- The registered names: one row for each skeleton of a name. Names that look the same share a skeleton, so the primary key allows
-- only one of these names.
CREATE TABLE names (
    skeleton      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "user"        TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX names_by_user ON names ("user");

-- The accounts of users who log in with a token of the operator's own site (Auth:Jwt).
CREATE TABLE external_accounts (
    issuer        TEXT COLLATE "C" NOT NULL, -- the claim iss of the token; "" if it has none
    subject       TEXT COLLATE "C" NOT NULL, -- the id of the user at the site
    "user"        TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    claimed_name  TEXT    NOT NULL,             -- the name in the newest token; users.name is made from it
    PRIMARY KEY (issuer, subject)
);

-- The sessions of guests and accounts. The token itself is not stored.
CREATE TABLE sessions (
    token_hash    TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- SHA-256 of the token, in hex
    "user"        TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,             -- the name that the session uses
    is_guest      BIGINT  NOT NULL,
    away_since    BIGINT                        -- when the last connection ended; NULL while the session is connected
);
CREATE INDEX sessions_by_user ON sessions ("user");
CREATE INDEX sessions_by_away_since ON sessions (is_guest, away_since);

CREATE TABLE rooms (
    id            BIGINT  NOT NULL PRIMARY KEY, -- in the order of creation
    name          TEXT    NOT NULL,
    name_key      TEXT COLLATE "C" NOT NULL UNIQUE, -- the name in upper case, so that a room is found in any letter case; "/" and the id if the room is removed but not yet erased
    topic         TEXT    NOT NULL,
    owner         TEXT,                         -- the user who created the room; NULL for the default room
    is_private    BIGINT  NOT NULL,             -- never changes, because the search index of SQLite contains this value
    epoch         TEXT    NOT NULL,             -- the id of the log; "" in a backup, which gets a new one at its first start
    first_seq     BIGINT  NOT NULL,             -- the oldest seq that the log still has
    created_at    BIGINT  NOT NULL,
    slow_seconds  BIGINT  NOT NULL DEFAULT 0,   -- the minimum time between two messages of a member; 0 for no minimum
    direct_users  TEXT                          -- the ids of the two users of a direct room, with a space between them; NULL for other rooms
);
CREATE INDEX rooms_by_owner ON rooms (owner);
CREATE INDEX rooms_without_epoch ON rooms (id) WHERE epoch = '';

-- The names of the rooms: one row for each skeleton of a name, as in the table names.
CREATE TABLE room_names (
    skeleton      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    room          BIGINT  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE
);
CREATE INDEX room_names_by_room ON room_names (room);

-- The tokens with which programs post to the rooms. The token itself is not stored. A revoked token has no row.
CREATE TABLE tokens (
    token_hash    TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- SHA-256 of the token, in hex
    room          BIGINT  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    bot           TEXT    NOT NULL,             -- the author of the messages that are posted with the token; begins with "b"
    name          TEXT    NOT NULL,             -- the name of the token and of its bot
    name_key      TEXT COLLATE "C" NOT NULL, -- the name in upper case
    creator       TEXT    NOT NULL,             -- the user who created the token; no REFERENCES: the token stays when the user is removed
    created_at    BIGINT  NOT NULL,
    UNIQUE (room, name_key)
);

-- The outgoing webhooks: the addresses to which the server sends the events of the rooms.
CREATE TABLE webhooks (
    room          BIGINT  NOT NULL PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    id            TEXT COLLATE "C" NOT NULL UNIQUE, -- a random id, a part of the ids that receivers see
    url           TEXT    NOT NULL,
    secret        TEXT    NOT NULL,             -- the key of the signatures: "whsec_" and base64
    delivered_seq BIGINT  NOT NULL,             -- the delivery continues after the event with this seq
    failures      BIGINT  NOT NULL DEFAULT 0,   -- failed attempts since the last success
    attempts      BIGINT  NOT NULL DEFAULT 0,   -- failed attempts to deliver the event after delivered_seq
    failing_since BIGINT,                       -- the first failed attempt since the last success; NULL if the newest attempt did not fail
    next_attempt_at BIGINT,                     -- NULL if the next attempt is due now
    error         TEXT,                         -- the error of the newest attempt; NULL if it did not fail
    is_off        BIGINT  NOT NULL DEFAULT 0    -- 1 if the receiver has turned the webhook off (410 Gone)
);

-- The events that could not be delivered to a webhook. Only the newest ones stay (Webhooks:FailedEvents).
CREATE TABLE webhook_failures (
    room          BIGINT  NOT NULL REFERENCES webhooks (room) ON DELETE CASCADE,
    seq           BIGINT  NOT NULL,             -- no REFERENCES to the event, which retention may remove
    at            BIGINT  NOT NULL,             -- when the delivery was given up
    attempts      BIGINT  NOT NULL,
    error         TEXT    NOT NULL,             -- the last error
    is_retried    BIGINT  NOT NULL,             -- 1 if an owner or a moderator wants the event to be sent again
    PRIMARY KEY (room, seq)
);

-- The members of the rooms. When a user leaves a room, the row stays, because it contains the role, the read mark and the mute.
CREATE TABLE members (
    room          BIGINT  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    "user"        TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    joined_at     BIGINT,                       -- NULL if the user is not a member
    role          TEXT    NOT NULL DEFAULT 'member',  -- owner, moderator, member
    read_seq      BIGINT  NOT NULL DEFAULT 0,   -- the read mark
    notify        TEXT    NOT NULL DEFAULT 'all',  -- all, mentions, none
    muted_until   BIGINT,                       -- NULL if the user is not muted; 9223372036854775807 if the mute has no end
    PRIMARY KEY (room, "user")
);
CREATE INDEX members_by_user ON members ("user", joined_at);

-- The bans. A banned guest has one row for each address, so that new guests from these addresses are banned too.
CREATE TABLE bans (
    room          BIGINT  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    "user"        TEXT COLLATE "C" NOT NULL, -- no REFERENCES: the ban stays when a guest's row is removed
    address       TEXT COLLATE "C" NOT NULL, -- an IPv4 address, or the first 64 bits of an IPv6 address; "" for the user alone
    name          TEXT    NOT NULL,             -- the user's name when the ban began
    until         BIGINT,                       -- NULL if the ban has no end
    PRIMARY KEY (room, "user", address)
);
CREATE INDEX bans_by_user ON bans ("user");
CREATE INDEX bans_by_address ON bans (address);

-- The logs of all rooms. The seqs of a room have no gap.
CREATE TABLE events (
    room          BIGINT  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq           BIGINT  NOT NULL,             -- 1, 2, 3 …
    kind          TEXT    NOT NULL,             -- message, topic, edited, deleted, reacted, moderated
    author        TEXT COLLATE "C" NOT NULL, -- the id of the user or the bot; the event stays when a guest's row is removed
    name          TEXT    NOT NULL,             -- the author's name when the event was posted
    at            BIGINT  NOT NULL,             -- when the event was stored
    text          TEXT    NOT NULL,             -- the current text of a message; "" in a deleted message and in the event of an edit
    body          TEXT,                         -- the other fields, as JSON, such as reply (a seq), me (an action) and files; NULL if there is none
    target        BIGINT,                       -- edited, deleted, reacted: the seq of the message
    edited_at     BIGINT,                       -- when the text of a message was changed last; NULL if it was never changed
    is_deleted    BIGINT  NOT NULL DEFAULT 0,   -- 1 in a deleted message
    search_id     BIGINT,                       -- the position of a message in the results of a search: 256 times the time, plus 0, 1, 2 …; NULL if it has none
    words         TSVECTOR,                     -- the words of the text, as the server splits them, and words with a slash for the room, a file, and the author's id and name; NULL if a search does not find the event
    PRIMARY KEY (room, seq)
);
CREATE UNIQUE INDEX events_by_search_id ON events (search_id) WHERE search_id IS NOT NULL;
CREATE INDEX events_by_words ON events USING gin (words);

-- The emojis that users have added to messages.
CREATE TABLE reactions (
    room          BIGINT  NOT NULL,
    seq           BIGINT  NOT NULL,             -- the message
    emoji         TEXT COLLATE "C" NOT NULL,
    "user"        TEXT COLLATE "C" NOT NULL,
    name          TEXT    NOT NULL,             -- the user's name at the time of the reaction
    event         BIGINT  NOT NULL,             -- the seq of the reaction
    PRIMARY KEY (room, seq, emoji, "user"),
    FOREIGN KEY (room, seq) REFERENCES events (room, seq) ON DELETE CASCADE
);

-- The users that messages mention.
CREATE TABLE mentions (
    "user"        TEXT COLLATE "C" NOT NULL, -- the id of the user, or "here" for all members
    room          BIGINT  NOT NULL,
    seq           BIGINT  NOT NULL,             -- the message
    PRIMARY KEY ("user", room, seq),
    FOREIGN KEY (room, seq) REFERENCES events (room, seq) ON DELETE CASCADE
);
CREATE INDEX mentions_by_event ON mentions (room, seq);

-- The uploaded files. The folder "files" has their contents: files/ab/abcdef… by the hash. A file is removed with the last message that has it.
CREATE TABLE files (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- random; part of the file's address
    hash          TEXT COLLATE "C" NOT NULL, -- SHA-256 of the content, in hex; several files may have the same content
    name          TEXT    NOT NULL,
    type          TEXT    NOT NULL,             -- the media type, such as image/png
    bytes         BIGINT  NOT NULL,
    width         BIGINT,                       -- the size of an image in pixels; NULL if the file has no preview
    height        BIGINT,
    uploader      TEXT    NOT NULL,             -- the id of the user; the file stays when a guest's row is removed
    created_at    BIGINT  NOT NULL,
    is_posted     BIGINT  NOT NULL DEFAULT 0    -- 0 if no message has had the file yet; such a file is removed after Files:UnusedHours
);
CREATE INDEX files_by_hash ON files (hash, bytes);
CREATE INDEX files_by_uploader ON files (uploader, bytes);
CREATE INDEX unposted_files ON files (created_at) WHERE is_posted = 0;

-- The files of messages.
CREATE TABLE message_files (
    room          BIGINT  NOT NULL,
    seq           BIGINT  NOT NULL,             -- the message
    position      BIGINT  NOT NULL,             -- 0, 1, 2 …
    file          TEXT COLLATE "C" NOT NULL REFERENCES files (id),
    PRIMARY KEY (room, seq, position),
    FOREIGN KEY (room, seq) REFERENCES events (room, seq) ON DELETE CASCADE
);
CREATE INDEX message_files_by_file ON message_files (file);

-- The contents that no file has any more. The server removes them from the folder, and then from this table.
CREATE TABLE unused_contents (
    hash          TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE FUNCTION message_file_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM files WHERE id = OLD.file AND NOT EXISTS (SELECT 1 FROM message_files WHERE file = OLD.file);
    RETURN NULL;
END $$;
CREATE TRIGGER message_file_removed AFTER DELETE ON message_files FOR EACH ROW EXECUTE FUNCTION message_file_removed();

CREATE FUNCTION file_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unused_contents (hash) SELECT OLD.hash WHERE NOT EXISTS (SELECT 1 FROM files WHERE hash = OLD.hash) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER file_removed AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION file_removed();

-- The ids that clients gave to their messages. With these ids, the server recognizes a message that is sent again. A row is removed after
-- Data:ClientIdDays.
CREATE TABLE client_ids (
    author        TEXT COLLATE "C" NOT NULL,
    client_id     TEXT COLLATE "C" NOT NULL,
    room          BIGINT  NOT NULL,             -- no REFERENCES: removing a room would read the whole table
    seq           BIGINT  NOT NULL,
    at            BIGINT  NOT NULL,
    PRIMARY KEY (author, client_id)
);

-- The number of commits of each server. A server increments its number in each transaction. So, after its connection broke during a commit, it can see
-- whether this commit is stored. A server that starts adds a row. The rows of servers that ended are removed later.
CREATE TABLE writer (
    node          BIGINT  NOT NULL PRIMARY KEY, -- a random number of the server. While the server is connected, it has an advisory lock with this number.
    commits       BIGINT  NOT NULL,
    at            BIGINT  NOT NULL              -- when the server committed last
);

-- The users who are in the rooms at each server. Each server writes its own rows, and the other servers read them. The other servers ignore the rows of
-- a server that has no advisory lock with its number, because this server is not alive. The rows need not survive a crash of the database,
-- because the servers write them again.
CREATE UNLOGGED TABLE presence (
    room          BIGINT  NOT NULL,             -- no REFERENCES, so that the removal of a room does not search this table
    node          BIGINT  NOT NULL,
    members       BIGINT  NOT NULL,             -- the number of users
    people        TEXT,                         -- their names by user id, as JSON; NULL if there are more than Rooms:NamedMembers
    PRIMARY KEY (room, node)
);

-- With several servers, the names of the users who have a connection: one row for each skeleton of a name, as in the table names. The other
-- servers ignore the rows of a server that is not alive.
CREATE UNLOGGED TABLE used_names (
    skeleton      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "user"        TEXT COLLATE "C" NOT NULL,
    name          TEXT    NOT NULL,
    node          BIGINT  NOT NULL
);
CREATE INDEX used_names_by_user ON used_names ("user");

-- The subscriptions of browsers to push messages.
CREATE TABLE push_subscriptions (
    endpoint      TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- the address of the push service for this browser; a secret
    session       TEXT COLLATE "C" NOT NULL REFERENCES sessions (token_hash) ON DELETE CASCADE,
    p256dh        TEXT   NOT NULL,              -- the public key of the browser, in base64url
    auth          TEXT   NOT NULL,              -- the authentication secret of the browser, in base64url
    only_mentions BIGINT NOT NULL,              -- 1 if only mentions and direct messages are sent
    quiet_until   BIGINT,                       -- nothing is sent before this time; NULL if the person may be disturbed now
    created_at    BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_by_session ON push_subscriptions (session);
