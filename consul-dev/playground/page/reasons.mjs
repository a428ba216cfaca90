// order-service explains in English why a call cannot go to an instance (common/balance/obstacle.c). Each
// known reason has a text here, so that it can be read in the page's language.
import { text } from './language.mjs';

const KNOWN = [
    [/^in maintenance$/, 'reason.maintenance', []],
    [/^its node is down$/, 'reason.node', []],
    [/^critical$/, 'reason.critical', []],
    [/^warning, and its warning weight is 0$/, 'reason.warning', []],
    [
        /^(?:version is|it has no version) ?(.*), and USER_SERVICE_VERSION is (.+)$/,
        'reason.version',
        ['version', 'wanted'],
    ],
    [/^all instances of its side are failing/, 'reason.failingSide', []],
    [/^it lacks the tag (.+) of USER_SERVICE_TAGS$/, 'reason.tag', ['tag']],
    [/^it is the canary \((.+)\), and this key is not in the canary's share$/, 'reason.isCanary', ['canary']],
    [/^it is not the canary \((.+)\), and this key is in the canary's share$/, 'reason.isNotCanary', ['canary']],
    [/^ejected for another (\d+) s after (\d+) failures in a row$/, 'reason.ejected', ['left', 'failures']],
    [
        /^ejected for another (\d+) s: (\d+) % of its calls failed in (\d+) s, (\d+) % of the others'$/,
        'reason.ejectedForRate',
        ['left', 'percent', 'seconds', 'others'],
    ],
    [
        /^ejected for another (\d+) s: backup requests overtook it (\d+) times in a row, then it failed$/,
        'reason.ejectedOvertaken',
        ['left', 'times'],
    ],
    [/^on probation after backup requests overtook it/, 'reason.overtaken', []],
    [/^on probation/, 'reason.probation', []],
    [
        /^the other one of the two drawn: it has (\d+) calls in flight \(weight (\d+)\), the next instance (\d+) \(weight (\d+)\)$/,
        'reason.load',
        ['calls', 'weight', 'nextCalls', 'nextWeight'],
    ],
    [/^in slow start: (\d+) % of its share, for another (\S+) s$/, 'reason.slowStart', ['percent', 'left']],
    [
        /^in (?:zone (\S+)|no zone); (\d+) % of the calls stay in the caller's zone (\S+) .* next call does$/,
        'reason.zoneStays',
        ['zone', 'percent', 'own'],
    ],
    [
        /^in (?:zone (\S+)|no zone); (\d+) % of the calls stay in the caller's zone (\S+) .* next call does not$/,
        'reason.zoneLeaves',
        ['zone', 'percent', 'own'],
    ],
];

// An unknown reason is shown as it came.
export function reasonText(reason) {
    for (const [pattern, key, names] of KNOWN) {
        const found = pattern.exec(reason);
        if (found) return text(key, Object.fromEntries(names.map((name, i) => [name, found[i + 1] || '–'])));
    }
    return reason;
}
