-- +goose Up

-- A question that a call put to a person before it changes something. The row is what makes an answer count once, whichever node it reaches; it goes when
-- its time is over.
CREATE TABLE confirmations (
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL,
    account_id  TEXT   NOT NULL,
    server_id   TEXT   NOT NULL,
    token_id    TEXT   NOT NULL,
    door        TEXT   NOT NULL,
    client_name TEXT   NOT NULL,
    tool        TEXT   NOT NULL,
    question    TEXT   NOT NULL,
    fingerprint BLOB   NOT NULL,
    approval    BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    decided_by  TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    FOREIGN KEY (environment, account_id) REFERENCES accounts (environment, id) ON DELETE CASCADE
);
CREATE INDEX confirmations_by_environment ON confirmations (environment, id) WHERE state = 'pending';
CREATE INDEX confirmations_by_account ON confirmations (environment, account_id);
CREATE INDEX confirmations_by_expiry ON confirmations (expires_at);
