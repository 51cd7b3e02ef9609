-- name: PutVendorClient :exec
INSERT INTO vendor_clients (environment, integration, client_id, client_secret, server, created_by, created_at, updated_at)
VALUES (@environment, @integration, @client_id, @client_secret, @server, @created_by, @created_at, @updated_at)
ON CONFLICT (environment, integration) DO UPDATE SET client_id = excluded.client_id, client_secret = excluded.client_secret, server = excluded.server, updated_at = excluded.updated_at;

-- name: GetVendorClient :one
SELECT * FROM vendor_clients WHERE environment = @environment AND integration = @integration;

-- name: DeleteVendorClient :execrows
DELETE FROM vendor_clients WHERE environment = @environment AND integration = @integration;
