// Opens the page in a real Chromium, as a reader does, and notes each error of the console. Each session is a
// new browser with an empty profile, so that no choice of a former test is remembered.
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const FOLDER = resolve(process.env.BUILD ?? 'build', 'page');
const installed = createRequire(join(FOLDER, 'package.json'));
const { chromium } = installed('playwright-core');
const AXE = installed.resolve('axe-core/axe.min.js');
const SWITCHES = [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];

const open = new Set();

// A test that fails does not reach its close(), and an open browser keeps the tests from ending.
export const closeBrowsers = () => Promise.all([...open].map(browser => browser.close()));

// as: {locale, width, height, colorScheme, reducedMotion}. The browser ends with close().
export async function openBrowser(as = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'page-'));
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        args: process.getuid() === 0 ? ['--no-sandbox', ...SWITCHES] : SWITCHES,
        viewport: { width: as.width ?? 1280, height: as.height ?? 800 },
        locale: as.locale ?? 'en-US',
        colorScheme: as.colorScheme ?? 'light',
        reducedMotion: as.reducedMotion ?? 'no-preference',
    });
    context.setDefaultTimeout(30000);
    const errors = [];
    const closeContext = context.close.bind(context);
    open.add(context);
    return Object.assign(context, {
        errors,
        profile,
        async close() {
            open.delete(context);
            await closeContext();
            rmSync(profile, { recursive: true, force: true });
        },
        // A tab that shows the page, with its first state.
        async open(url, { hint = false } = {}) {
            const page = await context.newPage();
            page.on('console', message => {
                if (message.type() === 'error') errors.push(message.text());
            });
            page.on('pageerror', error => errors.push(error.message));
            if (!hint) await page.addInitScript(() => localStorage.setItem('playground-hint', 'seen'));
            await page.goto(url);
            await page.locator('#connection.is-open').waitFor();
            await page.locator('.card').first().waitFor();
            return page;
        },
    });
}

export async function screenshot(page, name, fullPage = false) {
    mkdirSync(FOLDER, { recursive: true });
    await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage });
}

// What axe-core complains about; [] if nothing.
export async function violations(page) {
    // (evaluate() is not subject to the page's Content-Security-Policy; a script element is.)
    const { readFileSync } = await import('node:fs');
    await page.evaluate(readFileSync(AXE, 'utf8'));
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    return found.violations.flatMap(({ id, nodes }) =>
        nodes.map(node => `${id}: ${node.target} ${node.failureSummary ?? ''}`),
    );
}

// Waits until look() is true.
export async function until(what, look, limitMs = 30000) {
    const end = Date.now() + limitMs;
    while (!(await look())) {
        if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
        await new Promise(done => {
            setTimeout(done, 25);
        });
    }
}

// The pairs of visible elements that overlap although neither contains the other, what is wider than the window,
// and the texts of the picture that leave their card.
export async function misplaced(page) {
    return page.evaluate(() => {
        const seen = node => node.checkVisibility() && node.getBoundingClientRect().width > 1;
        const nameOf = node =>
            `${node.tagName.toLowerCase()}${node.id ? `#${node.id}` : ''} "${(node.textContent ?? '').trim().slice(0, 30)}"`;
        const clipped = node => node.closest('#events, #knows-over, .unseen, .skip');
        const nodes = [
            ...document.querySelectorAll('button, select, input, summary, h1, h2, h3, p, dt, dd, li, label, .card'),
        ].filter(node => seen(node) && !clipped(node));
        const faults = [];
        for (const [i, a] of nodes.entries()) {
            const one = a.getBoundingClientRect();
            if (one.right > innerWidth + 0.5 || one.left < -0.5) faults.push(`outside the window: ${nameOf(a)}`);
            for (const b of nodes.slice(i + 1)) {
                if (a.contains(b) || b.contains(a)) continue;
                const two = b.getBoundingClientRect();
                if (
                    Math.min(one.right, two.right) - Math.max(one.left, two.left) > 1 &&
                    Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top) > 1
                )
                    faults.push(`overlap: ${nameOf(a)} and ${nameOf(b)}`);
            }
        }
        for (const card of document.querySelectorAll('.card')) {
            const box = card.querySelector('.card-box').getBoundingClientRect();
            const texts = [...card.querySelectorAll('text')]
                .filter(text => text.textContent)
                .map(text => [text.textContent, text.getBoundingClientRect()]);
            for (const [i, [words, text]] of texts.entries()) {
                if (text.right > box.right || text.left < box.left || text.bottom > box.bottom + 1)
                    faults.push(`leaves its card: ${words}`);
                for (const [other, that] of texts.slice(i + 1))
                    if (
                        text.right > that.left + 1 &&
                        that.right > text.left + 1 &&
                        text.bottom > that.top + 5 &&
                        that.bottom > text.top + 5
                    )
                        faults.push(`on each other in a card: ${words}, ${other}`);
            }
        }
        if (document.documentElement.scrollWidth > innerWidth)
            faults.push(`scrolls sideways: ${document.documentElement.scrollWidth} px`);
        return faults;
    });
}
