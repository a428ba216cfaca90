// Starts the real build/playground on free ports, and ends it with all that it has started.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { until } from './browser.mjs';

const BUILD = process.env.BUILD ?? 'build';

export async function startPlayground(settings = {}) {
    const output = [];
    const child = spawn(resolve(BUILD, 'playground'), {
        env: {
            ...process.env,
            BUILD_DIR: BUILD,
            CONSUL_PORT: '0',
            USER_PORT: '0',
            ORDER_PORT: '0',
            PLAYGROUND_PORT: '0',
            ...settings,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => output.push(String(text)));
    const ended = new Promise(done => {
        child.once('exit', done);
    });
    const state = async url => (await fetch(`${url}api/state`)).json();
    let url;
    await until(
        'the playground prints its address',
        () => {
            if (child.exitCode !== null) throw new Error(`build/playground ended: ${output.join('')}`);
            url = /http:\/\/127\.0\.0\.1:\d+/.exec(output.join(''))?.[0];
            return url;
        },
        30000,
    );
    url += '/';
    await until(
        'all processes run and are listed',
        async () => (await state(url)).nodes.every(node => node.state === 'passing'),
        60000,
    );
    return {
        url,
        state: () => state(url),
        act: async action =>
            (
                await fetch(`${url}api/do`, {
                    method: 'POST',
                    headers: { 'Content-Type': 'application/json' },
                    body: JSON.stringify(action),
                })
            ).status,
        kill: () => child.kill('SIGKILL'),
        async stop() {
            child.kill('SIGINT');
            await ended;
        },
    };
}
