-- name: CreateMCPServer :exec
INSERT INTO mcp_servers (id, environment, account_id, name, config, created_by, key_id, token_hash, expires_at, created_at, updated_at, auth)
VALUES (@id, @environment, @account_id, @name, @config, @created_by, @key_id, @token_hash, @expires_at, @created_at, @updated_at, @auth);

-- name: GetMCPServer :one
SELECT * FROM mcp_servers WHERE environment = @environment AND account_id = @account_id AND id = @id;

-- name: GetMCPServerByHash :one
SELECT * FROM mcp_servers WHERE token_hash = @token_hash;

-- name: GetMCPServerByID :one
-- For whoever knows the URL of a server that people sign in to: no environment is known there yet.
SELECT * FROM mcp_servers WHERE id = @id AND auth <> '';

-- name: ListMCPServerIDsByAuth :many
SELECT id FROM mcp_servers WHERE auth = @auth AND (expires_at = 0 OR expires_at > @now) LIMIT cast(@lim AS bigint);

-- name: ListMCPServers :many
SELECT * FROM mcp_servers
WHERE environment = @environment AND account_id = @account_id AND id < @before AND (expires_at = 0 OR expires_at > @now)
ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: ListMCPServerIDs :many
SELECT id FROM mcp_servers WHERE environment = @environment AND account_id = @account_id;

-- name: UpdateMCPServer :execrows
-- Changes a server that is still as it was read: of two who change it at once, the second reads again.
UPDATE mcp_servers SET name = @name, config = @config, expires_at = @expires_at, updated_at = @updated_at
WHERE environment = @environment AND account_id = @account_id AND id = @id
  AND name = @old_name AND config = @old_config AND expires_at = @old_expires_at;

-- name: DeleteMCPServer :execrows
DELETE FROM mcp_servers WHERE environment = @environment AND account_id = @account_id AND id = @id;

-- name: ListExpiredMCPServers :many
SELECT id FROM mcp_servers WHERE expires_at > 0 AND expires_at <= @now ORDER BY expires_at LIMIT cast(@lim AS bigint);

-- name: DeleteExpiredMCPServer :execrows
-- The expiry is looked at again: it may have been lifted since the list was made.
DELETE FROM mcp_servers WHERE id = @id AND expires_at > 0 AND expires_at <= @now;
