import chromiumBinary from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

/** A real browser, without a window. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await chromiumBinary.executablePath(),
    headless: true,
    // Its own sandbox needs rights that a container does not give; what it opens is our own page.
    args: ['--no-sandbox', '--disable-gpu'],
  });
}
