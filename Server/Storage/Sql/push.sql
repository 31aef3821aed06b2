-- Version 2 of the tables: the subscriptions of browsers to push messages. See schema.sql for version 1.

CREATE TABLE push_subscriptions (
    endpoint      TEXT    NOT NULL PRIMARY KEY, -- the address of the push service for this browser; a secret
    session       TEXT    NOT NULL REFERENCES sessions (token_hash) ON DELETE CASCADE,
    p256dh        TEXT    NOT NULL,             -- the public key of the browser, in base64url
    auth          TEXT    NOT NULL,             -- the authentication secret of the browser, in base64url
    only_mentions INTEGER NOT NULL,             -- 1 if only mentions and direct messages are sent
    quiet_until   INTEGER,                      -- nothing is sent before this time; NULL if the person may be disturbed now
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_subscriptions_by_session ON push_subscriptions (session);
