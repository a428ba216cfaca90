// What the page shows, with the stand-in: each state, both languages, both widths, light and dark, keyboard,
// lost connections, several tabs, and what 50 instances with 500 calls a second cost.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { misplaced, openBrowser, screenshot, until, violations } from './browser.mjs';
import { costOf } from './cost.mjs';
import { StandIn, newSecond, newState, run } from './stand_in.mjs';

let standIn;
let browser;

before(async () => {
  standIn = await new StandIn().start();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await standIn?.stop();
});
afterEach(async () => {
  for (const page of browser.pages().slice(1)) await page.close();
});
beforeEach(() => {
  standIn.state = newState();
  standIn.history = { seconds: [], marks: [] };
  standIn.actions = [];
  standIn.answer = () => ({ status: 200, body: { ok: true } });
});

// Two minutes with a hang and an outage, for pictures and for the checks of the layout.
function fill(instances, rate) {
  const now = Math.floor(Date.now() / 1000);
  standIn.state = newState(instances);
  const ids = standIn.state.nodes.filter(node => node.kind === 'user-service').map(node => node.id);
  for (let i = 119; i >= 1; i--) standIn.history.seconds.push(newSecond(now - i, rate, ids, i > 70 && i < 76 ? { failed: 2, ok: rate - 2, slow: 3 } : {}));
  standIn.history.marks = [
    { id: 1, t_ms: (now - 76) * 1000, code: 'hung', target: 'user-service-2', text: '' }, { id: 2, t_ms: (now - 70) * 1000, code: 'ejected', target: 'user-service-2', text: 'five calls in a row failed' },
    { id: 3, t_ms: (now - 40) * 1000, code: 'stopped', target: 'consul', text: '' }, { id: 4, t_ms: (now - 30) * 1000, code: 'source', target: 'order-service', text: 'consul -> cache' },
  ];
  const states = ['ejected', 'warning', 'critical', 'missing', 'draining', 'hung', 'gone', 'starting'];
  states.forEach((state, i) => {
    const node = standIn.state.nodes.find(one => one.id === `user-service-${i + 2}`);
    if (node) Object.assign(node, { state, weight: 1 + (i % 3), zone: i % 2 ? 'z2' : 'z1' });
  });
  standIn.state.discovery.next.passed_over = [{ id: 'user-service-2', reason: 'ejected for another 24 s after 5 failures in a row' }];
}

test('each_state_has_its_word_and_its_shape', async () => {
  const page = await browser.open(standIn.url);
  const looks = new Set();
  for (const state of ['passing', 'warning', 'critical', 'missing', 'ejected', 'draining', 'hung', 'starting', 'gone']) {
    standIn.update(now => { now.nodes[4].state = state; });
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
  standIn.update(now => Object.assign(now.discovery, { source: 'cache', age_ms: 12000, last_error: 'cannot reach Consul: Connection refused', panic: true, next: { instance: 'user-service-3', tier: 'cache', passed_over: [{ id: 'user-service-1', reason: 'critical' }, { id: 'user-service-2', reason: 'an unknown reason' }] } }));
  await page.getByText('stale, still used').waitFor();
  assert.equal(await page.locator('#knows-error').textContent(), 'cannot reach Consul: Connection refused');
  assert.match(await page.locator('#knows-panic').textContent(), /^yes/);
  assert.deepEqual(await page.locator('#knows-over li').allTextContents(), ['user-service-1critical: its health check fails', 'user-service-2an unknown reason']);
  standIn.update(now => { now.discovery = null; });
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

for (const { width, height } of [{ width: 1280, height: 800 }, { width: 375, height: 812 }]) {
  for (const locale of ['en-US', 'zh-CN']) {
    test(`layout_holds_at_${width}_px_in_${locale.slice(0, 2)}`, async () => {
      for (const [instances, rate] of [[3, 20], [9, 50], [50, 500]]) {
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
    standIn.update(now => Object.assign(now, { mode: 'observe', why_read_only: 'the processes are in containers' }));
    await page.getByText('Read-only').first().waitFor();
    assert.deepEqual(await violations(page), [], 'read-only');
    await one.close();
  });
}

test('lost_connection_is_shown_and_comes_back', async () => {
  const page = await browser.open(standIn.url);
  const { port } = standIn;
  await standIn.stop();
  await page.getByText('Connection lost, reconnecting.').waitFor();
  assert.deepEqual(await violations(page), []);
  await screenshot(page, 'lost');
  standIn = await new StandIn().start(port);
  standIn.update(now => { now.nodes[0].state = 'gone'; });
  await page.locator('#connection.is-open').waitFor();
  await page.locator('#node-consul.state-gone').waitFor();
  assert.ok(await page.locator('#lost').isHidden());
  browser.errors.length = 0; // (the browser itself logs a refused connection)
});

test('silent_connection_counts_as_lost', async () => {
  const page = await browser.open(standIn.url);
  await page.locator('#lost').waitFor({ timeout: 12000 });
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
  const enabled = () => page.locator('#break-buttons button:not([aria-disabled])').evaluateAll(all => all.map(one => one.dataset.key));
  const cases = { starting: ['stop', 'hang', 'kill', 'remove'], running: ['stop', 'hang', 'kill', 'remove'], hung: ['kill', 'continue', 'remove'], draining: ['kill', 'remove'], ended: ['start', 'remove'], killed: ['start', 'remove'] };
  await page.locator('#node-user-service-2').click();
  for (const [process, wanted] of Object.entries(cases)) {
    standIn.update(now => { now.nodes[5].process = process; });
    await until(`${process}: ${wanted}`, async () => String(await enabled()) === String(wanted));
  }
  await page.locator('#node-redis').click();
  await until('a server has no "remove"', async () => !(await page.locator('.action-remove').count()));
});

test('each_control_sends_its_action', async () => {
  const page = await browser.open(standIn.url);
  const sent = async wanted => {
    await until(JSON.stringify(wanted), () => standIn.actions.length > 0);
    assert.deepEqual(standIn.actions.splice(0), [wanted]);
  };
  for (const [id, action, process] of [['consul', 'stop', 'running'], ['redis', 'hang', 'running'], ['postgres', 'kill', 'running'], ['consul', 'start', 'ended'], ['redis', 'continue', 'hung'],
    ['user-service-1', 'term', 'running'], ['order-service', 'term', 'running'], ['user-service-3', 'remove', 'running']]) {
    standIn.update(now => { now.nodes.find(node => node.id === id).process = process; });
    await page.locator('#break-process').selectOption(id);
    await page.locator(`.action-${action === 'term' ? 'stop' : action}:not([aria-disabled])`).click();
    await sent({ action, target: id });
  }
  await page.locator('#load-on').click();
  await sent({ action: 'load', on: false, rate: 20, key: 'random' });
  await page.locator('#load-rate').selectOption('200');
  await sent({ action: 'load', on: true, rate: 200, key: 'random' });
  await page.locator('#load-key').selectOption('one');
  await sent({ action: 'load', on: true, rate: 200, key: '7' });
  await page.locator('#tab-settings').click();
  await page.locator('#policy').selectOption('consistent_hash');
  await page.locator('#ttl').fill('5');
  await page.locator('#settings-apply').click();
  await sent({ action: 'settings', policy: 'consistent_hash', ttl_s: 5 });
  await page.locator('#add-form [name=zone]').fill('z1');
  await page.locator('#add-button').click();
  await sent({ action: 'add', weight: 3, zone: 'z1', version: '2.0.0' });
  await page.locator('#reset').click();
  await sent({ action: 'reset' });
});

test('scenario_says_what_to_expect_and_what_was_seen', async () => {
  const page = await browser.open(standIn.url);
  await page.locator('#tab-scenarios').click();
  for (const name of ['rolling-restart', 'registry-outage', 'redis-lost', 'hung-instance', 'storm']) {
    const one = page.locator(`#scenario-${name}`);
    if (!(await one.evaluate(node => node.open))) await one.locator('summary').click();
    await one.getByText('Expect:').waitFor();
    await one.getByRole('button', { name: 'Run' }).click();
    await until(name, () => standIn.actions.length > 0);
    assert.deepEqual(standIn.actions.splice(0), [{ action: 'scenario', name }]);
    standIn.update(now => { now.scenario = { name, step: 2, steps: 4, state: 'running', seen: {} }; });
    await one.getByText('step 2 of 4').waitFor();
    standIn.update(now => { now.scenario = { name, step: 4, steps: 4, state: 'passed', seen: { calls: 512, failed: 0 } }; });
    await one.locator('.result').getByText('512').waitFor();
    await one.getByText('as expected', { exact: true }).waitFor();
  }
});

test('read_only_page_says_why_and_keeps_the_load', async () => {
  standIn.state = { ...newState(), mode: 'observe', why_read_only: 'the processes are in containers' };
  for (const node of standIn.state.nodes) node.process = null;
  const page = await browser.open(standIn.url);
  await page.getByText('the playground has not started these processes').waitFor();
  await page.locator('.action-kill').click({ force: true });
  await page.locator('#reset').click({ force: true });
  await page.locator('#load-on').click();
  await until('the load is sent', () => standIn.actions.length > 0);
  assert.deepEqual(standIn.actions.map(one => one.action), ['load']);
});

test('keyboard_alone_breaks_consul', async () => {
  const page = await browser.open(standIn.url);
  await page.keyboard.press('Tab'); // the link that skips to the controls
  for (let i = 0; i < 12 && !(await page.evaluate(() => document.activeElement.matches('.card'))); i++) await page.keyboard.press('Tab');
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
  standIn.update(now => { now.nodes[0].state = 'hung'; });
  for (const page of pages) await page.locator('#node-consul.state-hung').waitFor();
  await one.close();
});

test('calm_page_draws_nothing', async () => {
  const page = await browser.open(standIn.url);
  await until('the first arrows have landed', () => page.evaluate(() => true));
  const changes = await page.evaluate(() => new Promise(done => {
    let count = 0;
    const watcher = new MutationObserver(list => { count += list.length; });
    watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
    setTimeout(() => done(count), 1500);
  }));
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
