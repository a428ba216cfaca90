// Makes docs/playground.png, the picture of the page in the README: an instance hangs and is ejected, and Consul
// has stopped; the calls go on.
import { statSync } from 'node:fs';
import { openBrowser, until } from './browser.mjs';
import { startPlayground } from './playground.mjs';

const FILE = 'docs/playground.png';
const SIZE_MAX = 200 * 1024;

const playground = await startPlayground();
const browser = await openBrowser({ width: 1280, height: 800 });
try {
    const page = await browser.open(playground.url);
    // (So that the timeline has something to tell.)
    await until(
        '50 s of calls',
        async () => (await page.locator('.bars path').first().getAttribute('d')).split('M').length > 50,
        120000,
    );
    await playground.act({ action: 'add', weight: 3, zone: 'z1', version: '2.0.0' });
    await until(
        'the new instance is used',
        async () => (await playground.state()).nodes.some(node => node.id === 'user-service-4' && node.share > 0.3),
        60000,
    );
    await playground.act({ action: 'hang', target: 'user-service-2' });
    await until('it is ejected', async () => (await playground.state()).nodes.some(node => node.ejected), 30000);
    await playground.act({ action: 'stop', target: 'consul' });
    await until('the list is stale', async () => (await playground.state()).discovery.source === 'cache', 30000);
    const seconds = page.locator('#last-second');
    const before = await seconds.textContent();
    await until('the next second is drawn', async () => (await seconds.textContent()) !== before);
    await page.waitForFunction(() => document.querySelectorAll('.chip').length > 10);
    await page.screenshot({ path: FILE });
} finally {
    await browser.close();
    await playground.stop();
}
const { size } = statSync(FILE);
console.log(`${FILE}: ${size} bytes`);
if (size > SIZE_MAX) throw new Error(`${FILE} has ${size} bytes: more than ${SIZE_MAX}`);
