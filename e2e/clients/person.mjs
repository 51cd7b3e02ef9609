// A person at a real browser: opens the address, signs in, reads what is asked, allows it, and tells where the browser ended and what it complained of.
import { chromium } from 'playwright-core';

const [executablePath, address, email, password] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const context = await browser.newContext({ ignoreHTTPSErrors: true });
const page = await context.newPage();
const complaints = [];
// What the client's own page lacks, where the browser ends, is not Sluice's fault.
const ours = (url) => !url || new URL(url).origin === new URL(address).origin;
page.on('console', (message) => { if (message.type() === 'error' && ours(message.location().url)) complaints.push(message.text()); });
page.on('pageerror', (error) => complaints.push(String(error)));
await page.goto(address);
await page.getByLabel('Email address').fill(email);
await page.getByLabel('Password').fill(password);
await page.getByRole('button', { name: 'Sign in', exact: true }).click();
await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
const asked = await page.locator('main').textContent();
const until = page.waitForURL((url) => url.pathname.includes('callback'), { waitUntil: 'commit' });
await page.getByRole('button', { name: 'Allow', exact: true }).click();
await until;
const ended = page.url();
await browser.close();
process.stdout.write(JSON.stringify({ asked, ended, complaints }) + '\n');
