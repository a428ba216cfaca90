// How one uses the page, with the stand-in: buttons, keyboard, several tabs, a lost connection, read-only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBrowser, screenshot, until, violations } from './browser.mjs';
import { browser, setUp, standIn, stopStandIn } from './scene.mjs';
import { newState } from './stand_in.mjs';

setUp();

test('lost_connection_is_shown_and_comes_back', async () => {
    const page = await browser.open(standIn.url);
    const startAgain = await stopStandIn();
    // (Sooner than the silence of a dead connection is noticed.)
    await page.getByText('Connection lost, reconnecting.').waitFor();
    assert.deepEqual(await violations(page), []);
    await screenshot(page, 'lost');
    await startAgain();
    standIn.update(now => {
        now.nodes[0].state = 'gone';
    });
    await page.locator('#connection.is-open').waitFor();
    await page.locator('#node-consul.state-gone').waitFor();
    assert.ok(await page.locator('#lost').isHidden());
    browser.errors.length = 0; // (the browser itself logs a refused connection)
});

test('silent_connection_counts_as_lost', async () => {
    const page = await browser.open(standIn.url);
    await page.locator('#lost').waitFor({ timeout: 60000 });
});

test('refused_action_is_explained', async () => {
    const page = await browser.open(standIn.url);
    standIn.answer = () => ({ status: 409, body: { title: 'Conflict', detail: 'consul does not run' } });
    await page.locator('.action-stop').click();
    await page.getByText('The playground refused the action: consul does not run').waitFor();
    await page.locator('#notice-close').click();
    assert.ok(await page.locator('#notice').isHidden());
    browser.errors.length = 0; // (the browser itself logs a 409)
});

test('buttons_fit_the_process', async () => {
    const page = await browser.open(standIn.url);
    const enabled = () =>
        page.locator('#break-buttons button:not([aria-disabled])').evaluateAll(all => all.map(one => one.dataset.key));
    // (Each case differs from the one before, so the page has to follow.)
    const cases = {
        starting: ['stop', 'hang', 'kill', 'warn', 'remove'],
        running: ['stop', 'hang', 'kill', 'maintain', 'warn', 'remove'],
        ended: ['start', 'warn', 'remove'],
        hung: ['kill', 'continue', 'warn', 'remove'],
        killed: ['start', 'warn', 'remove'],
        draining: ['kill', 'warn', 'remove'],
    };
    await page.locator('#node-user-service-2').click();
    for (const [process, wanted] of Object.entries(cases)) {
        standIn.update(now => {
            now.nodes[5].process = process;
        });
        await until(`${process}: ${wanted}`, async () => String(await enabled()) === String(wanted));
    }
    standIn.update(now => {
        now.nodes[5].warned = true;
    });
    await page.locator('.action-unwarn').waitFor();
    assert.equal(await page.locator('.action-warn').count(), 0);
    await page.locator('#node-redis').click();
    await until('a server has no "remove"', async () => !(await page.locator('.action-remove').count()));
});

test('buttons_wait_while_everything_is_put_back', async () => {
    const page = await browser.open(standIn.url);
    const buttons = ['#reset', '.action-hang', '#settings-apply', '#add-button', '#scenario-storm .button'];
    const reasons = () =>
        Promise.all(
            buttons.map(async one => {
                const button = page.locator(one);
                return (await button.getAttribute('aria-disabled')) && button.getAttribute('title');
            }),
        );
    for (const resetting of [true, false]) {
        standIn.update(now => {
            now.resetting = resetting;
        });
        const wanted = resetting ? 'Everything is being put back. Wait until all processes run.' : null;
        await until(`resetting: ${resetting}`, async () => (await reasons()).every(reason => reason === wanted));
    }
});

test('each_control_sends_its_action', async () => {
    const page = await browser.open(standIn.url);
    const sent = async wanted => {
        await until(JSON.stringify(wanted), () => standIn.actions.length > 0);
        assert.deepEqual(standIn.actions.splice(0), [wanted]);
    };
    for (const [id, action, process] of [
        ['consul', 'stop', 'running'],
        ['redis', 'hang', 'running'],
        ['postgres', 'kill', 'running'],
        ['consul', 'start', 'ended'],
        ['redis', 'continue', 'hung'],
        ['user-service-1', 'term', 'running'],
        ['order-service', 'term', 'running'],
        ['user-service-3', 'warn', 'running'],
        ['user-service-3', 'maintain', 'running'],
        ['user-service-3', 'remove', 'running'],
    ]) {
        standIn.update(now => {
            now.nodes.find(node => node.id === id).process = process;
        });
        await page.locator('#break-process').selectOption(id);
        await page.locator(`.action-${action === 'term' ? 'stop' : action}:not([aria-disabled])`).click();
        await sent({ action, target: id });
    }
    await page.locator('#weight').fill('4');
    await page.locator('#weight-apply').click();
    await sent({ action: 'weight', target: 'user-service-3', weight: 4 });
    await page.locator('#load-on').click();
    await sent({ action: 'load', on: false, rate: 20, key: 'random' });
    await page.locator('#load-rate').selectOption('200');
    await sent({ action: 'load', on: true, rate: 200, key: 'random' });
    await page.locator('#load-key').selectOption('one');
    await sent({ action: 'load', on: true, rate: 200, key: '7' });
    await page.locator('#tab-settings').click();
    await page.locator('#policy').selectOption('consistent_hash');
    await page.locator('#ttl').fill('5');
    await page.locator('#backup').fill('20');
    await page.locator('#canary').fill('30');
    await page.locator('#settings-apply').click();
    await sent({
        action: 'settings',
        policy: 'consistent_hash',
        ttl_s: 5,
        slow_start_s: 10,
        backup_ms: 20,
        canary_percent: 30,
    });
    await page.locator('#add-form [name=zone]').fill('a b'); // the browser itself refuses it
    await page.locator('#add-button').click();
    assert.ok(await page.locator('#add-form [name=zone]').evaluate(input => !input.validity.valid));
    await page.locator('#add-form [name=zone]').fill('z1');
    await page.locator('#add-button').click();
    await sent({ action: 'add', weight: 3, zone: 'z1', version: '2.0.0' });
    await page.locator('#reset').click();
    await sent({ action: 'reset' });
});

test('scenario_says_what_to_expect_and_what_was_seen', async () => {
    const page = await browser.open(standIn.url);
    await page.locator('#tab-scenarios').click();
    for (const name of [
        'rolling-restart',
        'registry-outage',
        'redis-lost',
        'hung-instance',
        'slow-instance',
        'canary-release',
        'storm',
    ]) {
        const one = page.locator(`#scenario-${name}`);
        if (!(await one.evaluate(node => node.open))) await one.locator('summary').click();
        await one.getByText('Expect:').waitFor();
        await one.getByRole('button', { name: 'Run' }).click();
        await until(name, () => standIn.actions.length > 0);
        assert.deepEqual(standIn.actions.splice(0), [{ action: 'scenario', name, language: 'en' }]);
        standIn.update(now => {
            now.scenario = { name, step: 2, steps: 4, state: 'running', seen: {} };
        });
        await one.getByText('step 2 of 4').waitFor();
        standIn.update(now => {
            now.scenario = { name, step: 4, steps: 4, state: 'passed', seen: { calls: 512, failed: 0 } };
        });
        await one.locator('.result').getByText('512').waitFor();
        await one.getByText('as expected', { exact: true }).waitFor();
    }
});

async function openPitfall(page, name) {
    await page.locator('#tab-scenarios').click();
    const one = page.locator(`#scenario-${name}`);
    await one.locator('summary').click();
    return one;
}

const setScenario = (name, state) =>
    standIn.update(now => {
        now.scenario = { name, step: 1, steps: 1, state, seen: { ms: state === 'running' ? 0 : 21000 } };
    });

test('pitfall_prints_while_it_runs_and_ends_with_a_table', async () => {
    const page = await browser.open(standIn.url);
    const name = 'pitfall-4';
    const one = await openPitfall(page, name);
    await one.getByRole('button', { name: 'Run: Pitfall 4: empty list' }).click();
    await until('it is started', () => standIn.actions.length > 0);
    assert.deepEqual(standIn.actions.splice(0), [{ action: 'scenario', name, language: 'en' }]);
    setScenario(name, 'running');
    standIn.print(name, 0, 'Pitfall 4: the empty list\n\n   0.0 s  starting\n');
    standIn.print(name, 50, '   1.0 s  all instances stop\n\n  a plot |   *\n');
    const region = one.getByRole('region', { name: 'Output: Pitfall 4: empty list' });
    await region.getByText('1.0 s all instances stop').waitFor();
    assert.equal(await region.locator('.plot').textContent(), '\n  a plot |   *');
    assert.equal(await region.getAttribute('tabindex'), '0');
    assert.equal(await region.getAttribute('aria-live'), 'off');
    assert.ok(await one.locator('.result').isHidden());
    standIn.print(name, 90, '\n\tthe lesson\tnew/old\nthe process\thas ended\truns\n\n✓ It ended.\n');
    setScenario(name, 'passed');
    await one.getByText('as expected', { exact: true }).waitFor();
    const cells = await one.locator('tr').evaluateAll(rows => rows.map(row => [...row.children].map(c => c.innerText)));
    assert.deepEqual(cells, [
        ['', 'the lesson', 'new/\u200bold'],
        ['the process', 'has ended', 'runs'],
    ]);
    assert.equal((await one.locator('.conclusion p').innerText()).trim(), '✓ It ended.');
    assert.doesNotMatch(await region.textContent(), /It ended|has ended/);
    assert.deepEqual(await violations(page), []);
    // Another run begins anew.
    setScenario(name, 'running');
    standIn.print(name, 0, '坑点 4\n', 'zh');
    await until('only the new lines', async () => (await region.textContent()) === '坑点 4');
    assert.equal(await region.getAttribute('lang'), 'zh-CN');
    await one.getByRole('button', { name: 'Stop the scenario' }).click();
    await until('it is stopped', () => standIn.actions.length > 0);
    assert.deepEqual(standIn.actions, [{ action: 'scenario-stop' }]);
    assert.deepEqual(browser.errors, []);
});

test('skipped_pitfall_says_why_and_is_spoken', async () => {
    const page = await browser.open(standIn.url);
    const name = 'pitfall-5';
    const one = await openPitfall(page, name);
    setScenario(name, 'running');
    standIn.print(name, 0, 'Pitfall 5: a network partition\n\nskipped: cannot create a network namespace\n');
    setScenario(name, 'skipped');
    standIn.mark({ id: 1, t_ms: Date.now(), code: 'load_on', target: '', text: '' });
    await page.locator('#events li').first().waitFor();
    standIn.mark({ id: 2, t_ms: Date.now(), code: 'scenario_done', target: '', text: `${name}: skipped` });
    await one.getByText('skipped', { exact: true }).waitFor();
    await one.locator('.conclusion p').getByText('skipped: cannot create a network namespace').waitFor();
    await page.locator('#speaker').getByText('Pitfall 5: network partition: skipped').waitFor({ state: 'attached' });
});

test('pitfall_runs_in_the_language_of_the_page', async () => {
    const chinese = await openBrowser({ locale: 'zh-CN', width: 375, height: 812 });
    const page = await chinese.open(standIn.url);
    const one = await openPitfall(page, 'pitfall-1');
    await page.getByText('五个坑点：错误写法与正确写法对照').waitFor();
    await one.getByRole('button', { name: '坑点 1：浅检查' }).click();
    await until('it is started', () => standIn.actions.length > 0);
    assert.deepEqual(standIn.actions, [{ action: 'scenario', name: 'pitfall-1', language: 'zh' }]);
    standIn.answer = () => ({ status: 409, body: { code: 'not_built', detail: 'x' } });
    await one.locator('button').click();
    await page.getByText('在终端执行 make pitfall-parts').waitFor();
    await chinese.close();
});

test('read_only_page_says_why_and_keeps_the_load', async () => {
    standIn.state = { ...newState(), mode: 'observe', why_read_only: 'the processes are in containers' };
    for (const node of standIn.state.nodes) node.process = null;
    const page = await browser.open(standIn.url);
    await page.getByText('the playground has not started these processes').waitFor();
    await page.locator('.action-kill').click({ force: true });
    await page.locator('#reset').click({ force: true });
    const pitfall = (await openPitfall(page, 'pitfall-1')).locator('button');
    assert.match(await pitfall.getAttribute('title'), /^Read-only/);
    await pitfall.click({ force: true });
    await page.locator('#load-on').click();
    await until('the load is sent', () => standIn.actions.length > 0);
    assert.deepEqual(
        standIn.actions.map(one => one.action),
        ['load'],
    );
});

test('keyboard_alone_breaks_consul', async () => {
    const page = await browser.open(standIn.url);
    await page.keyboard.press('Tab'); // the link that skips to the controls
    for (let i = 0; i < 12 && !(await page.evaluate(() => document.activeElement.matches('.card'))); i++)
        await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'node-consul');
    await page.keyboard.press('End');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'node-user-service-3');
    await page.keyboard.press('ArrowUp');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'node-user-service-2');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await until('Stop is sent', () => standIn.actions.length > 0);
    assert.deepEqual(standIn.actions, [{ action: 'stop', target: 'consul' }]);
    // The button keeps the focus when it can no longer be used.
    standIn.update(now => Object.assign(now.nodes[0], { process: 'ended', state: 'gone' }));
    await page.locator('#node-consul.state-gone').waitFor();
    assert.match(await page.evaluate(() => document.activeElement.className), /action-stop/);
});

test('escape_closes_what_lies_over_the_page', async () => {
    const page = await browser.open(standIn.url);
    await page.locator('.states summary').click();
    await page.getByText('its share of the picks').waitFor();
    await page.keyboard.press('Escape');
    await until('the explanation is closed', async () => !(await page.locator('#states').isVisible()));
    assert.ok(await page.evaluate(() => document.activeElement.matches('.states summary')));
    standIn.answer = () => ({ status: 409, body: { detail: 'consul does not run' } });
    await page.locator('.action-stop').click();
    await page.locator('#notice').waitFor();
    await page.keyboard.press('Escape');
    assert.ok(await page.locator('#notice').isHidden());
    browser.errors.length = 0; // (the browser itself logs a 409)
});

test('hint_shows_the_first_button_once', async () => {
    const one = await openBrowser();
    const page = await one.open(standIn.url, { hint: true });
    await page.locator('#hint-show').click();
    await until('Stop has the focus', () => page.evaluate(() => document.activeElement.matches('.action-stop')));
    await page.locator('#hint-close').click();
    await page.reload();
    await page.locator('#connection.is-open').waitFor();
    assert.ok(await page.locator('#hint').isHidden());
    await one.close();
});

test('two_tabs_work_at_the_same_time', async () => {
    const one = await openBrowser();
    const pages = [await one.open(standIn.url), await one.open(standIn.url)];
    standIn.update(now => {
        now.nodes[0].state = 'hung';
    });
    for (const page of pages) await page.locator('#node-consul.state-hung').waitFor();
    await one.close();
});
