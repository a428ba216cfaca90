// A stand-in for build/playground, for what the real program cannot be brought to on demand: 50 instances, any
// state, a connection that breaks. It serves the real page, sends the state that a test gives it, and records
// each action. It starts no process.
//
//   node tests/page/stand_in.mjs [port] [instances]      to look at the page without a server
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../consul-dev/playground/page/', import.meta.url));
const TYPES = { html: 'text/html', css: 'text/css', mjs: 'text/javascript', svg: 'image/svg+xml' };

export const server = (id, kind, port) => ({
    id,
    kind,
    port,
    process: 'running',
    state: 'passing',
    pid: 4000 + port,
    detail: '',
});

export const instance = (n, more = {}) => ({
    ...server(`user-service-${n}`, 'user-service', 8000 + n),
    weight: 1,
    zone: '',
    version: '1.0.0',
    ejected: false,
    picks: 0,
    share: 0,
    listed: true,
    warned: false,
    in_maintenance: false,
    calls: 0,
    failed: 0,
    ...more,
});

export function newState(instances = 3) {
    return {
        seq: 1,
        time_ms: Date.now(),
        mode: 'control',
        why_read_only: null,
        nodes: [
            server('consul', 'consul', 8500),
            server('redis', 'redis', 6379),
            server('postgres', 'postgres', 5432),
            server('order-service', 'order-service', 8080),
            ...Array.from({ length: instances }, (_, i) => instance(i + 1, { share: 1 / instances })),
        ],
        discovery: {
            source: 'consul',
            age_ms: 900,
            ttl_ms: 10000,
            last_error: null,
            panic: false,
            next: { instance: 'user-service-1', tier: 'consul', passed_over: [] },
        },
        load: { on: true, rate: 20, key: 'random' },
        settings: { policy: 'weighted', ttl_s: 10, slow_start_s: 10, backup_ms: 0, canary_percent: null },
        scenario: null,
        resetting: false,
    };
}

// A second in which each instance got the same number of calls.
export function newSecond(t, rate, ids, more = {}) {
    const by = Object.fromEntries(
        ids.map((id, i) => [id, Math.floor(rate / ids.length) + (i < rate % ids.length ? 1 : 0)]),
    );
    const last = Array.from({ length: Math.min(rate, 40) }, (_, i) => [ids[i % ids.length], 1.1, 200]);
    return { t, ok: rate, failed: 0, slow: 0, p50_ms: 1.1, p99_ms: 4.2, by, last, ...more };
}

export class StandIn {
    state = newState();
    history = { seconds: [], marks: [] };
    outputs = []; // of the newest pitfall: a page that connects again gets them again
    actions = [];
    answer = () => ({ status: 200, body: { ok: true } });
    #streams = new Set();
    #http = createServer((request, reply) => this.#serve(request, reply).catch(() => reply.destroy()));

    async start(port = 0) {
        await new Promise((resolve, reject) => this.#http.once('error', reject).listen(port, '127.0.0.1', resolve));
        this.port = this.#http.address().port;
        this.url = `http://127.0.0.1:${this.port}/`;
        return this;
    }

    async stop() {
        this.cut();
        this.#http.closeAllConnections();
        await new Promise(resolve => this.#http.close(resolve));
    }

    cut() {
        for (const stream of this.#streams) stream.destroy();
    }

    send(kind, data) {
        for (const stream of this.#streams) stream.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
    }

    print(name, at, text, language = 'en') {
        const output = { name, language, at, text };
        this.outputs = at === 0 ? [output] : [...this.outputs, output];
        this.send('output', output);
    }

    // A page that connects again gets it with the history.
    mark(mark) {
        this.history.marks.push(mark);
        this.send('mark', mark);
    }

    // change(state) edits the state, and all pages get it.
    update(change) {
        change(this.state);
        this.state.seq++;
        this.send('state', this.state);
    }

    get streams() {
        return this.#streams.size;
    }

    async #serve(request, reply) {
        const { pathname } = new URL(request.url, this.url);
        if (pathname === '/api/events') return this.#stream(reply);
        if (pathname === '/api/do') return this.#act(request, reply);
        const file = pathname === '/' ? 'index.html' : pathname.replace('/page/', '');
        const body = await readFile(PAGE + file).catch(() => null);
        if (body === null) return reply.writeHead(404).end();
        reply
            .writeHead(200, {
                'Content-Type': `${TYPES[file.split('.').pop()]}; charset=utf-8`,
                'Content-Security-Policy': "default-src 'self'",
            })
            .end(body);
    }

    #stream(reply) {
        reply.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        this.#streams.add(reply);
        reply.on('close', () => this.#streams.delete(reply));
        reply.write(
            `event: state\ndata: ${JSON.stringify(this.state)}\n\nevent: history\ndata: ${JSON.stringify(this.history)}\n\n`,
        );
        for (const output of this.outputs) reply.write(`event: output\ndata: ${JSON.stringify(output)}\n\n`);
    }

    async #act(request, reply) {
        let body = '';
        for await (const piece of request) body += piece;
        const action = JSON.parse(body);
        this.actions.push(action);
        const { status, body: answer } = this.answer(action);
        reply
            .writeHead(status, { 'Content-Type': status === 200 ? 'application/json' : 'application/problem+json' })
            .end(JSON.stringify(answer));
    }
}

// Load and states for a long look: a second each second, and the age grows.
export function run(standIn, rate) {
    let age = 0;
    return setInterval(() => {
        const ids = standIn.state.nodes
            .filter(node => node.kind === 'user-service' && node.state === 'passing')
            .map(node => node.id);
        const second = newSecond(Math.floor(Date.now() / 1000), rate, ids, { slow: Math.random() < 0.1 ? 2 : 0 });
        age = age > 3 ? 0 : age + 1;
        standIn.update(state => {
            state.discovery.age_ms = age * 1000;
            state.discovery.next.instance = ids[age % ids.length];
            for (const node of state.nodes) if (node.calls !== undefined) node.calls = second.by[node.id] ?? 0;
        });
        standIn.send('second', second);
        standIn.history.seconds = [...standIn.history.seconds, second].slice(-120);
    }, 1000);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [port, instances] = process.argv.slice(2).map(Number);
    const standIn = new StandIn();
    standIn.state = newState(instances || 3);
    await standIn.start(port || 0);
    run(standIn, 20);
    console.log(`the page, without any process: ${standIn.url}`);
}
