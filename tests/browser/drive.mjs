// Drives the dashboard with a browser: overview, filter, drift detail, comparison, a run that is under way, the keyboard,
// signing in and out, a link from elsewhere, and axe-core on every page in light and dark, on a desk and on a phone.
//
// usage: node drive.mjs ADDRESS MODULES SCREENSHOTS CHROMIUM RUN GUARDED TOKEN
//
// GUARDED is the address of a dashboard that asks for the token.
//
// It tells the test on standard output when to write: `ready` asks for progress of the run, `end` for its end.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [address, modules, screenshots, executablePath, run, guarded, token] = process.argv.slice(2);
const require = createRequire(join(modules, 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const failures = [];

// The policy of the pages admits no script of the test; the browser lets it in where the test asks for that.
const open = (size, scheme, more = {}) =>
  browser.newContext({ viewport: SIZES[size], colorScheme: scheme, reducedMotion: 'reduce', bypassCSP: true, ...more });

async function watched(context) {
  const page = await context.newPage();
  page.on('pageerror', (error) => failures.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(address)) failures.push(`it loads ${request.url()}`);
  });
  return page;
}

async function checked(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const one of found.violations) {
    const where = one.nodes.slice(0, 3).map((node) => node.target.join(' ')).join('; ');
    const line = `${name}: ${one.impact} ${one.id}: ${one.help} (${where})`;
    if (['serious', 'critical'].includes(one.impact)) failures.push(line);
    else console.log(`minor: ${line}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 1) failures.push(`${name}: ${wide} pixels wider than the window`);
}

async function walk() {
  const context = await open('desk', 'light');
  const page = await watched(context);
  const first = {};
  await page.goto(address);
  assert.match(await page.title(), /Overview/);
  assert.equal(await page.locator('.words').innerText(), 'NO-GO');
  assert.equal(await page.getByRole('img', { name: 'Score over time' }).count(), 1);
  await page.getByText('The same as a table').click();
  assert.ok((await page.getByRole('table', { name: /Score of each run/ }).getByRole('row').count()) > 2);

  await page.getByRole('link', { name: 'Findings', exact: true }).first().click();
  await page.getByLabel('Severity').selectOption('critical');
  await page.getByLabel('Search').fill('db');
  await page.getByRole('button', { name: 'Show' }).click();
  assert.match(page.url(), /severity=critical/);
  const rows = page.getByRole('table').getByRole('rowheader');
  const number = await rows.count();
  assert.ok(number > 0);
  assert.match(await page.getByRole('status').innerText(), new RegExp(`^${number} finding`));
  assert.equal(await page.locator('td .tag:not(.critical)').count(), 0);
  first.findings = page.url();
  await rows.first().getByRole('link').click();
  assert.equal(await page.getByRole('heading', { name: 'Evidence' }).count(), 1);
  assert.equal(await page.getByRole('heading', { name: 'How to repair it' }).count(), 1);
  first.finding = page.url();

  await page.getByRole('link', { name: 'Drift', exact: true }).first().click();
  await page.getByLabel('Class').selectOption('changed');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('table').getByRole('rowheader').first().getByRole('link').click();
  assert.equal(await page.getByRole('table', { name: /Attributes that differ/ }).count(), 1);
  assert.equal(await page.getByRole('heading', { name: 'Who, and since when' }).count(), 1);
  first.difference = page.url();

  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.getByRole('link', { name: 'Compare the two' }).click();
  await page.getByRole('heading', { name: 'What moved the score' }).waitFor();
  first.comparison = page.url();
  await context.close();
  return first;
}

/** Everything can be reached and used with the keyboard alone, and it is seen where one is. */
async function keyboard() {
  const context = await open('desk', 'light');
  const page = await watched(context);
  await page.goto(`${address}/findings`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  assert.ok((await page.locator('.skip').boundingBox()).x >= 0, 'the link is seen while it has the focus');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'f-q');
  await page.keyboard.type('orders');
  for (let steps = 0; steps < 12; steps++) {
    await page.keyboard.press('Tab');
    const [name, outline] = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return [document.activeElement.tagName, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0];
    });
    assert.ok(outline, `${name} shows that it has the focus`);
    if (name === 'BUTTON') break;
  }
  await Promise.all([page.waitForURL(/q=orders/), page.keyboard.press('Enter')]);
  assert.ok((await page.getByRole('table').getByRole('rowheader').count()) > 0);
  await context.close();
}

/** Without a script every page is there, and the run that is under way loads again by itself. */
async function withoutScript() {
  const context = await open('desk', 'light', { javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${address}/runs/${run}`);
  assert.equal(await page.locator('#live-said').count(), 1);
  assert.match(await page.locator('noscript').last().innerText(), /every five seconds/);
  await page.goto(`${address}/drift?class=changed`);
  assert.ok((await page.getByRole('table').getByRole('rowheader').count()) > 0);
  await context.close();
}

async function everywhere(first) {
  const pages = {
    overview: '/', findings: '/findings', drift: '/drift', components: '/components', regions: '/regions',
    recovery: '/recovery', unread: '/unread', runs: '/runs', run: '/runs/latest', live: `/runs/${run}`, compare: '/compare',
    nothing: '/findings?q=no-resource-is-called-so',
  };
  for (const [name, url] of Object.entries(first)) pages[`one-${name}`] = url.slice(address.length);
  for (const size of Object.keys(SIZES)) {
    for (const scheme of ['light', 'dark']) {
      const context = await open(size, scheme);
      const page = await watched(context);
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(address + path);
        await page.screenshot({ path: join(screenshots, `${name}-${size}-${scheme}.png`), fullPage: name !== 'recovery' });
        await checked(page, `${name}, ${size}, ${scheme}`);
      }
      await context.close();
    }
  }
}

/** With the token one gets in, and out again. */
async function signing() {
  const context = await open('desk', 'light', { bypassCSP: false });
  const page = await context.newPage();
  const title = () => page.getByRole('heading', { level: 1 }).innerText();
  const signIn = async (secret) => {
    await page.getByLabel('Token of this dashboard').fill(secret);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.getByRole('button', { name: 'Sign in' }).click(),
    ]);
    return answer.status();
  };
  await page.goto(guarded);
  assert.equal(await title(), 'Sign in');
  assert.equal(await signIn(`${token}-of-somebody-else`), 401);
  await page.getByText('That is not the token.').waitFor();
  assert.equal(await signIn(token), 303);
  await page.locator('.words').waitFor();
  assert.equal(await page.locator('.words').innerText(), 'NO-GO');
  await page.getByRole('link', { name: 'Findings', exact: true }).first().click();
  await page.waitForURL(/findings/);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token of this dashboard').waitFor();
  assert.deepEqual(await context.cookies(), []);
  await page.goto(`${guarded}/findings`);
  assert.equal(await title(), 'Sign in');
  await context.close();
}

/** A link on a page of somebody else leads here. */
async function elsewhere(comparison) {
  const context = await open('desk', 'light');
  const page = await context.newPage();
  await page.setContent('<a>there</a>');
  await page.locator('a').evaluate((link, to) => { link.href = to; }, comparison);
  await page.getByText('there').click();
  await page.getByRole('heading', { name: 'What moved the score' }).waitFor();
  await context.close();
}

async function live() {
  // With the policy of the pages in force: what follows the run is the script of the dashboard itself.
  const context = await open('phone', 'dark', { bypassCSP: false });
  const page = await watched(context);
  await page.goto(address);
  await page.getByRole('link', { name: 'Follow it' }).click();
  assert.equal(await page.locator('#live-end').isVisible(), false);
  console.log('ready');
  await page.getByText('30 of 40').waitFor();
  assert.equal(await page.locator('#live-said').innerText(), 'Reading AWS');
  assert.equal(await page.locator('#live-bar').getAttribute('value'), '30');
  await page.screenshot({ path: join(screenshots, 'live-following.png') });
  console.log('end');
  await page.locator('#live-end').waitFor({ state: 'visible' });
  assert.equal(await page.locator('#live-said').innerText(), 'It was interrupted.');
  await page.getByRole('link', { name: 'See what it found' }).click();
  await page.getByText('It has no result').waitFor();
  await context.close();
}

try {
  const first = await walk();
  await keyboard();
  await withoutScript();
  await signing();
  await elsewhere(first.comparison);
  await everywhere(first);
  await live();
} catch (error) {
  failures.push(error.stack);
} finally {
  await browser.close();
}
if (failures.length > 0) {
  console.error([...new Set(failures)].join('\n'));
  process.exit(1);
}
console.log('done');
process.exit(0);
