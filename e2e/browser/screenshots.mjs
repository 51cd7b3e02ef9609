// Makes the pictures of the dashboard in docs/images from a running demo: node browser/screenshots.mjs CHROMIUM DASHBOARD_URL FOLDER
import { chromium } from "playwright-core";

const [, , program, dashboard, folder] = process.argv;
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, colorScheme: "light" });
const page = await context.newPage();
const shot = (name, options = {}) => page.screenshot({ path: `${folder}/${name}.png`, ...options });

await page.goto(dashboard);
await shot("dashboard-accounts", { clip: { x: 0, y: 0, width: 1200, height: 420 } });

await page.getByRole("link", { name: "Octapipe sandbox" }).click();
await page.getByRole("link", { name: "Create an MCP server" }).click();
await page.getByLabel("Name").first().fill("Sales assistant");
await page.getByLabel("read list, get").check();
await page.getByLabel("pipelines").first().check();
await page.waitForFunction(() => document.querySelector("main").innerText.includes("none changes data"));
await page.waitForSelector('select[name="bind.pipeline_uuid"]');
await shot("dashboard-create", { clip: { x: 0, y: 0, width: 1200, height: 760 } });

await page.getByRole("button", { name: "Create it" }).click();
await page.getByRole("heading", { name: "Claude Code" }).waitFor();
await shot("dashboard-created");

await page.getByRole("link", { name: "Integrated accounts" }).first().click();
await page.getByRole("link", { name: "Octapipe sandbox" }).click();
await page.getByRole("link", { name: "Tools" }).first().click();
await page.getByRole("link", { name: "create_a_octapipe_pipeline_card", exact: true }).click();
await page.getByLabel("pipeline_uuid *").selectOption({ label: "Q3 Renewals" });
await page.waitForSelector('[name="a/custom_fields_values/cf_annual_value"]');
await page.getByLabel("name *", { exact: true }).fill("Contoso renewal");
await page.getByLabel("pipeline_stage_uuid *").selectOption({ index: 1 });
await page.getByLabel("sla *").fill("24");
await page.locator('[name="a/custom_fields_values/cf_annual_value"]').fill("1200.50");
await page.getByRole("button", { name: "Show the request" }).click();
await page.getByRole("heading", { name: "Request to the vendor" }).waitFor();
await shot("dashboard-playground", { clip: { x: 0, y: 0, width: 1200, height: 760 } });

// A client asks to use a server that people sign in to, as its browser would.
await page.getByRole("link", { name: "Integrated accounts" }).first().click();
await page.getByRole("link", { name: "Octapipe sandbox" }).click();
await page.getByRole("link", { name: "Create an MCP server" }).click();
await page.getByLabel("Name").first().fill("Sales assistant");
await page.getByLabel("People who sign in (OAuth)").check();
await page.getByRole("button", { name: "Create it" }).click();
const server = await page.locator(".copyable code").first().textContent();
const { resource_metadata: metadata } = /resource_metadata="(?<resource_metadata>[^"]+)"/.exec(
  (await fetch(server, { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' })).headers.get("WWW-Authenticate")).groups;
const issuer = new URL((await (await fetch(metadata)).json()).authorization_servers[0]);
const { authorization_endpoint, registration_endpoint } = await (await fetch(`${issuer.origin}/.well-known/oauth-authorization-server${issuer.pathname}`)).json();
const redirect_uri = "http://127.0.0.1:19876/mcp/oauth/callback";
const registered = await fetch(registration_endpoint, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ client_name: "opencode", redirect_uris: [redirect_uri], token_endpoint_auth_method: "none" }) });
const { client_id } = await registered.json();
const query = new URLSearchParams({ response_type: "code", client_id, redirect_uri, state: "s", resource: server, code_challenge_method: "S256", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" });
await page.goto(`${authorization_endpoint}?${query}`);
await page.getByRole("button", { name: "Allow", exact: true }).waitFor();
await page.locator("main").screenshot({ path: `${folder}/consent.png` });
await page.goto(dashboard.replace(/\/sign-in.*/, "/dashboard/accounts"));

await page.emulateMedia({ colorScheme: "dark" });
await page.getByRole("link", { name: "Logs" }).first().click();
await page.getByLabel("Time", { exact: true }).selectOption({ label: "Last hour" });
await page.waitForURL(/period=1h/);
await shot("dashboard-logs");
await browser.close();
