-- +goose Up

-- Times are integer milliseconds since 1970; 0 means never, or not yet. No column is null. Every row carries its environment, and what hangs on
-- a row of another table references it together with the environment, so that the database itself refuses a link between two tenants. Text is
-- compared byte by byte, as SQLite does, so that both databases page in the same order.

CREATE TABLE environments (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The wrapped keyset: at most one row. Not of an environment: it belongs to the installation.
CREATE TABLE keysets (
    id         BIGINT NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    wrapped    BYTEA  NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Who may do what only one node at a time should do, until when (Store.Lease).
CREATE TABLE leases (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder     TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE api_tokens (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment  TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    name         TEXT COLLATE "C" NOT NULL,
    prefix       TEXT COLLATE "C" NOT NULL,
    key_id       TEXT COLLATE "C" NOT NULL,
    token_hash   BYTEA  NOT NULL UNIQUE,
    created_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE INDEX api_tokens_by_environment ON api_tokens (environment, id);

-- Rows are never changed: a new version is a new row.
CREATE TABLE integrations (
    environment TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    name        TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    digest      TEXT COLLATE "C" NOT NULL,
    document    BYTEA  NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, name, version)
);

CREATE TABLE accounts (
    id                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment        TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
    tenant_id          TEXT COLLATE "C" NOT NULL,
    name               TEXT COLLATE "C" NOT NULL,
    integration        TEXT COLLATE "C" NOT NULL,
    status             TEXT COLLATE "C" NOT NULL,
    context            TEXT COLLATE "C" NOT NULL,
    credentials        BYTEA  NOT NULL,
    token              BYTEA  NOT NULL,
    token_expires_at   BIGINT NOT NULL,
    credential_version BIGINT NOT NULL,
    last_error         TEXT COLLATE "C" NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    UNIQUE (environment, id)
);
CREATE INDEX accounts_by_tenant ON accounts (environment, tenant_id, id);

CREATE TABLE mcp_servers (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL,
    account_id  TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    config      TEXT COLLATE "C" NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    key_id      TEXT COLLATE "C" NOT NULL,
    token_hash  BYTEA  NOT NULL UNIQUE,
    expires_at  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    FOREIGN KEY (environment, account_id) REFERENCES accounts (environment, id) ON DELETE CASCADE
);
CREATE INDEX mcp_servers_by_account ON mcp_servers (environment, account_id, id);
CREATE INDEX mcp_servers_by_expiry ON mcp_servers (expires_at) WHERE expires_at > 0;

-- A write that was begun and whose outcome is not yet known. It has no second index: nothing here may slow the commit that a call waits for.
-- The row goes when its outcome enters calls; one that stays is a call that the process did not live to finish.
CREATE TABLE call_intents (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL,
    door        TEXT COLLATE "C" NOT NULL,
    account_id  TEXT COLLATE "C" NOT NULL,
    server_id   TEXT COLLATE "C" NOT NULL,
    token_id    TEXT COLLATE "C" NOT NULL,
    client_name TEXT COLLATE "C" NOT NULL,
    request_id  TEXT COLLATE "C" NOT NULL,
    integration TEXT COLLATE "C" NOT NULL,
    tool        TEXT COLLATE "C" NOT NULL,
    resource    TEXT COLLATE "C" NOT NULL,
    method      TEXT COLLATE "C" NOT NULL,
    arguments   BYTEA  NOT NULL,
    started_at  BIGINT NOT NULL
);

-- Calls whose outcome is known. No foreign keys: the log outlives the accounts and servers that it tells of.
CREATE TABLE calls (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL,
    door        TEXT COLLATE "C" NOT NULL,
    account_id  TEXT COLLATE "C" NOT NULL,
    server_id   TEXT COLLATE "C" NOT NULL,
    token_id    TEXT COLLATE "C" NOT NULL,
    client_name TEXT COLLATE "C" NOT NULL,
    request_id  TEXT COLLATE "C" NOT NULL,
    integration TEXT COLLATE "C" NOT NULL,
    tool        TEXT COLLATE "C" NOT NULL,
    resource    TEXT COLLATE "C" NOT NULL,
    method      TEXT COLLATE "C" NOT NULL,
    is_write    BIGINT NOT NULL,
    arguments   BYTEA  NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,
    status      BIGINT NOT NULL,
    error       TEXT COLLATE "C" NOT NULL,
    started_at  BIGINT NOT NULL,
    duration_us BIGINT NOT NULL
);
CREATE INDEX calls_by_time ON calls (environment, started_at, id);
CREATE INDEX calls_by_account ON calls (account_id, started_at, id) WHERE account_id <> '';
CREATE INDEX calls_by_server ON calls (server_id, started_at, id) WHERE server_id <> '';
