-- name: InsertOverride :exec
INSERT INTO overrides (environment, integration, account_id, version, digest, document, created_by, created_at)
VALUES (@environment, @integration, @account_id, @version, @digest, @document, @created_by, @created_at);

-- name: GetOverride :one
SELECT * FROM overrides WHERE environment = @environment AND integration = @integration AND account_id = @account_id ORDER BY version DESC LIMIT 1;

-- name: ListOverridesOf :many
-- The newest of each account that has one, and of the environment (whose account_id is empty).
SELECT * FROM overrides AS o
WHERE o.environment = @environment AND o.integration = @integration
  AND o.version = (SELECT max(n.version) FROM overrides AS n WHERE n.environment = o.environment AND n.integration = o.integration AND n.account_id = o.account_id)
ORDER BY o.account_id;

-- name: DeleteOverridesOfAccount :execrows
DELETE FROM overrides WHERE environment = @environment AND account_id = @account_id;
