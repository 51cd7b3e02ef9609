-- +goose Up

-- A question that a call put to a person before it changes something. The row is what makes an answer count once, whichever node it reaches; it goes when
-- its time is over.
CREATE TABLE confirmations (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL,
    account_id  TEXT COLLATE "C" NOT NULL,
    server_id   TEXT COLLATE "C" NOT NULL,
    token_id    TEXT COLLATE "C" NOT NULL,
    door        TEXT COLLATE "C" NOT NULL,
    client_name TEXT COLLATE "C" NOT NULL,
    tool        TEXT COLLATE "C" NOT NULL,
    question    TEXT COLLATE "C" NOT NULL,
    fingerprint BYTEA  NOT NULL,
    approval    BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    decided_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    FOREIGN KEY (environment, account_id) REFERENCES accounts (environment, id) ON DELETE CASCADE
);
CREATE INDEX confirmations_by_environment ON confirmations (environment, id) WHERE state = 'pending';
CREATE INDEX confirmations_by_account ON confirmations (environment, account_id);
CREATE INDEX confirmations_by_expiry ON confirmations (expires_at);
