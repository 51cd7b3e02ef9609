-- +goose Up

-- What happened to an integrated account, written in the transaction that made it happen: whoever tells others of it (a webhook) loses nothing. No foreign
-- key to the account, which may be gone.
CREATE TABLE account_events (
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    account_id  TEXT   NOT NULL,
    type        TEXT   NOT NULL,
    payload     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX account_events_by_environment ON account_events (environment, id);

-- The OAuth client that an environment registered with a vendor.
CREATE TABLE vendor_clients (
    environment   TEXT   NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    integration   TEXT   NOT NULL,
    client_id     TEXT   NOT NULL,
    client_secret BLOB   NOT NULL,
    created_by    TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (environment, integration)
);

-- Where an end user may be sent once an account is connected.
CREATE TABLE redirect_uris (
    environment TEXT   NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    uri         TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, uri)
);

-- Links by which a person without a login connects one account.
CREATE TABLE link_tokens (
    id           TEXT   NOT NULL PRIMARY KEY,
    environment  TEXT   NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    key_id       TEXT   NOT NULL,
    token_hash   BLOB   NOT NULL UNIQUE,
    account_id   TEXT   NOT NULL,
    tenant_id    TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    integration  TEXT   NOT NULL,
    context      TEXT   NOT NULL,
    redirect_uri TEXT   NOT NULL,
    created_by   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT NOT NULL
);
CREATE INDEX link_tokens_by_expiry ON link_tokens (expires_at);

-- Authorizations at a vendor that were begun: what is needed when the person comes back with an answer, sealed.
CREATE TABLE vendor_authorizations (
    id         TEXT   NOT NULL PRIMARY KEY,
    link_id    TEXT   NOT NULL REFERENCES link_tokens (id) ON DELETE CASCADE,
    key_id     TEXT   NOT NULL,
    state_hash BLOB   NOT NULL UNIQUE,
    pending    BLOB   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX vendor_authorizations_by_link ON vendor_authorizations (link_id);
