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

-- name: ListServersOfIntegration :many
-- By id, after one.
SELECT s.id, s.name, s.config, s.account_id FROM mcp_servers AS s
JOIN accounts AS a ON a.environment = s.environment AND a.id = s.account_id
WHERE s.environment = @environment AND a.integration = @integration AND s.id > @after
ORDER BY s.id LIMIT cast(@lim AS bigint);

-- name: DeleteOverridesOfAccount :execrows
DELETE FROM overrides WHERE environment = @environment AND account_id = @account_id;
