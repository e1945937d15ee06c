import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { renderReport } from '../src/report/render-report.ts';
import { findChromium, launchChromium } from './report-browser.ts';
import { hostile, runs } from './report-runs.ts';

const executablePath = findChromium();
const describeInBrowser = executablePath === null ? describe.skip : describe;

// A run with a retry is laid out as one without.
const { publishedAfterARetry: _, ...laidOut } = runs;
const reports = { ...laidOut, hostile };

describeInBrowser('the report in Chromium', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-report-'));
    for (const [name, input] of Object.entries(reports)) {
      writeFileSync(join(folder, `${name}.html`), renderReport(await input()));
    }
    browser = await launchChromium(executablePath ?? '');
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a report and notes whatever it asks for or complains about. */
  const open = async (name: string, colorScheme: 'light' | 'dark', width: number) => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    const trouble: string[] = [];
    const address = pathToFileURL(join(folder, `${name}.html`)).href;
    page.on('request', (request) => {
      if (![address, 'data:,'].includes(request.url())) trouble.push(`request: ${request.url()}`);
    });
    page.on('console', (message) => trouble.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
    await page.goto(address);
    return { page, trouble };
  };

  /** The width of what is wider than the window, or 0. */
  const overflow = (page: Page) =>
    page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)');

  const violations = async (page: Page): Promise<readonly string[]> => {
    await page.evaluate(axe.source);
    return page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
    );
  };

  for (const name of Object.keys(reports)) {
    for (const scheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        test(`${name}, ${scheme}, ${width} px: accessible, quiet, and no wider than the window`, async () => {
          const { page, trouble } = await open(name, scheme, width);
          expect(await overflow(page)).toBe(0);
          expect(await violations(page)).toEqual([]);
          expect(trouble).toEqual([]);
          await page.close();
        }, 60_000);
      }
    }
  }

  test('the graph that fits the window is the one that is shown', async () => {
    for (const [width, shown, hidden] of [
      [1280, 'wide', 'narrow'],
      [390, 'narrow', 'wide'],
    ] as const) {
      const { page } = await open('published', 'light', width);
      expect(await page.locator(`svg.${shown}`).isVisible()).toBe(true);
      expect(await page.locator(`svg.${hidden}`).isVisible()).toBe(false);
      await page.close();
    }
  });

  test('every cell of the strip can be seen and pointed at, and what failed in it as well', async () => {
    for (const width of [1280, 390]) {
      const { page } = await open('publishedByBatches', 'light', width);
      const sizes = await page.evaluate<readonly number[]>(`
        [...document.querySelectorAll('.strip svg')].map((cell) => cell.getBoundingClientRect().width)`);
      expect(sizes).toHaveLength(480);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12);
      const failed = await page.evaluate<readonly number[]>(`
        [...document.querySelectorAll('.strip .tone-unprocessed')].map((layer) => layer.getBoundingClientRect().height)`);
      expect(failed).toHaveLength(15);
      expect(Math.min(...failed)).toBeGreaterThanOrEqual(7);
      await page.close();
    }
  });

  test('no label of a state is wider than its state', async () => {
    for (const [width, graph] of [
      [1280, 'wide'],
      [390, 'narrow'],
    ] as const) {
      const { page } = await open('publishedByADetour', 'light', width);
      const tooWide = await page.evaluate<string[]>(`
        [...document.querySelectorAll('svg.${graph} .node')].flatMap((node) => {
          const shape = node.querySelector('.shape').getBoundingClientRect();
          return [...node.querySelectorAll('text')]
            .filter((text) => text.getBoundingClientRect().width > shape.width)
            .map((text) => text.textContent);
        })`);
      expect(tooWide).toEqual([]);
      await page.close();
    }
  });

  test('the policy of the document stops what would be injected', async () => {
    const { page } = await open('published', 'light', 1280);
    const ran = await page.evaluate<boolean>(`
      (() => {
        const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        document.body.append(script);
        return window.injected === true;
      })()`);
    expect(ran).toBe(false);
    await page.close();
  });
});
