-- name: InsertRedirectURI :exec
INSERT INTO redirect_uris (environment, uri, created_at) VALUES (@environment, @uri, @created_at) ON CONFLICT (environment, uri) DO NOTHING;

-- name: ListRedirectURIs :many
SELECT uri FROM redirect_uris WHERE environment = @environment ORDER BY uri;

-- name: DeleteRedirectURIs :exec
DELETE FROM redirect_uris WHERE environment = @environment;

-- name: InsertLinkToken :exec
INSERT INTO link_tokens (id, environment, key_id, token_hash, account_id, tenant_id, name, integration, context, redirect_uri, created_by, created_at, expires_at, used_at)
VALUES (@id, @environment, @key_id, @token_hash, @account_id, @tenant_id, @name, @integration, @context, @redirect_uri, @created_by, @created_at, @expires_at, 0);

-- name: GetLinkToken :one
SELECT * FROM link_tokens WHERE environment = @environment AND id = @id;

-- name: GetLinkTokenByHash :one
SELECT * FROM link_tokens WHERE token_hash = @token_hash;

-- name: UseLinkToken :execrows
-- Ties a link to the account that it connected, and uses it up where used_at is given. Of two who use it at once, the second changes no row.
UPDATE link_tokens SET account_id = @account_id, used_at = @used_at
WHERE id = @id AND used_at = 0 AND account_id = @old_account_id;

-- name: DeleteOldLinkTokens :execrows
DELETE FROM link_tokens WHERE expires_at < @before;

-- name: InsertVendorAuthorization :exec
INSERT INTO vendor_authorizations (id, link_id, key_id, state_hash, pending, created_at, expires_at)
VALUES (@id, @link_id, @key_id, @state_hash, @pending, @created_at, @expires_at);

-- name: GetVendorAuthorizationByHash :one
SELECT * FROM vendor_authorizations WHERE state_hash = @state_hash;

-- name: DeleteVendorAuthorization :execrows
DELETE FROM vendor_authorizations WHERE id = @id;
