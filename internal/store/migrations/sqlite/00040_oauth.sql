-- +goose Up

-- How clients are let in: '' by a token in the URL, 'oauth' by what people allow when they sign in.
ALTER TABLE mcp_servers ADD COLUMN auth TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX mcp_servers_by_environment ON mcp_servers (environment, id);
CREATE INDEX mcp_servers_by_auth ON mcp_servers (auth) WHERE auth <> '';

-- Programs that registered themselves at one MCP server, or were entered for all of an environment's (server_id '').
CREATE TABLE oauth_clients (
    id            TEXT   NOT NULL PRIMARY KEY,
    environment   TEXT   NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    server_id     TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    key_id        TEXT   NOT NULL,
    secret_hash   BLOB   NOT NULL,
    redirect_uris TEXT   NOT NULL,
    client_uri    TEXT   NOT NULL,
    created_by    TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT NOT NULL
);
CREATE INDEX oauth_clients_by_environment ON oauth_clients (environment, id);
CREATE INDEX oauth_clients_by_server ON oauth_clients (server_id, last_used_at) WHERE server_id <> '';

-- What one person allowed one program to do at one MCP server. The row goes when it is revoked, and its tokens with it.
CREATE TABLE oauth_grants (
    id           TEXT   NOT NULL PRIMARY KEY,
    environment  TEXT   NOT NULL,
    server_id    TEXT   NOT NULL,
    user_id      TEXT   NOT NULL,
    client_id    TEXT   NOT NULL,
    client_name  TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    attempt_id   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    UNIQUE (environment, id),
    FOREIGN KEY (environment, server_id) REFERENCES mcp_servers (environment, id) ON DELETE CASCADE,
    FOREIGN KEY (environment, user_id) REFERENCES users (environment, id) ON DELETE CASCADE
);
CREATE INDEX oauth_grants_by_server ON oauth_grants (environment, server_id, id);
CREATE INDEX oauth_grants_by_user ON oauth_grants (environment, user_id, id);
CREATE INDEX oauth_grants_by_expiry ON oauth_grants (expires_at);

-- Authorization codes. A code that was used stays for a while with what it was used for, so that its second use is recognised.
CREATE TABLE oauth_codes (
    code_hash    BLOB   NOT NULL PRIMARY KEY,
    key_id       TEXT   NOT NULL,
    environment  TEXT   NOT NULL,
    server_id    TEXT   NOT NULL,
    user_id      TEXT   NOT NULL,
    client_id    TEXT   NOT NULL,
    client_name  TEXT   NOT NULL,
    redirect_uri TEXT   NOT NULL,
    challenge    TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    attempt_id   TEXT   NOT NULL,
    grant_id     TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL,
    FOREIGN KEY (environment, server_id) REFERENCES mcp_servers (environment, id) ON DELETE CASCADE,
    FOREIGN KEY (environment, user_id) REFERENCES users (environment, id) ON DELETE CASCADE
);
CREATE INDEX oauth_codes_by_expiry ON oauth_codes (expires_at);

-- Access and refresh tokens. A refresh token that was exchanged stays until it would have expired, so that its second use is recognised.
CREATE TABLE oauth_tokens (
    id           TEXT   NOT NULL PRIMARY KEY,
    environment  TEXT   NOT NULL,
    grant_id     TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    key_id       TEXT   NOT NULL,
    token_hash   BLOB   NOT NULL UNIQUE,
    scopes       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    exchanged_at BIGINT NOT NULL,
    FOREIGN KEY (environment, grant_id) REFERENCES oauth_grants (environment, id) ON DELETE CASCADE
);
CREATE INDEX oauth_tokens_by_grant ON oauth_tokens (grant_id, kind, id);
CREATE INDEX oauth_tokens_by_expiry ON oauth_tokens (expires_at);

-- Attempts of clients to connect, each with its steps.
CREATE TABLE connection_attempts (
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL,
    server_id   TEXT   NOT NULL,
    client_id   TEXT   NOT NULL,
    client_name TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    user_agent  TEXT   NOT NULL,
    revision    TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (environment, id),
    FOREIGN KEY (environment, server_id) REFERENCES mcp_servers (environment, id) ON DELETE CASCADE
);
CREATE INDEX connection_attempts_by_server ON connection_attempts (environment, server_id, id);
CREATE INDEX connection_attempts_by_time ON connection_attempts (updated_at);

CREATE TABLE connection_steps (
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL,
    attempt_id  TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    status      BIGINT NOT NULL,
    fault       TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    happened_at BIGINT NOT NULL,
    FOREIGN KEY (environment, attempt_id) REFERENCES connection_attempts (environment, id) ON DELETE CASCADE
);
CREATE INDEX connection_steps_by_attempt ON connection_steps (attempt_id, id);

-- The person on whose behalf a call was made.
ALTER TABLE calls ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE call_intents ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
