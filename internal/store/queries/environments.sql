-- name: CreateEnvironment :exec
INSERT INTO environments (id, name, created_at, updated_at)
VALUES (@id, @name, @created_at, @updated_at);

-- name: GetEnvironment :one
SELECT * FROM environments WHERE id = @id;

-- name: GetEnvironmentByName :one
SELECT * FROM environments WHERE name = @name;

-- name: ListEnvironments :many
SELECT * FROM environments WHERE id < @before ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: RenameEnvironment :execrows
UPDATE environments SET name = @name, updated_at = @updated_at WHERE id = @id;

-- name: DeleteEnvironment :execrows
DELETE FROM environments WHERE id = @id;

-- name: CountAccounts :one
SELECT count(*) FROM accounts WHERE environment = @environment;

-- name: CreateAPIToken :exec
INSERT INTO api_tokens (id, environment, name, prefix, key_id, token_hash, created_by, created_at, expires_at, last_used_at, user_id, scopes)
VALUES (@id, @environment, @name, @prefix, @key_id, @token_hash, @created_by, @created_at, @expires_at, 0, @user_id, @scopes);

-- name: GetAPIToken :one
SELECT * FROM api_tokens WHERE environment = @environment AND id = @id;

-- name: GetAPITokenByHash :one
SELECT * FROM api_tokens WHERE token_hash = @token_hash;

-- name: ListAPITokens :many
SELECT * FROM api_tokens WHERE environment = @environment AND id < @before ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: ListAPITokensOfUser :many
SELECT * FROM api_tokens WHERE environment = @environment AND user_id = @user_id AND user_id <> '' AND id < @before ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: ListAPITokenIDs :many
SELECT id FROM api_tokens WHERE environment = @environment;

-- name: TouchAPIToken :exec
UPDATE api_tokens SET last_used_at = @last_used_at WHERE id = @id AND last_used_at < @last_used_at;

-- name: DeleteAPIToken :execrows
DELETE FROM api_tokens WHERE environment = @environment AND id = @id;
