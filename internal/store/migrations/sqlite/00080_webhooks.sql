-- +goose Up

-- Where an environment wants to be told what happens to its integrated accounts.
CREATE TABLE webhooks (
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    url         TEXT   NOT NULL,
    types       TEXT   NOT NULL,
    secrets     BLOB   NOT NULL,
    enabled     BIGINT NOT NULL,
    created_by  TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    last_status BIGINT NOT NULL,
    last_error  TEXT   NOT NULL
);
CREATE INDEX webhooks_by_environment ON webhooks (environment, id);

-- Whether an event was handed to those who deliver it.
ALTER TABLE account_events ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
CREATE INDEX account_events_untold ON account_events (id) WHERE told = 0;
