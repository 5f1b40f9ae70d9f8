// SPDX-License-Identifier: Apache-2.0
// Opens a campaign_report.html in headless Chromium and looks at what a reader would see.
// usage: node html_report.cjs REPORT.html [--screenshot out.png] [--part SELECTOR] [--width N]
//          [--height N] [--dark] [--chromium PATH]
// A screenshot is of the whole page, or begins at the part and is as high as is said.
// One line per check; exit 0 when all hold, 1 when one does not, 2 for bad usage.
'use strict';
const fs = require('fs');
const path = require('path');
const url = require('url');

function usage(message) {
  process.stderr.write(`html_report: ${message}\nusage: node html_report.cjs REPORT.html [--screenshot out.png] [--part SELECTOR] [--width N] [--height N] [--dark] [--chromium PATH]\n`);
  process.exit(2);
}

const options = {chromium: '/usr/bin/chromium', dark: false, screenshot: '', part: 'body', width: 1280, height: 0, file: ''};
for (let i = 2; i < process.argv.length; ++i) {
  const argument = process.argv[i];
  if (argument === '--dark') options.dark = true;
  else if (['--screenshot', '--part', '--width', '--height', '--chromium'].includes(argument)) options[argument.slice(2)] = process.argv[++i] || usage(`${argument} has no value`);
  else if (argument.startsWith('--')) usage(`unknown option '${argument}'`);
  else if (options.file) usage(`a second report '${argument}'`);
  else options.file = argument;
}
if (!options.file) usage('no report given');
if (!fs.existsSync(options.file)) usage(`${options.file}: no such file`);

const modules = path.join(__dirname, '..', '..', 'packaging', 'npm', 'node_modules');
const {chromium} = require(path.join(modules, 'playwright-core'));

let failed = 0;
function check(name, holds, detail = '') {
  if (!holds) ++failed;
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${name}${detail ? ': ' + detail : ''}\n`);
}

// In the page: per chart, how many pixels and colours its canvas has, and how its phases are marked.
function inspectCharts() {
  return [...document.querySelectorAll('.chart')].map((figure) => {
    const canvas = figure.querySelector('canvas');
    const result = {id: figure.dataset.chart, painted: 0, colours: 0, labels: [], shaded: false};
    if (!canvas || canvas.width === 0 || canvas.height === 0) return result;
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Map();
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      ++result.painted;
      const colour = (data[i] << 24) | (data[i + 1] << 16) | (data[i + 2] << 8) | data[i + 3];
      colours.set(colour, (colours.get(colour) || 0) + 1);
    }
    result.colours = colours.size;
    // A phase's band is a large area of one translucent colour.
    result.shaded = [...colours].some(([colour, n]) => (colour & 255) < 60 && n > 400);
    result.labels = [...figure.querySelectorAll('.phase-label')].map((label) => label.textContent);
    return result;
  });
}

async function main() {
  const problems = [];
  const requests = [];
  const browser = await chromium.launch({
    executablePath: options.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--no-first-run', '--no-default-browser-check', '--disable-default-apps'],
  });
  try {
    const page = await browser.newPage({viewport: {width: Number(options.width), height: 900}, colorScheme: options.dark ? 'dark' : 'light'});
    const address = url.pathToFileURL(path.resolve(options.file)).href;
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`console ${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('request', (request) => {
      if (request.url() !== address && !request.url().startsWith('data:')) requests.push(request.url());
    });
    await page.goto(address, {waitUntil: 'load'});
    await page.waitForFunction(() => document.documentElement.dataset.charts !== undefined, null, {timeout: 20000}).catch(() => {});
    await page.waitForTimeout(200);

    const size = fs.statSync(options.file).size;
    check('the page is under 2 MB', size < 2 * 1024 * 1024, `${size} bytes`);
    const verdict = (await page.locator('.verdict .word').first().textContent().catch(() => '')) || '';
    check('the verdict stands first', /[A-Z]{2}/.test(verdict), verdict.trim());
    const sentence = (await page.locator('.verdict .sentence').first().textContent().catch(() => '')) || '';
    check('the verdict has its sentence', sentence.trim().length > 0, sentence.trim());

    const phases = await page.evaluate(() => JSON.parse(document.getElementById('series').textContent).phases.length);
    const charts = await page.evaluate(inspectCharts);
    const ids = charts.map((chart) => chart.id);
    for (const id of ['throughput', 'latency', 'errors']) check(`there is a chart of ${id}`, ids.includes(id));
    check('there are charts of resources', ids.some((id) => !['throughput', 'latency', 'errors'].includes(id)), ids.slice(3).join(' '));
    for (const chart of charts) {
      check(`chart ${chart.id} is drawn`, chart.painted > 500 && chart.colours > 3, `${chart.painted} pixels, ${chart.colours} colours`);
      check(`chart ${chart.id} marks the phases`, phases === 0 || (chart.labels.length > 0 && chart.shaded), chart.labels.join(' | '));
    }
    const strip = await page.locator('.strip .block').count();
    check('the strip shows every phase', strip === phases, `${strip} of ${phases}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check('nothing sticks out of the page', overflow <= 1, `${overflow} px`);

    if (charts.length > 0) {
      // Zooming one chart zooms all of them.
      const over = page.locator('.chart .u-over').first();
      await over.scrollIntoViewIfNeeded();
      const box = await over.boundingBox();
      await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2, {steps: 5});
      await page.mouse.up();
      await page.waitForTimeout(200);
      const zoomed = await page.evaluate(inspectCharts);
      check('charts are still drawn when zoomed', zoomed.every((chart) => chart.painted > 500));
      await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.move(0, 0);
      await page.waitForTimeout(200);
    }
    if (options.screenshot) {
      await page.evaluate(() => window.scrollTo(0, 0));
      const box = await page.locator(options.part).first().boundingBox();
      const clip = {x: 0, y: box.y, width: Number(options.width), height: Number(options.height) || box.height};
      await page.screenshot({path: options.screenshot, fullPage: true, clip});
    }
    check('no error in the console', problems.length === 0, problems.join('; '));
    check('no request but the file itself', requests.length === 0, requests.join(' '));
  } finally {
    await browser.close();
  }
}

main().then(() => process.exit(failed === 0 ? 0 : 1), (error) => {
  process.stdout.write(`FAIL ${error.message.split('\n')[0]}\n`);
  process.exit(1);
});
