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

await page.emulateMedia({ colorScheme: "dark" });
await page.getByRole("link", { name: "Logs" }).first().click();
await page.getByLabel("Time", { exact: true }).selectOption({ label: "Last hour" });
await page.waitForURL(/period=1h/);
await shot("dashboard-logs");
await browser.close();
