// The colour of an instance: the same on its card and in the timeline. There are eight; with more instances
// they repeat, and the timeline shows the busiest of them by name.

const COLOURS = 8;
const given = new Map(); // id -> 0…7

export function colourOf(id) {
    if (!given.has(id)) {
        const number = Number(/(\d+)$/.exec(id)?.[1] ?? given.size + 1);
        given.set(id, (number - 1 + COLOURS) % COLOURS);
    }
    return given.get(id);
}
