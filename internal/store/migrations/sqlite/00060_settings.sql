-- +goose Up

-- What an account opted into, as JSON; empty: nothing.
ALTER TABLE accounts ADD COLUMN settings TEXT NOT NULL DEFAULT '';

-- Overrides of a definition, for all accounts of an environment (account_id is empty) or for one. Rows are never changed: a new version is a new row, and one whose
-- document is empty says that there is none any more.
CREATE TABLE overrides (
    environment TEXT   NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    integration TEXT   NOT NULL,
    account_id  TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    digest      TEXT   NOT NULL,
    document    BLOB   NOT NULL,
    created_by  TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, integration, account_id, version)
);
