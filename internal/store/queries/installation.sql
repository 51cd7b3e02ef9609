-- name: GetKeyset :one
SELECT wrapped, version FROM keysets WHERE id = 1;

-- name: CreateKeyset :execrows
INSERT INTO keysets (id, version, wrapped, updated_at) VALUES (1, 1, @wrapped, @updated_at) ON CONFLICT (id) DO NOTHING;

-- name: ReplaceKeyset :execrows
UPDATE keysets SET version = version + 1, wrapped = @wrapped, updated_at = @updated_at WHERE id = 1 AND version = @version;

-- name: DropStaleLease :execrows
DELETE FROM leases WHERE name = @name AND expires_at <= @now;

-- name: TakeLease :execrows
INSERT INTO leases (name, holder, expires_at) VALUES (@name, @holder, @expires_at) ON CONFLICT (name) DO NOTHING;

-- name: DropLease :exec
DELETE FROM leases WHERE name = @name AND holder = @holder;
