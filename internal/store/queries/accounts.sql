-- name: CreateAccount :exec
INSERT INTO accounts (id, environment, tenant_id, name, integration, status, context, credentials, token, token_expires_at,
    credential_version, last_error, created_at, updated_at, settings)
VALUES (@id, @environment, @tenant_id, @name, @integration, @status, @context, @credentials, @token, @token_expires_at,
    @credential_version, @last_error, @created_at, @updated_at, @settings);

-- name: GetAccount :one
SELECT * FROM accounts WHERE environment = @environment AND id = @id;

-- name: ListAccounts :many
-- Newest first, below an id. An empty integration or status does not filter.
SELECT * FROM accounts
WHERE environment = @environment AND id < @before
  AND (cast(@integration AS text) = '' OR integration = @integration)
  AND (cast(@status AS text) = '' OR status = @status)
ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: ListAccountsOfTenant :many
SELECT * FROM accounts
WHERE environment = @environment AND tenant_id = @tenant_id AND id < @before
  AND (cast(@integration AS text) = '' OR integration = @integration)
  AND (cast(@status AS text) = '' OR status = @status)
ORDER BY id DESC LIMIT cast(@lim AS bigint);

-- name: UpdateAccount :execrows
-- What a person edits; credentials and status have statements of their own.
UPDATE accounts SET tenant_id = @tenant_id, name = @name, context = @context, updated_at = @updated_at
WHERE environment = @environment AND id = @id;

-- name: UpdateAccountSettings :execrows
UPDATE accounts SET settings = @settings, updated_at = @updated_at WHERE environment = @environment AND id = @id;

-- name: LockAccount :execrows
-- Holds the row until the transaction ends, so that what is read next is what is changed then.
UPDATE accounts SET updated_at = updated_at WHERE environment = @environment AND id = @id;

-- name: SetAccountStatus :execrows
UPDATE accounts SET status = @status, last_error = @last_error, updated_at = @updated_at
WHERE environment = @environment AND id = @id;

-- name: UpdateAccountCredentials :execrows
-- Replaces what was entered and what came of it, whatever stood before; the version grows.
UPDATE accounts SET credentials = @credentials, token = @token, token_expires_at = @token_expires_at,
    credential_version = credential_version + 1, context = @context, updated_at = @updated_at
WHERE environment = @environment AND id = @id;

-- name: UpdateAccountToken :execrows
-- Stores a renewed token, unless another renewal came first: then no row changes, and the caller takes the winner's.
UPDATE accounts SET token = @token, token_expires_at = @token_expires_at, credential_version = credential_version + 1, updated_at = @updated_at
WHERE environment = @environment AND id = @id AND credential_version = @credential_version;

-- name: DeleteAccount :execrows
DELETE FROM accounts WHERE environment = @environment AND id = @id;

-- name: InsertAccountEvent :exec
INSERT INTO account_events (id, environment, account_id, type, payload, created_at)
VALUES (@id, @environment, @account_id, @type, @payload, @created_at);

-- name: ListAccountEvents :many
-- Oldest first, after an id.
SELECT * FROM account_events WHERE environment = @environment AND id > @after ORDER BY id LIMIT cast(@lim AS bigint);

-- name: ListIdleTokens :many
-- Active accounts whose tokens ended in a span of time, those first that ended first.
SELECT environment, id, token_expires_at FROM accounts
WHERE token_expires_at > @after AND token_expires_at < @before AND status = 'active'
ORDER BY token_expires_at LIMIT cast(@lim AS bigint);
