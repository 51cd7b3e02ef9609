-- name: CreateOAuthClient :exec
INSERT INTO oauth_clients (id, environment, server_id, name, key_id, secret_hash, redirect_uris, client_uri, created_by, created_at, last_used_at)
VALUES (@id, @environment, @server_id, @name, @key_id, @secret_hash, @redirect_uris, @client_uri, @created_by, @created_at, 0);

-- name: GetOAuthClient :one
SELECT * FROM oauth_clients WHERE environment = @environment AND id = @id;

-- name: ListOAuthClients :many
SELECT * FROM oauth_clients WHERE environment = @environment AND id < @before ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: CountOAuthClientsOfServer :one
SELECT count(*) FROM oauth_clients WHERE environment = @environment AND server_id = @server_id;

-- name: TouchOAuthClient :exec
UPDATE oauth_clients SET last_used_at = @last_used_at WHERE environment = @environment AND id = @id;

-- name: DeleteOAuthClient :execrows
DELETE FROM oauth_clients WHERE environment = @environment AND id = @id;

-- name: DeleteUnusedOAuthClients :exec
-- Programs that registered themselves, and were never used or not for long.
DELETE FROM oauth_clients WHERE server_id <> '' AND created_at < @unused_since AND last_used_at < @idle_since;

-- name: CreateOAuthCode :exec
INSERT INTO oauth_codes (code_hash, key_id, environment, server_id, user_id, client_id, client_name, redirect_uri, challenge, scopes, attempt_id, grant_id, expires_at)
VALUES (@code_hash, @key_id, @environment, @server_id, @user_id, @client_id, @client_name, @redirect_uri, @challenge, @scopes, @attempt_id, '', @expires_at);

-- name: GetOAuthCode :one
SELECT * FROM oauth_codes WHERE code_hash = @code_hash AND environment = @environment AND server_id = @server_id;

-- name: UseOAuthCode :execrows
-- Of two who exchange one code at once, one changes the row.
UPDATE oauth_codes SET grant_id = @grant_id WHERE code_hash = @code_hash AND environment = @environment AND grant_id = '';

-- name: DeleteExpiredOAuthCodes :exec
DELETE FROM oauth_codes WHERE expires_at < @before;

-- name: CreateOAuthGrant :exec
INSERT INTO oauth_grants (id, environment, server_id, user_id, client_id, client_name, scopes, attempt_id, created_at, last_used_at, expires_at)
VALUES (@id, @environment, @server_id, @user_id, @client_id, @client_name, @scopes, @attempt_id, @created_at, 0, @expires_at);

-- name: GetOAuthGrant :one
SELECT * FROM oauth_grants WHERE environment = @environment AND id = @id;

-- name: ListOAuthGrants :many
SELECT * FROM oauth_grants WHERE environment = @environment AND id < @before
  AND (cast(@server_id AS text) = '' OR server_id = @server_id) AND (cast(@user_id AS text) = '' OR user_id = @user_id)
ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: ListOAuthGrantIDsOfClient :many
SELECT id FROM oauth_grants WHERE environment = @environment AND client_id = @client_id;

-- name: ExtendOAuthGrant :execrows
UPDATE oauth_grants SET expires_at = @expires_at WHERE environment = @environment AND id = @id;

-- name: TouchOAuthGrant :exec
UPDATE oauth_grants SET last_used_at = @last_used_at WHERE environment = @environment AND id = @id AND last_used_at < @last_used_at;

-- name: DeleteOAuthGrant :execrows
DELETE FROM oauth_grants WHERE environment = @environment AND id = @id;

-- name: ListExpiredOAuthGrants :many
SELECT environment, id FROM oauth_grants WHERE expires_at <= @now ORDER BY expires_at LIMIT cast(@lim AS bigint);

-- name: CreateOAuthToken :exec
INSERT INTO oauth_tokens (id, environment, grant_id, kind, key_id, token_hash, scopes, created_at, expires_at, exchanged_at)
VALUES (@id, @environment, @grant_id, @kind, @key_id, @token_hash, @scopes, @created_at, @expires_at, 0);

-- name: GetOAuthTokenByHash :one
SELECT * FROM oauth_tokens WHERE token_hash = @token_hash;

-- name: ExchangeOAuthToken :execrows
-- Of two who exchange one refresh token at once, the second does not move the time at which it was.
UPDATE oauth_tokens SET exchanged_at = @exchanged_at WHERE environment = @environment AND id = @id AND exchanged_at = 0;

-- name: DeleteOAuthToken :execrows
DELETE FROM oauth_tokens WHERE environment = @environment AND id = @id;

-- name: DeleteOldOAuthTokens :exec
-- What a grant has more of than anybody can be using.
DELETE FROM oauth_tokens WHERE oauth_tokens.environment = @environment AND oauth_tokens.grant_id = @grant_id AND oauth_tokens.kind = @kind AND oauth_tokens.id NOT IN (
  SELECT newest.id FROM oauth_tokens AS newest WHERE newest.environment = @environment AND newest.grant_id = @grant_id AND newest.kind = @kind
  ORDER BY newest.id DESC LIMIT cast(@keep AS bigint));

-- name: DeleteExpiredOAuthTokens :exec
DELETE FROM oauth_tokens WHERE expires_at <= @now;

-- name: CreateConnectionAttempt :exec
INSERT INTO connection_attempts (id, environment, server_id, client_id, client_name, user_id, address, user_agent, revision, started_at, updated_at)
VALUES (@id, @environment, @server_id, @client_id, @client_name, '', @address, @user_agent, @revision, @started_at, @started_at);

-- name: GetConnectionAttempt :one
SELECT * FROM connection_attempts WHERE environment = @environment AND id = @id;

-- name: FindConnectionAttempt :one
-- The attempt that a program's request continues. One program uses several libraries, which name themselves differently.
SELECT * FROM connection_attempts
WHERE environment = @environment AND server_id = @server_id AND address = @address AND updated_at >= @since
ORDER BY id DESC LIMIT 1;

-- name: FindConnectionAttemptByAgent :one
-- A hosted program uses several addresses: what just came by the same name, of a client that is not known yet, is taken for its own.
SELECT * FROM connection_attempts
WHERE environment = @environment AND server_id = @server_id AND user_agent = @user_agent AND client_id = '' AND updated_at >= @since
ORDER BY id DESC LIMIT 1;

-- name: FindConnectionAttemptOfClient :one
SELECT * FROM connection_attempts
WHERE environment = @environment AND server_id = @server_id AND client_id = @client_id AND updated_at >= @since
ORDER BY id DESC LIMIT 1;

-- name: FindConnectionAttemptWithoutClient :one
-- The newest attempt that has not said yet which client it is: an authorization request comes from the browser, not from the program.
SELECT * FROM connection_attempts
WHERE environment = @environment AND server_id = @server_id AND client_id = '' AND updated_at >= @since
ORDER BY id DESC LIMIT 1;

-- name: ListConnectionAttempts :many
SELECT * FROM connection_attempts WHERE environment = @environment AND id < @before
  AND (cast(@server_id AS text) = '' OR server_id = @server_id)
ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: UpdateConnectionAttempt :exec
UPDATE connection_attempts SET client_id = @client_id, client_name = @client_name, user_id = @user_id, revision = @revision, updated_at = @updated_at
WHERE environment = @environment AND id = @id;

-- name: DeleteOldConnectionAttempts :exec
DELETE FROM connection_attempts WHERE updated_at < @before;

-- name: TrimConnectionAttempts :exec
DELETE FROM connection_attempts WHERE connection_attempts.environment = @environment AND connection_attempts.server_id = @server_id AND connection_attempts.id NOT IN (
  SELECT newest.id FROM connection_attempts AS newest WHERE newest.environment = @environment AND newest.server_id = @server_id
  ORDER BY newest.id DESC LIMIT cast(@keep AS bigint));

-- name: CreateConnectionStep :exec
INSERT INTO connection_steps (id, environment, attempt_id, name, status, fault, detail, happened_at)
VALUES (@id, @environment, @attempt_id, @name, @status, @fault, @detail, @happened_at);

-- name: ListConnectionSteps :many
SELECT * FROM connection_steps WHERE environment = @environment AND attempt_id = @attempt_id ORDER BY id LIMIT 200;

-- name: CountConnectionSteps :one
SELECT count(*) FROM connection_steps WHERE environment = @environment AND attempt_id = @attempt_id;
