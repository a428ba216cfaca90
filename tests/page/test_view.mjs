// What the page shows, with the stand-in: each state, both languages, both widths, light and dark, and what 50
// instances with 500 calls a second cost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misplaced, openBrowser, screenshot, until, violations } from './browser.mjs';
import { costOf } from './cost.mjs';
import { browser, fill, setUp, standIn } from './scene.mjs';
import { newSecond, run } from './stand_in.mjs';

setUp();

test('each_state_has_its_word_and_its_shape', async () => {
    const page = await browser.open(standIn.url);
    const looks = new Set();
    for (const state of [
        'passing',
        'warning',
        'critical',
        'maintenance',
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
    assert.equal(looks.size, 10);
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

// In observe mode the names are those that others have registered.
test('strange_names_are_shown_as_they_are', async () => {
    const page = await browser.open(standIn.url);
    const name = '<img src=x onerror=alert(1)> "a\'] 中 \u202e🙂';
    page.on('dialog', dialog => {
        browser.errors.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    standIn.update(now => {
        Object.assign(now.nodes[5], { id: name, zone: name, version: name, detail: name });
        now.discovery.last_error = name;
        now.discovery.next = { instance: name, tier: name, passed_over: [{ id: name, reason: name }] };
    });
    standIn.send('mark', { id: 1, t_ms: Date.now(), code: 'hung', target: name, text: name });
    await page.locator('.card').nth(5).click();
    await until('its detail is shown', async () => (await page.locator('#break-detail').textContent()).includes(name));
    for (const id of ['#knows-error', '#knows-next', '#knows-over', '#events', '#break-process', '#break-facts'])
        assert.ok((await page.locator(id).textContent()).includes(name), id);
    assert.equal(await page.locator('img').count(), 0);
    assert.deepEqual(browser.errors, []);
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

// The widest table, and a plot.
async function checkPitfall(page, look) {
    const name = 'pitfall-5';
    standIn.update(now => {
        now.scenario = { name, step: 1, steps: 1, state: 'passed', seen: { ms: 21000 } };
    });
    const row = 'partition, minority (the old leader)\t0 / 11\t0 / 0 / 11\t0 / 0 / 11\t7 / 4 / 0\n';
    standIn.print(
        name,
        0,
        `Pitfall 5\n\n  the project's ${'x'.repeat(90)}\n   0.0 s  a plot\n  1.0 |${'-'.repeat(90)}\n` +
            `\n\tok / refused\tnew/old/refused\t?consistent\tnew/old/refused\n${row}\n✓ seen\n`,
    );
    await page.locator('#tab-scenarios').click();
    await page.locator(`#scenario-${name} summary`).click();
    await page.locator(`#scenario-${name} .conclusion p`).getByText('seen').waitFor();
    assert.deepEqual(await misplaced(page), [], name);
    assert.deepEqual(await violations(page), [], name);
    await screenshot(page, `pitfall-${look}`, true);
}

const COUNTS = [
    [3, 20],
    [9, 50],
    [50, 500],
];
for (const { width, height, counts = COUNTS } of [
    { width: 1280, height: 800 },
    { width: 375, height: 812 },
    // A small phone, a large screen, and 1280×800 with a zoom of 200 %.
    { width: 320, height: 640, counts: [[9, 50]] },
    { width: 1920, height: 1080, counts: [[9, 50]] },
    { width: 640, height: 400, counts: [[9, 50]] },
]) {
    for (const locale of ['en-US', 'zh-CN']) {
        test(`layout_holds_at_${width}_px_in_${locale.slice(0, 2)}`, async () => {
            for (const [instances, rate] of counts) {
                fill(instances, rate);
                const one = await openBrowser({ width, height, locale });
                const page = await one.open(standIn.url, { hint: instances === 3 });
                for (const tab of ['break', 'scenarios', 'settings']) {
                    await page.locator(`#tab-${tab}`).click();
                    assert.deepEqual(await misplaced(page), [], `${instances} instances, ${tab}`);
                }
                if (instances === 3) await checkPitfall(page, `${width}-${locale.slice(0, 2)}`);
                await page.locator('#tab-break').click();
                await page.locator('.states summary').click();
                const { x, width: wide } = await page.locator('.states-box').boundingBox();
                assert.ok(x >= 0 && x + wide <= width, `what the states mean: ${x}, ${wide}`);
                await page.locator('.states summary').click();
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

test('page_draws_only_while_something_moves', async () => {
    const page = await browser.open(standIn.url);
    await page.evaluate(() => {
        const request = requestAnimationFrame;
        globalThis.frames_drawn = 0;
        globalThis.requestAnimationFrame = draw => {
            globalThis.frames_drawn++;
            return request(draw);
        };
    });
    const frames = () => page.evaluate(() => globalThis.frames_drawn);
    standIn.send('second', newSecond(Math.floor(Date.now() / 1000), 20, ['user-service-1', 'user-service-2']));
    await until('arrows fly', async () => (await frames()) > 1);
    await until('no frame during a second', async () => {
        const before = await frames();
        await page.waitForTimeout(1000);
        return (await frames()) === before;
    });
});

test('no_arrow_flies_with_reduced_motion', async () => {
    const one = await openBrowser({ reducedMotion: 'reduce' });
    const page = await one.open(standIn.url);
    const canvasIsEmpty = () =>
        page.evaluate(() => {
            const canvas = document.getElementById('calls');
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width || 1, canvas.height || 1);
            return data.every(byte => byte === 0);
        });
    standIn.send('second', newSecond(Math.floor(Date.now() / 1000), 20, ['user-service-1', 'user-service-2']));
    await page.locator('#last-calls li').first().waitFor(); // they are listed all the same
    const end = Date.now() + 1200;
    while (Date.now() < end) assert.ok(await canvasIsEmpty());
    assert.deepEqual(one.errors, []);
    await one.close();
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
