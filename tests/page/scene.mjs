// What the tests with the stand-in share: a stand-in and a browser for each test file. Both are as new for each
// test.
import { after, afterEach, before, beforeEach } from 'node:test';
import { closeBrowsers, openBrowser } from './browser.mjs';
import { StandIn, newSecond, newState } from './stand_in.mjs';

export let standIn;
export let browser;

export function setUp() {
    before(async () => {
        standIn = await new StandIn().start();
        browser = await openBrowser();
    });
    after(async () => {
        await closeBrowsers();
        await standIn?.stop();
    });
    afterEach(async () => {
        for (const page of browser.pages().slice(1)) await page.close();
    });
    beforeEach(() => {
        standIn.state = newState();
        standIn.history = { seconds: [], marks: [] };
        standIn.outputs = [];
        standIn.actions = [];
        standIn.answer = () => ({ status: 200, body: { ok: true } });
    });
}

// Ends the stand-in, and returns a function that starts it again on the same port.
export async function stopStandIn() {
    const { port } = standIn;
    await standIn.stop();
    return async () => {
        standIn = await new StandIn().start(port);
    };
}

// Two minutes with a hang and an outage, for pictures and for the checks of the layout.
export function fill(instances, rate) {
    const now = Math.floor(Date.now() / 1000);
    standIn.state = newState(instances);
    const ids = standIn.state.nodes.filter(node => node.kind === 'user-service').map(node => node.id);
    for (let i = 119; i >= 1; i--)
        standIn.history.seconds.push(
            newSecond(now - i, rate, ids, i > 70 && i < 76 ? { failed: 2, ok: rate - 2, slow: 3 } : {}),
        );
    standIn.history.marks = [
        { id: 1, t_ms: (now - 76) * 1000, code: 'hung', target: 'user-service-2', text: '' },
        {
            id: 2,
            t_ms: (now - 70) * 1000,
            code: 'ejected',
            target: 'user-service-2',
            text: 'five calls in a row failed',
        },
        { id: 3, t_ms: (now - 40) * 1000, code: 'stopped', target: 'consul', text: '' },
        { id: 4, t_ms: (now - 30) * 1000, code: 'source', target: 'order-service', text: 'consul -> cache' },
    ];
    const states = ['ejected', 'warning', 'critical', 'missing', 'draining', 'hung', 'gone', 'starting'];
    states.forEach((state, i) => {
        const node = standIn.state.nodes.find(one => one.id === `user-service-${i + 2}`);
        if (node) Object.assign(node, { state, weight: 1 + (i % 3), zone: i % 2 ? 'z2' : 'z1' });
    });
    standIn.state.discovery.next.passed_over = [
        { id: 'user-service-2', reason: 'ejected for another 24 s after 5 failures in a row' },
    ];
}
