-- +goose Up

-- People of an environment. An email address is one user's in the whole installation: it is what they sign in by.
CREATE TABLE users (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment     TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    email           TEXT COLLATE "C" NOT NULL UNIQUE,
    name            TEXT COLLATE "C" NOT NULL,
    role            TEXT COLLATE "C" NOT NULL,
    password        TEXT COLLATE "C" NOT NULL,
    issuer          TEXT COLLATE "C" NOT NULL,
    subject         TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    last_sign_in_at BIGINT NOT NULL,
    UNIQUE (environment, id)
);
CREATE UNIQUE INDEX users_by_subject ON users (environment, issuer, subject) WHERE issuer <> '';

CREATE TABLE sessions (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment  TEXT COLLATE "C" NOT NULL,
    user_id      TEXT COLLATE "C" NOT NULL,
    key_id       TEXT COLLATE "C" NOT NULL,
    token_hash   BYTEA  NOT NULL UNIQUE,
    method       TEXT COLLATE "C" NOT NULL,
    address      TEXT COLLATE "C" NOT NULL,
    user_agent   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    FOREIGN KEY (environment, user_id) REFERENCES users (environment, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (environment, user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE invitations (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    email       TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    role        TEXT COLLATE "C" NOT NULL,
    key_id      TEXT COLLATE "C" NOT NULL,
    token_hash  BYTEA  NOT NULL UNIQUE,
    created_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    UNIQUE (environment, email)
);
CREATE INDEX invitations_by_environment ON invitations (environment, id);

-- Links that let a user in once, or choose a password. The row goes when the link is used.
CREATE TABLE user_links (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL,
    user_id     TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    key_id      TEXT COLLATE "C" NOT NULL,
    token_hash  BYTEA  NOT NULL UNIQUE,
    created_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    FOREIGN KEY (environment, user_id) REFERENCES users (environment, id) ON DELETE CASCADE
);
CREATE INDEX user_links_by_user ON user_links (environment, user_id, kind);

-- Attempts to sign in that failed, counted for an account, an address or a browser, whose name is kept as a hash.
CREATE TABLE sign_in_attempts (
    bucket        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures      BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX sign_in_attempts_by_expiry ON sign_in_attempts (expires_at);

-- The OpenID provider of an environment, by which its people sign in.
CREATE TABLE identity_providers (
    environment   TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    label         TEXT COLLATE "C" NOT NULL,
    issuer        TEXT COLLATE "C" NOT NULL,
    client_id     TEXT COLLATE "C" NOT NULL,
    client_secret BYTEA  NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    required      BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

-- The domains whose people sign in by a provider: each is one environment's.
CREATE TABLE identity_provider_domains (
    domain      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL REFERENCES identity_providers (environment) ON DELETE CASCADE
);
CREATE INDEX identity_provider_domains_by_environment ON identity_provider_domains (environment);

-- A token belongs to a user, or to the environment (''); scopes are permissions with spaces between, '' for all of them.
ALTER TABLE api_tokens ADD COLUMN user_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE api_tokens ADD COLUMN scopes TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX api_tokens_by_user ON api_tokens (user_id) WHERE user_id <> '';
