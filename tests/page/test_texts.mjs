// The texts of the page: both languages say the same things, and nothing on the page lacks its text.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { english } from '../../consul-dev/playground/page/text-en.mjs';
import { chinese } from '../../consul-dev/playground/page/text-zh.mjs';

const PAGE = new URL('../../consul-dev/playground/page/', import.meta.url);
const placeholders = template => (template.match(/\{\w+\}/g) ?? []).sort();

test('both_languages_have_the_same_texts', () => {
    assert.deepEqual(Object.keys(chinese), Object.keys(english));
    for (const key of Object.keys(english))
        assert.deepEqual(placeholders(chinese[key]), placeholders(english[key]), key);
});

test('chinese_texts_are_chinese', () => {
    for (const [key, value] of Object.entries(chinese)) {
        if (!/^signal\.|^do\.label$|^mark\.scenario_done$|^list\.|^card\.shareAndRate$/.test(key))
            assert.match(value, /[\u4e00-\u9fff]/, key);
    }
});

test('each_named_text_exists', () => {
    const sources = readdirSync(PAGE).filter(name => /\.(mjs|html)$/.test(name) && !name.startsWith('text-'));
    let names = 0;
    for (const name of sources) {
        const source = readFileSync(new URL(name, PAGE), 'utf8');
        for (const [, key] of source.matchAll(/(?:\btext\('|data-text="|data-label=")([\w.]+)['"]/g)) {
            names++;
            assert.ok(key in english, `${name}: ${key}`);
        }
    }
    assert.ok(names > 60);
});

const STATES = [
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
];
const PROCESSES = ['starting', 'running', 'hung', 'draining', 'ended', 'killed', 'null'];
const SOURCES = ['consul', 'etcd', 'nacos', 'eureka', 'cache', 'disk', 'static', 'none'];
const MARKS = [
    'started',
    'stopped',
    'ended',
    'killed',
    'hung',
    'continued',
    'draining',
    'passing',
    'warning',
    'critical',
    'maintenance',
    'maintenance_over',
    'weight',
    'missing',
    'listed',
    'gone_from_list',
    'ejected',
    'back',
    'source',
    'stale',
    'panic',
    'panic_over',
    'load_on',
    'load_off',
    'settings',
    'scenario',
    'scenario_done',
    'added',
    'removed',
    'reset',
];
const ACTIONS = ['stop', 'start', 'hang', 'continue', 'kill'];
const SCENARIOS = [
    'rolling-restart',
    'registry-outage',
    'redis-lost',
    'hung-instance',
    'slow-instance',
    'canary-release',
    'storm',
];
const KINDS = ['service', 'consul', 'etcd', 'postgres', 'redis'];

test('each_word_of_the_protocol_has_its_text', () => {
    const keys = [
        ...STATES.flatMap(state => [`state.${state}`, `means.${state}`]),
        ...PROCESSES.map(one => `process.${one}`),
        ...SOURCES.map(one => `source.${one}`),
        ...MARKS.map(one => `mark.${one}`),
        ...ACTIONS.flatMap(action => KINDS.map(kind => `about.${action}.${kind}`)),
        ...SCENARIOS.flatMap(name => [`scenario.${name}.name`, `scenario.${name}.expect`]),
        ...[1, 2, 3, 4, 5].flatMap(n => [`scenario.pitfall-${n}.name`, `scenario.pitfall-${n}.expect`]),
        ...['running', 'passed', 'failed', 'skipped', 'stopped'].map(one => `verdict.${one}`),
        'refused.not_built',
        'refused.not_running',
        'refused.instance_refused',
        ...['warn', 'unwarn', 'maintain', 'unmaintain', 'remove'].map(action => `about.${action}.service`),
        ...['weighted', 'round_robin', 'random', 'consistent_hash', 'least_request'].flatMap(name => [
            `policy.${name}`,
            `policy.name.${name}`,
        ]),
    ];
    for (const key of keys) assert.ok(key in english, key);
});

// language.mjs asks the browser for its language, and node 20 has none.
test('missing_version_or_zone_is_a_dash', async () => {
    globalThis.navigator ??= { language: 'en' };
    const { reasonText } = await import('../../consul-dev/playground/page/reasons.mjs');
    assert.equal(
        reasonText('it has no version, and USER_SERVICE_VERSION is 2.0.0'),
        'its version is –, and USER_SERVICE_VERSION is 2.0.0',
    );
    const stay = "20 % of the calls stay in the caller's zone z1 (weight 1 of 10, zones: 2), and the next call does";
    assert.match(reasonText(`in no zone; ${stay}`), /^in zone –; 20 %/);
});
