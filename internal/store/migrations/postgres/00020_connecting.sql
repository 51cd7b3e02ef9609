-- +goose Up

-- What happened to an integrated account, written in the transaction that made it happen: whoever tells others of it (a webhook) loses nothing. No foreign
-- key to the account, which may be gone.
CREATE TABLE account_events (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    account_id  TEXT COLLATE "C" NOT NULL,
    type        TEXT COLLATE "C" NOT NULL,
    payload     TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX account_events_by_environment ON account_events (environment, id);

-- The OAuth client that an environment registered with a vendor.
CREATE TABLE vendor_clients (
    environment   TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    integration   TEXT COLLATE "C" NOT NULL,
    client_id     TEXT COLLATE "C" NOT NULL,
    client_secret BYTEA  NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (environment, integration)
);

-- Where an end user may be sent once an account is connected.
CREATE TABLE redirect_uris (
    environment TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    uri         TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, uri)
);

-- Links by which a person without a login connects one account.
CREATE TABLE link_tokens (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment  TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    key_id       TEXT COLLATE "C" NOT NULL,
    token_hash   BYTEA  NOT NULL UNIQUE,
    account_id   TEXT COLLATE "C" NOT NULL,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    integration  TEXT COLLATE "C" NOT NULL,
    context      TEXT COLLATE "C" NOT NULL,
    redirect_uri TEXT COLLATE "C" NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT NOT NULL
);
CREATE INDEX link_tokens_by_expiry ON link_tokens (expires_at);

-- Authorizations at a vendor that were begun: what is needed when the person comes back with an answer, sealed.
CREATE TABLE vendor_authorizations (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    link_id    TEXT COLLATE "C" NOT NULL REFERENCES link_tokens (id) ON DELETE CASCADE,
    key_id     TEXT COLLATE "C" NOT NULL,
    state_hash BYTEA  NOT NULL UNIQUE,
    pending    BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX vendor_authorizations_by_link ON vendor_authorizations (link_id);
