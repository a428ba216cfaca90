// What the page shows, with the stand-in: each state, both languages, both widths, light and dark, and what 50
// instances with 500 calls a second cost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misplaced, openBrowser, screenshot, until, violations } from './browser.mjs';
import { costOf } from './cost.mjs';
import { browser, fill, setUp, standIn } from './scene.mjs';
import { run } from './stand_in.mjs';

setUp();

test('each_state_has_its_word_and_its_shape', async () => {
    const page = await browser.open(standIn.url);
    const looks = new Set();
    for (const state of [
        'passing',
        'warning',
        'critical',
        'missing',
        'ejected',
        'draining',
        'hung',
        'starting',
        'gone',
    ]) {
        standIn.update(now => {
            now.nodes[4].state = state;
        });
        const card = page.locator('#node-user-service-1');
        await card.getByText(state, { exact: true }).waitFor();
        looks.add(await card.locator('.shape').innerHTML());
        assert.match(await card.getAttribute('aria-label'), new RegExp(`user-service-1 ${state}`));
    }
    assert.equal(looks.size, 9);
    assert.deepEqual(browser.errors, []);
});

test('age_grows_and_stale_list_is_named', async () => {
    const page = await browser.open(standIn.url);
    const age = page.locator('#knows-age-text');
    const first = parseFloat(await age.textContent());
    await until('the age grows without a new state', async () => parseFloat(await age.textContent()) > first + 0.5);
    standIn.update(now =>
        Object.assign(now.discovery, {
            source: 'cache',
            age_ms: 12000,
            last_error: 'cannot reach Consul: Connection refused',
            panic: true,
            next: {
                instance: 'user-service-3',
                tier: 'cache',
                passed_over: [
                    { id: 'user-service-1', reason: 'critical' },
                    { id: 'user-service-2', reason: 'an unknown reason' },
                ],
            },
        }),
    );
    await page.getByText('stale, still used').waitFor();
    assert.equal(await page.locator('#knows-error').textContent(), 'cannot reach Consul: Connection refused');
    assert.match(await page.locator('#knows-panic').textContent(), /^yes/);
    assert.deepEqual(await page.locator('#knows-over li').allTextContents(), [
        'user-service-1critical: its health check fails',
        'user-service-2an unknown reason',
    ]);
    standIn.update(now => {
        now.discovery = null;
    });
    await page.getByText('order-service does not answer').waitFor();
});

test('language_follows_the_browser_and_the_switch', async () => {
    const chinese = await openBrowser({ locale: 'zh-CN' });
    const page = await chinese.open(standIn.url);
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    assert.equal(await page.locator('h1').textContent(), '服务发现实况');
    await page.locator('#language').click();
    await page.getByText('What order-service knows').waitFor();
    await page.reload();
    await page.getByText('What order-service knows').waitFor();
    assert.deepEqual(chinese.errors, []);
    await chinese.close();
});

for (const { width, height } of [
    { width: 1280, height: 800 },
    { width: 375, height: 812 },
]) {
    for (const locale of ['en-US', 'zh-CN']) {
        test(`layout_holds_at_${width}_px_in_${locale.slice(0, 2)}`, async () => {
            for (const [instances, rate] of [
                [3, 20],
                [9, 50],
                [50, 500],
            ]) {
                fill(instances, rate);
                const one = await openBrowser({ width, height, locale });
                const page = await one.open(standIn.url, { hint: instances === 3 });
                for (const tab of ['break', 'scenarios', 'settings']) {
                    await page.locator(`#tab-${tab}`).click();
                    assert.deepEqual(await misplaced(page), [], `${instances} instances, ${tab}`);
                }
                await page.locator('#tab-break').click();
                await screenshot(page, `${width}-${locale.slice(0, 2)}-${instances}`, width < 500);
                assert.deepEqual(one.errors, []);
                await one.close();
            }
        });
    }
}

for (const colorScheme of ['light', 'dark']) {
    test(`contrast_and_roles_hold_in_${colorScheme}`, async () => {
        fill(9, 50);
        const one = await openBrowser({ colorScheme });
        const page = await one.open(standIn.url, { hint: true });
        for (const tab of ['settings', 'scenarios', 'break']) {
            await page.locator(`#tab-${tab}`).click();
            assert.deepEqual(await violations(page), [], tab);
        }
        await page.locator('.states summary').click();
        assert.deepEqual(await violations(page), [], 'what the states mean');
        await page.locator('.states summary').click();
        await screenshot(page, colorScheme);
        standIn.update(now =>
            Object.assign(now, { mode: 'observe', why_read_only: 'the processes are in containers' }),
        );
        await page.getByText('Read-only').first().waitFor();
        assert.deepEqual(await violations(page), [], 'read-only');
        await one.close();
    });
}

test('calm_page_draws_nothing', async () => {
    const page = await browser.open(standIn.url);
    await until('the first arrows have landed', () => page.evaluate(() => true));
    const changes = await page.evaluate(
        () =>
            new Promise(done => {
                let count = 0;
                const watcher = new MutationObserver(list => {
                    count += list.length;
                });
                watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
                setTimeout(() => done(count), 1500);
            }),
    );
    // (Only the age of the list changes, four times a second.)
    assert.ok(changes < 60, `${changes} changes`);
});

test('fifty_instances_and_500_calls_cost_little', async () => {
    fill(50, 500);
    for (const node of standIn.state.nodes) node.state = 'passing';
    const one = await openBrowser();
    await one.open(standIn.url);
    const timer = run(standIn, 500);
    await costOf(one.profile, 3); // the page has drawn everything
    const cost = await costOf(one.profile, 8);
    clearInterval(timer);
    await one.close();
    console.log(`measured: 50 instances, 500 calls a second: ${cost.toFixed(1)} % of a core`);
    // (20 % on a machine with nothing else to do; Chromium draws here without a graphics card.)
    assert.ok(cost < 40, `${cost} %`);
});
