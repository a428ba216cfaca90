// How much processor time a browser takes, with all of its processes.
import { readFileSync, readdirSync } from 'node:fs';

const TICKS_PER_S = 100; // USER_HZ, the same on every Linux

function processes() {
    return readdirSync('/proc')
        .filter(name => /^\d+$/.test(name))
        .flatMap(name => {
            try {
                const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
                const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
                return [
                    {
                        pid: Number(name),
                        parent: Number(fields[1]),
                        ticks: Number(fields[11]) + Number(fields[12]),
                        command: readFileSync(`/proc/${name}/cmdline`, 'utf8'),
                    },
                ];
            } catch {
                return []; // it has just ended
            }
        });
}

function ticksOf(profile) {
    const all = processes();
    const ours = new Set(all.filter(one => one.command.includes(profile)).map(one => one.pid));
    for (let size = 0; size !== ours.size;) {
        size = ours.size;
        for (const one of all) if (ours.has(one.parent)) ours.add(one.pid);
    }
    return all.filter(one => ours.has(one.pid)).reduce((sum, one) => sum + one.ticks, 0);
}

// Percent of a core that the browser with this profile uses during `seconds`.
export async function costOf(profile, seconds) {
    const begin = ticksOf(profile);
    await new Promise(done => {
        setTimeout(done, seconds * 1000);
    });
    return (100 * (ticksOf(profile) - begin)) / TICKS_PER_S / seconds;
}
