// Drives a Chromium for the tests: each line on standard input is one command as JSON, each line on standard output what came of it. What the page said that
// it should not have said (a violation of its policy, an error of its script) is in every answer.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox"] });
const complaints = [];
const watch = (page) => {
  page.setDefaultTimeout(20_000);
  page.on("console", (m) => {
    if (/Content Security Policy|violates/i.test(m.text())) complaints.push(`${page.url()}: ${m.text()}`);
  });
  page.on("pageerror", (e) => complaints.push(`${page.url()}: ${e.message}`));
  return page;
};
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = watch(await context.newPage());

// Axe runs in the page, which its policy forbids to anybody else: in a context of its own, that passes over the policy.
async function axe({ paths, base, width, scheme }) {
  const other = await browser.newContext({ bypassCSP: true, storageState: await context.storageState(), viewport: { width, height: 900 }, colorScheme: scheme });
  const tab = await other.newPage();
  const faults = [], wide = [], statuses = {};
  for (const path of paths) {
    const answer = await tab.goto(base + path);
    statuses[path] = answer.status();
    await tab.evaluate(axeSource);
    const { violations } = await tab.evaluate(() => axe.run());
    for (const v of violations) {
      if (v.impact === "serious" || v.impact === "critical") faults.push(`${path} at ${width} in ${scheme}: ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 200)}`);
    }
    if (await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth)) wide.push(`${path} at ${width}`);
  }
  await other.close();
  return { faults, wide, statuses };
}

const text = () => page.locator("main").innerText();

const commands = {
  async open({ url }) {
    const answer = await page.goto(url);
    return { status: answer.status() };
  },
  async fill({ fields }) {
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
    return {};
  },
  async check({ boxes }) {
    for (const label of boxes) await page.getByLabel(label).first().check();
    return {};
  },
  async choose({ label, option }) {
    await page.getByLabel(label, { exact: true }).selectOption({ label: option });
    return {};
  },
  async press({ button }) {
    await page.getByRole("button", { name: button }).first().click();
    await page.waitForLoadState();
    return {};
  },
  async follow({ link }) {
    await page.getByRole("link", { name: link }).first().click();
    await page.waitForLoadState();
    return {};
  },
  // Waits until a page says something; what it says in all is the answer.
  async wait({ words }) {
    await page.waitForFunction((w) => document.querySelector("main").innerText.includes(w), words);
    return {};
  },
  async value({ label }) {
    return { value: await page.getByLabel(label, { exact: true }).inputValue() };
  },
  async copyable() {
    return { value: await page.locator(".copyable code").first().textContent() };
  },
  // What a page holds, shut or open.
  async contents() {
    return { value: await page.locator("main").evaluate((main) => main.textContent) };
  },
  // What the keyboard reaches first, and whether one sees where it is.
  async tab() {
    await page.keyboard.press("Tab");
    return page.evaluate(() => {
      const at = document.activeElement, style = getComputedStyle(at);
      return { value: at.textContent.trim(), seen: style.outlineStyle !== "none" && at.getBoundingClientRect().top >= 0 };
    });
  },
  axe,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = await commands[name](given);
  } catch (fault) {
    answer = { error: fault.message };
  }
  answer.url = page.url();
  answer.text = await text().catch(() => "");
  answer.complaints = complaints.splice(0);
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
