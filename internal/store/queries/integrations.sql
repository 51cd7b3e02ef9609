-- name: InsertIntegration :exec
INSERT INTO integrations (environment, name, version, digest, document, created_by, created_at)
VALUES (@environment, @name, @version, @digest, @document, @created_by, @created_at);

-- name: GetIntegration :one
SELECT * FROM integrations WHERE environment = @environment AND name = @name ORDER BY version DESC LIMIT 1;

-- name: GetIntegrationVersion :one
SELECT * FROM integrations WHERE environment = @environment AND name = @name AND version = @version;

-- name: ListIntegrations :many
SELECT * FROM integrations AS i
WHERE i.environment = @environment AND i.name > @after
  AND i.version = (SELECT max(n.version) FROM integrations AS n WHERE n.environment = i.environment AND n.name = i.name)
ORDER BY i.name LIMIT cast(@lim AS bigint);

-- name: ListIntegrationVersions :many
SELECT version, digest, created_by, created_at FROM integrations
WHERE environment = @environment AND name = @name ORDER BY version DESC;
